from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, decay, facts, flat, limit, line, moderate, run, signal, supports, train, val,
)  # fmt: skip
from expert.rules.limits import TURNED_GAIN, TURNED_RISE, TURNED_STEADY

JUMP = limit("diverged-jump", 200, unit="variances of the noise", source="measured", healthy="below 75")

rise = signal.loss_rise()
gain = signal.loss_rise_gain()
steadiness = signal.loss_rise_steadiness()
above_start = signal.rise_above_start(train.loss)

RULE = Rule(
    id="OPT106",
    name="diverging-loss",
    kind="symptom",
    family="optimization",
    level="optimization",
    severity="error",
    prior=0.7,
    core=True,
    symptom="the loss climbs and ends far above the lowest point it had reached",
    when=(rise > TURNED_RISE) & (((gain > TURNED_GAIN) & (steadiness > TURNED_STEADY)) | (gain > JUMP)),
    evidence=(supports(above_start > 0.5, moderate, "the training loss ends {value:.0%} above where it started"),),
    unless=("GEN101",),
    remedies=("lower-learning-rate", "order-training-step", "symmetric-clip", "correct-loss-sign", "clip-gradient-norm",
        "rewind-to-checkpoint"),
    meaning="The training loss itself turned round and went up, steadily or at one blow, and stayed up; validation, "
    "where it is "
    "known, went with it. This is not overfitting, where training goes on improving.",
    mechanism="Steps that overshoot enlarge the next gradients, which enlarge the next steps. Gradients that pile up, "
    "that are "
    "clipped to one sign, or a loss with the wrong sign drive the weights uphill just as well.",
    false_alarms="A term whose weight grows over training (annealing, curricula) lifts the loss by design, and so do "
    "adversarial and reinforcement losses.",
    source=("article 1", "article 4 row 5", "TPB"),
    fires=(
        case("falls, then climbs fivefold", run(curve(train.loss, decay(2.0, 0.5, 15, noise=0.01), line(0.5, 5.0, 15,
             noise=0.02)))),
        case("climbs from the start, validation too", run(curve(train.loss, line(1.0, 4.0, 12)), curve(val.loss,
             line(1.1, 4.0, 12)))),
        case("jumps up and stays", run(curve(train.loss, decay(1.3, 0.4, 5), flat(1.4, 8, noise=0.003)))),
        case("just enough", facts(rise.of(0.7), gain.of(30), steadiness.of(0.55))),
        case("a jump that just counts", facts(rise.of(0.8), gain.of(250), steadiness.of(-0.2))),
        case("ends far above its start", facts(rise.of(3.0), gain.of(400), steadiness.of(0.9), above_start.of(0.6))),
    ),
    quiet=(
        case("a smooth descent", run(curve(train.loss, decay(2.0, 0.2, 30, noise=0.02)))),
        case("only validation climbs", run(curve(train.loss, decay(2.0, 0.05, 30)), curve(val.loss, decay(2.0, 0.5, 10),
             line(0.5, 2.0, 20)))),
        case("a rise by half", facts(rise.of(0.5), gain.of(300), steadiness.of(0.9))),
        case("a rise within the noise", facts(rise.of(1.0), gain.of(20), steadiness.of(0.9))),
        case("up and down again", facts(rise.of(1.0), gain.of(60), steadiness.of(0.4))),
        case("a jump within the noise", facts(rise.of(1.0), gain.of(150), steadiness.of(0.0))),
        case("ends somewhat above its start, no more than noise", facts(rise.of(0.4), gain.of(9), above_start.of(0.4))),
    ),
)  # fmt: skip
