from __future__ import annotations

from expert.authoring import Rule, case, config, curve, data, facts, flat, limit, run, signal, strong, supports, train

NO_SHARE = limit("largest-soft-label", 1, unit="share of a class", source="soft labels are shares of 1")

RULE = Rule(
    id="DAT203",
    name="label-range-invalid",
    kind="cause",
    family="data",
    level="data",
    severity="fatal",
    prior=0.95,
    blames=("labels", "loss-function"),
    symptom="labels lie outside what the loss or the output can express",
    cause="the loss reads a number that is no class of this output, so it crashes, turns negative or teaches nonsense",
    # Numbers beyond the range of the output are told by what the output is (MOD103).
    when=(
        signal.label_out_of_range()
        & ~data.label_minimum.is_(-100.0)
        & ~data.label_maximum.is_(255.0)
        & (~config.loss.is_("mse", "mae", "huber") | ~config.loss.known)
    )
    | (config.loss.is_("cross_entropy", "nll") & data.labels_integer.is_(False) & (data.label_maximum > NO_SHARE)),
    evidence=(
        supports(signal.lowest_value_is_negative(train.loss), strong, "the loss falls to {lowest:.4g}, below zero"),
    ),
    explains=("NUM301", "NUM101", "PLT104", "PLT106", "PLT101", "OPT106", "GEN103"),
    remedies=("verify-labels", "pair-head-with-loss"),
    meaning=(
        "Each loss wants its own coding: classes 0 to C-1 for a cross entropy, 0 and 1 for the binary one, "
        "-1 and 1 for a hinge."
    ),
    mechanism=(
        "Classes counted from 1 point one beyond the outputs. Labels of -1 make a binary cross entropy negative "
        "without end."
    ),
    false_alarms="Values that the loss is told to ignore (-100 and 255 are left out); ranks as targets on purpose.",
    source=("DeepDiagnosis 2022", "Karpathy 2019"),
    fires=(
        case(
            "labels -1 and 1 in a binary cross entropy",
            run(
                curve(train.loss, flat(-3.0, 12)),
                config={"loss": "bce_with_logits"},
                data={"label_minimum": -1.0, "label_maximum": 1.0, "labels_integer": True},
            ),
        ),
        case(
            "classes counted from 1",
            facts(
                signal.label_out_of_range().of(True),
                data.label_minimum.of(1.0),
                data.label_maximum.of(10.0),
                data.labels_integer.of(True),
            ),
        ),
        case(
            "continuous targets in a cross entropy",
            facts(
                config.loss.of("cross_entropy"),
                data.labels_integer.of(False),
                data.label_maximum.of(1.2),
                signal.label_out_of_range().of(False),
            ),
        ),
    ),
    quiet=(
        case(
            "classes from 0",
            run(
                config={"loss": "cross_entropy"},
                model={"output_units": 4},
                data={"label_minimum": 0.0, "label_maximum": 3.0, "labels_integer": True},
            ),
        ),
        case(
            "padding marked with -100",
            facts(
                signal.label_out_of_range().of(True),
                data.label_minimum.of(-100.0),
                data.label_maximum.of(8.0),
                data.labels_integer.of(True),
            ),
        ),
        case(
            "borders marked with 255",
            facts(
                signal.label_out_of_range().of(True),
                data.label_minimum.of(0.0),
                data.label_maximum.of(255.0),
                data.labels_integer.of(True),
            ),
        ),
        case(
            "numbers that a sigmoid does not reach",
            facts(
                signal.label_out_of_range().of(True),
                config.loss.of("mse"),
                data.label_minimum.of(0.0),
                data.label_maximum.of(7.0),
                data.labels_integer.of(False),
            ),
        ),
        case(
            "soft labels",
            facts(
                config.loss.of("cross_entropy"),
                data.labels_integer.of(False),
                data.label_maximum.of(0.9),
                signal.label_out_of_range().of(False),
            ),
        ),
        case(
            "continuous targets in a regression",
            facts(
                config.loss.of("mse"),
                data.labels_integer.of(False),
                data.label_maximum.of(40.0),
                signal.label_out_of_range().of(False),
            ),
        ),
    ),
)
