from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, decay, facts, flat, limit, moderate, output, run, signal, strong, supports, train, val,
)  # fmt: skip
from expert.rules.limits import NO_PROGRESS

ALIKE = limit(
    "output-spread",
    1e-3,
    unit="ratio",
    source="knowledge of the field, a thousandth of the outputs' size",
    healthy="0.3-1.4",
)

SCORE = "the accuracy ends at {score:.1%}, and naming the largest class each time gives {majority:.1%}"

spread = signal.late_size(output.spread)
progress = signal.relative_improvement(train.loss)
lead = signal.score_over_majority(train.score)

RULE = Rule(
    id="ACT103",
    name="constant-output",
    kind="symptom",
    family="activations",
    level="signal",
    severity="error",
    status="experimental",
    prior=0.85,
    blames=("activation", "initialization", "regularization"),
    symptom="every input gets the same output",
    cause="what the output is made of no longer depends on the input: dead or saturated layers, weights that a decay "
    "took away, or inputs that are all alike",
    when=spread < ALIKE,
    evidence=(
        supports(progress < NO_PROGRESS, moderate, "the training loss improved by only {value:.1%}"),
        supports(lead < 0.01, moderate, SCORE),
        against(lead > 0.05, strong, SCORE),
    ),
    explains=("PLT104", "PLT106", "PLT101", "GEN109", "GEN103"),
    remedies=("watch-predictions", "compare-with-blind-baseline", "initialize-well", "lower-learning-rate"),
    meaning="The network answers with the mean of the targets or the shares of the classes. It can get no better that "
    "way, however long it is trained.",
    mechanism="The last layer adds a bias to what comes from below. Where that is the same for all samples, only the "
    "bias learns, and it learns the prior.",
    false_alarms="The first steps of a run, and targets that cannot be predicted from the inputs.",
    source=("knowledge of the field", "Karpathy 2019"),
    fires=(
        case(
            "outputs alike, loss at chance",
            run(
                curve(train.loss, flat(1.386, 60, noise=0.002), per_epoch=10),
                curve(output.spread, decay(0.8, 1e-5, 20), flat(1e-5, 40), per_epoch=10),
            ),
        ),
        case("hardly any spread", facts(spread.of(8e-4), progress.of(0.012), lead.of(0.03))),
        case("the accuracy of the largest class", facts(spread.of(1e-4), progress.of(0.006), lead.of(0.008))),
        case("a better accuracy all the same", facts(spread.of(1e-4), lead.of(0.06))),
    ),
    quiet=(
        case(
            "outputs that differ",
            run(
                curve(train.loss, decay(1.386, 0.3, 60), per_epoch=10),
                curve(val.loss, decay(1.386, 0.4, 6)),
                curve(output.spread, flat(0.9, 60, noise=0.1), per_epoch=10),
            ),
        ),
        case("a little spread", facts(spread.of(1.3e-3))),
    ),
)
