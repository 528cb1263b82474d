from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, decay, facts, flat, line, run, signal, strong, supports, train, val, weak,
)  # fmt: skip
from expert.rules.limits import FALLING_PACE, FALLING_SURE

pace = signal.recent_pace(train.loss)
trend = signal.recent_trend(train.loss)
val_pace = signal.recent_pace(val.loss)
val_trend = signal.recent_trend(val.loss)

RULE = Rule(
    id="OPT302",
    name="still-improving",
    kind="symptom",
    family="optimization",
    level="optimization",
    severity="info",
    prior=0.6,
    blames=("epochs",),
    symptom="the losses were still falling when the run ended",
    when=(pace < FALLING_PACE) & (trend < FALLING_SURE) & (((val_pace < FALLING_PACE) & (val_trend < FALLING_SURE))
        | ~val_pace.known),
    evidence=(
        supports(pace < -0.02, weak, "the training loss falls by {value:.1%} per epoch at the end"),
        against(signal.learning_rate_last_over_max() < 0.01, strong, "the schedule has come to its end"),
    ),
    # The mean over an epoch in which the loss falls fast lies above its end.
    explains=("GEN105",),
    remedies=("train-longer", "raise-learning-rate"),
    meaning="The first row of the article: still learning. More epochs would lower both losses; the schedule has to be "
    "stretched with them.",
    mechanism="Neither the data nor the model set the level yet, only the number of steps taken.",
    false_alarms="The last stretch of a decaying schedule looks like this and ends by itself.",
    source=("article 4 row 1", "TPB"),
    fires=(
        case("both fall to the end", run(curve(train.loss, line(2.0, 1.0, 20)), curve(val.loss, line(2.0, 1.1, 20)))),
        case("just enough", facts(pace.of(-0.006), trend.of(-2.0), val_pace.of(-0.006), val_trend.of(-2.0))),
        case("no validation, fast", facts(pace.of(-0.025), trend.of(-2.2), val_pace.of(None))),
        case("no validation, slower", facts(pace.of(-0.015), trend.of(-2.2), val_pace.of(None),
             signal.learning_rate_last_over_max().of(0.02))),
        case("the schedule is at its end", facts(pace.of(-0.03), trend.of(-2.2), val_pace.of(None),
             signal.learning_rate_last_over_max().of(0.008))),
    ),
    quiet=(
        case("both stand", run(curve(train.loss, decay(2.0, 0.5, 10), flat(0.5, 20)), curve(val.loss, decay(2.0, 0.6,
             10), flat(0.6, 20)))),
        case("slowly", facts(pace.of(-0.004), trend.of(-2.2), val_pace.of(-0.02), val_trend.of(-2.2))),
        case("perhaps", facts(pace.of(-0.02), trend.of(-1.2), val_pace.of(-0.02), val_trend.of(-2.2))),
        case("validation slowly", facts(pace.of(-0.02), trend.of(-2.2), val_pace.of(-0.004), val_trend.of(-2.2))),
        case("validation perhaps", facts(pace.of(-0.02), trend.of(-2.2), val_pace.of(-0.02), val_trend.of(-1.2))),
    ),
)  # fmt: skip
