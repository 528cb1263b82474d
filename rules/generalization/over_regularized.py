from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, limit, model, moderate, run, signal, supports, train, train_eval,
    val, weak,
)  # fmt: skip

HEAVY_DROPOUT = limit("heavy-dropout", 0.5, unit="share", source="UMLAUT", healthy="0-0.5")
HEAVY_DECAY = limit("heavy-weight-decay", 0.05, unit="factor", source="measured: 0.1 does not fit", healthy="0-0.01")
HEAVY_DECOUPLED = limit("heavy-decoupled-decay", 0.3, unit="factor", source="knowledge of the field", healthy="0-0.1")
NO_FIT = limit("loss-without-fit", 0.7, unit="ratio", source="measured: 0.85-0.97", healthy="0.02-0.49")
NO_GAP = limit("gap-of-an-underfit", 0.1, unit="relative", source="measured: -0.01-0.02", healthy="-0.3-0.35")

fit = signal.loss_over_chance(val.loss)
gap = signal.relative_gap(val.loss, train.loss)
decay_of = config.weight_decay
as_l2 = config.optimizer.is_("sgd")

RULE = Rule(
    id="GEN201",
    name="over-regularized",
    kind="cause",
    family="generalization",
    level="capacity",
    severity="warning",
    prior=0.6,
    blames=("regularization",),
    symptom="strong regularization, and neither the training nor the validation samples are fitted",
    cause="dropout, weight decay or augmentation takes more from the model than it can spare",
    when=((model.dropout > HEAVY_DROPOUT) | (decay_of > HEAVY_DECOUPLED) | ((decay_of > HEAVY_DECAY) & as_l2))
    & (fit > NO_FIT)
    & (gap < NO_GAP),
    evidence=(
        supports(signal.loss_over_chance(train_eval.loss) > NO_FIT, moderate,
            "with the regularization switched off the training loss is still {value:.0%} of chance level"),
        supports(config.augmentation | config.mixup, weak, "the samples are changed or mixed on top of that"),
    ),
    explains=("GEN103", "GEN105", "PLT101", "PLT104", "PLT106"),
    remedies=(
        "lower-dropout", "lower-weight-decay", "measure-training-loss-in-evaluation-mode", "lighten-augmentation",
    ),
    meaning="Regularization is there to narrow the gap between training and validation. Here there is no gap to "
    "narrow, but a fit to be won: go down with it before anything else is changed.",
    mechanism="With most units dropped each step trains a different remnant, and a strong decay draws the weights back "
    "as fast as the gradient moves them. The loss settles where both balance, far above what the network could do.",
    false_alarms="Noise that no model could fit, and inputs that say nothing of the target.",
    source=("article 4 row 7", "Smith 2018", "measured"),
    aliases=("over-regularised",),
    fires=(
        case("nine units in ten dropped", run(
            curve(train.loss, decay(1.4, 1.33, 15)), curve(val.loss, decay(1.39, 1.32, 15)),
            curve(train_eval.loss, decay(1.39, 1.31, 15)), model={"dropout": 0.9, "output_units": 4},
            config={"loss": "cross_entropy", "weight_decay": 0.0, "optimizer": "sgd"})),
        case("six in ten", facts(model.dropout.of(0.6), fit.of(0.75), gap.of(0.08), config.augmentation.of(True))),
        case("mixed samples, fitted in evaluation mode", facts(model.dropout.of(0.8), fit.of(0.85), gap.of(0.0),
             config.mixup.of(True), signal.loss_over_chance(train_eval.loss).of(0.6))),
        case("L2 of 0.06 under SGD", facts(model.dropout.of(0.0), decay_of.of(0.06), config.optimizer.of("sgd"),
             fit.of(0.8), gap.of(0.0))),
        case("decay of 0.4", facts(model.dropout.of(0.0), decay_of.of(0.4), config.optimizer.of("adamw"), fit.of(0.8),
             gap.of(0.0))),
    ),
    quiet=(
        case("strong dropout that fits", run(
            curve(train.loss, decay(1.4, 0.6, 15)), curve(val.loss, decay(1.4, 0.5, 15)),
            model={"dropout": 0.7, "output_units": 4}, config={"loss": "cross_entropy", "weight_decay": 0.0})),
        case("a usual dropout", facts(model.dropout.of(0.4), decay_of.of(0.0), fit.of(0.9), gap.of(0.0))),
        case("a usual decay", facts(model.dropout.of(0.0), decay_of.of(0.04), config.optimizer.of("sgd"), fit.of(0.9),
             gap.of(0.0))),
        case("a decoupled decay of 0.2", facts(model.dropout.of(0.0), decay_of.of(0.2), config.optimizer.of("adamw"),
             fit.of(0.9), gap.of(0.0))),
        case("nearly fitted", facts(model.dropout.of(0.8), fit.of(0.65), gap.of(0.0))),
        case("a gap to narrow", facts(model.dropout.of(0.8), fit.of(0.9), gap.of(0.13))),
    ),
)  # fmt: skip
