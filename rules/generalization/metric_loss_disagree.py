from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, decay, facts, limit, line, moderate, run, signal, supports, train, val,
)  # fmt: skip

OPPOSED = limit("metric-against-loss", 0.5, unit="correlation", source="knowledge of the field", healthy="-1.0 to -0.3")

opposed = signal.metric_loss_disagreement(val.loss, val.score)
imbalance = signal.class_imbalance()

RULE = Rule(
    id="GEN110",
    name="metric-loss-disagree",
    kind="symptom",
    family="generalization",
    level="generalization",
    severity="info",
    status="experimental",
    prior=0.5,
    blames=("validation", "loss-function", "class-balance"),
    symptom="on the validation set loss and score go opposite ways",
    when=opposed > OPPOSED,
    evidence=(
        supports(opposed > 0.8, moderate, "they go opposite ways with a rank correlation of {value:.2f}"),
        supports(imbalance > 10, moderate, "the largest class is {value:.3g} times the smallest"),
        against(signal.shortfall_from_best(val.score) < 0.001, moderate, "the score stands at its best"),
    ),
    unless=("GEN107",),
    remedies=("recompute-metric", "prior-aware-metrics"),
    meaning="One of the two does not measure what is wanted: the score may be computed wrongly, or count what the loss "
    "does not.",
    mechanism="Common faults are the maximum over the wrong axis, a threshold set on logits, and means of batches of "
    "unequal size. With unequal classes a score can rise while the loss of the rare ones does, too.",
    false_alarms="Over-confidence, where the loss rises with the margins of a few wrong samples.",
    source=("knowledge of the field", "Karpathy 2019"),
    fires=(
        case(
            "both fall",
            run(
                curve(train.loss, decay(1.4, 0.2, 20)),
                curve(val.loss, decay(1.4, 0.4, 20)),
                curve(val.accuracy, line(0.8, 0.5, 20)),
                data={"class_counts": (900, 20)},
            ),
        ),
        case(
            "hardly opposed", facts(opposed.of(0.6), imbalance.of(8), signal.shortfall_from_best(val.score).of(0.0008))
        ),
        case(
            "opposed a little more",
            facts(opposed.of(0.7), imbalance.of(12), signal.shortfall_from_best(val.score).of(0.0012)),
        ),
    ),
    quiet=(
        case(
            "better together",
            run(
                curve(train.loss, decay(1.4, 0.2, 20)),
                curve(val.loss, decay(1.4, 0.4, 20)),
                curve(val.accuracy, decay(0.4, 0.9, 20)),
            ),
        ),
        case("loosely together", facts(opposed.of(0.35))),
    ),
)
