from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, data, decay, decisive, escalates, facts, limit, moderate, run, signal, strong, supports,
    train, val,
)  # fmt: skip

SHARED = limit(
    "shared-rows",
    0.05,
    unit="share",
    source="measured: 1.0 for a copy; Barz and Denzler 2020: 3 % of CIFAR-10",
    healthy="0.00-0.03, where rows are alike by nature",
)
REPEATED = limit("rows-repeat-anyway", 0.2, unit="share", source="knowledge of the field", healthy="0")
VANISHES = limit("loss-vanishes", 0.97, unit="relative", source="measured: 0.998", healthy="0.03-0.98 in validation")
PERFECT = limit("validation-without-error", 0.999, unit="share", source="measured: 1.0", healthy="0.68-0.98")
EQUAL = limit("validation-equals-training", 0.03, unit="relative", source="measured: 0.001", healthy="0.07 and more")

gap = signal.relative_gap(val.loss, train.loss)
fall = signal.relative_improvement(val.loss)
overlap = data.train_val_overlap
score = signal.last_value(val.accuracy)

RULE = Rule(
    id="DAT402",
    name="train-val-leak",
    kind="cause",
    family="data",
    level="data",
    severity="info",
    prior=0.35,
    blames=("validation", "data"),
    symptom="the validation set is not new to the model",
    cause="samples of the training set stand in the validation set too, so it measures memory instead of learning",
    when=(overlap > 0)
    | ((fall >= VANISHES) & gap.between(-EQUAL.value, EQUAL) & score.between(PERFECT, 1.0) & ~overlap.known),
    evidence=(
        supports(overlap > SHARED, decisive, "{value:.0%} of the validation rows are training rows too", group="rows"),
        supports(overlap > 0, moderate, "{value:.1%} of the validation rows are training rows too", group="rows"),
        against(data.duplicates > REPEATED, strong, "rows repeat within the training set as well: {value:.0%} of them"),
    ),
    escalate=(
        escalates(overlap > SHARED, "error"),
        escalates(~overlap.known & (fall >= VANISHES), "warning"),
        escalates(data.duplicates > REPEATED, "info"),
    ),
    explains=("GEN106", "GEN104", "GEN105", "GEN108"),
    invalidates=(val.loss, val.accuracy),
    remedies=("remove-leaks", "split-properly", "compare-with-blind-baseline"),
    meaning="The validation curves do not show how the model will do on new samples. The honest figure is worse.",
    mechanism=(
        "A sample seen in training is remembered, so its loss follows the training loss down to nothing. The same "
        "happens with samples of one person or place in both parts, and where scaling was fitted on everything."
    ),
    false_alarms="Tasks with few possible inputs, where equal rows are lawful; tiny problems that are solved exactly.",
    source=("article 4 row 6", "article 4 row 7", "knowledge of the field"),
    fires=(
        case(
            "the validation set is a part of the training set",
            run(
                curve(train.loss, decay(1.4, 0.002, 30)),
                curve(val.loss, decay(1.3, 0.002, 30)),
                data={"train_val_overlap": 1.0, "duplicates": 0.0},
            ),
        ),
        case("a few rows", facts(overlap.of(0.03), fall.of(0.5), data.duplicates.of(0.15))),
        case("a few more", facts(overlap.of(0.06), fall.of(0.5))),
        case("few possible inputs", facts(overlap.of(0.4), data.duplicates.of(0.3))),
        case("from the curves alone, above", facts(fall.of(0.975), gap.of(0.025), score.of(0.9992))),
        case("from the curves alone, below", facts(fall.of(0.99), gap.of(-0.025), score.of(1.0))),
    ),
    quiet=(
        case(
            "an honest split",
            run(
                curve(train.loss, decay(1.4, 0.02, 30)),
                curve(val.loss, decay(1.4, 0.4, 30)),
                data={"train_val_overlap": 0.0},
            ),
        ),
        case("solved, but no rows in common", facts(overlap.of(0.0), fall.of(0.99), gap.of(0.0), score.of(1.0))),
        case("validation above", facts(fall.of(0.99), gap.of(0.04), score.of(1.0))),
        case("validation below", facts(fall.of(0.99), gap.of(-0.04), score.of(1.0))),
        case("not down to nothing", facts(fall.of(0.9), gap.of(0.0), score.of(1.0))),
        case("a few errors left", facts(fall.of(0.99), gap.of(0.0), score.of(0.99))),
        case("a score in percent", facts(fall.of(0.99), gap.of(0.0), score.of(1.2))),
    ),
)
