from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, escalates, facts, flat, line, limit, run, signal, strong, supports, train, val,
)  # fmt: skip

SAME_DOUBT = limit(
    "same-doubt", 0.88, unit="ratio", source="measured: 0.91-1.8", healthy="0.01-14: solved tasks read all"
)
OVER_CONFIDENT = limit(
    "over-confident", 1.3, unit="ratio", source="measured: 0.91-1.2 unless overfitted", healthy="0.01-14"
)
UNSURE_OF_TRAINING = limit("doubt-of-training", 0.55, unit="ratio", source="measured: 0.71-0.99", healthy="0.003-13")
TOLD_LITTLE = limit("told-little", 0.5, unit="ratio to chance", source="measured: 0.74-1.8", healthy="0.0-0.63")
TOLD_SOMETHING = limit("told-something", 0.97, unit="ratio to chance", source="measured", healthy="0.0-0.63")
NOT_BY_HEART = limit(
    "training-not-by-heart", 0.3, unit="ratio to chance", source="measured: 0.34-0.89", healthy="0.0-0.63"
)
FAR_BETTER = limit(
    "validation-far-more-right", -0.15, unit="relative", source="40 % wrong labels: -0.5", healthy="-0.07-0.21"
)
SEVERAL = limit("classes-to-err-among", 4, unit="classes", source="two classes are doubted alike by nature")
STANDING = limit("standing", -0.01, unit="relative per epoch", source="measured: -0.005-0.07", healthy="-0.4-0.08")

doubt = signal.loss_over_even_doubt(val.loss, val.accuracy)
trained_doubt = signal.loss_over_even_doubt(train.loss, train.accuracy)
left = signal.loss_over_chance(val.loss)
trained_left = signal.loss_over_chance(train.loss)
pace = signal.recent_pace(val.loss)
better = signal.relative_gap(val.accuracy, train.accuracy)
classes = signal.number_of_classes()
# Training and validation have the same share of wrong labels, as parts of one set.
alike = (
    (doubt > SAME_DOUBT)
    & ((doubt < OVER_CONFIDENT) | trained_doubt.between(SAME_DOUBT, OVER_CONFIDENT))
    & (trained_doubt > UNSURE_OF_TRAINING)
    & left.between(TOLD_LITTLE, TOLD_SOMETHING)
)
# The labels of validation were checked: its answers turn out far better than those that training counts as right.
of_training = (
    trained_doubt.between(SAME_DOUBT, OVER_CONFIDENT)
    & (better < FAR_BETTER)
    & (left < TOLD_SOMETHING)
    & (~config.augmentation | ~config.augmentation.known)
)
plainly = (
    config.label_smoothing.of(0.0), config.mixup.of(False), config.penalty_in_loss.of(False),
    config.class_weights.of(False),
)  # fmt: skip

