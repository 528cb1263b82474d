from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, escalates, facts, limit, line, moderate, run, signal, strong,
    supports, train, val,
)  # fmt: skip

UNCERTAIN = limit(
    "validation-uncertainty",
    0.03,
    unit="standard error of the accuracy",
    source="measured: 0.06-0.09",
    healthy="0.004-0.018",
)
FEW = limit("fewest-validation-samples", 100, unit="samples", source="measured: 20 are far off", healthy="400 and more")

VERY_UNCERTAIN = limit(
    "validation-very-uncertain", 0.05, unit="standard error of the accuracy", source="measured", healthy="0.000-0.017"
)

count = data.validation_samples
error = signal.validation_standard_error()

RULE = Rule(
    id="DAT404",
    name="val-set-too-small",
    kind="cause",
    family="data",
    level="measurement",
    severity="info",
    prior=0.9,
    blames=("validation",),
    symptom="the validation set is too small to tell one model from another",
    cause="a handful of samples decides loss and accuracy, so both are off by more than the differences that matter",
    when=(error > UNCERTAIN) | (count < FEW),
    evidence=(
        supports(error > UNCERTAIN, moderate, "the accuracy is uncertain by ±{value:.3f}"),
        against(
            config.task.is_("segmentation", "detection", "language_model"),
            strong,
            "each sample holds many labels, which count here",
        ),
    ),
    escalate=(escalates((error > VERY_UNCERTAIN) | ((count < FEW) & ~error.known), "warning"),),
    explains=("OSC105",),
    invalidates=(val.loss, val.accuracy),
    remedies=("larger-validation-set",),
    meaning=(
        "With n samples an accuracy a is uncertain by sqrt(a(1-a)/n). Twenty samples give a tenth, and the validation "
        "loss of one and the same model lies anywhere between a fifth and five times its true value."
    ),
    mechanism=(
        "The same few samples are used in every epoch, so the curve stays smooth and looks trustworthy. It is not "
        "noisy but wrong: above or below the training loss by luck."
    ),
    false_alarms="Repeated cross-validation, where the sets add up; images with a label for each pixel.",
    source=("article 4 row 6", "Google tuning playbook"),
    fires=(
        case(
            "twenty samples",
            run(
                curve(train.loss, decay(1.4, 0.3, 12)),
                curve(val.loss, decay(1.4, 0.5, 12)),
                curve(val.accuracy, line(0.3, 0.8, 12)),
                data={"validation_samples": 20},
            ),
        ),
        case("before any run", facts(count.of(80))),
        case("uncertain", facts(count.of(150), error.of(0.035))),
        case("very uncertain", facts(count.of(120), error.of(0.06))),
        case("eighty pictures of a segmentation", facts(count.of(80), config.task.of("segmentation"))),
    ),
    quiet=(
        case("eight hundred samples", facts(count.of(800), error.of(0.016))),
        case("just enough", facts(count.of(120), error.of(0.025))),
    ),
)
