from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, data, decay, facts, flat, limit, line, run, signal, supports, train, val, weak,
)  # fmt: skip
from expert.rules.limits import FALLING_PACE, FALLING_SURE

DOWN = limit(
    "flat-validation-down",
    -0.005,
    unit="relative per epoch",
    source="TPB, measured",
    healthy="-0.1 to -0.01 while it learns",
)
UP = limit(
    "flat-validation-up", 0.005, unit="relative per epoch", source="TPB, measured", healthy="below 0 while it learns"
)

SLACK_DOWN = limit(
    "unsure-validation-down",
    -0.03,
    unit="relative per epoch",
    source="measured",
    healthy="-0.1 to -0.01 while it learns",
)
SLACK_UP = limit(
    "unsure-validation-up", 0.03, unit="relative per epoch", source="measured", healthy="below 0 while it learns"
)
UNSURE = limit(
    "unsure-trend", 1.6, unit="standard deviations", source="two-sided 10 %", healthy="below -2 while it learns"
)

pace = signal.recent_pace(train.loss)
trend = signal.recent_trend(train.loss)
val_pace = signal.recent_pace(val.loss)
val_trend = signal.recent_trend(val.loss)
level = (val_pace > DOWN) & (val_pace < UP)
within_noise = (val_trend > FALLING_SURE) & (val_trend < UNSURE) & (val_pace > SLACK_DOWN) & (val_pace < SLACK_UP)

RULE = Rule(
    id="GEN102",
    name="val-flat-train-falls",
    kind="symptom",
    family="generalization",
    level="generalization",
    severity="info",
    prior=0.55,
    blames=("epochs", "data", "regularization"),
    symptom="the validation loss has flattened while the training loss still falls",
    when=(pace < FALLING_PACE) & (trend < FALLING_SURE) & (level | within_noise),
    evidence=(supports(data.validation_samples < 200, weak,
        "with {value:.0f} validation samples small progress cannot be seen"),),
    unless=("GEN101",),
    remedies=("keep-best-checkpoint", "augment-data", "larger-validation-set", "more-data"),
    meaning="The second row of the article, which calls it overfitting. It is the onset of it, or the level that noise "
    "in the data allows; "
    "overfitting proper shows when the validation loss rises.",
    mechanism="What is still learned belongs to the training samples only, so it neither helps nor yet harms on "
    "others.",
    false_alarms="A validation set too small to show slow progress, and the pause before a drop of the learning rate.",
    source=("article 4 row 2", "TPB"),
    fires=(
        case("validation flat from the middle on", run(curve(train.loss, decay(2.0, 0.5, 15), line(0.5, 0.2, 15)),
             curve(val.loss, decay(2.0, 0.7, 15), flat(0.7, 15)))),
        case("just enough, sinking a little", facts(pace.of(-0.006), trend.of(-2.2), val_pace.of(-0.004),
             data.validation_samples.of(150))),
        case("rising a little", facts(pace.of(-0.02), trend.of(-2.2), val_pace.of(0.004),
             data.validation_samples.of(250))),
        case("sinking within its noise", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(-1.5), val_pace.of(-0.02))),
        case("rising within its noise", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(1.5), val_pace.of(0.02))),
        case("nearly falling", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(-1.0), val_pace.of(-0.02))),
        case("nearly rising", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(1.0), val_pace.of(0.02))),
    ),
    quiet=(
        case("both fall", run(curve(train.loss, line(2.0, 0.5, 30)), curve(val.loss, line(2.0, 0.6, 30)))),
        case("training hardly falls", facts(pace.of(-0.004), trend.of(-2.2), val_pace.of(0.0))),
        case("training perhaps falls", facts(pace.of(-0.02), trend.of(-1.2), val_pace.of(0.0))),
        case("validation falls slowly", facts(pace.of(-0.02), trend.of(-2.2), val_pace.of(-0.006))),
        case("validation rises", facts(pace.of(-0.02), trend.of(-2.2), val_pace.of(0.006))),
        case("validation surely falls", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(-1.8), val_pace.of(-0.02))),
        case("validation surely rises", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(1.8), val_pace.of(0.02))),
        case("validation falls far", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(-1.0), val_pace.of(-0.04))),
        case("validation rises far", facts(pace.of(-0.02), trend.of(-2.2), val_trend.of(1.0), val_pace.of(0.04))),
    ),
)  # fmt: skip
