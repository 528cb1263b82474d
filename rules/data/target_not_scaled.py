from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, data, escalates, facts, flat, limit, moderate, run, signal, supports, train,
)  # fmt: skip

OFFSET = limit("target-offset", 3, unit="standard deviations", source="knowledge of the field", healthy="0")
WIDE = limit("target-spread-wide", 10, unit="standard deviation", source="knowledge of the field", healthy="1")
NARROW = limit("target-spread-narrow", 0.1, unit="standard deviation", source="knowledge of the field", healthy="1")
FITS = limit("regression-loss-fits", 0.5, unit="ratio", source="knowledge of the field", healthy="below 0.5")
WELL = limit("fall-in-spite-of-unscaled-targets", 0.5, unit="share", source="measured", healthy="0.55-0.99")
SQUARES = limit(
    "loss-of-unscaled-targets", 100, unit="squared error", source="errors of 10 and more", healthy="0.0-2.2"
)
STUCK = limit("regression-loss-stuck", 0.9, unit="ratio", source="knowledge of the field", healthy="below 0.5")

fit = signal.loss_over_target_spread(train.loss)
best = signal.minimum_value(train.loss)

RULE = Rule(
    id="DAT202",
    name="target-not-scaled",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.65,
    blames=("preprocessing",),
    symptom="the target of the regression lies far from mean 0 and standard deviation 1",
    cause="the output layer has to travel to the target's mean and spread before it can learn anything else",
    when=config.loss.is_("mse", "mae", "huber")
    & (
        (signal.target_offset() > OFFSET)
        | (data.target_std > WIDE)
        | (data.target_std < NARROW)
        # Where nobody has told of the targets the loss does: at its best it is as large as their squares can make it.
        | (
            ~data.target_std.known
            & config.loss.is_("mse")
            & (config.loss_reduction.is_("mean") | ~config.loss_reduction.known)
            & (best > SQUARES)
        )
    ),
    evidence=(
        supports(
            fit >= STUCK,
            moderate,
            "at best the loss is {value:.2f} of what the spread of the targets makes",
        ),
    ),
    unless=("MOD204",),
    escalate=(
        escalates(fit <= FITS, "info"),
        escalates(~fit.known & (signal.loss_fall() > WELL), "info"),
        escalates(fit >= STUCK, "error"),
    ),
    explains=("MOD206", "OPT101", "OPT106", "GRD102", "NUM102", "PLT104", "PLT106", "PLT101", "OSC101"),
    remedies=("standardize-targets", "set-final-bias"),
    meaning="The size of the loss and of its gradients follows the square of the target's units.",
    mechanism=(
        "A fresh network predicts about 0. A target of hundreds gives gradients of hundreds and a rate that suits "
        "nothing else; a target of thousandths gives none to speak of."
    ),
    false_alarms="Losses that do not depend on scale, as of logarithms or quotients; a last bias set to the mean.",
    source=("Karpathy 2019", "knowledge of the field"),
    fires=(
        case(
            "prices in thousands",
            run(
                curve(train.loss, flat(2500.0, 12, noise=0.01)),
                config={"loss": "mse"},
                data={"target_mean": 210.0, "target_std": 50.0},
            ),
        ),
        case(
            "squared errors of hundreds",
            run(curve(train.loss, flat(250000.0, 12, noise=0.01)), config={"loss": "mse"}),
        ),
        case(
            "errors of twelve",
            facts(config.loss.of("mse"), best.of(140.0), data.target_std.of(None), config.loss_reduction.of("mean")),
        ),
        case(
            "far from zero, and it learns",
            facts(
                config.loss.of("mse"),
                signal.target_offset().of(4.0),
                data.target_std.of(1.0),
                fit.of(0.4),
            ),
        ),
        case(
            "wide, and it learns somewhat",
            facts(
                config.loss.of("mae"),
                data.target_std.of(12.0),
                signal.target_offset().of(0.0),
                fit.of(0.7),
            ),
        ),
        case(
            "tiny, chance not known, and the loss came down",
            facts(
                config.loss.of("mse"),
                data.target_std.of(0.08),
                signal.target_offset().of(0.0),
                fit.of(None),
                signal.loss_fall().of(0.6),
            ),
        ),
        case(
            "tiny, chance not known, and the loss came down somewhat",
            facts(
                config.loss.of("mse"),
                data.target_std.of(0.08),
                signal.target_offset().of(0.0),
                fit.of(None),
                signal.loss_fall().of(0.4),
            ),
        ),
        case("tiny", facts(config.loss.of("mse"), data.target_std.of(0.08), signal.target_offset().of(0.0))),
    ),
    quiet=(
        case(
            "a sum of squared errors",
            facts(config.loss.of("mse"), best.of(300.0), data.target_std.of(None), config.loss_reduction.of("sum")),
        ),
        case("errors of eight", facts(config.loss.of("mse"), best.of(60.0), data.target_std.of(None))),
        case("absolute errors of hundreds", facts(config.loss.of("mae"), best.of(300.0), data.target_std.of(None))),
        case("standardized", run(config={"loss": "mse"}, data={"target_mean": 0.0, "target_std": 1.0})),
        case("a little off", facts(config.loss.of("mse"), signal.target_offset().of(2.0), data.target_std.of(8.0))),
        case("small", facts(config.loss.of("mse"), signal.target_offset().of(0.0), data.target_std.of(0.12))),
        case(
            "no regression",
            facts(config.loss.of("cross_entropy"), signal.target_offset().of(9.0), data.target_std.of(50.0)),
        ),
    ),
)
