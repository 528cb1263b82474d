from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, facts, limit, moderate, run, supports, train, val

SEVERAL = limit("workers-that-may-repeat", 1.5, unit="processes", source="one process repeats nobody")

workers = config.loader_workers

RULE = Rule(
    id="DAT304",
    name="identical-worker-randomness",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    status="experimental",
    prior=0.7,
    blames=("code", "preprocessing"),
    symptom="the processes that load samples change them at random in one and the same way",
    cause="each process works with a copy of one random generator, made before the processes started",
    when=config.workers_share_randomness & (workers > SEVERAL) & (config.augmentation | ~config.augmentation.known),
    evidence=(
        supports(workers >= 4, moderate, "{value:.0f} processes draw the same numbers"),
        supports(config.augmentation, moderate, "samples are augmented with these numbers"),
    ),
    explains=("GEN101", "GEN102"),
    remedies=("seed-workers-apart",),
    meaning="There is less variety in the augmented samples than it seems, often the same in every epoch too.",
    mechanism="A process that is forked inherits the state of every generator. PyTorch and NumPy's global generator "
    "are seeded apart in each worker; a generator that the data set keeps for itself is not.",
    false_alarms="Random choices that are drawn from the framework's own generator, or a worker_init_fn that seeds the "
    "kept one.",
    source=("PyTorch, data loading and randomness", "knowledge of the field"),
    fires=(
        case(
            "four workers with one generator",
            run(
                curve(train.loss, decay(1.4, 0.1, 20)),
                curve(val.loss, decay(1.4, 0.6, 20)),
                config={"workers_share_randomness": True, "loader_workers": 4, "augmentation": True},
            ),
        ),
        case(
            "two workers", facts(config.workers_share_randomness.of(True), workers.of(2), config.augmentation.of(None))
        ),
    ),
    quiet=(
        case(
            "random numbers of their own",
            run(config={"workers_share_randomness": False, "loader_workers": 4, "augmentation": True}),
        ),
        case(
            "one worker", facts(config.workers_share_randomness.of(True), workers.of(1), config.augmentation.of(True))
        ),
        case(
            "nothing is changed at random",
            facts(config.workers_share_randomness.of(True), workers.of(4), config.augmentation.of(False)),
        ),
    ),
)
