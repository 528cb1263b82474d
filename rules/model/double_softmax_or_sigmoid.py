from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    decisive,
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

NEAR_FLOOR = limit("near-softmax-floor", 0.15, unit="relative", source="measured", healthy="falls below the floor")
AT_FLOOR = limit("at-softmax-floor", 0.01, unit="relative", source="measured", healthy="by accident only")
RIGHT = limit("accuracy-at-softmax-floor", 0.7, unit="share", source="measured", healthy="no bound: see the floor")
UNSURE = limit("loss-over-calibrated", 3, unit="ratio", source="measured", healthy="0.3-1.1")

squashed = model.output_activation.is_("softmax", "sigmoid")
logits_expected = config.loss.is_("cross_entropy", "bce_with_logits") & config.loss_from_logits
floor = signal.softmax_floor_distance(train.loss)
nearest = signal.nearest_softmax_floor(train.loss)
unsure = signal.loss_over_calibrated(train.loss, train.accuracy)
accuracy = signal.last_value(train.accuracy)
plain = (
    (config.label_smoothing.is_(0.0) | ~config.label_smoothing.known)
    & (config.mixup.is_(False) | ~config.mixup.known)
    & (config.penalty_in_loss.is_(False) | ~config.penalty_in_loss.known)
)

RULE = Rule(
    id="MOD101",
    name="double-softmax-or-sigmoid",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.3,
    blames=("loss-function",),
    symptom="the training loss stops at a floor far above zero although nearly every answer is right",
    cause="the outputs pass a softmax or sigmoid twice: once in the network, once in the loss",
    when=(squashed & logits_expected)
    | (
        ~model.output_activation.known
        & plain
        & (((floor >= 0.0) & (floor <= NEAR_FLOOR) & (accuracy >= RIGHT)) | (unsure >= UNSURE))
    ),
    evidence=(
        supports(
            squashed & logits_expected, decisive, "the network ends in {value}, and the loss applies its own again"
        ),
        supports(
            nearest < AT_FLOOR,
            strong,
            "the smallest loss is {value:.1%} from the floor of a doubled softmax",
            group="floor",
        ),
        supports(
            floor.between(0.0, NEAR_FLOOR),
            moderate,
            "the smallest loss is {value:+.1%} from the floor of a doubled softmax",
            group="floor",
        ),
        against(floor < -0.1, strong, "the loss is far below the floor that a doubled softmax cannot pass"),
    ),
    escalate=(escalates(squashed & logits_expected, "error"), escalates(nearest < AT_FLOOR, "error")),
    explains=(
        "PLT101",
        "GEN103",
        "PLT103",
        "PLT102",
        "PLT105",
        "MOD201",
        "MOD103",
        "MOD206",
        "RUN101",
    ),
    remedies=("pair-head-with-loss",),
    meaning="The network can be right but never sure, so the loss cannot fall below ln(1 + (C - 1)/e) for C classes: "
    "0.313 for 2, 0.744 for 4, 1.461 for 10. Learning is slow besides.",
    mechanism="A softmax gives numbers between 0 and 1; taken as logits they differ by 1 at most. The second softmax "
    "makes of that a ratio of e at most between the right class and any other, however sure the first one was.",
    false_alarms="Label smoothing, mixup, a penalty inside the logged loss, heavy label noise and a temperature have "
    "floors of their own. Keras can undo a softmax that it finds right before its loss.",
    source=("Karpathy 2019", "UMLAUT 2021", "measured"),
    fires=(
        case(
            "softmax into a cross entropy of logits",
            run(
                curve(train.loss, decay(1.3, 0.745, 10)),
                curve(train.accuracy, decay(0.5, 0.98, 10)),
                model={"output_activation": "softmax"},
                config={"loss": "cross_entropy", "loss_from_logits": True},
                data={"classes": 4},
            ),
        ),
        case("curves only", run(curve(train.loss, decay(1.3, 0.75, 10)), curve(train.accuracy, decay(0.5, 0.98, 10)))),
        case(
            "no smoothing, no mixup, no penalty",
            facts(
                unsure.of(4), config.label_smoothing.of(0.0), config.mixup.of(False), config.penalty_in_loss.of(False)
            ),
        ),
        case("at the floor", facts(floor.of(0.015), accuracy.of(0.75), unsure.of(2.0), nearest.of(0.008))),
        case("unsure, but at no floor", facts(unsure.of(4), nearest.of(0.013))),
        case("a little above the floor", facts(floor.of(0.11), accuracy.of(0.94))),
        case(
            "a sigmoid in a network whose loss fell below the floor",
            facts(
                model.output_activation.of("sigmoid"),
                config.loss.of("bce_with_logits"),
                config.loss_from_logits.of(True),
                floor.of(-0.12),
            ),
        ),
    ),
    quiet=(
        case(
            "softmax into a loss of probabilities",
            run(
                curve(train.loss, decay(1.3, 0.2, 10)),
                curve(train.accuracy, decay(0.5, 0.95, 10)),
                model={"output_activation": "softmax"},
                config={"loss": "cross_entropy", "loss_from_logits": False},
            ),
        ),
        case(
            "logits into a cross entropy",
            run(
                curve(train.loss, decay(1.3, 0.75, 10)),
                curve(train.accuracy, decay(0.5, 0.98, 10)),
                model={"output_activation": "none"},
                config={"loss": "cross_entropy", "loss_from_logits": True},
            ),
        ),
        case(
            "sigmoid outputs for a squared error",
            facts(model.output_activation.of("sigmoid"), config.loss.of("mse"), config.loss_from_logits.of(True)),
        ),
        case("smoothed labels", facts(unsure.of(5), config.label_smoothing.of(0.1))),
        case("mixed samples", facts(unsure.of(5), config.mixup.of(True))),
        case("a penalty in the logged loss", facts(unsure.of(5), config.penalty_in_loss.of(True))),
        case("a healthy run near its end", facts(floor.of(-0.8), accuracy.of(0.9), unsure.of(2.1))),
        case("far above the floor", facts(floor.of(0.2), accuracy.of(0.9), unsure.of(1.0))),
        case("passing the floor, hardly right", facts(floor.of(0.05), accuracy.of(0.62), unsure.of(1.0))),
        case("below the floor", facts(floor.of(-0.3), accuracy.of(0.9), unsure.of(1.0))),
    ),
)
