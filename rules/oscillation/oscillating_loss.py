from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, escalates, facts, flat, limit, moderate, run, signal, strong, supports,
    train, val, weak, zigzag,
)  # fmt: skip
from expert.rules.limits import NEARLY_ALL_RIGHT, SCORE_KEPT, SLIGHT_RETURN, SWING_AGREEMENT, SWING_SIZE, SWING_WEIGHT

PATTERN = limit("swing-pattern", 0.4, unit="share", source="measured", healthy="below 0.35")
OWN = limit("own-swing", 0.05, unit="share", source="measured", healthy="0.00-0.05 without noise")
OWN_WEIGHT = limit("own-swing-over-fall", 0.1, unit="share", source="measured", healthy="0.00-0.1")
WILD = limit("wild-swing", 0.4, unit="share", source="measured", healthy="up to 0.35 with 30 % noise")
DWARFS = limit("wild-swing-over-fall", 0.5, unit="share", source="measured", healthy="below 0.4")

DOWN_TO_NOTHING = limit("down-to-nothing", 0.95, unit="share", source="measured", healthy="0.35-0.99")

agreement = signal.common_swing_correlation(train.loss, val.loss)
common = signal.common_swing(train.loss, val.loss)
weight = signal.common_swing_over_fall(train.loss, val.loss)
pattern = signal.swing_predictability(train.loss)
own = signal.own_swing(train.loss)
own_weight = signal.own_swing_over_fall(train.loss)
turns = signal.direction_changes(train.loss)
val_own = signal.own_swing(val.loss)
back = signal.share_given_back(val.loss)
lost = signal.shortfall_from_best(val.score)
fall = signal.loss_fall()
left = signal.errors_left(val.score)

