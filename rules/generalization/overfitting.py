from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, data, decay, escalates, facts, flat, limit, line, moderate, run, signal, supports,
    train, val, weak,
)  # fmt: skip
from expert.rules.limits import OVERFIT_GAIN, OVERFIT_PARTING, OVERFIT_RISE, OVERFIT_STEADY, SCORE_KEPT, SLIGHT_RETURN

BY_HEART = limit("training-errors-left", 0.02, unit="share", source="measured: 0.00", healthy="0.00-0.3")
SCORES_APART = limit("scores-apart", 0.1, unit="share", source="measured: 0.1-0.5", healthy="-0.02-0.06")
ALL_LOST = limit("all-lost", 1, unit="share of the fall", source="nothing is left", healthy="0.00-0.12")
LOST_AGAIN = limit("lost-again", 0.15, unit="share of the fall", source="measured: 0.19-16", healthy="0.00-0.12")

steadiness = signal.valley_steadiness(val.loss)
parting = signal.parting_trend(val.loss, train.loss)
rise = signal.valley_rise(val.loss)
gain = signal.valley_gain(val.loss)
gap = signal.relative_gap(val.loss, train.loss)
back = signal.share_given_back(val.loss)
lost = signal.shortfall_from_best(val.score)
missed = signal.errors_left(train.score)
lead = signal.score_lead(train.score, val.score)
size = signal.parameters_per_sample()

RULE = Rule(
    id="GEN101",
    name="overfitting",
    kind="symptom",
    family="generalization",
    level="generalization",
    severity="warning",
    prior=0.75,
    core=True,
    blames=("epochs", "regularization", "data"),
    symptom="the validation loss rises while the training loss goes on falling",
    cause="the model learns the training samples by heart, which does not carry over to others",
    when=(
        ((steadiness > OVERFIT_STEADY) | (back > ALL_LOST))
        & (parting > OVERFIT_PARTING)
        & (rise > OVERFIT_RISE)
        & (gain > OVERFIT_GAIN)
        & (gap > 0.0)
    )
    # Once all training samples are known by heart nothing rises any more; what was lost on the way there stays lost.
    | (lead.known & (missed < BY_HEART) & (lead > SCORES_APART) & (back > LOST_AGAIN)),
    evidence=(
        supports(size > 10, weak, "{value:.0f} parameters for each training sample"),
        supports(signal.best_epoch_distance(val.loss) > 0.3, weak,
            "the best validation loss lies {value:.0%} of the run back"),
        against(signal.loss_over_chance(train.loss) > 0.7, moderate,
            "the training loss itself is still {value:.0%} of chance level"),
    ),
    escalate=(
        escalates(rise > 1.0, "error"),
        # The score holds, and of what the loss won next to nothing is gone: worth knowing, no reason to change the run.
        escalates((back < SLIGHT_RETURN) & (lost < SCORE_KEPT), "info"),
    ),
    explains=("RUN105",),
    remedies=(
        "keep-best-checkpoint", "clean-labels", "more-data", "augment-data", "raise-weight-decay", "add-dropout",
        "smooth-labels", "smaller-model",
    ),
    meaning="The row missing in the article's table. The weights of the best validation epoch are the ones to keep; "
    "what is trained "
    "after it is lost on new samples.",
    mechanism="Once what the samples have in common is learned, the training loss can only fall by what they do not "
    "have in common: "
    "noise, wrong labels, single odd samples. Fewer samples and more parameters bring that point forward.",
    false_alarms="A validation loss may rise while the accuracy still improves: the model is then over-confident "
    "rather than wrong. Where the rise undoes less than a tenth of the fall and the score holds, this is a "
    "note. "
    "Very late second descents exist on small structured data with weight decay.",
    source=("article 4", "article 4 row 2", "TPB", "KAR", "SageMaker Debugger"),
    fires=(
        case("validation turns round", run(curve(train.loss, decay(2.0, 0.02, 40, noise=0.01)),
             curve(val.loss, decay(2.0, 0.6, 12, noise=0.01), line(0.6, 1.0, 28, noise=0.01)))),
        case("just enough", facts(steadiness.of(0.5), parting.of(3.0), rise.of(0.09), gain.of(6), gap.of(0.2),
             size.of(12))),
        case("far too many parameters", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(1.2),
             gap.of(2.0),
             size.of(300))),
        case("few parameters, best just passed", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(0.8),
             gap.of(2.0),
             size.of(8),
             signal.best_epoch_distance(val.loss).of(0.2))),
        case("best long passed", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(0.8), gap.of(2.0),
             signal.best_epoch_distance(val.loss).of(0.4), signal.loss_over_chance(train.loss).of(0.5))),
        case("training loss still high", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(0.3),
             gap.of(0.3),
             signal.loss_over_chance(train.loss).of(0.8))),
        case("slight, and the score holds", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(0.5),
             gap.of(2.0), back.of(0.08), lost.of(0.015))),
        case("unsteady, and all is lost again", facts(steadiness.of(0.3), parting.of(4.0), gain.of(90), rise.of(0.3),
             gap.of(0.4), back.of(1.2))),
        case("known by heart, and standing", facts(steadiness.of(0.2), missed.of(0.015), lead.of(0.2), back.of(0.2))),
    ),
    quiet=(
        case("both fall", run(curve(train.loss, decay(2.0, 0.3, 30)), curve(val.loss, decay(2.0, 0.4, 30)))),
        case("both rise", run(curve(train.loss, decay(2.0, 0.5, 10), line(0.5, 3.0, 20)), curve(val.loss, decay(2.0,
             0.6, 10), line(0.6, 3.2, 20)))),
        case("validation flattens", run(curve(train.loss, decay(2.0, 0.1, 40)), curve(val.loss, decay(2.0, 0.6, 20),
             flat(0.6, 20)))),
        case("an unsteady rise", facts(steadiness.of(0.3), parting.of(4.0), gain.of(90), rise.of(0.3), gap.of(0.4),
             data.samples.of(300))),
        case("unsteady, and most is kept", facts(steadiness.of(0.3), parting.of(4.0), gain.of(90), rise.of(0.3),
             gap.of(0.4), back.of(0.8))),
        case("a tenth not known by heart", facts(steadiness.of(0.2), missed.of(0.1), lead.of(0.2), back.of(0.2))),
        case("known by heart, and others almost as well", facts(steadiness.of(0.2), missed.of(0.0), lead.of(0.08),
             back.of(0.2))),
        case("known by heart at next to no cost", facts(steadiness.of(0.2), missed.of(0.0), lead.of(0.2),
             back.of(0.1))),
        case("hardly parting", facts(steadiness.of(0.9), parting.of(2.0), gain.of(90), rise.of(0.3), gap.of(0.4))),
        case("a rise by 5 %", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(0.05), gap.of(0.4))),
        case("within the noise", facts(steadiness.of(0.9), parting.of(9.0), gain.of(4), rise.of(0.3), gap.of(0.4))),
        case("validation stays below training", facts(steadiness.of(0.9), parting.of(9.0), gain.of(90), rise.of(0.2),
             gap.of(-0.1))),
    ),
)  # fmt: skip
