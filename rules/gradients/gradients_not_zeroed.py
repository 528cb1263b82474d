from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    facts,
    flat,
    gradient,
    limit,
    line,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

ALIGNED = limit("aligned-gradients", 0.8, unit="share", source="measured", healthy="0.0; sorted labels to 0.7")
GROWN = limit("gradient-growth", 10, unit="ratio", source="measured", healthy="0.2-10")
HALF = limit("batch-of-half-the-set", 0.5, unit="share", source="measured", healthy="0.02-0.06")

aligned = signal.aligned_gradients_share()
growth = signal.gradient_growth()
batch = signal.batch_share_of_set()
steps = config.gradient_accumulation_steps

RULE = Rule(
    id="GRD303",
    name="gradients-not-zeroed",
    kind="cause",
    family="gradients",
    level="static",
    severity="fatal",
    prior=0.9,
    blames=("code",),
    symptom="the loss falls at first, then rises and swings, while the gradient grows steadily",
    cause="gradients are not set to zero between steps, so each step repeats all the steps before it",
    when=(
        (aligned > ALIGNED)
        & (growth >= GROWN)
        & ((batch <= HALF) | ~batch.known)
        & (~config.gradients_zeroed | ~config.gradients_zeroed.known)
    )
    | (config.gradients_zeroed.is_(False) & (steps.is_(1) | ~steps.known)),
    evidence=(
        supports(aligned > ALIGNED, strong, "{value:.0%} of the gradients point where the one before did"),
        supports(growth >= GROWN, moderate, "the gradient has grown {value:.0f}-fold"),
        supports(config.gradients_zeroed.is_(False), strong, "the training loop is known not to zero its gradients"),
    ),
    explains=(
        "OPT101",
        "OPT102",
        "OPT106",
        "OSC101",
        "OSC102",
        "OSC103",
        "OSC105",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "GEN101",
        "ACT101",
        "DAT301",
        "MOD201",
        "PLT102",
        "RUN101",
    ),
    unless=("NUM301",),
    remedies=("order-training-step",),
    meaning="The optimizer follows the sum of all gradients ever computed: it gathers speed like a ball without "
    "friction and runs past every minimum.",
    mechanism="backward adds to the gradients that are there. Without zeroing the sum grows with each step and hardly "
    "turns, so successive gradients are parallel and their norm rises.",
    false_alarms="Gradients accumulated on purpose grow within their few steps only. With the whole set as one batch "
    "they are parallel too.",
    source=("article 4 row 5", "Karpathy 2019", "measured"),
    fires=(
        case(
            "parallel and growing",
            run(
                curve(gradient.cosine, flat(0.99, 100), per_epoch=20),
                curve(gradient.norm, line(0.5, 60, 100), per_epoch=20),
                curve(train.loss, decay(1.4, 0.9, 50), line(0.9, 2.0, 50), per_epoch=20),
            ),
        ),
        case("just parallel enough, grown twelvefold", facts(aligned.of(0.84), growth.of(12), batch.of(0.4))),
        case(
            "accumulated, and never zeroed",
            facts(aligned.of(0.9), growth.of(15), batch.of(0.1), config.gradients_zeroed.of(False), steps.of(4)),
        ),
        case("told so", facts(config.gradients_zeroed.of(False))),
        case("told so, one batch a step", facts(config.gradients_zeroed.of(False), steps.of(1))),
    ),
    quiet=(
        case(
            "gradients of a healthy run",
            run(
                curve(gradient.cosine, flat(0.1, 100), per_epoch=20),
                curve(gradient.norm, line(0.5, 1.0, 100), per_epoch=20),
                config={"gradients_zeroed": True},
            ),
        ),
        case(
            "sorted labels: often parallel",
            facts(aligned.of(0.75), growth.of(20), batch.of(0.05)),
        ),
        case(
            "parallel at a steady size",
            facts(aligned.of(1.0), growth.of(8), batch.of(0.05)),
        ),
        case(
            "the larger part of the set as one batch, leaving a plateau",
            facts(aligned.of(1.0), growth.of(15), batch.of(0.6)),
        ),
        case(
            "zeroed at every step, and still parallel",
            facts(aligned.of(1.0), growth.of(15), batch.of(0.05), config.gradients_zeroed.of(True)),
        ),
        case(
            "accumulated over four batches on purpose",
            facts(aligned.of(0.3), config.gradients_zeroed.of(False), steps.of(4)),
        ),
    ),
)
