from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, data, decay, facts, flat, for_profile, limit, line, model, moderate, run, signal,
    supports, train, val, weak,
)  # fmt: skip

NEARLY_ALL = limit(
    "early-accuracy",
    0.99,
    unit="share",
    source="UMLAUT 0.95, knowledge of the field",
    healthy="task by task",
    profiles=(for_profile("fine-tuning", 0.999, source="measured", healthy="0.69-0.997"),),
)
AHEAD = limit("validation-lead", 0.05, unit="share of samples", source="UMLAUT", healthy="-0.2 to 0.01 without dropout")

early = signal.early_score(val.accuracy)
lead = signal.score_lead(val.accuracy, train.accuracy)
overlap = data.train_val_overlap

RULE = Rule(
    id="GEN108",
    name="metric-too-good",
    kind="symptom",
    family="generalization",
    level="generalization",
    severity="info",
    status="experimental",
    prior=0.4,
    blames=("validation", "data"),
    symptom="the validation accuracy is better than can well be: all but perfect at once, or above that of training",
    cause="validation samples are known from the training, the target is among the inputs, or the task is trivial",
    when=(early > NEARLY_ALL) | ((lead > AHEAD) & (model.dropout <= 0.0) & config.augmentation.is_(False)),
    evidence=(
        supports(lead > 0.1, weak, "validation ends {value:.0%} above training"),
        supports(overlap > 0.01, moderate, "{value:.1%} of the validation rows are training rows"),
    ),
    remedies=("remove-leaks", "recompute-metric", "compare-with-blind-baseline"),
    meaning="Before you are glad, look for a leak: the same sample, person or day on both sides, or a column that "
    "holds the answer.",
    mechanism="A network finds the shortest way to the label. If that way is open in validation too, the score says "
    "nothing of new samples.",
    false_alarms="Easy tasks, such as telling digits of one font apart, are learned within an epoch.",
    source=("UMLAUT 2021", "Karpathy 2019"),
    fires=(
        case(
            "perfect at the second epoch",
            run(
                curve(train.accuracy, line(0.98, 0.999, 10)),
                curve(val.accuracy, line(0.96, 0.995, 2), flat(0.997, 8)),
                data={"train_val_overlap": 0.2},
            ),
        ),
        case(
            "ahead of training",
            facts(
                early.of(0.8), lead.of(0.07), model.dropout.of(0.0), config.augmentation.of(False), overlap.of(0.006)
            ),
        ),
        case(
            "far ahead of training",
            facts(early.of(0.8), lead.of(0.15), model.dropout.of(0.0), config.augmentation.of(False)),
        ),
        case("at once", facts(early.of(0.992), lead.of(0.0))),
    ),
    quiet=(
        case(
            "good in the end",
            run(
                curve(train.loss, decay(1.4, 0.05, 20)),
                curve(train.accuracy, decay(0.4, 0.99, 20)),
                curve(val.accuracy, decay(0.4, 0.97, 20)),
                config={"augmentation": False},
                model={"dropout": 0.0},
            ),
        ),
        case(
            "a little ahead", facts(early.of(0.9), lead.of(0.03), model.dropout.of(0.0), config.augmentation.of(False))
        ),
        case("good early", facts(early.of(0.98), lead.of(0.0))),
        case(
            "ahead with dropout",
            facts(early.of(0.8), lead.of(0.1), model.dropout.of(0.5), config.augmentation.of(False)),
        ),
        case(
            "ahead of augmented samples",
            facts(early.of(0.8), lead.of(0.1), model.dropout.of(0.0), config.augmentation.of(True)),
        ),
    ),
)
