from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    data,
    decay,
    facts,
    flat,
    limit,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

A_BATCH = limit("samples-of-one-batch", 64, unit="samples", source="Karpathy 2019")
ENOUGH_STEPS = limit("steps-to-overfit", 200, unit="steps", source="Karpathy 2019, measured")
FITTED = limit("loss-of-fitted-batch", 0.2, unit="ratio", source="measured", healthy="0.001-0.01; with dropout 0.06")

left = signal.loss_over_chance(train.loss)

RULE = Rule(
    id="RUN101",
    name="cannot-overfit-one-batch",
    kind="symptom",
    family="run",
    level="static",
    severity="error",
    prior=0.8,
    blames=("code", "loss-function", "initialization"),
    symptom="hundreds of steps on one small batch do not bring the training loss near zero",
    when=(data.samples <= A_BATCH) & (signal.steps_recorded(train.loss) >= ENOUGH_STEPS) & (left > FITTED),
    evidence=(
        supports(left > 0.9, strong, "the loss is still {value:.0%} of chance"),
        against(model.dropout > 0.3, moderate, "dropout of {value:g} keeps the logged loss up"),
        against(config.augmentation, moderate, "augmentation makes new samples of the old ones"),
    ),
    remedies=(
        "verify-labels",
        "probe-learning-rate",
        "pair-head-with-loss",
        "order-training-step",
        "initialize-well",
        "more-capacity",
    ),
    meaning="A network that cannot learn a few samples by heart has a fault that more data will not mend: in the loss, "
    "the training loop, the flow of gradients, the rate, or its capacity.",
    mechanism="A few dozen samples can be memorized by nearly any sound network, so this experiment takes data, "
    "generalization and patience out of the question. A loss that rises tells of the sign, the clip or the rate, one "
    "that swings of the rate or the labels, and a flat one of the rate, the loss head or gradients that vanish.",
    false_alarms="Equal inputs with different labels, strong regularization, and a bottleneck by design.",
    source=("Karpathy 2019", "article IMPR-1", "measured"),
    fires=(
        case(
            "stays at chance", run(curve(train.loss, flat(0.69, 300, noise=0.01)), data={"samples": 32, "classes": 2})
        ),
        case(
            "a quarter of chance left, with dropout",
            facts(data.samples.of(60), signal.steps_recorded(train.loss).of(250), left.of(0.25), model.dropout.of(0.4)),
        ),
        case(
            "most of chance left, with little dropout",
            facts(
                data.samples.of(60),
                signal.steps_recorded(train.loss).of(250),
                left.of(0.8),
                model.dropout.of(0.2),
                config.augmentation.of(True),
            ),
        ),
    ),
    quiet=(
        case("learned by heart", run(curve(train.loss, decay(0.69, 0.005, 300)), data={"samples": 32, "classes": 2})),
        case("nearly", facts(data.samples.of(32), signal.steps_recorded(train.loss).of(300), left.of(0.15))),
        case("too early to tell", facts(data.samples.of(32), signal.steps_recorded(train.loss).of(150), left.of(0.9))),
        case("a whole set", facts(data.samples.of(80), signal.steps_recorded(train.loss).of(300), left.of(0.9))),
    ),
)
