from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, decay, embedding, facts, flat, limit, moderate, run, signal, supports, train, weak,
)  # fmt: skip

ONE_DIRECTION = limit("embedding-cosine", 0.99, unit="correlation", source="knowledge of the field", healthy="0.0-0.6")
FEW_DIRECTIONS = limit("embedding-rank", 0.05, unit="share", source="knowledge of the field", healthy="0.2-0.9")

cosine = signal.late_size(embedding.cosine)
rank = signal.late_size(embedding.rank_share)

RULE = Rule(
    id="ACT104",
    name="representation-collapse",
    kind="cause",
    family="activations",
    level="signal",
    severity="error",
    status="experimental",
    prior=0.7,
    blames=("loss-function", "architecture", "learning-rate"),
    symptom="the embeddings of different samples are all but the same",
    cause="the loss can be brought down by mapping everything to one place, and nothing keeps samples apart",
    when=(cosine > ONE_DIRECTION) | (rank < FEW_DIRECTIONS),
    evidence=(
        supports(cosine > 0.999, moderate, "two embeddings have a cosine of {value:.4f} on average"),
        supports(rank < 0.02, moderate, "the embeddings use {value:.1%} of their dimensions"),
        supports(
            signal.relative_improvement(train.loss) < 0.01, weak, "the training loss improved by only {value:.1%}"
        ),
    ),
    explains=("PLT101", "PLT106"),
    remedies=("prevent-collapse", "lower-learning-rate"),
    meaning="An embedding that is the same for all tells nothing of the sample, however low the loss is.",
    mechanism="A loss that only pulls pairs together is least where all embeddings are equal. Negatives, a term for "
    "their variance, or a branch without gradient take that solution away.",
    false_alarms="Data that truly vary in one or two directions only, and activations behind a rectifier, which are "
    "all positive and therefore alike.",
    source=("knowledge of the field", "Chen and He 2021"),
    fires=(
        case(
            "one direction",
            run(
                curve(train.loss, decay(0.5, 0.001, 60), per_epoch=10),
                curve(embedding.cosine, decay(0.2, 0.9995, 20), flat(0.9995, 40), per_epoch=10),
            ),
        ),
        case("nearly one direction", facts(cosine.of(0.993), rank.of(0.3))),
        case("few directions", facts(rank.of(0.04), cosine.of(0.5), signal.relative_improvement(train.loss).of(0.012))),
        case("a single one", facts(rank.of(0.01), signal.relative_improvement(train.loss).of(0.007))),
    ),
    quiet=(
        case(
            "embeddings that differ",
            run(
                curve(train.loss, decay(2.0, 0.5, 60), per_epoch=10),
                curve(embedding.cosine, flat(0.1, 60), per_epoch=10),
                curve(embedding.rank_share, flat(0.5, 60), per_epoch=10),
            ),
        ),
        case("alike but apart", facts(cosine.of(0.98), rank.of(0.06))),
    ),
)
