from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, escalates, facts, flat, for_profile, limit, model, run, signal, supports,
    train,
    val, weak,
)  # fmt: skip

HIGH = limit(
    "underfit-loss",
    0.5,
    unit="ratio to chance",
    source="measured",
    healthy="0.0-0.5",
    profiles=(for_profile("language-model", 0.7, source="measured", healthy="0.45-0.57"),),
)
DOWN = limit(
    "settled-pace-down", -0.005, unit="relative per epoch", source="measured", healthy="-0.2 to -0.01 while it learns"
)
UP = limit("settled-pace-up", 0.005, unit="relative per epoch", source="measured", healthy="below 0 while it learns")
MOST_OF_IT = limit("nearly-nothing-explained", 0.9, unit="ratio to chance", source="measured", healthy="0.0-0.75")
CLOSE = limit("close-validation", 0.1, unit="share", source="SageMaker Debugger", healthy="-0.2 to 0.35")

level = signal.loss_over_chance(train.loss)
val_level = signal.loss_over_chance(val.loss)
pace = signal.recent_pace(train.loss)
val_pace = signal.recent_pace(val.loss)
gap = signal.relative_gap(val.loss, train.loss)

RULE = Rule(
    id="GEN103",
    name="underfitting",
    kind="symptom",
    family="generalization",
    level="capacity",
    severity="warning",
    prior=0.55,
    blames=("architecture", "regularization", "learning-rate", "data"),
    symptom="training and validation loss have both come to rest at a high level",
    when=(level > HIGH)
    & ((val_level > HIGH) | ~val_level.known)
    & (~config.task.is_("language_model") | ~config.task.known)
    & (pace > DOWN) & (pace < UP) & ((val_pace > DOWN) | ~val_pace.known) & ((gap < CLOSE)
        | ~gap.known),
    evidence=(
        supports(model.dropout > 0.5, weak, "{value:.0%} of the units are dropped"),
        against(config.pretrained, weak, "the model was trained before"),
    ),
    # Of a target that is a quantity noise may be the rest.
    escalate=(escalates(config.loss.is_("mse", "mae", "huber") & (level < MOST_OF_IT), "info"),),
    remedies=(
        "overfit-one-batch", "compare-with-blind-baseline", "lower-dropout", "lower-weight-decay", "more-capacity",
        "train-longer",
    ),
    meaning="The model does not even describe the samples it is trained on. First see whether it can learn a single "
    "batch by heart: if so, "
    "regularization, rate or time are short; if not, its structure or its inputs.",
    mechanism="Too little capacity, too much regularization, a rate that gets nowhere, or features and labels that say "
    "little about each "
    "other all end in the same picture.",
    false_alarms="The entropy of a language is a floor that nobody knows: language models are left out. "
    "Targets with much noise of their own put a floor under every model.",
    source=("article 1.1", "article 4 row 4", "article 3.4", "GBC", "KAR"),
    fires=(
        case("both rest at 80 % of chance", run(curve(train.loss, decay(1.386, 1.1, 10), flat(1.1, 20)), curve(val.loss,
             decay(1.386, 1.12, 10), flat(1.12, 20)),
             data={"classes": 4})),
        case("just enough, sinking", facts(level.of(0.6), val_level.of(0.6), pace.of(-0.004), val_pace.of(-0.004),
             gap.of(0.08),
             model.dropout.of(0.7))),
        case("rising a little, no validation", facts(level.of(0.9), pace.of(0.004), model.dropout.of(0.4))),
        case("a quantity, half explained", facts(config.loss.of("mse"), level.of(0.7), pace.of(0.0))),
        case("a quantity, next to nothing explained", facts(config.loss.of("mse"), level.of(0.95), pace.of(0.0))),
        case("fine-tuned", facts(level.of(0.9), pace.of(0.0), config.pretrained.of(True))),
        case("a classifier", facts(config.task.of("classification"), level.of(0.9), pace.of(0.0))),
    ),
    quiet=(
        case("low", run(curve(train.loss, decay(1.386, 0.2, 10), flat(0.2, 20)), data={"classes": 4})),
        case("half-way down", facts(level.of(0.4), pace.of(0.0))),
        case("a language model at rest", facts(config.task.of("language_model"), level.of(0.7), val_level.of(0.7),
             pace.of(0.0), val_pace.of(0.0), gap.of(0.0))),
        case("only training is high", facts(level.of(0.6), val_level.of(0.4), pace.of(0.0), val_pace.of(0.0),
             gap.of(-0.2))),
        case("still falling", facts(level.of(0.9), pace.of(-0.006), val_pace.of(0.0), gap.of(0.0))),
        case("rising", facts(level.of(0.9), pace.of(0.006), val_pace.of(0.0), gap.of(0.0))),
        case("validation still falls", facts(level.of(0.9), pace.of(0.0), val_pace.of(-0.006), gap.of(0.0))),
        case("validation apart", facts(level.of(0.9), pace.of(0.0), val_pace.of(0.0), gap.of(0.12))),
    ),
)  # fmt: skip
