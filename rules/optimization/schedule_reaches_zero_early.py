from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, facts, flat, limit, moderate, optimizer, run, signal, supports,
    train, weak,
)  # fmt: skip

EARLY = limit("rate-gone-at", 0.8, unit="share", source="measured", healthy="0.95-1.0")
DONE = limit("nearly-no-loss", 0.05, unit="ratio to chance", source="measured", healthy="converged runs")

gone = signal.learning_rate_collapse_at()
level = signal.loss_over_chance(train.loss)

RULE = Rule(
    id="OPT201",
    name="schedule-reaches-zero-early",
    kind="cause",
    family="optimization",
    level="static",
    severity="error",
    prior=0.8,
    blames=("schedule",),
    symptom="learning stops dead although there was more to gain",
    cause="the schedule takes the learning rate to a thousandth of its highest long before the end",
    when=(gone < EARLY) & ((level > DONE) | ~level.known),
    evidence=(
        supports(signal.plateau_length(train.loss) > 0.3, moderate,
            "the training loss has stood still for {value:.0%} of the run"),
        against(config.early_stopping, weak, "early stopping would end such a run"),
    ),
    explains=("PLT101", "PLT106", "PLT102", "PLT104", "OPT104", "GEN103", "GRD302", "OPT302"),
    remedies=("repair-schedule", "raise-learning-rate"),
    meaning="From there on each epoch costs time and changes nothing. Ten times fewer decays, or a schedule spread "
    "over the planned steps, "
    "lets the run use them.",
    mechanism="A step counted per batch instead of per epoch, a schedule copied from a longer or shorter run, or a "
    "plateau watcher that waits "
    "too little or looks the wrong way brings the rate down early.",
    false_alarms="A planned decay that reaches zero at the very end, and runs that have converged before.",
    source=("article 2", "article 4 row 4", "KAR"),
    fires=(
        case("down to nothing at a third", run(curve(train.loss, decay(1.4, 1.0, 8), flat(1.0, 16)),
             curve(optimizer.learning_rate, decay(0.1, 1e-9, 8), flat(1e-9, 16)))),
        case("just enough", facts(gone.of(0.7), level.of(0.07), signal.plateau_length(train.loss).of(0.4))),
        case("still improving, early stopping", facts(gone.of(0.3), level.of(0.8),
             signal.plateau_length(train.loss).of(0.2), config.early_stopping.of(True))),
    ),
    quiet=(
        case("a constant rate", run(curve(train.loss, decay(1.4, 0.3, 20)), curve(optimizer.learning_rate, flat(0.1,
             20)))),
        case("near the end", facts(gone.of(0.84), level.of(0.8))),
        case("converged before", facts(gone.of(0.5), level.of(0.03))),
    ),
)  # fmt: skip
