from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    curve,
    facts,
    flat,
    layers,
    limit,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)
from expert.rules.limits import FAINT_GRADIENT, LITTLE_PROGRESS, NO_PROGRESS

SIGMOIDS = limit("depth-of-sigmoid-network", 4, unit="weight layers", source="article 3.4, measured", healthy="to 3")

reach = signal.first_to_last_gradient()
progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="MOD107",
    name="saturating-hidden-layers",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.55,
    blames=("activation", "initialization", "normalization"),
    symptom="a network of several sigmoid layers does not begin to learn",
    cause="sigmoids stand in a row without normalization, and each passes on at most a quarter of the gradient",
    when=model.activation.is_("sigmoid", "hard_sigmoid")
    & (model.depth >= SIGMOIDS)
    & ~model.normalization.is_("batch", "layer", "group", "instance")
    & ~model.residual
    & ((reach < FAINT_GRADIENT) | ~reach.known)
    & ((progress < LITTLE_PROGRESS) | ~progress.known),
    evidence=(
        supports(reach < FAINT_GRADIENT, strong, "the first layer gets {value:.1g} times the gradient of the last"),
        supports(progress < NO_PROGRESS, moderate, "the training loss improved by only {value:.1%}"),
    ),
    explains=(
        "GRD101",
        "PLT101",
        "PLT102",
        "PLT104",
        "PLT105",
        "PLT106",
        "GEN103",
        "OPT104",
        "MOD201",
        "RUN101",
    ),
    remedies=(
        "change-activation",
        "add-normalization",
        "initialize-well",
        "add-residual-connections",
        "switch-to-adam",
        "fine-tune-pretrained",
        "fewer-layers",
    ),
    meaning="Four fully connected sigmoid layers stayed at chance where three began to learn. Taking a layer away "
    "helps, and yet depth is not the cause: the same four layers learn with ReLU, with normalization, or with Adam.",
    mechanism="A sigmoid's slope is at most 0.25 and its outputs lie around 0.5, so with the usual small weights each "
    "layer shrinks the gradient four-fold or more, and the difference between samples too.",
    false_alarms="Sigmoids as gates or in the last layer only; networks whose weights were scaled for sigmoids.",
    source=("article 3.2", "article 3.4", "article IMPR-1", "article IMPR-5", "Glorot & Bengio 2010", "measured"),
    fires=(
        case(
            "four sigmoid layers at chance",
            run(
                curve(train.loss, flat(1.34, 12, noise=0.002)),
                layers=(layers("gradient_norm", fc1=0.0016, out=0.47),),
                model={"activation": "sigmoid", "depth": 4, "normalization": "none", "residual": False},
            ),
        ),
        case(
            "gradients not recorded, hardly any progress",
            facts(
                progress.of(0.012),
                model.activation.of("sigmoid"),
                model.depth.of(5),
                model.normalization.of("none"),
                model.residual.of(False),
            ),
        ),
        case(
            "a faint gradient and some progress",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(4),
                model.normalization.of("none"),
                model.residual.of(False),
                reach.of(0.007),
                progress.of(0.2),
            ),
        ),
        case(
            "before any training",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(5),
                model.normalization.of("none"),
                model.residual.of(False),
            ),
        ),
    ),
    quiet=(
        case(
            "the same with ReLU",
            run(
                curve(train.loss, flat(1.34, 12)),
                model={"activation": "relu", "depth": 4, "normalization": "none", "residual": False},
            ),
        ),
        case(
            "three layers",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(3),
                model.normalization.of("none"),
                model.residual.of(False),
            ),
        ),
        case(
            "normalized",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(6),
                model.normalization.of("batch"),
                model.residual.of(False),
            ),
        ),
        case(
            "residual",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(6),
                model.normalization.of("none"),
                model.residual.of(True),
            ),
        ),
        case(
            "the gradient arrives",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(6),
                model.normalization.of("none"),
                model.residual.of(False),
                reach.of(0.013),
            ),
        ),
        case(
            "learning all the same",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(6),
                model.normalization.of("none"),
                model.residual.of(False),
                progress.of(0.4),
            ),
        ),
    ),
)
