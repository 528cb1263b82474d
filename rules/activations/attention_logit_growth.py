from __future__ import annotations

from expert.authoring import (
    Rule, attention, case, config, curve, decay, facts, flat, limit, line, model, moderate, run, signal, supports,
    train, weak,
)  # fmt: skip

LARGE = limit("attention-logit", 50, unit="logit", source="arXiv 2309.14322", healthy="below 20")
GROWING = limit(
    "attention-logit-growth", 1.1, unit="ratio", source="knowledge of the field", healthy="0.9-1.05 once it is trained"
)
SHARP = limit("sharp-attention-heads", 0.2, unit="share", source="knowledge of the field", healthy="0.00-0.05")

largest = signal.late_size(attention.largest_logit)
growth = signal.size_growth(attention.largest_logit)
sharp = signal.late_size(attention.sharp_head_share)

RULE = Rule(
    id="ACT105",
    name="attention-logit-growth",
    kind="cause",
    family="activations",
    level="signal",
    severity="error",
    status="experimental",
    prior=0.65,
    blames=("architecture", "learning-rate"),
    symptom="the logits of attention grow until single places take all of it",
    cause="queries and keys grow with nothing that bounds their product, so that the softmax saturates",
    when=((largest > LARGE) & (growth > GROWING)) | (sharp > SHARP),
    evidence=(
        supports(largest > 100, moderate, "the largest attention logit is {value:.0f}"),
        supports(sharp > 0.5, moderate, "{value:.0%} of the heads look at a single place"),
        supports(config.precision.is_("float16", "bfloat16"), weak, "{value} holds large logits coarsely"),
    ),
    explains=("OPT204", "NUM102", "OPT106"),
    remedies=("normalize-queries-and-keys", "warm-up-learning-rate", "lower-learning-rate"),
    meaning="A head whose softmax is saturated passes no gradient to its queries and keys; a small step may then turn "
    "its attention over, and the loss spikes.",
    mechanism="The logit is a product of two vectors that both grow with training, the faster the higher the rate. "
    "Normalizing queries and keys before the product bounds it.",
    false_alarms="Trained heads that are sharp because the task asks for it, as in copying.",
    source=("arXiv 2309.14322", "LLM"),
    fires=(
        case(
            "logits of hundreds",
            run(
                curve(train.loss, decay(8.0, 3.0, 300)),
                curve(attention.largest_logit, line(5, 300, 300)),
                config={"precision": "bfloat16"},
                model={"transformer": True},
            ),
        ),
        case(
            "beyond fifty and growing",
            facts(largest.of(60), growth.of(1.2), sharp.of(0.0), config.precision.of("float32")),
        ),
        case("sharp heads", facts(sharp.of(0.25), largest.of(20), growth.of(1.0))),
        case("most heads are sharp", facts(sharp.of(0.6), model.transformer.of(True))),
    ),
    quiet=(
        case(
            "logits that stay",
            run(
                curve(train.loss, decay(8.0, 3.0, 300)),
                curve(attention.largest_logit, flat(12, 300)),
                curve(attention.sharp_head_share, flat(0.02, 300)),
            ),
        ),
        case("large, but not growing", facts(largest.of(60), growth.of(1.05), sharp.of(0.1))),
        case("growing, but small", facts(largest.of(40), growth.of(2.0), sharp.of(0.15))),
    ),
)
