from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, flat, limit, line, run, signal, strong, supports, train, val,
)  # fmt: skip
from expert.rules.limits import OVERFIT_PARTING

SOARS = limit(
    "validation-soars", 1, unit="relative", source="measured: 1.4-1.6 with 30 % wrong labels", healthy="0.3-0.5 without"
)
FORGETS = limit(
    "accuracy-lost-since-best", 0.03, unit="difference of shares", source="measured: 0.08-0.10", healthy="0.006"
)
VANISHES = limit("memorized-to-nothing", 0.9, unit="relative", source="measured: 0.996", healthy="0.6-0.8")

GIVES_BACK = limit(
    "learned-and-unlearned", 0.25, unit="share of the fall", source="measured: 0.64-40", healthy="0.00-0.12"
)
COSTS_ANSWERS = limit(
    "answers-unlearned", 0.01, unit="difference of shares", source="measured: 0.016-0.13", healthy="0.00-0.006"
)
BY_FAR_NOT = limit("far-from-by-heart", 0.8, unit="relative", source="measured: 0.25-0.67", healthy="0.6-0.99")

TOLD = limit("told-something-at-best", 0.95, unit="ratio to chance", source="measured", healthy="0.0-0.63")

rise = signal.validation_rise(val.loss, train.loss)

learned = signal.relative_improvement(train.loss)
lost = signal.shortfall_from_best(val.accuracy)
parting = signal.parting_trend(val.loss, train.loss)
ranked = signal.shortfall_from_best(val.auc)
known = signal.best_loss_over_chance(val.loss)
back = signal.share_given_back(val.loss)
# What is wrong takes long to be learned by heart, and each bit of it costs right answers on the way.
unlearning = (
    (back >= GIVES_BACK)
    & (lost >= COSTS_ANSWERS)
    & (learned < BY_FAR_NOT)
    & (parting > OVERFIT_PARTING)
    # Something was learned that could be unlearned.
    & ((known < TOLD) | ~known.known)
    # Weighted classes trade answers of the many for those of the few, and rank them better than ever.
    & (~config.class_weights | ~config.class_weights.known)
    & ((ranked > 0.0) | ~ranked.known)
)

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
    when=((rise >= SOARS) & (learned >= VANISHES) & (lost >= FORGETS)) | unlearning,
    evidence=(
        supports(
            unlearning,
            strong,
            "validation gives back {value:.0%} of what it had learned, and right answers, long before the training "
            "samples are known by heart",
        ),
    ),
    unless=("DAT204", "DAT301", "DAT303", "DAT403", "OSC103"),
    explains=("GEN101", "OSC105"),
    remedies=("clean-labels", "keep-best-checkpoint", "smooth-labels", "more-data"),
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
                learned.of(0.93),
                lost.of(0.035),
            ),
        ),
        case(
            "unlearns before it knows by heart",
            facts(rise.of(0.5), back.of(0.3), lost.of(0.012), learned.of(0.75), parting.of(3.0)),
        ),
        case(
            "unlearns, no class weighted, ranked worse",
            facts(
                rise.of(0.5),
                back.of(0.3),
                lost.of(0.012),
                learned.of(0.75),
                parting.of(3.0),
                config.class_weights.of(False),
                ranked.of(0.02),
                known.of(0.9),
            ),
        ),
    ),
    quiet=(
        case(
            "a quarter is not given back",
            facts(rise.of(0.5), back.of(0.2), lost.of(0.02), learned.of(0.6), parting.of(4.0)),
        ),
        case("no answers lost", facts(rise.of(0.5), back.of(0.5), lost.of(0.008), learned.of(0.6), parting.of(4.0))),
        case(
            "never better than guessing",
            facts(rise.of(0.5), back.of(0.5), lost.of(0.02), learned.of(0.6), parting.of(4.0), known.of(0.98)),
        ),
        case("nearly by heart", facts(rise.of(0.5), back.of(0.5), lost.of(0.02), learned.of(0.85), parting.of(4.0))),
        case(
            "weighted classes",
            facts(
                rise.of(0.5),
                back.of(0.5),
                lost.of(0.02),
                learned.of(0.6),
                parting.of(4.0),
                config.class_weights.of(True),
            ),
        ),
        case(
            "ranked better than ever",
            facts(rise.of(0.5), back.of(0.5), lost.of(0.02), learned.of(0.6), parting.of(4.0), ranked.of(0.0)),
        ),
        case("within the noise", facts(rise.of(0.5), back.of(0.5), lost.of(0.02), learned.of(0.6), parting.of(2.0))),
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
                learned.of(0.99),
                lost.of(0.1),
            ),
        ),
        case(
            "only more confident",
            facts(
                rise.of(2.0),
                learned.of(0.99),
                lost.of(0.025),
            ),
        ),
        case(
            "nothing memorized",
            facts(
                rise.of(2.0),
                learned.of(0.8),
                lost.of(0.1),
            ),
        ),
    ),
)
