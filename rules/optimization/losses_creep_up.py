from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, limit, line, run, signal, supports, train, val, weak,
)  # fmt: skip
from expert.rules.limits import SLIGHT_FALL, SURE_GAIN, TURNED_RISE, TURNED_STEADY

CREPT = limit("crept-up", 0.02, unit="relative", source="measured", healthy="0.00-0.01")

rise = signal.loss_rise()
gain = signal.loss_rise_gain()
steadiness = signal.loss_rise_steadiness()
fall = signal.loss_fall()

RULE = Rule(
    id="OPT103",
    name="losses-creep-up",
    kind="symptom",
    family="optimization",
    level="optimization",
    severity="warning",
    prior=0.6,
    blames=("learning-rate", "regularization", "epochs"),
    symptom="the loss passed its lowest point and has crept up ever since",
    when=(gain > SURE_GAIN) & (steadiness > TURNED_STEADY) & (fall > SLIGHT_FALL) & (rise > CREPT)
        & (rise <= TURNED_RISE),
    evidence=(supports(config.weight_decay > 0.0, weak, "a weight decay of {value:g} pulls against the data"),),
    explains=("RUN105",),
    unless=("GEN101", "OSC101"),
    remedies=("keep-best-checkpoint", "lower-weight-decay", "lower-learning-rate", "repair-schedule"),
    meaning="The eighth row of the article: stop here and keep the weights of the lowest loss, or go on with a lower "
    "rate. Training loss "
    "and validation loss, where it is known, rise together, so it is not overfitting.",
    mechanism="A rate slightly too high, or a penalty that grows against the data as the loss gets small, drives the "
    "weights slowly off the "
    "best point; so do data that drift while they stream in.",
    false_alarms="A penalty that is annealed up lifts the loss on purpose, and so does a batch size or augmentation "
    "that changes on the way.",
    source=("article 4 row 8",),
    fires=(
        case("down, then slowly up", run(curve(train.loss, decay(2.0, 0.5, 12), line(0.5, 0.62, 24, noise=0.002)),
             curve(val.loss, decay(2.0, 0.55, 12), line(0.55, 0.68, 24, noise=0.002)))),
        case("just enough", facts(gain.of(120), steadiness.of(0.55), fall.of(0.2), rise.of(0.025))),
        case("by half, with weight decay", facts(gain.of(900), steadiness.of(0.9), fall.of(0.6), rise.of(0.5),
             config.weight_decay.of(0.01))),
    ),
    quiet=(
        case("both fall", run(curve(train.loss, decay(2.0, 0.2, 30)), curve(val.loss, decay(2.0, 0.3, 30)))),
        case("within the noise", facts(gain.of(80), steadiness.of(0.9), fall.of(0.6), rise.of(0.1))),
        case("up and down", facts(gain.of(900), steadiness.of(0.4), fall.of(0.6), rise.of(0.1))),
        case("never came down", facts(gain.of(900), steadiness.of(0.9), fall.of(0.12), rise.of(0.1))),
        case("by one percent", facts(gain.of(900), steadiness.of(0.9), fall.of(0.6), rise.of(0.015))),
        case("by two thirds", facts(gain.of(900), steadiness.of(0.9), fall.of(0.6), rise.of(0.7))),
    ),
)  # fmt: skip
