from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
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

PLAIN = limit(
    "depth-of-plain-network", 8, unit="weight layers", source="measured", healthy="to 5 in default initialization"
)
WEAKER = limit("gradient-weaker-in-front", 0.1, unit="ratio", source="measured: 0.00-0.07", healthy="0.06-9")
NOTHING_LEARNED = limit("nothing-learned", 0.05, unit="relative", source="measured: 0.00-0.02", healthy="0.59-0.99")

reach = signal.first_to_last_gradient()
progress = signal.relative_improvement(train.loss)
nine_plain_layers = (
    model.activation.of("relu"), model.depth.of(9), model.normalization.of("none"), model.residual.of(False),
)  # fmt: skip

RULE = Rule(
    id="MOD202",
    name="too-deep-plain-net",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.4,
    blames=("initialization", "normalization", "architecture"),
    symptom="a deep network without normalization or shortcuts does not begin to learn",
    cause="many plain layers follow one another, and each shrinks the signal in an initialization not made for depth",
    when=model.activation.is_("relu", "leaky_relu", "elu", "gelu", "silu", "tanh")
    & (model.depth >= PLAIN)
    & model.normalization.is_("none")
    & model.residual.is_(False)
    & ((reach < FAINT_GRADIENT) | ~reach.known | ((reach < WEAKER) & (progress < NOTHING_LEARNED)))
    & ((progress < LITTLE_PROGRESS) | ~progress.known),
    evidence=(
        supports(reach < FAINT_GRADIENT, strong, "the first layer gets {value:.1g} times the gradient of the last"),
        supports(progress < NO_PROGRESS, moderate, "the training loss improved by only {value:.1%}"),
        against(
            model.initialization.is_("he", "he_normal", "he_uniform", "orthogonal"),
            moderate,
            "{value} initialization keeps signals at one size",
        ),
        against(config.pretrained, strong, "the weights are pre-trained"),
    ),
    explains=(
        "GRD101",
        "ACT101",
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
        "initialize-well",
        "add-residual-connections",
        "add-normalization",
        "switch-to-adam",
        "fine-tune-pretrained",
        "fewer-layers",
    ),
    meaning="Depth by itself is no fault: 17 layers of ReLU learn with He initialization and 31 of tanh with Glorot's, "
    "where 9 layers in PyTorch's default stay at chance. Taking layers away is the last resort.",
    mechanism="The default weights of a ReLU layer make its output about 2.4 times smaller than its input. After eight "
    "layers a thousandth is left, of the signal on its way forward and of the gradient on its way back.",
    false_alarms="Deep plain networks with an initialization made for them, such as Fixup or orthogonal weights.",
    source=("article 3.4", "article 3.2", "article IMPR-1", "He et al. 2015", "measured"),
    fires=(
        case(
            "ten layers of ReLU at chance",
            run(
                curve(train.loss, flat(1.38, 10, noise=0.002)),
                layers=(layers("gradient_norm", fc1=1e-4, out=0.1),),
                model={"activation": "relu", "depth": 10, "normalization": "none", "residual": False},
            ),
        ),
        case(
            "little progress, He initialization",
            facts(
                progress.of(0.012),
                *nine_plain_layers,
                model.initialization.of("he"),
            ),
        ),
        case(
            "a faint gradient, some progress, pre-trained",
            facts(
                *nine_plain_layers,
                reach.of(0.007),
                progress.of(0.2),
                config.pretrained.of(True),
            ),
        ),
        case(
            "a gradient that is weaker in front, nothing learned",
            facts(
                *nine_plain_layers,
                reach.of(0.08),
                progress.of(0.04),
            ),
        ),
        case(
            "before any training",
            facts(
                model.activation.of("relu"),
                model.depth.of(10),
                model.normalization.of("none"),
                model.residual.of(False),
            ),
        ),
    ),
    quiet=(
        case(
            "a gradient that is hardly weaker in front",
            facts(
                *nine_plain_layers,
                reach.of(0.14),
                progress.of(0.04),
            ),
        ),
        case(
            "a weaker gradient, and something learned",
            facts(
                *nine_plain_layers,
                reach.of(0.08),
                progress.of(0.07),
            ),
        ),
        case(
            "five layers",
            run(
                curve(train.loss, flat(1.38, 10)),
                model={"activation": "relu", "depth": 5, "normalization": "none", "residual": False},
            ),
        ),
        case(
            "sigmoids, a rule of their own",
            facts(
                model.activation.of("sigmoid"),
                model.depth.of(9),
                model.normalization.of("none"),
                model.residual.of(False),
            ),
        ),
        case(
            "normalized",
            facts(
                model.activation.of("relu"),
                model.depth.of(50),
                model.normalization.of("batch"),
                model.residual.of(False),
            ),
        ),
        case(
            "residual",
            facts(
                model.activation.of("relu"), model.depth.of(50), model.normalization.of("none"), model.residual.of(True)
            ),
        ),
        case(
            "the gradient arrives",
            facts(
                model.activation.of("relu"),
                model.depth.of(10),
                model.normalization.of("none"),
                model.residual.of(False),
                reach.of(0.013),
            ),
        ),
        case(
            "learning all the same",
            facts(
                model.activation.of("relu"),
                model.depth.of(10),
                model.normalization.of("none"),
                model.residual.of(False),
                progress.of(0.4),
            ),
        ),
    ),
)
