from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    escalates,
    facts,
    layers,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

still = signal.frozen_layer_share()
fresh = model.initialization.is_(
    "default", "he_uniform", "he_normal", "glorot_uniform", "glorot_normal", "orthogonal"
) & ~(config.pretrained.known)
forgotten = model.not_optimized > 0.0
untrained = (model.frozen > 0.0) & (config.pretrained.is_(False) | fresh)

RULE = Rule(
    id="GRD302",
    name="frozen-layer",
    kind="cause",
    family="gradients",
    level="static",
    severity="warning",
    prior=0.6,
    blames=("code",),
    symptom="some layers do not change by a single bit while others learn",
    cause="these layers are excluded from training: frozen, missing in the optimizer, or given a rate of zero",
    when=(still > 0.0) | untrained | forgotten,
    evidence=(
        supports(still > 0.0, strong, "{value:.0%} of the layers never move and are not declared frozen: {layers}"),
        supports(forgotten, strong, "{value:.0f} parameters want gradients, and no optimizer holds them"),
        supports(
            untrained,
            strong,
            "weight tensors are frozen ({value:.0f} of them) at random values: the model is not pre-trained",
        ),
        against(config.pretrained, moderate, "the model is pre-trained, where layers are often frozen on purpose"),
    ),
    # Tables of word vectors are often taken over as they are, and no more is known of what they hold.
    escalate=(
        escalates(
            signal.only_embeddings_frozen()
            & (~(still > 0.0) | ~still.known)
            & (~forgotten | ~model.not_optimized.known),
            "info",
        ),
    ),
    explains=("MOD201", "GEN103"),
    remedies=("unfreeze-layers", "reconnect-parameters"),
    meaning="A frozen layer passes on what its weights happen to compute. That is the point of fine-tuning, and a "
    "waste in a network that starts from random weights.",
    mechanism="Weights with requires_grad or trainable set to False, or created after the optimizer was built, are in "
    "no update. Half-precision updates too small to change a weight look the same.",
    false_alarms="Layers frozen on purpose in a pre-trained model: say so with the model's list of frozen layers.",
    source=("SageMaker Debugger", "knowledge of the field"),
    fires=(
        case(
            "the first layer never moves",
            run(curve(train.loss, decay(1.4, 0.7, 10)), layers=(layers("update_ratio", fc1=0.0, fc2=0.01, out=0.01),)),
        ),
        case(
            "frozen in a model without pre-training",
            run(
                curve(train.loss, decay(1.4, 0.7, 10)), model={"frozen": ("fc1.weight",)}, config={"pretrained": False}
            ),
        ),
        case(
            "frozen, and the weights look freshly drawn",
            run(curve(train.loss, decay(1.4, 0.7, 10)), model={"frozen": ("fc1",), "initialization": "default"}),
        ),
        case(
            "the optimizer was made without them",
            run(curve(train.loss, decay(1.4, 0.7, 10)), model={"not_optimized": ("fc1.weight", "fc1.bias")}),
        ),
        case(
            "word vectors taken over, which nobody said are pre-trained",
            run(
                curve(train.loss, decay(1.4, 0.7, 10)),
                model={
                    "frozen": ("embed.weight",),
                    "initialization": "default",
                    "layers": (
                        {"name": "embed", "kind": "embedding", "trainable": False},
                        {"name": "out", "kind": "linear", "trainable": True},
                    ),
                },
            ),
        ),
        case("undeclared, in a pre-trained model", facts(still.of(0.5), config.pretrained.of(True))),
    ),
    quiet=(
        case(
            "a pre-trained model with a frozen trunk",
            run(
                curve(train.loss, decay(1.4, 0.3, 10)),
                model={"frozen": ("trunk",)},
                config={"pretrained": True},
                layers=(layers("update_ratio", trunk=0.0, head=0.01),),
            ),
        ),
        case(
            "frozen in a pre-trained model whose other layers are new",
            facts(
                still.of(0.0),
                model.frozen.of(3.0),
                model.initialization.of("default"),
                config.pretrained.of(True),
            ),
        ),
        case(
            "frozen, and the weights look like no scheme",
            facts(still.of(0.0), model.frozen.of(3.0), model.initialization.of("zeros")),
        ),
        case(
            "nothing frozen",
            facts(still.of(0.0), model.frozen.of(0.0), config.pretrained.of(False), model.not_optimized.of(0.0)),
        ),
    ),
)
