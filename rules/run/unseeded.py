from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, escalates, facts, run, supports, train, weak

RULE = Rule(
    id="RUN107",
    name="unseeded",
    kind="cause",
    family="run",
    level="measurement",
    severity="info",
    status="experimental",
    prior=0.9,
    blames=("code",),
    symptom="the run cannot be repeated as it was, or draws the same random numbers again and again",
    cause="no seed was set, or it is set anew during the run",
    when=config.seeded.is_(False) | config.reseeded,
    evidence=(supports(config.reseeded, weak, "the seed is set again during the run"),),
    escalate=(escalates(config.reseeded, "warning"),),
    remedies=("fix-seeds",),
    meaning="Without a seed two runs differ by more than what was changed between them. A seed set in each epoch gives "
    "each epoch the same order and the same augmentation.",
    mechanism="Initialization, order, dropout and augmentation draw from generators. The spread between seeds is "
    "often as large as the gain that is looked for.",
    false_alarms="Runs whose seed is kept elsewhere, or repeated over many seeds.",
    source=("Karpathy 2019", "article 1.3"),
    fires=(
        case("no seed", run(curve(train.loss, decay(1.4, 0.3, 20)), config={"seeded": False})),
        case("set in each epoch", facts(config.seeded.of(True), config.reseeded.of(True))),
    ),
    quiet=(
        case("seeded once", run(curve(train.loss, decay(1.4, 0.3, 20)), config={"seeded": True, "reseeded": False})),
        case("nothing set again", facts(config.seeded.of(True), config.reseeded.of(False))),
    ),
)
