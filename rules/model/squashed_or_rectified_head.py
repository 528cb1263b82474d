from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    data,
    decay,
    escalates,
    facts,
    limit,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

FAR_DOWN = limit("fall-within-range", 0.6, unit="share", source="measured: 0.1-0.5", healthy="0.55-0.99")

fall = signal.loss_fall()
head = model.output_activation
cut = head.is_("relu", "tanh") & config.loss.is_("cross_entropy", "bce_with_logits")
values = config.loss.is_("mse", "mae", "huber")
too_narrow = values & (
    (head.is_("sigmoid", "softmax", "tanh") & (data.label_maximum > 1.0))
    | (head.is_("sigmoid", "softmax", "relu") & (data.label_minimum < 0.0))
    | (head.is_("tanh") & (data.label_minimum < -1.0))
)
untold = ~data.label_minimum.known & ~data.label_maximum.known
# The range of the targets was not told, but the loss stays high.
perhaps = values & head.is_("sigmoid", "softmax", "tanh", "relu") & untold & (fall < FAR_DOWN)
single = head.is_("softmax") & model.output_units.is_(1)

RULE = Rule(
    id="MOD103",
    name="squashed-or-rectified-head",
    kind="cause",
    family="model",
    level="static",
    severity="error",
    prior=0.5,
    blames=("activation", "loss-function"),
    symptom="the loss stays high: the network cannot give the answers it is asked for",
    cause="the activation of the last layer cuts off a part of the values that the loss or the targets need",
    when=cut | too_narrow | single | perhaps,
    evidence=(
        supports(single, strong, "a {value} over one unit is always 1"),
        against(perhaps, moderate, "the range of the targets was not told"),
        supports(too_narrow, strong, "the loss is {value}, and some targets lie outside the range of the output"),
    ),
    escalate=(escalates(too_narrow & (fall >= FAR_DOWN), "info"),),
    explains=(
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "MOD201",
        "RUN101",
    ),
    remedies=("pair-head-with-loss", "repair-nonlinearity"),
    meaning="No amount of training reaches a target outside the output's range. A ReLU before a cross entropy may "
    "train all the same, slower, or die with an unlucky seed.",
    mechanism="Sigmoid and softmax give 0 … 1, tanh -1 … 1, ReLU nothing below 0. Beyond the range the gradient is "
    "zero or pushes against a wall.",
    false_alarms="Targets that are bounded by nature; counts with a ReLU.",
    source=("DeepDiagnosis 2022", "Karpathy 2019", "measured"),
    fires=(
        case(
            "ReLU before a cross entropy",
            run(
                curve(train.loss, decay(1.4, 0.5, 10)),
                model={"output_activation": "relu"},
                config={"loss": "cross_entropy"},
            ),
        ),
        case("sigmoid for targets up to 7", facts(head.of("sigmoid"), config.loss.of("mse"), data.label_maximum.of(7))),
        case(
            "tanh for targets up to 1.4",
            facts(head.of("tanh"), config.loss.of("mse"), data.label_maximum.of(1.4), data.label_minimum.of(-1)),
        ),
        case(
            "tanh for targets up to 1.02, and the loss falls",
            facts(
                head.of("tanh"),
                config.loss.of("mse"),
                data.label_maximum.of(1.02),
                data.label_minimum.of(-1),
                fall.of(0.7),
            ),
        ),
        case(
            "tanh for targets up to 4, and the loss stays high",
            facts(
                head.of("tanh"),
                config.loss.of("mse"),
                data.label_maximum.of(4.0),
                data.label_minimum.of(-1),
                fall.of(0.5),
            ),
        ),
        case(
            "tanh for targets down to -1.2, and the loss falls",
            facts(
                head.of("tanh"),
                config.loss.of("mse"),
                data.label_maximum.of(0.5),
                data.label_minimum.of(-1.2),
                fall.of(0.7),
            ),
        ),
        case(
            "tanh for targets down to -1.3",
            facts(head.of("tanh"), config.loss.of("mae"), data.label_maximum.of(0.5), data.label_minimum.of(-1.3)),
        ),
        case("ReLU for negative targets", facts(head.of("relu"), config.loss.of("mae"), data.label_minimum.of(-2))),
        case("sigmoid, and the loss stays high", facts(head.of("sigmoid"), config.loss.of("mse"), fall.of(0.5))),
        case("softmax over one unit", facts(head.of("softmax"), model.output_units.of(1))),
    ),
    quiet=(
        case("sigmoid before a cross entropy", facts(head.of("sigmoid"), config.loss.of("bce"), fall.of(0.5))),
        case("no activation, and the loss stays high", facts(head.of("none"), config.loss.of("mse"), fall.of(0.5))),
        case(
            "ReLU for targets from 0 on, and the loss stays high",
            facts(head.of("relu"), config.loss.of("mse"), fall.of(0.5), data.label_minimum.of(0.0)),
        ),
        case(
            "tanh for targets within its range, and the loss stays high",
            facts(
                head.of("tanh"),
                config.loss.of("mse"),
                data.label_maximum.of(0.9),
                data.label_minimum.of(-0.7),
                fall.of(0.5),
            ),
        ),
        case("sigmoid, and the loss falls", facts(head.of("sigmoid"), config.loss.of("mse"), fall.of(0.7))),
        case(
            "sigmoid for targets up to 1, and the loss stays high",
            facts(head.of("sigmoid"), config.loss.of("mse"), fall.of(0.5), data.label_maximum.of(1.0)),
        ),
        case(
            "a linear head for any targets",
            run(
                curve(train.loss, decay(9.0, 0.5, 10)),
                model={"output_activation": "none", "output_units": 1},
                config={"loss": "mse"},
                data={"label_minimum": -3.0, "label_maximum": 8.0},
            ),
        ),
        case(
            "sigmoid for targets of 0 … 1",
            facts(
                head.of("sigmoid"),
                config.loss.of("mse"),
                data.label_minimum.of(0),
                data.label_maximum.of(1),
                model.output_units.of(1),
            ),
        ),
        case(
            "tanh for a squared error of -1 … 0.8",
            facts(head.of("tanh"), config.loss.of("mse"), data.label_minimum.of(-1), data.label_maximum.of(0.8)),
        ),
        case(
            "a ReLU for counts",
            facts(head.of("relu"), config.loss.of("mse"), data.label_minimum.of(0), data.label_maximum.of(40)),
        ),
        case(
            "sigmoid for a cross entropy of class 3",
            facts(
                head.of("sigmoid"),
                config.loss.of("cross_entropy"),
                data.label_minimum.of(-100),
                data.label_maximum.of(3),
            ),
        ),
        case(
            "softmax over four units",
            facts(head.of("softmax"), model.output_units.of(4), config.loss.of("cross_entropy")),
        ),
    ),
)
