from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, escalates, facts, limit, line, moderate, run, signal, strong,
    supports, train, val,
)  # fmt: skip

LABELS = limit("label-shift", 0.1, unit="share", source="knowledge of the field", healthy="0.005-0.053")
BEYOND = limit("label-shift-beyond-chance", 4, unit="ratio", source="what drawing at random gives", healthy="0.2-1.8")
FEATURES = limit("shifted-columns", 0.05, unit="share", source="knowledge of the field", healthy="0")
ENOUGH = limit("validation-samples-to-compare", 100, unit="samples", source="a mean is known to a tenth of its spread")
BLIND = limit("validation-worse-than-blind", 0.05, unit="share", source="measured: 0.08-1.0", healthy="0.0")
BELOW = limit("score-below-majority", -0.1, unit="difference of shares", source="measured: -0.23", healthy="0.34-0.73")
LEARNED = limit("training-learned", 0.7, unit="ratio", source="measured: 0.2", healthy="0.01-0.41")

HARDLY_ANY = limit("hardly-any-loss", 0.05, unit="ratio to chance", source="measured: 1.9-22", healthy="0.03")
APART = limit("validation-apart-at-once", 1.4, unit="ratio", source="measured: 1.5-6.5", healthy="0.4-1.07")
FAR = limit("validation-far-apart", 3, unit="share", source="measured: 14-100", healthy="0.0-2.0")

score = signal.score_over_majority(val.accuracy)
start = signal.ratio_at_start(val.loss, train.loss)
gap = signal.relative_gap(val.loss, train.loss)
level = signal.loss_over_chance(train.loss)
columns = data.feature_shift
blind = signal.worse_than_blind(val.accuracy)
left = signal.loss_over_chance(val.loss)
worse_than_blind = ((score <= BELOW) | (blind > BLIND)) & (level <= LEARNED)

