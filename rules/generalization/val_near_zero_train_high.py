from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, data, decay, facts, flat, for_profile, limit, model, moderate, run, signal, supports, train,
    val, weak,
)  # fmt: skip

NEAR_ZERO = limit(
    "validation-near-zero", 0.08, unit="ratio to chance", source="measured", healthy="0.02-0.5, like training"
)
HIGH = limit(
    "training-still-high",
    0.2,
    unit="ratio to chance",
    source="measured",
    healthy="like validation",
    profiles=(for_profile("language-model", 0.7, source="measured", healthy="0.45-0.57"),),
)
FAR = limit(
    "validation-fraction", -0.8, unit="relative", source="measured", healthy="-0.3 and above; with dropout -0.4"
)
SAME_UNIT = limit(
    "same-unit-at-start", 0.08, unit="ratio", source="measured: 0.03 for a sum over 32", healthy="0.4-1.0"
)

val_level = signal.loss_over_chance(val.loss)
level = signal.loss_over_chance(train.loss)
gap = signal.relative_gap(val.loss, train.loss)
start = signal.ratio_at_start(val.loss, train.loss)

RULE = Rule(
    id="GEN106",
    name="val-near-zero-train-high",
    kind="symptom",
    family="generalization",
    level="measurement",
    severity="error",
    prior=0.6,
    blames=("regularization", "validation", "data"),
    symptom="the training loss stays high while the validation loss is close to zero",
    when=((val_level < NEAR_ZERO) & (level > HIGH)) | (~val_level.known & (gap < FAR) & (start > SAME_UNIT)),
    evidence=(
        supports(model.dropout > 0.5, moderate, "{value:.0%} of the units are dropped in training"),
        supports(data.train_val_overlap > 0.01, moderate,
            "{value:.0%} of the validation rows are also in the training set"),
        supports(signal.validation_below_share(val.loss, train.loss) > 0.7, weak,
            "validation is better in {value:.0%} of the later epochs"),
    ),
    explains=("GEN103",),
    remedies=("measure-training-loss-in-evaluation-mode", "lower-dropout", "remove-leaks"),
    meaning="The seventh row of the article, which removes dropout. First measure the training loss in evaluation "
    "mode: if it is as low, only "
    "dropout lifts it, and lowering it is enough; if not, the validation set is too easy or leaks.",
    mechanism="A model of which most units are switched off at each step is measured as if it knew little, while "
    "validation sees it whole. "
    "A validation set of easy or known samples gives the same picture without any dropout.",
    false_alarms="Losses in different units, a sum against a mean, differ by the batch size from the start.",
    source=("article 4 row 7", "article ERR-8"),
    fires=(
        case("dropout hides a perfect fit", run(curve(train.loss, decay(1.4, 0.5, 12), flat(0.5, 18)), curve(val.loss,
             decay(1.3, 0.002, 30)),
             data={"classes": 4}, model={"dropout": 0.9})),
        case("curves only", run(curve(train.loss, decay(1.4, 0.5, 12), flat(0.5, 18)), curve(val.loss, decay(1.3, 0.002,
             30)))),
        case("just enough, rows in both", facts(val_level.of(0.06), level.of(0.25), data.train_val_overlap.of(0.014))),
        case("overlap of a row in two hundred", facts(val_level.of(0.03), level.of(0.4),
             data.train_val_overlap.of(0.005), model.dropout.of(0.6))),
        case("a little dropout", facts(val_level.of(0.03), level.of(0.4), model.dropout.of(0.4),
             signal.validation_below_share(val.loss, train.loss).of(0.6))),
        case("a tenth at the end, half at the start", facts(val_level.of(None), gap.of(-0.85), start.of(0.1))),
    ),
    quiet=(
        case("both low", run(curve(train.loss, decay(1.4, 0.02, 30)), curve(val.loss, decay(1.4, 0.03, 30)),
             data={"classes": 4})),
        case("validation low, not near zero", facts(val_level.of(0.1), level.of(0.5), gap.of(-0.86), start.of(1.0))),
        case("training nearly as low", facts(val_level.of(0.04), level.of(0.15), gap.of(-0.7), start.of(1.0))),
        case("a third", facts(val_level.of(None), gap.of(-0.7), start.of(1.0))),
        case("apart from the start", facts(val_level.of(None), gap.of(-0.96), start.of(0.05))),
        case("falling together", facts(val_level.of(None), gap.of(0.1), start.of(1.0), level.of(None))),
    ),
)  # fmt: skip
