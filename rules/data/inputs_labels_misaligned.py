from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, facts, limit, line, moderate, run, signal, strong, supports, train, val,
)  # fmt: skip
from expert.rules.limits import HARDLY_FELL, NEAR_VARIANCE, OVERFIT_PARTING

NO_BETTER = limit("validation-at-chance", 0.98, unit="ratio", source="measured: 0.99-1.02", healthy="0.02-0.48")
MEMORIZED = limit("training-below-chance", 0.95, unit="ratio", source="measured: 0.59-0.74", healthy="0.01-0.41")
OPENING = limit(
    "gap-of-memorizing", 0.2, unit="relative", source="measured: 0.48-1.5", healthy="0.1 where nothing is learned"
)
SOME_MEMORIZED = limit("training-somewhat-below-chance", 0.97, unit="ratio", source="measured: 0.88-0.96")
FIRST_OPENING = limit("gap-of-some-memorizing", 0.05, unit="relative", source="measured: 0.10-0.30", healthy="-0.4-2.3")
LARGE_MAJORITY = limit(
    "majority-too-large-to-tell", 0.7, unit="share", source="measured: 0.77-0.94", healthy="0.1-0.67"
)
NO_SKILL = limit("score-beyond-majority", 0.03, unit="difference of shares", source="measured", healthy="0.34-0.73")
OFTEN_RIGHT = limit("labels-often-right", 0.8, unit="share", source="labels dealt at random", healthy="0.8-1.0")

best_val = signal.best_loss_over_chance(val.loss)
val_fall = signal.fall_after_first(val.loss)
correct = signal.last_value(val.accuracy)
level = signal.loss_over_chance(train.loss)
gap = signal.relative_gap(val.loss, train.loss)
parting = signal.parting_trend(val.loss, train.loss)
majority = signal.majority_share()

RULE = Rule(
    id="DAT204",
    name="inputs-labels-misaligned",
    kind="cause",
    family="data",
    level="data",
    severity="fatal",
    prior=0.7,
    blames=("labels", "data", "preprocessing"),
    symptom="the training set is memorized, while the validation loss never gets below what guessing gives",
    cause="the labels do not belong to their inputs: reordered one without the other, joined by a wrong key, or random",
    when=(
        (best_val >= NO_BETTER)
        # The variance of other samples may be smaller than that of those it was told of.
        | (config.loss.is_("mse") & (best_val >= NEAR_VARIANCE) & (val_fall < HARDLY_FELL))
    )
    # The loss of a large majority stands near that of guessing, however much is learned of the others.
    & ((majority < LARGE_MAJORITY) | ~majority.known)
    & (
        ((level <= MEMORIZED) & (gap >= OPENING))
        # A network too small for all of them memorizes a little of each sample, at the cost of all others.
        | ((level <= SOME_MEMORIZED) & (gap >= FIRST_OPENING) & (parting > OVERFIT_PARTING))
    ),
    evidence=(
        against(
            correct >= OFTEN_RIGHT,
            strong,
            "the validation accuracy ends at {value:.1%}: labels and inputs belong together",
        ),
        supports(
            signal.score_over_majority(val.accuracy) <= NO_SKILL,
            moderate,
            "the validation accuracy ends {value:+.3f} from the share of the largest class",
        ),
        against(
            signal.score_over_majority(val.accuracy) > NO_SKILL,
            strong,
            "the validation accuracy ends {value:+.3f} above the share of the largest class: something is learned",
        ),
    ),
    unless=("DAT301", "DAT403"),
    explains=("GEN101", "GEN102", "GEN103", "PLT104", "OSC105"),
    remedies=("verify-labels", "pair-inputs-with-labels", "more-data"),
    meaning=(
        "There is nothing in these inputs that tells these labels. A network large enough learns the training pairs by "
        "heart all the same, which looks like overfitting of the worst kind."
    ),
    mechanism=(
        "Seeding a generator twice and shuffling inputs and labels one after the other pairs them rightly only if both "
        "are equally long. One missing row shifts every label after it, without any error."
    ),
    false_alarms="Targets that truly cannot be predicted; a run too short to have found what can.",
    source=("article 1.3", "article IMPR-2", "knowledge of the field"),
    fires=(
        case(
            "inputs reordered, labels not",
            run(
                curve(train.loss, decay(1.40, 0.80, 20)),
                curve(val.loss, line(1.387, 1.9, 20)),
                curve(val.accuracy, line(0.26, 0.25, 20)),
                config={"loss": "cross_entropy"},
                data={"class_counts": (400, 400, 400, 400)},
            ),
        ),
        case(
            "some skill",
            facts(
                signal.best_loss_over_chance(val.loss).of(1.0),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.25),
                signal.score_over_majority(val.accuracy).of(0.04),
            ),
        ),
        case(
            "a small network memorizes a little",
            facts(best_val.of(1.0), level.of(0.96), gap.of(0.06), parting.of(3.0), majority.of(0.5)),
        ),
        case(
            "no skill to speak of",
            facts(
                signal.best_loss_over_chance(val.loss).of(1.0),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.25),
                signal.score_over_majority(val.accuracy).of(0.02),
                correct.of(0.7),
            ),
        ),
        case(
            "a loss that tells nothing, and labels that are right",
            facts(
                signal.best_loss_over_chance(val.loss).of(1.0),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.3),
                correct.of(0.84),
            ),
        ),
        case(
            "targets of a smaller variance",
            facts(
                config.loss.of("mse"),
                best_val.of(0.9),
                val_fall.of(0.04),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.25),
            ),
        ),
    ),
    quiet=(
        case(
            "ordinary overfitting",
            run(
                curve(train.loss, decay(1.40, 0.10, 20)),
                curve(val.loss, decay(1.38, 0.6, 8), line(0.6, 1.2, 12)),
                config={"loss": "cross_entropy"},
                data={"class_counts": (400, 400, 400, 400)},
            ),
        ),
        case(
            "validation once better than guessing",
            facts(
                signal.best_loss_over_chance(val.loss).of(0.9),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.3),
            ),
        ),
        case(
            "targets of half the variance",
            facts(
                config.loss.of("mse"),
                best_val.of(0.6),
                val_fall.of(0.04),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.25),
            ),
        ),
        case(
            "targets that are told a little",
            facts(
                config.loss.of("mse"),
                best_val.of(0.9),
                val_fall.of(0.2),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.25),
            ),
        ),
        case(
            "classes that are told a little",
            facts(
                config.loss.of("cross_entropy"),
                best_val.of(0.9),
                val_fall.of(0.0),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.25),
            ),
        ),
        case(
            "nothing memorized",
            facts(
                signal.best_loss_over_chance(val.loss).of(1.0),
                signal.loss_over_chance(train.loss).of(0.99),
                signal.relative_gap(val.loss, train.loss).of(0.3),
            ),
        ),
        case("a little, within the noise", facts(best_val.of(1.0), level.of(0.9), gap.of(0.15), parting.of(2.0))),
        case("a large majority", facts(best_val.of(1.0), level.of(0.7), gap.of(0.5), majority.of(0.75))),
        case("too little of a gap", facts(best_val.of(1.0), level.of(0.96), gap.of(0.04), parting.of(4.0))),
        case("the training loss at chance", facts(best_val.of(1.0), level.of(0.98), gap.of(0.15), parting.of(4.0))),
        case(
            "no gap opens",
            facts(
                signal.best_loss_over_chance(val.loss).of(1.0),
                signal.loss_over_chance(train.loss).of(0.7),
                signal.relative_gap(val.loss, train.loss).of(0.15),
            ),
        ),
    ),
)
