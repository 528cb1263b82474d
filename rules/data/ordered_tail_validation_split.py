from __future__ import annotations

from expert.authoring import Rule, case, config, data, facts, limit, run, strong, supports, val

TAIL = limit("tail-label-shift", 0.2, unit="share", source="knowledge of the field", healthy="0.005-0.053")

RULE = Rule(
    id="DAT406",
    name="ordered-tail-validation-split",
    kind="cause",
    family="data",
    level="data",
    severity="error",
    prior=0.75,
    blames=("validation", "data"),
    symptom="the validation set is the tail of ordered data",
    cause="validation_split takes the last rows before anything is shuffled, and here those are of a few classes only",
    when=(config.validation_split > 0)
    & (config.framework.is_("keras", "tensorflow") | ~config.framework.known)
    & (data.sorted_by_label | (data.label_shift > TAIL)),
    evidence=(
        supports(config.framework.is_("keras", "tensorflow"), strong, "Keras takes the tail"),
        supports(data.label_shift > TAIL, strong, "the label shares of both parts differ by {value:.2f}"),
    ),
    explains=("DAT403", "GEN101", "GEN103"),
    invalidates=(val.loss, val.accuracy),
    remedies=("split-properly",),
    meaning=(
        "Training never sees the classes at the end of the data, and validation sees hardly any other. The two figures "
        "are about different tasks."
    ),
    mechanism="Keras cuts the last share of the rows off as they stand; only the rest is shuffled from epoch to epoch.",
    false_alarms="Series in the order of time, where the tail is what one wants to predict.",
    source=("Keras documents",),
    fires=(
        case(
            "sorted arrays with a tail split",
            run(
                config={"framework": "keras", "validation_split": 0.2},
                data={"sorted_by_label": True},
            ),
        ),
        case(
            "other labels in the tail",
            facts(config.validation_split.of(0.2), data.sorted_by_label.of(False), data.label_shift.of(0.25)),
        ),
    ),
    quiet=(
        case(
            "mixed arrays",
            facts(
                config.validation_split.of(0.2),
                config.framework.of("keras"),
                data.sorted_by_label.of(False),
                data.label_shift.of(0.15),
            ),
        ),
        case(
            "drawn at random, as in PyTorch",
            facts(config.validation_split.of(0.2), config.framework.of("torch"), data.sorted_by_label.of(True)),
        ),
        case(
            "no split",
            facts(config.validation_split.of(0.0), config.framework.of("keras"), data.sorted_by_label.of(True)),
        ),
    ),
)
