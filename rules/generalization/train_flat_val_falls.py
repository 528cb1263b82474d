from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, flat, limit, line, model, moderate, run, signal, supports, train, val,
)  # fmt: skip
from expert.rules.limits import FALLING_SURE

STILL = limit("flat-training", -0.004, unit="relative per epoch", source="measured", healthy="as fast as validation")
FALLS = limit(
    "validation-falls-on", -0.008, unit="relative per epoch", source="measured", healthy="as fast as training"
)
EPOCHS = limit("epochs-for-two-paces", 12, unit="epochs", source="measured", healthy="any")
CALM = limit("calm-training", 0.03, unit="share", source="measured", healthy="0.00-0.07")

pace = signal.recent_pace(train.loss)
noise = signal.noise_level(train.loss)
val_pace = signal.recent_pace(val.loss)
epochs = signal.epochs_recorded(val.loss)
val_trend = signal.recent_trend(val.loss)

RULE = Rule(
    id="GEN104",
    name="train-flat-val-falls",
    kind="symptom",
    family="generalization",
    level="measurement",
    severity="info",
    prior=0.5,
    blames=("validation", "regularization"),
    symptom="the validation loss keeps falling while the training loss stands",
    when=(epochs >= EPOCHS)
    & (pace > STILL) & (noise < CALM) & (val_pace < FALLS) & (val_trend < FALLING_SURE),
    evidence=(
        supports(config.weight_averaging, moderate,
            "averaged weights are validated, which lag behind those that are trained"),
        supports(model.dropout >= 0.5, moderate,
            "{value:.0%} of the units are dropped in training and none in validation"),
        supports(config.mixup, moderate, "training samples are mixed and validation samples are not"),
        supports(config.augmentation, moderate, "training samples are augmented and validation samples are not"),
    ),
    remedies=("measure-training-loss-in-evaluation-mode", "remove-leaks", "lower-dropout"),
    meaning="The third row of the article, which blames the data with certainty. The two losses are measured under "
    "different conditions far "
    "more often; measured alike, they usually fall together. Of the data causes, a validation set that is easier or "
    "leaks comes first.",
    mechanism="Strong dropout or augmentation, a penalty counted in the training loss only, running averages of batch "
    "normalization that "
    "catch up, or averaged weights that lag: each lets the validation loss fall without the training loss.",
    false_alarms="A training loss that is a mean over the epoch hides progress within it.",
    source=("article 4 row 3", "article ERR-7"),
    fires=(
        case("averaged weights catch up", run(curve(train.loss, decay(1.0, 0.5, 8), flat(0.5, 16)), curve(val.loss,
             decay(2.0, 1.2, 8), line(1.2, 0.7, 16)),
             config={"weight_averaging": True})),
        case("just enough, dropout", facts(epochs.of(14), pace.of(-0.003), noise.of(0.02), val_pace.of(-0.009),
             val_trend.of(-2.2),
             model.dropout.of(0.6))),
        case("mixed samples, little dropout", facts(epochs.of(20), pace.of(0.0), noise.of(0.01), val_pace.of(-0.02),
             val_trend.of(-2.2), config.mixup.of(True), model.dropout.of(0.4))),
        case("augmented samples", facts(epochs.of(20), pace.of(0.0), noise.of(0.01), val_pace.of(-0.02),
             val_trend.of(-2.2),
             config.augmentation.of(True))),
    ),
    quiet=(
        case("both fall", run(curve(train.loss, line(2.0, 0.5, 30)), curve(val.loss, line(2.0, 0.6, 30)))),
        case("training falls too", facts(epochs.of(20), pace.of(-0.005), noise.of(0.01), val_pace.of(-0.02),
             val_trend.of(-2.2))),
        case("training too noisy to tell", facts(epochs.of(20), pace.of(0.0), noise.of(0.04), val_pace.of(-0.02),
             val_trend.of(-2.2))),
        case("ten epochs", facts(epochs.of(10), pace.of(0.0), noise.of(0.01), val_pace.of(-0.02), val_trend.of(-2.2))),
        case("validation hardly falls", facts(epochs.of(20), pace.of(0.0), noise.of(0.01), val_pace.of(-0.007),
             val_trend.of(-2.2))),
        case("validation perhaps falls", facts(epochs.of(20), pace.of(0.0), noise.of(0.01), val_pace.of(-0.02),
             val_trend.of(-1.2))),
    ),
)  # fmt: skip
