from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, facts, moderate, run, signal, supports, train

RULE = Rule(
    id="NUM203",
    name="clip-before-unscale",
    kind="cause",
    family="numerics",
    level="static",
    severity="error",
    status="experimental",
    prior=0.95,
    blames=("code", "precision"),
    symptom="gradients are clipped while they are still multiplied by the loss scale",
    cause="the clip is called before the gradients are unscaled, so its bound is some ten thousand times too low",
    when=config.clipped_before_unscaling & config.loss_scaling,
    evidence=(
        supports(
            signal.clipped_share() > 0.9, moderate, "{value:.0%} of the steps are clipped, as scaled gradients would be"
        ),
    ),
    explains=("GRD202", "PLT101", "PLT102", "PLT106", "OPT104"),
    remedies=("unscale-before-clipping",),
    meaning="Every step is cut to a length that the loss scale decides, and that changes whenever the scale does.",
    mechanism="With a scale of 65536 a gradient of norm 1 looks like 65536 to the clip. A bound of 1 makes it 1, and "
    "unscaling makes that 1/65536.",
    false_alarms="A scale of 1, as bfloat16 needs none.",
    source=("PyTorch, automatic mixed precision examples",),
    fires=(
        case(
            "clipped while scaled",
            run(
                curve(train.loss, decay(1.4, 1.3, 20)),
                config={"clipped_before_unscaling": True, "loss_scaling": True, "clip_norm": 1.0},
            ),
        ),
        case(
            "and clipped in each step",
            facts(
                config.clipped_before_unscaling.of(True), config.loss_scaling.of(True), signal.clipped_share().of(0.95)
            ),
        ),
        case(
            "and clipped in most steps",
            facts(
                config.clipped_before_unscaling.of(True), config.loss_scaling.of(True), signal.clipped_share().of(0.8)
            ),
        ),
    ),
    quiet=(
        case("clipped behind unscaling", run(config={"clipped_before_unscaling": False, "loss_scaling": True})),
        case("nothing is scaled", facts(config.clipped_before_unscaling.of(True), config.loss_scaling.of(False))),
    ),
)
