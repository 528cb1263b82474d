"""The fault-injection benchmark: real trainings with known faults, and how well the expert names and cures them.

``python -m tests.benchmarks.faults --help`` says what can be run. The rooms: `setup` (one training as data), `problems`
(what is learned, two halves that share nothing), `faults` and `healthy` (what is changed in a sound training),
`sampling` (which trainings are made), `training` (how one is made), `store` (the runs kept), `judging` (what the expert
says of them), `cures` (the first recommendations tried: `carrying_out` and `experiments` do what they say,
`retraining` keeps the runs, `harm` tries them on healthy runs, `cure_report` is the table), `rivals` (thresholds of the
literature on the same runs), `scoring`, `calibration` and `report`; `healthy_ranges` (what healthy runs read at each
limit, by profile) with `kinds` (healthy trainings of further kinds, of `kind_programs`).
"""
