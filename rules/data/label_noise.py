from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, flat, limit, line, run, signal, train, val

SOARS = limit(
    "validation-soars", 1, unit="relative", source="measured: 1.4-1.6 with 30 % wrong labels", healthy="0.3-0.5 without"
)
FORGETS = limit(
    "accuracy-lost-since-best", 0.03, unit="difference of shares", source="measured: 0.08-0.10", healthy="0.006"
)
VANISHES = limit("memorized-to-nothing", 0.9, unit="relative", source="measured: 0.996", healthy="0.6-0.8")

rise = signal.validation_rise(val.loss, train.loss)

RULE = Rule(
    id="DAT405",
    name="label-noise",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.25,
    blames=("labels",),
    symptom="validation is best early and then soars while the training loss vanishes",
    cause="part of the labels are wrong; once the right ones are learned the network learns the wrong ones by heart",
    when=(rise >= SOARS)
    & (signal.relative_improvement(train.loss) >= VANISHES)
    & (signal.shortfall_from_best(val.accuracy) >= FORGETS),
    explains=("GEN101", "OSC105"),
    remedies=("keep-best-checkpoint", "clean-labels", "smooth-labels", "more-data"),
    meaning="Overfitting that costs accuracy, not only confidence, is what wrong labels look like from outside.",
    mechanism=(
        "What most samples agree on is learned first. Each wrong label can only be memorized, later, and spoils the "
        "answers for its neighborhood."
    ),
    false_alarms="Few samples that are hard but right; rare classes; overfitting by far too large a network.",
    source=("knowledge of the field",),
    fires=(
        case(
            "soars after an early best",
            run(
                curve(train.loss, decay(1.4, 0.005, 40)),
                curve(val.loss, decay(1.4, 0.85, 8), line(0.85, 2.4, 32)),
                curve(val.accuracy, line(0.3, 0.68, 8), line(0.68, 0.58, 32)),
            ),
        ),
        case(
            "just so",
            facts(
                rise.of(1.2),
                signal.relative_improvement(train.loss).of(0.93),
                signal.shortfall_from_best(val.accuracy).of(0.035),
            ),
        ),
    ),
    quiet=(
        case(
            "ordinary overfitting",
            run(
                curve(train.loss, decay(1.4, 0.02, 40)),
                curve(val.loss, decay(1.4, 0.6, 20), line(0.6, 0.8, 20)),
                curve(val.accuracy, line(0.3, 0.8, 20), flat(0.8, 20)),
            ),
        ),
        case(
            "a moderate rise",
            facts(
                rise.of(0.8),
                signal.relative_improvement(train.loss).of(0.99),
                signal.shortfall_from_best(val.accuracy).of(0.1),
            ),
        ),
        case(
            "only more confident",
            facts(
                rise.of(2.0),
                signal.relative_improvement(train.loss).of(0.99),
                signal.shortfall_from_best(val.accuracy).of(0.025),
            ),
        ),
        case(
            "nothing memorized",
            facts(
                rise.of(2.0),
                signal.relative_improvement(train.loss).of(0.8),
                signal.shortfall_from_best(val.accuracy).of(0.1),
            ),
        ),
    ),
)