RULE = Rule(
    id="DAT403",
    name="train-val-shift",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.6,
    blames=("validation", "preprocessing", "labels"),
    symptom="training and validation set are not of one kind",
    cause="they differ in labels, features or the meaning of the class numbers, so one says little of the other",
    when=((data.label_shift > LABELS) & (signal.label_shift_over_chance() > BEYOND))
    | ((columns > FEATURES) & (data.validation_samples >= ENOUGH))
    | (worse_than_blind & (level >= 0))
    # Of a loss near zero the smallest difference is many times as much.
    | ((start > APART) & (gap > FAR) & ((left > HARDLY_ANY) | ~left.known)),
    evidence=(
        supports(
            worse_than_blind,
            strong,
            "the model has learned, yet its validation accuracy is {value:+.3f} from the share of the largest class: "
            "worse than blind, as with another numbering of the classes",
        ),
        supports(
            signal.label_shift_over_chance() > BEYOND,
            strong,
            "the label shares differ {value:.1f} times as much as chance would",
        ),
        supports(
            columns > FEATURES,
            moderate,
            "the means of {value:.0%} of the columns differ by half a spread or more",
        ),
        supports(
            (start > APART) & (gap > FAR),
            moderate,
            "the validation loss is {value:.2g} times the training loss in the very first epoch, and runs away from it",
        ),
        against(
            (start > APART) & (config.loss_reduction.is_("sum") | config.training_mode_in_training.is_(False)),
            strong,
            "the loss of the two is not measured alike, which sets them apart as well",
        ),
        against(
            (start > APART) & (signal.gradient_growth() > 10.0),
            strong,
            "the gradient has grown {value:.0f}-fold, which makes any loss run away",
        ),
        against(config.class_weights, strong, "the classes are weighted, which lowers plain accuracy"),
    ),
    escalate=(escalates(worse_than_blind, "error"),),
    unless=("RUN112",),
    explains=("GEN101", "GEN102", "OSC105"),
    invalidates=(val.loss, val.accuracy),
    remedies=("verify-labels", "same-preprocessing", "split-properly"),
    meaning="A gap that is there from the first epoch is no overfitting: the sets, or what is done to them, differ.",
    mechanism=(
        "Means fitted on one part only, an ordered split, other sources, or class numbers given by two different "
        "listings of the folders: each makes the validation set a different task."
    ),
    false_alarms="Validation sets that are balanced or harder on purpose; studies of exactly such a shift.",
    source=("knowledge of the field",),
    fires=(
        case(
            "another numbering of the classes",
            run(
                curve(train.loss, decay(1.4, 0.3, 20)),
                curve(val.loss, line(1.5, 6.0, 20)),
                curve(val.accuracy, line(0.25, 0.05, 20)),
                config={"loss": "cross_entropy"},
                data={"class_counts": (400, 400, 400, 400)},
            ),
        ),
        case("other shares of the labels", facts(data.label_shift.of(0.12), signal.label_shift_over_chance().of(5.0))),
        case(
            "apart from the first epoch on",
            run(curve(train.loss, decay(1.0, 0.05, 20)), curve(val.loss, line(2.0, 6.0, 20))),
        ),
        case("apart at once, and far enough", facts(start.of(1.5), gap.of(3.5))),
        case("apart at once, not much of it", facts(start.of(1.5), gap.of(3.5), left.of(0.07))),
        case("apart at once, of a summed loss", facts(start.of(1.5), gap.of(3.5), config.loss_reduction.of("sum"))),
        case(
            "apart at once, trained in evaluation mode",
            facts(start.of(1.5), gap.of(3.5), config.training_mode_in_training.of(False)),
        ),
        case(
            "apart at once, among gradients that grow",
            facts(start.of(1.5), gap.of(3.5), signal.gradient_growth().of(14.0)),
        ),
        case(
            "apart at once, among gradients that grow a little",
            facts(start.of(1.5), gap.of(3.5), signal.gradient_growth().of(6.0)),
        ),
        case(
            "one in twenty right where guessing gets one in ten",
            facts(score.of(-0.06), blind.of(0.07), level.of(0.5)),
        ),
        case("other features", facts(columns.of(0.07), data.validation_samples.of(120))),
        case(
            "worse than blind, with weighted classes",
            facts(score.of(-0.12), level.of(0.65), config.class_weights.of(True)),
        ),
        case(
            "other features in a large set",
            facts(columns.of(0.5), data.validation_samples.of(800), signal.label_shift_over_chance().of(1.0)),
        ),
    ),
    quiet=(
        case("apart next to zero", facts(start.of(1.5), gap.of(9.0), left.of(0.03))),
        case(
            "one kind",
            run(
                curve(train.loss, decay(1.4, 0.3, 20)),
                curve(val.loss, decay(1.4, 0.4, 20)),
                curve(val.accuracy, line(0.3, 0.85, 20)),
                config={"loss": "cross_entropy"},
                data={
                    "class_counts": (400, 400, 400, 400),
                    "samples": 1600,
                    "validation_samples": 800,
                    "label_shift": 0.01,
                    "feature_shift": 0.0,
                },
            ),
        ),
        case(
            "one in eleven right where guessing gets one in ten",
            facts(score.of(-0.01), blind.of(0.04), level.of(0.5), start.of(1.0), gap.of(1.0)),
        ),
        case(
            "together at first",
            facts(data.label_shift.of(0.0), columns.of(0.0), score.of(0.5), level.of(0.2), start.of(1.2), gap.of(9.0)),
        ),
        case(
            "apart at first, and not much more later",
            facts(data.label_shift.of(0.0), columns.of(0.0), score.of(0.5), level.of(0.2), start.of(1.8), gap.of(2.5)),
        ),
        case(
            "a set too small to compare",
            facts(
                data.label_shift.of(0.24),
                signal.label_shift_over_chance().of(3.0),
                columns.of(0.1),
                data.validation_samples.of(80),
                score.of(0.5),
                level.of(0.2),
            ),
        ),
        case(
            "a small difference, surely",
            facts(
                data.label_shift.of(0.08),
                signal.label_shift_over_chance().of(9.0),
                columns.of(0.04),
                data.validation_samples.of(8000),
                score.of(-0.08),
                level.of(0.2),
            ),
        ),
        case(
            "a loss below zero",
            facts(data.label_shift.of(0.0), columns.of(0.0), score.of(-0.3), level.of(-1.4)),
        ),
        case(
            "nothing learned",
            facts(
                data.label_shift.of(0.0),
                columns.of(0.0),
                score.of(-0.3),
                level.of(0.8),
            ),
        ),
    ),
)
