from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, facts, flat, limit, line, moderate, run, scaler, signal, strong, supports, train,
)  # fmt: skip

SCALE = limit("smallest-loss-scale", 1, unit="factor", source="PyTorch AMP documents", healthy="256 to 2**24")
SKIPPED = limit("skipped-steps", 0.1, unit="share", source="measured: 0.98", healthy="below 0.01")
NEARLY_ALL = limit("skipped-steps-nearly-all", 0.5, unit="share", source="measured: 0.98", healthy="below 0.01")

RULE = Rule(
    id="NUM201",
    name="amp-scale-collapse",
    kind="cause",
    family="numerics",
    level="numerics",
    severity="fatal",
    prior=0.75,
    blames=("precision",),
    symptom="the loss scaler of mixed precision halves its scale again and again and skips the steps",
    cause="every backward pass overflows in half precision, whose largest number is 65504, so hardly a step is taken",
    when=(signal.minimum_value(scaler.scale) < SCALE) | (signal.skipped_step_share() > SKIPPED),
    evidence=(
        supports(
            signal.skipped_step_share() > NEARLY_ALL,
            strong,
            "{value:.0%} of the steps were skipped",
        ),
        supports(signal.broken_loss(), moderate, "{which} is {what}: the forward pass itself overflows"),
        against(
            signal.skipped_step_share() <= SKIPPED,
            strong,
            "only {value:.1%} of the steps were skipped, so a small scale is what these gradients need",
        ),
    ),
    explains=("NUM101", "PLT101", "PLT104", "PLT106"),
    remedies=(
        "locate-first-nonfinite",
        "use-bfloat16",
        "standardize-inputs",
        "lower-loss-scale",
        "skip-nonfinite-steps",
    ),
    meaning=(
        "A skipped step now and then is how the scaler finds its scale. Many in a row mean that no scale helps: "
        "the numbers of the forward pass are too large, or already NaN, before anything is scaled."
    ),
    mechanism=(
        "On overflow the scaler halves its scale and drops the step. If the activations exceed 65504 by themselves, "
        "each step overflows, and the scale falls towards 0 while the weights stand still."
    ),
    false_alarms="The first few skips; one skip in about 2000 steps, when the scale is doubled to probe the limit.",
    source=("PyTorch AMP documents", "knowledge of the field"),
    fires=(
        case(
            "the scale halves every step",
            run(
                curve(train.loss, flat(1.4, 60, noise=0.01), per_epoch=20),
                curve(scaler.scale, line(65536.0, 0.5, 60), per_epoch=20),
                curve(scaler.skipped, flat(1.0, 60), per_epoch=20),
            ),
        ),
        case("a sixth of the steps", facts(signal.skipped_step_share().of(0.15), signal.broken_loss().of(True))),
        case("more than half", facts(signal.skipped_step_share().of(0.55))),
        case(
            "a small scale, but steps are taken",
            facts(signal.minimum_value(scaler.scale).of(0.8), signal.skipped_step_share().of(0.05)),
        ),
    ),
    quiet=(
        case(
            "one skip while the scale is probed",
            facts(signal.minimum_value(scaler.scale).of(32768.0), signal.skipped_step_share().of(0.08)),
        ),
        case(
            "a low scale that holds",
            facts(signal.minimum_value(scaler.scale).of(1.2), signal.skipped_step_share().of(0.0)),
        ),
    ),
)
