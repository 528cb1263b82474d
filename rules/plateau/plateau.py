from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, decay, escalates, facts, flat, for_profile, limit, line, run, signal, supports, train, val,
    weak,
)  # fmt: skip
from expert.rules.limits import STANDING_SHARE

DOWN = limit(
    "standing-pace-down", -0.002, unit="relative per epoch", source="measured", healthy="-0.2 to -0.02 while it learns"
)
UP = limit("standing-pace-up", 0.002, unit="relative per epoch", source="measured", healthy="below 0 while it learns")

TRAINED_BEFORE = limit(
    "trained-before", 0.7, unit="ratio to the loss of guessing", source="measured", healthy="0.9-1.3 from fresh weights"
)
NEAR_CHANCE = limit("standstill-near-chance", 0.7, unit="ratio to chance", source="measured", healthy="0.0-0.5")
MASTERED = limit("task-mastered", 0.9, unit="share of right answers", source="knowledge of the field")
AT_ITS_END = limit("schedule-at-its-end", 0.1, unit="share of the highest rate", source="knowledge of the field")
HIGH_UP = limit(
    "fall-before-standstill",
    0.4,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(
        for_profile("fine-tuning", 0.005, source="measured", healthy="0.006-0.96"),
        for_profile("language-model", 0.3, source="measured", healthy="0.35-0.51"),
    ),
)

fall = signal.loss_fall()
standing = signal.plateau_length(train.loss)
pace = signal.recent_pace(train.loss)
start = signal.initial_loss_over_chance(train.loss)
left = signal.loss_over_chance(train.loss)
decayed = signal.learning_rate_last_over_max()
correct = signal.last_value(val.accuracy)
high_up = (fall < HIGH_UP) & ((left > NEAR_CHANCE) | (~left.known & (correct < MASTERED)))
val_standing = signal.plateau_length(val.loss)

RULE = Rule(
    id="PLT101",
    name="plateau",
    kind="symptom",
    family="plateau",
    level="optimization",
    severity="info",
    prior=0.6,
    symptom="the loss has come to a standstill",
    when=(pace > DOWN)
    & (pace < UP)
    & (((standing > STANDING_SHARE) & ((val_standing > STANDING_SHARE) | ~val_standing.known)) | (fall < HIGH_UP)),
    evidence=(supports(standing > 0.6, weak, "the training loss has not improved for {value:.0%} of the run"),),
    escalate=(
        # How low a loss can come is known of few: near guessing, or with many answers wrong, it stands high up.
        escalates(high_up & ((decayed > AT_ITS_END) | ~decayed.known), "warning"),
        # A network that was trained before has little left to win.
        escalates(start < TRAINED_BEFORE, "info"),
    ),
    unless=("OSC101", "OPT106", "OPT103", "NUM101"),
    remedies=("keep-best-checkpoint", "probe-learning-rate", "overfit-one-batch"),
    meaning="Nothing has improved for a good part of the run. Where the loss is low and the metric good this is the "
    "end of a successful "
    "training; elsewhere a cause is to be found before rate or batch are turned either way.",
    mechanism="A loss stops falling when it has reached what data and model allow, when the steps are too small to go "
    "on, when they are so "
    "large that they only scatter around the bottom, or when part of the network no longer learns.",
    false_alarms="A converged run, and the pause before a planned drop of the learning rate.",
    source=("article 2", "article 4 row 4", "article IMPR-3"),
    fires=(
        case("falls, then stands", run(curve(train.loss, decay(2.0, 0.6, 12), flat(0.6, 30)), curve(val.loss, decay(2.0,
             0.7, 12), flat(0.7, 30)))),
        case("just enough, low down", facts(standing.of(0.35), pace.of(-0.0015), val_standing.of(0.4), fall.of(0.7))),
        case("rises a shade", facts(standing.of(0.8), pace.of(0.0015), fall.of(0.9))),
        case("creeps on, high up", facts(standing.of(0.1), pace.of(-0.0015), val_standing.of(0.1), fall.of(0.35),
             left.of(0.8))),
        case("stands high up, though it fell by half", facts(standing.of(0.8), pace.of(0.0), fall.of(0.45),
             left.of(0.8))),
        case("stands, with one answer in six wrong", facts(standing.of(0.8), pace.of(0.0), fall.of(0.2),
             correct.of(0.85))),
        case("stands, with one answer in fifteen wrong", facts(standing.of(0.8), pace.of(0.0), fall.of(0.2),
             correct.of(0.935))),
        case("stands where it fell to", facts(standing.of(0.8), pace.of(0.0), fall.of(0.2), left.of(0.6))),
        case("stands high up, the rate a sixth", facts(standing.of(0.8), pace.of(0.0), fall.of(0.2), left.of(0.8),
             decayed.of(0.13))),
        case("stands high up at the end of its schedule", facts(standing.of(0.8), pace.of(0.0), fall.of(0.2),
             left.of(0.8), decayed.of(0.08))),
        case("stands low since its start", facts(standing.of(0.8), pace.of(0.0), fall.of(0.1), left.of(0.9),
             start.of(0.5))),
        case("stands nearly at chance", facts(standing.of(0.8), pace.of(0.0), fall.of(0.1), left.of(0.9),
             start.of(0.8))),
    ),
    quiet=(
        case("still falling", run(curve(train.loss, line(2.0, 0.5, 30)), curve(val.loss, line(2.0, 0.6, 30)))),
        case("stands only a quarter", facts(standing.of(0.25), pace.of(0.0), fall.of(0.5))),
        case("creeps down", facts(standing.of(0.5), pace.of(-0.0025), fall.of(0.2))),
        case("creeps up", facts(standing.of(0.5), pace.of(0.0025), fall.of(0.2))),
        case("validation still falls", facts(standing.of(0.5), pace.of(0.0), val_standing.of(0.25), fall.of(0.5))),
    ),
)  # fmt: skip
