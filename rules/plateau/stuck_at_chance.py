from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, decay, facts, flat, limit, line, moderate, run, signal, strong, supports, train,
)  # fmt: skip

AT_CHANCE = limit("at-chance", 0.015, unit="share", source="measured", healthy="0.3-1.0")

SCORE = "the accuracy ends at {score:.1%}, and naming the largest class each time gives {majority:.1%}"

distance = signal.distance_from_chance(train.loss)
lead = signal.score_over_majority(train.score)

RULE = Rule(
    id="PLT104",
    name="stuck-at-chance",
    aliases=("stuck-at-prior",),
    kind="symptom",
    family="plateau",
    level="optimization",
    severity="error",
    prior=0.7,
    core=True,
    symptom="the loss stands where guessing without looking at the input would put it",
    when=distance < AT_CHANCE,
    evidence=(
        supports(lead < 0.01, moderate, SCORE),
        against(lead > 0.05, strong, SCORE),
    ),
    explains=("PLT106",),
    unless=("OSC101", "OPT106", "PLT102"),
    remedies=("compare-with-blind-baseline", "watch-predictions", "overfit-one-batch"),
    meaning="For C balanced classes a model that ignores its input has a loss of ln C, for unequal ones the entropy of "
    "their "
    "shares, and the accuracy of the largest class. An accuracy of 79 % is to be compared with that share first.",
    mechanism="No information reaches the output: dead or saturated units, gradients that vanish or that one early "
    "step destroyed, "
    "inputs that are not scaled, labels that do not belong to the inputs, or a penalty that wins against the data.",
    false_alarms="The first epochs of any run, and targets that cannot be predicted from the inputs. Without a known "
    "number of "
    "classes the level may match some ln C by accident; then only a loss that has not moved counts.",
    source=("article 2", "article IMPR-3", "KAR"),
    fires=(
        case("flat at ln 10, classes unknown", run(curve(train.loss, flat(2.3026, 12, noise=0.003)))),
        case("flat at ln 4, classes known", run(curve(train.loss, flat(1.39, 12, noise=0.003)), data={"classes": 4})),
        case("from far above down to chance", run(curve(train.loss, line(40, 1.386, 3), flat(1.386, 12, noise=0.002)),
             data={"classes": 4})),
        case("one percent off, the accuracy is that of the largest class", facts(distance.of(0.01), lead.of(0.005))),
        case("loss at chance, accuracy is not", facts(distance.of(0.0), lead.of(0.06))),
        case("a shade better than the largest class", facts(distance.of(0.0), lead.of(0.03))),
    ),
    quiet=(
        case("a smooth descent", run(curve(train.loss, decay(2.3, 0.2, 30)))),
        case("a smooth descent, classes known", run(curve(train.loss, decay(2.3, 0.2, 30)), data={"classes": 10})),
        case("near ln C after a long way", run(curve(train.loss, decay(2.3026, 0.6931, 20)))),
        case("two percent off", facts(distance.of(0.02))),
    ),
)  # fmt: skip
