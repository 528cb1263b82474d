from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, limit, line, run, signal, supports, train, val, weak
from expert.rules.limits import SLIGHT_FALL, SURE_GAIN, TURNED_GAIN, TURNED_RISE, TURNED_STEADY

CLEAR = limit("clear-rise", 0.05, unit="relative", source="measured", healthy="0.00-0.04")

rise = signal.loss_rise()
gain = signal.loss_rise_gain()
steadiness = signal.loss_rise_steadiness()
fall = signal.loss_fall()
val_rise = signal.valley_rise(val.loss)

RULE = Rule(
    id="OPT102",
    name="both-losses-rise",
    kind="symptom",
    family="optimization",
    level="static",
    severity="error",
    prior=0.65,
    blames=("learning-rate", "loss-function", "code", "data"),
    symptom="training and validation loss keep rising together",
    when=val_rise.known
    & (steadiness > TURNED_STEADY)
    & (((fall < SLIGHT_FALL) & (rise > CLEAR) & (gain > SURE_GAIN)) | ((rise > TURNED_RISE) & (gain > TURNED_GAIN))),
    evidence=(supports(fall < 0.01, weak, "neither loss ever fell"),),
    explains=("OPT106", "PLT106", "RUN105"),
    unless=("GEN101", "OSC101"),
    remedies=(
        "correct-loss-sign", "order-training-step", "symmetric-clip", "lower-learning-rate", "locate-first-nonfinite",
        "remove-nonfinite-rows",
        "initialize-well", "fewer-layers",
    ),
    meaning="The fifth row of the article. Training moves uphill, so something is wrong with the direction or the size "
    "of the steps; the "
    "data and the structure come after that.",
    mechanism="The sign of the loss, gradients that are never zeroed, a clip that leaves only positive gradients, or "
    "steps too large: each "
    "raises the very loss it is meant to lower. Data that change or need cleaning, and an unsuitable structure, are "
    "rarer.",
    false_alarms="A penalty whose weight grows over training lifts both losses by design, as do adversarial and "
    "reinforcement losses.",
    source=("article 4 row 5", "article 3.3", "TPB"),
    fires=(
        case("both rise from the start", run(curve(train.loss, line(1.4, 2.4, 12, noise=0.002)), curve(val.loss,
             line(1.4, 2.5, 12, noise=0.002)))),
        case("both fall, then climb far", run(curve(train.loss, decay(2.0, 0.5, 10), line(0.5, 4.0, 20)),
             curve(val.loss, decay(2.0, 0.6, 10), line(0.6, 4.0, 20)))),
        case("never fell, rose by 7 %", facts(val_rise.of(0.07), gain.of(120), steadiness.of(0.55), fall.of(0.0),
             rise.of(0.07))),
        case("hardly fell, rose by 8 %", facts(val_rise.of(0.08), gain.of(900), steadiness.of(0.9), fall.of(0.13),
             rise.of(0.08))),
        case("fell, rose by 70 %", facts(val_rise.of(0.7), gain.of(30), steadiness.of(0.9), fall.of(0.5),
             rise.of(0.7))),
        case("fell by a hundredth", facts(val_rise.of(0.7), gain.of(900), steadiness.of(0.9), fall.of(0.012),
             rise.of(0.3))),
    ),
    quiet=(
        case("both fall", run(curve(train.loss, decay(2.0, 0.2, 30)), curve(val.loss, decay(2.0, 0.3, 30)))),
        case("no validation", run(curve(train.loss, line(1.4, 2.4, 12, noise=0.002)))),
        case("within the noise", facts(val_rise.of(0.7), gain.of(20), steadiness.of(0.9), fall.of(0.0), rise.of(0.7))),
        case("hardly beyond the noise", facts(val_rise.of(0.3), gain.of(80), steadiness.of(0.9), fall.of(0.0),
             rise.of(0.3))),
        case("up and down", facts(val_rise.of(0.7), gain.of(900), steadiness.of(0.4), fall.of(0.0), rise.of(0.7))),
        case("rose by 4 %", facts(val_rise.of(0.04), gain.of(900), steadiness.of(0.9), fall.of(0.0), rise.of(0.04))),
        case("fell by a fifth, rose by half", facts(val_rise.of(0.5), gain.of(900), steadiness.of(0.9), fall.of(0.2),
             rise.of(0.5))),
    ),
)  # fmt: skip
