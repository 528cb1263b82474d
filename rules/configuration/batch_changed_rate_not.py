from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    facts,
    limit,
    moderate,
    run,
    signal,
    supports,
    train,
    weak,
)

DOUBLED = limit("batch-over-tuned", 1.9, unit="ratio", source="Goyal et al. 2017, from twice on", healthy="1")

change = signal.batch_over_tuned()

RULE = Rule(
    id="CFG105",
    name="batch-changed-rate-not",
    kind="cause",
    family="configuration",
    level="static",
    severity="warning",
    status="experimental",
    prior=0.5,
    blames=("batch-size", "learning-rate"),
    symptom="the batch size is another than the one for which the learning rate was chosen",
    cause="the rate was kept when the batch was changed, so each sample now moves the weights more or less than before",
    when=change > DOUBLED,
    evidence=(
        supports(change > 6, moderate, "the batch size changed {value:.3g}-fold"),
        supports(config.optimizer.is_("sgd"), weak, "with SGD the rate goes with the batch"),
        against(config.optimizer.is_("adam", "adamw"), weak, "{value} depends on the root of the batch only"),
    ),
    explains=("PLT102", "OSC102", "OPT101"),
    remedies=("scale-rate-with-batch", "probe-learning-rate"),
    meaning="A rate holds for one batch size. What was tuned with another has to be scaled, and better tuned again.",
    mechanism="With k times the batch there are k times fewer steps for the same samples, and each is less noisy. SGD "
    "can take k times the rate then (with a warm-up), adaptive methods its root.",
    false_alarms="Rates that were chosen low enough to hold for both.",
    source=("Goyal et al. 2017", "Deep Learning Tuning Playbook"),
    fires=(
        case(
            "from 32 to 256",
            run(
                curve(train.loss, decay(1.4, 1.0, 20)),
                config={"batch_size": 256, "tuned_batch_size": 32, "optimizer": "sgd"},
            ),
        ),
        case("doubled", facts(change.of(2.0), config.optimizer.of("adam"))),
    ),
    quiet=(
        case("the same", run(config={"batch_size": 64, "tuned_batch_size": 64})),
        case("half as much again", facts(change.of(1.5))),
    ),
)
