from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    facts,
    moderate,
    run,
    signal,
    supports,
    train,
    val,
    zigzag,
)

RULE = Rule(
    id="RUN111",
    name="val-augmented",
    kind="cause",
    family="run",
    level="measurement",
    severity="warning",
    status="experimental",
    prior=0.9,
    blames=("validation", "preprocessing"),
    symptom="validation samples are changed at random",
    cause="the validation set goes through the augmentation of the training set",
    when=config.validation_augmented,
    evidence=(
        supports(
            signal.noise_level(val.loss) > 0.05,
            moderate,
            "the validation loss usually lies {value:.0%} off its neighbors",
        ),
    ),
    explains=("OSC105", "DAT403"),
    invalidates=(val.loss, val.accuracy),
    remedies=("same-preprocessing", "set-training-mode"),
    meaning="Each epoch is validated on other samples than the one before, harder than real ones; neither the best "
    "epoch nor another run can be told by such numbers.",
    mechanism="Crops, flips and noise are drawn anew at each pass. What they take from the score has nothing to do "
    "with the weights.",
    false_alarms="Averages over many augmented copies of each sample, made on purpose at test time.",
    source=("knowledge of the field", "Deep Learning Tuning Playbook"),
    fires=(
        case(
            "one transform for both",
            run(
                curve(train.loss, decay(1.4, 0.3, 20)),
                curve(val.loss, zigzag(0.5, 0.7, 20)),
                config={"validation_augmented": True},
            ),
        ),
        case("a steady curve", facts(config.validation_augmented.of(True), signal.noise_level(val.loss).of(0.03))),
    ),
    quiet=(
        case(
            "a transform of its own",
            run(curve(train.loss, decay(1.4, 0.3, 20)), config={"validation_augmented": False}),
        ),
        case("left as it is", facts(config.validation_augmented.of(False))),
    ),
)
