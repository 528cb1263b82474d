"""The fault-injection benchmark: real trainings with known faults, and how well the expert names and cures them.

``python -m tests.benchmarks.faults --help`` says what can be run. The rooms: `setup` (one training as data), `problems`
(what is learned: two halves that share nothing) with `architectures` (their networks as data), `faults` and `healthy`
(what is changed in a sound training), `frameworks` (what has a place in each), `sampling` (which trainings are made),
`training` and `in_keras` (how one is made, with PyTorch and with Keras) and its `outcome`, `store` (the runs kept),
`judging` (what the expert says of them), `cures` (the first recommendations tried: `carrying_out` and `experiments` do
what they say, `retraining` keeps the runs, `harm` tries them on healthy runs, `cure_report` is the table), `rivals`
(thresholds of the literature on the same runs), `scoring`, `calibration` and `report`; `healthy_ranges` (what healthy
runs read at each limit, by profile) with `kinds` (healthy trainings of further kinds, of `kind_programs`).
"""
