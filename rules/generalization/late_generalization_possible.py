from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, data, decay, facts, flat, limit, moderate, run, signal, supports, train, val, weak,
)  # fmt: skip

FITTED = limit(
    "loss-of-fitted-set", 0.05, unit="ratio to chance", source="knowledge of the field", healthy="task by task"
)

left = signal.loss_over_chance(train.loss)
gap = signal.relative_gap(val.loss, train.loss)

RULE = Rule(
    id="GEN202",
    name="late-generalization-possible",
    kind="cause",
    family="generalization",
    level="generalization",
    severity="warning",
    status="experimental",
    prior=0.6,
    blames=("epochs",),
    symptom="the training set is learned by heart, and validation may still follow much later",
    cause="on small sets that follow an exact rule, weight decay can turn learning by heart into the rule long after",
    when=data.algorithmic & (config.weight_decay > 0.0) & (left < FITTED) & (gap > 1.0),
    evidence=(
        supports(config.weight_decay >= 0.1, moderate, "a weight decay of {value:g} presses towards simple solutions"),
        supports(data.samples < 10000, weak, "there are only {value:.0f} samples"),
    ),
    explains=("GEN101", "GEN102", "RUN105"),
    remedies=("keep-best-checkpoint", "train-longer"),
    meaning="Here the validation loss at the end of the descent is no verdict. Keep the best weights, and go on if "
    "time is cheap.",
    mechanism="Once the training loss is zero the decay alone moves the weights: it shrinks what memorizes, and what "
    "computes the rule is left over.",
    false_alarms="Natural data hardly ever behave so; whether the set follows a rule only its owner can say.",
    source=("Davies et al. 2023", "Power et al. 2022"),
    aliases=("grokking", "late-generalisation-possible"),
    fires=(
        case(
            "modular arithmetic",
            run(
                curve(train.loss, decay(4.57, 0.001, 100)),
                curve(val.loss, decay(4.57, 4.0, 10), flat(5.0, 90)),
                config={"weight_decay": 1.0, "loss": "cross_entropy"},
                data={"algorithmic": True, "classes": 97, "samples": 4000},
            ),
        ),
        case(
            "a small decay",
            facts(
                data.algorithmic.of(True),
                config.weight_decay.of(0.07),
                left.of(0.035),
                gap.of(1.2),
                data.samples.of(14000),
            ),
        ),
        case(
            "many samples",
            facts(
                data.algorithmic.of(True),
                config.weight_decay.of(0.12),
                left.of(0.02),
                gap.of(5.0),
                data.samples.of(9000),
            ),
        ),
    ),
    quiet=(
        case(
            "pictures",
            run(
                curve(train.loss, decay(2.3, 0.001, 100)),
                curve(val.loss, decay(2.3, 1.0, 10), flat(1.5, 90)),
                config={"weight_decay": 0.01, "loss": "cross_entropy"},
                data={"algorithmic": False, "classes": 10},
            ),
        ),
        case("no decay", facts(data.algorithmic.of(True), config.weight_decay.of(0.0), left.of(0.01), gap.of(5.0))),
        case(
            "not learned yet", facts(data.algorithmic.of(True), config.weight_decay.of(0.1), left.of(0.06), gap.of(5.0))
        ),
        case("generalized", facts(data.algorithmic.of(True), config.weight_decay.of(0.1), left.of(0.01), gap.of(0.6))),
    ),
)