RULE = Rule(
    id="OSC101",
    name="oscillating-loss",
    aliases=("train-loss-oscillates",),
    kind="symptom",
    family="oscillation",
    level="optimization",
    severity="warning",
    prior=0.65,
    core=True,
    symptom="the loss swings up and down from epoch to epoch, and what it gains it loses again",
    when=(agreement.known & (agreement > SWING_AGREEMENT) & (common > SWING_SIZE) & (weight > SWING_WEIGHT))
    | (
        ~agreement.known
        & (((pattern > PATTERN) & (own > OWN) & (own_weight > OWN_WEIGHT)) | ((own > WILD) & (own_weight > DWARFS)))
    )
    | ((own > WILD) & (val_own > WILD) & (own_weight > OWN_WEIGHT)),
    evidence=(
        supports(turns >= 0.4, weak, "the training loss turns round at {value:.0%} of the epochs"),
        supports(signal.accuracy_swing(train.score) >= 0.2, weak,
            "the score moves by 3 points or more at {value:.0%} of the epochs"),
        against(turns < 0.15, moderate, "the training loss turns round at only {value:.0%} of the epochs"),
        against(config.warm_restarts, strong, "the schedule restarts, and the loss with it"),
    ),
    # Where next to nothing is left to learn, the swings are those of a loss near zero.
    escalate=(
        escalates((left < NEARLY_ALL_RIGHT) & (back < SLIGHT_RETURN) & (lost < SCORE_KEPT), "info"),
        escalates(~left.known & (fall > DOWN_TO_NOTHING) & (back < SLIGHT_RETURN), "info"),
    ),
    remedies=("lower-learning-rate", "larger-batch", "shuffle-every-epoch", "clip-gradient-norm"),
    meaning="Both losses swing together, though they are measured on different samples: it is the weights that swing, "
    "not the "
    "measurement. Where only one loss is known, its swings follow a pattern as noise does not, or dwarf all progress.",
    mechanism="Steps overshoot and come back, or successive batches pull the weights different ways. A learning rate "
    "too high is "
    "the usual reason, batches too small or unshuffled the next; too little capacity alone hardly swings.",
    false_alarms="Schedules with restarts, adversarial and reinforcement losses, and sampling of several tasks swing "
    "by design.",
    source=("article 1", "article 1.1", "AutoTrainer 2021"),
    fires=(
        case("alternating by half", run(curve(train.loss, zigzag(0.6, 1.4, 24)), curve(val.loss, zigzag(0.7, 1.6,
             24)))),
        case("alternating, no validation", run(curve(train.loss, zigzag(0.5, 1.5, 40, noise=0.05)))),
        case("just enough", facts(agreement.of(0.65), common.of(0.055), weight.of(0.1))),
        case("slight but clear, few turns", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6), turns.of(0.1))),
        case("turns at two epochs of ten", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6), turns.of(0.2))),
        case("restarts", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6), turns.of(0.45),
             config.warm_restarts.of(True))),
        case("the accuracy swings", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6),
             signal.accuracy_swing(train.score).of(0.25))),
        case("nearly all right, ends at its best", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6),
             left.of(0.025), back.of(0.08), lost.of(0.015))),
        case("nearly all right, the best lost again", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6),
             left.of(0.025), back.of(0.08), lost.of(0.025))),
        case("a twentieth wrong, ends at its best", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6),
             left.of(0.05), back.of(0.08), lost.of(0.0), fall.of(0.99))),
        case("down to nothing, no score known", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6),
             fall.of(0.96), back.of(0.08))),
        case("down by nine tenths, no score known", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6),
             fall.of(0.9), back.of(0.08))),
        case("down to nothing and up again", facts(agreement.of(0.9), common.of(0.3), weight.of(0.6), fall.of(0.96),
             back.of(0.12))),
        case("a pattern, no validation", facts(agreement.of(None), pattern.of(0.5), own.of(0.06), own_weight.of(0.15))),
        case("wild in both, and not in step", facts(agreement.of(0.1), own.of(0.5), val_own.of(0.5),
             own_weight.of(0.13))),
        case("wild, no validation", facts(agreement.of(None), pattern.of(0.0), own.of(0.5), own_weight.of(0.6))),
    ),
    quiet=(
        case("a smooth descent", run(curve(train.loss, decay(2.3, 0.2, 30)), curve(val.loss, decay(2.3, 0.3, 30)))),
        case("noise on a descent", run(curve(train.loss, decay(2.3, 0.4, 30, noise=0.05), flat(0.4, 10)))),
        case("swings that hardly agree", facts(agreement.of(0.4), common.of(0.1), weight.of(0.2))),
        case("swings that agree but are tiny", facts(agreement.of(0.9), common.of(0.035), weight.of(0.2))),
        case("swings on a steep descent", facts(agreement.of(0.9), common.of(0.1), weight.of(0.05))),
        case("a pattern that validation does not share",
             facts(agreement.of(0.1), common.of(0.0), weight.of(0.0), pattern.of(0.9), own.of(0.6),
                 own_weight.of(0.8))),
        case("wild in training alone", facts(agreement.of(0.1), own.of(0.9), own_weight.of(0.6), val_own.of(0.35))),
        case("wild in validation alone", facts(agreement.of(0.1), own.of(0.35), own_weight.of(0.6), val_own.of(0.9))),
        case("wild in both, on a steep descent", facts(agreement.of(0.1), own.of(0.5), own_weight.of(0.09),
             val_own.of(0.5))),
        case("hardly a pattern", facts(agreement.of(None), pattern.of(0.3), own.of(0.1), own_weight.of(0.3))),
        case("a pattern too small", facts(agreement.of(None), pattern.of(0.6), own.of(0.04), own_weight.of(0.3))),
        case("a pattern on a descent", facts(agreement.of(None), pattern.of(0.6), own.of(0.1), own_weight.of(0.08))),
        case("noise of 30 %", facts(agreement.of(None), pattern.of(0.0), own.of(0.3), own_weight.of(0.6))),
        case("wild on a steep descent", facts(agreement.of(None), pattern.of(0.0), own.of(0.5), own_weight.of(0.4))),
    ),
)  # fmt: skip