RULE = Rule(
    id="DAT407",
    name="even-doubt",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.4,
    blames=("labels",),
    symptom="both losses stand still far from zero, and the network has the same doubt about every sample",
    cause="many labels are wrong: any sample can have one, and it can name any class",
    when=(alike | of_training)
    & (trained_left > NOT_BY_HEART)
    & (pace > STANDING)
    # Smoothed labels, mixed samples, penalties and weights lie in the loss as well.
    & (config.label_smoothing.is_(0.0) | ~config.label_smoothing.known)
    & (config.mixup.is_(False) | ~config.mixup.known)
    & (config.penalty_in_loss.is_(False) | ~config.penalty_in_loss.known)
    & (~config.class_weights | ~config.class_weights.known),
    evidence=(
        supports(
            doubt.between(0.9, 1.15), strong,
            "the validation loss is {value:.0%} of what one and the same doubt about every sample gives",
        ),
        supports(
            of_training, strong,
            "the training loss is {value:.0%} of what one and the same doubt about every sample gives, and new samples "
            "are answered far better",
        ),
    ),
    # Between two or three classes much is doubtful by nature.
    escalate=(escalates(classes < SEVERAL, "info"),),
    # What is left when nothing else keeps the network from learning what there is.
    unless=(
        "DAT101", "DAT201", "DAT204", "DAT206", "DAT301", "DAT303", "DAT403", "OSC102", "OSC103", "OPT101", "OPT102",
        "OPT201", "OPT301", "OPT302", "PLT102", "GRD101", "GRD102", "GRD103", "GRD201", "GRD202", "GRD301", "GRD302",
        "GRD303", "ACT101", "ACT102", "CFG106", "GEN201", "MOD101", "MOD104", "MOD105", "MOD107", "MOD201", "MOD202",
        "MOD204", "MOD205", "NUM105", "NUM301", "RUN102", "RUN103",
    ),
    explains=("GEN102", "GEN103", "PLT101", "PLT106"),
    remedies=("clean-labels", "smooth-labels", "more-data"),
    meaning="Nothing about the training is wrong, and it cannot get any further. Samples that are hard by nature are "
    "hard to different degrees and taken for a few classes each; here all of them are, and for any.",
    mechanism="With a share of wrong labels the best a network can do is to give that share to the other classes, "
    "always. Its loss is then the entropy of that one doubt, which no further training lowers.",
    false_alarms="Classes that overlap evenly, such as ratings or ages cut into classes; networks too weak for the "
    "task; inputs that tell of a part of the answer only. Few classes make it hard to tell: it is a note then.",
    source=("Northcutt et al. 2021", "measured"),
    fires=(
        case("half of the labels of eight classes are wrong", run(
            curve(train.loss, decay(2.08, 1.72, 10), flat(1.72, 14, noise=0.01)), curve(train.accuracy,
            line(0.13, 0.46, 10), flat(0.46, 14)), curve(val.loss, decay(2.08, 1.76, 10), flat(1.76, 14, noise=0.01)),
            curve(val.accuracy, line(0.13, 0.45, 10), flat(0.45, 14)), config={"loss": "cross_entropy"},
            data={"classes": 8})),
        case("the labels of validation are right", facts(doubt.of(1.9), trained_doubt.of(1.2), left.of(0.7),
            trained_left.of(0.85), pace.of(0.0), classes.of(10), *plainly)),
        case("validation was checked and is nearly solved", facts(doubt.of(3.0), trained_doubt.of(1.0), left.of(0.2),
            trained_left.of(0.7), pace.of(0.0), classes.of(10), better.of(-0.2), config.augmentation.of(False))),
        case("validation was checked", facts(doubt.of(1.6), trained_doubt.of(1.0), left.of(0.49), trained_left.of(0.9),
            pace.of(0.0), classes.of(10), better.of(-0.2))),
        case("better on new samples, some of it known by heart", facts(doubt.of(1.2), trained_doubt.of(0.7),
            left.of(0.7), trained_left.of(0.6), pace.of(0.0), classes.of(10), better.of(-0.2))),
        case("better on new samples, and timid", facts(doubt.of(1.2), trained_doubt.of(1.5), left.of(0.7),
            trained_left.of(0.9), pace.of(0.0), classes.of(10), better.of(-0.2))),
        case("some of it known by heart", facts(doubt.of(0.95), trained_doubt.of(0.6), left.of(0.8),
            trained_left.of(0.4), pace.of(-0.005), classes.of(4))),
        case("two classes", facts(doubt.of(0.9), trained_doubt.of(0.9), left.of(0.6), trained_left.of(0.6),
            pace.of(0.0), classes.of(2))),
        case("learned next to nothing", facts(doubt.of(1.2), trained_doubt.of(1.0), left.of(0.96), trained_left.of(0.9),
            pace.of(0.0), classes.of(10))),
    ),
    quiet=(
        case("a little better on new samples", facts(doubt.of(3.0), trained_doubt.of(1.0), left.of(0.2),
            trained_left.of(0.7), pace.of(0.0), classes.of(10), better.of(-0.1))),
        case("harder on purpose", facts(doubt.of(3.0), trained_doubt.of(1.0), left.of(0.2), trained_left.of(0.7),
            pace.of(0.0), classes.of(10), better.of(-0.3), config.augmentation.of(True))),
        case("timid on training samples", facts(doubt.of(3.0), trained_doubt.of(1.6), left.of(0.2),
            trained_left.of(0.7), pace.of(0.0), classes.of(10), better.of(-0.3))),
        case("sure of training samples", facts(doubt.of(3.0), trained_doubt.of(0.8), left.of(0.2),
            trained_left.of(0.7), pace.of(0.0), classes.of(10), better.of(-0.3))),
        case("nothing told of new samples", facts(doubt.of(3.0), trained_doubt.of(1.0), left.of(0.99),
            trained_left.of(0.7), pace.of(0.0), classes.of(10), better.of(-0.3))),
        case("hard samples", facts(doubt.of(0.8), trained_doubt.of(0.8), left.of(0.6), trained_left.of(0.6),
            pace.of(0.0), classes.of(10))),
        case("over-confident", facts(doubt.of(1.5), trained_doubt.of(0.7), left.of(0.8), trained_left.of(0.5),
            pace.of(0.0), classes.of(10))),
        case("never sure, and right", facts(doubt.of(3.0), trained_doubt.of(1.6), left.of(0.6), trained_left.of(0.6),
            pace.of(0.0), classes.of(10))),
        case("sure of what it learns from", facts(doubt.of(1.0), trained_doubt.of(0.5), left.of(0.8),
            trained_left.of(0.4), pace.of(0.0), classes.of(10))),
        case("nearly all is told", facts(doubt.of(1.0), trained_doubt.of(0.9), left.of(0.4), trained_left.of(0.4),
            pace.of(0.0), classes.of(10))),
        case("nothing is told", facts(doubt.of(1.0), trained_doubt.of(0.9), left.of(0.99), trained_left.of(0.9),
            pace.of(0.0), classes.of(10))),
        case("by heart", facts(doubt.of(1.0), trained_doubt.of(0.9), left.of(0.6), trained_left.of(0.2),
            pace.of(0.0), classes.of(10))),
        case("still falling", facts(doubt.of(1.0), trained_doubt.of(1.0), left.of(0.9), trained_left.of(0.9),
            pace.of(-0.012), classes.of(10))),
        case("smoothed labels", facts(doubt.of(1.0), trained_doubt.of(1.0), left.of(0.9), trained_left.of(0.9),
            pace.of(0.0), classes.of(10), config.label_smoothing.of(0.1))),
        case("mixed samples", facts(doubt.of(1.0), trained_doubt.of(1.0), left.of(0.9), trained_left.of(0.9),
            pace.of(0.0), classes.of(10), config.mixup.of(True))),
        case("a penalty in the loss", facts(doubt.of(1.0), trained_doubt.of(1.0), left.of(0.9), trained_left.of(0.9),
            pace.of(0.0), classes.of(10), config.penalty_in_loss.of(True))),
        case("weighted classes", facts(doubt.of(1.0), trained_doubt.of(1.0), left.of(0.9), trained_left.of(0.9),
            pace.of(0.0), classes.of(10), config.class_weights.of(True))),
    ),
)  # fmt: skip
