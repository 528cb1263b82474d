from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, facts, flat, gradient, limit, moderate, run, signal, strong, supports,
    train, weak,
)  # fmt: skip

VANISHED = limit(
    "zero-gradient-share", 0.5, unit="share", source="knowledge of the field", healthy="below 0.1 in float32"
)

zeros = signal.late_size(gradient.zero_share)
dead = signal.dead_unit_share()
progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="NUM202",
    name="half-precision-underflow",
    kind="cause",
    family="numerics",
    level="numerics",
    severity="warning",
    status="experimental",
    prior=0.6,
    blames=("precision",),
    symptom="in half precision a large part of the gradients is exactly zero",
    cause="numbers below 6e-8 are zero in float16, and the loss is not scaled up enough to keep the gradients above",
    when=config.precision.is_("float16") & (config.loss_scaling.is_(False) | (zeros > VANISHED)),
    evidence=(
        supports(zeros > 0.7, strong, "{value:.0%} of the gradient entries are exactly zero"),
        supports(config.loss_scaling.is_(False), moderate, "the loss is not scaled"),
        supports(progress < 0.3, weak, "the training loss improved by only {value:.1%}"),
        against(
            dead > 0.5, moderate, "{value:.0%} of the units of a layer are dead, which gives zeros in any precision"
        ),
    ),
    explains=("PLT101", "PLT106", "OPT104", "GRD101"),
    remedies=("use-bfloat16", "lower-loss-scale"),
    meaning="The layers with the smallest gradients, most often the first ones, do not learn, and the same network in "
    "float32 does.",
    mechanism="The smallest float16 is 6e-8. Gradients of deep nets lie around 1e-8 in the first layers; multiplied by "
    "a loss scale of 65536 they are kept, without it they are rounded to zero. bfloat16 has the range of float32.",
    false_alarms="Rectifiers whose units are dead give zeros in any precision; embeddings get zeros for each word that "
    "a batch does not hold.",
    source=("PyTorch, automatic mixed precision", "Micikevicius et al. 2018"),
    aliases=("fp16-underflow",),
    fires=(
        case(
            "no loss scaling, most entries zero",
            run(
                curve(train.loss, decay(1.4, 1.2, 60), per_epoch=10),
                curve(gradient.zero_share, flat(0.9, 60), per_epoch=10),
                config={"precision": "float16", "loss_scaling": False},
            ),
        ),
        case(
            "scaled too little",
            facts(
                config.precision.of("float16"),
                config.loss_scaling.of(True),
                zeros.of(0.6),
                dead.of(0.6),
                progress.of(0.35),
            ),
        ),
        case(
            "not scaled",
            facts(config.precision.of("float16"), config.loss_scaling.of(False), zeros.of(0.3), dead.of(0.4)),
        ),
    ),
    quiet=(
        case(
            "scaled, few zeros",
            run(
                curve(train.loss, decay(1.4, 0.3, 60), per_epoch=10),
                curve(gradient.zero_share, flat(0.05, 60), per_epoch=10),
                config={"precision": "float16", "loss_scaling": True},
            ),
        ),
        case("a third zero", facts(config.precision.of("float16"), config.loss_scaling.of(True), zeros.of(0.36))),
        case("float32", facts(config.precision.of("float32"), config.loss_scaling.of(False), zeros.of(0.9))),
    ),
)
