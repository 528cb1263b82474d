from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, limit, line, run, signal, supports, train, val, weak,
)  # fmt: skip
from expert.rules.limits import OVERFIT_RISE, OVERFIT_STEADY

HELD = limit("score-held", 0.01, unit="share", source="measured", healthy="0.00-0.01")


steadiness = signal.valley_steadiness(val.loss)
rise = signal.valley_rise(val.loss)
lost = signal.shortfall_from_best(val.score)
parting = signal.parting_trend(val.loss, train.loss)

RULE = Rule(
    id="GEN107",
    name="over-confidence",
    kind="symptom",
    family="generalization",
    level="generalization",
    severity="info",
    prior=0.6,
    blames=("regularization", "loss-function"),
    symptom="the validation loss rises while the validation score holds or still improves",
    when=(steadiness > OVERFIT_STEADY) & (rise > OVERFIT_RISE) & (lost < HELD),
    evidence=(
        supports(parting > 2.5, weak, "validation and training loss part by {value:.1f} standard deviations"),
        supports(config.label_smoothing <= 0.0, weak, "labels are not smoothed"),
    ),
    remedies=("keep-best-checkpoint", "smooth-labels", "calibrate-temperature", "raise-weight-decay"),
    meaning="The model is wrong no more often than before, but surer of itself when it is wrong. Choose the weights by "
    "the score where only the "
    "score matters; smooth the labels or calibrate where probabilities matter.",
    mechanism="Once the training samples are classified rightly, the loss can only fall by larger margins. On new "
    "samples larger margins make "
    "each mistake dearer.",
    false_alarms="A few samples with wrong labels lift the loss alone.",
    source=("article 4", "KB"),
    fires=(
        case("loss up, accuracy up", run(curve(train.loss, decay(2.0, 0.02, 40)), curve(val.loss, decay(2.0, 0.6, 12),
             line(0.6, 1.0, 28)),
             curve(val.accuracy, decay(0.3, 0.8, 12), line(0.8, 0.84, 28)))),
        case("just enough", facts(steadiness.of(0.5), rise.of(0.09), lost.of(0.007), parting.of(3.0))),
        case("not parting, no smoothing", facts(steadiness.of(0.9), rise.of(0.5), lost.of(0.0), parting.of(2.0),
             config.label_smoothing.of(0.0))),
    ),
    quiet=(
        case("both better", run(curve(train.loss, decay(2.0, 0.2, 30)), curve(val.loss, decay(2.0, 0.3, 30)),
             curve(val.accuracy, decay(0.3, 0.9, 30)))),
        case("unsteady", facts(steadiness.of(0.35), rise.of(0.5), lost.of(0.0))),
        case("a rise by 5 %", facts(steadiness.of(0.9), rise.of(0.05), lost.of(0.0))),
        case("the score falls too", facts(steadiness.of(0.9), rise.of(0.5), lost.of(0.015))),
    ),
)  # fmt: skip
