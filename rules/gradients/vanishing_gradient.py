from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    curve,
    decay,
    escalates,
    facts,
    for_profile,
    flat,
    layers,
    limit,
    model,
    moderate,
    run,
    signal,
    supports,
    train,
    weak,
)
from expert.rules.limits import FAINT_GRADIENT, LITTLE_PROGRESS, NO_PROGRESS, WILD_UPDATE

LOST = limit("lost-first-gradient", 1e-3, unit="ratio", source="AutoTrainer 2021, measured", healthy="0.14-3.2")
GONE = limit("vanished-first-gradient", 1e-4, unit="ratio", source="measured: 2e-5", healthy="0.14-3.2")
TINY = limit("tiny-gradient", 1e-7, unit="mean absolute gradient", source="SageMaker Debugger", healthy="above 1e-4")
DEEP = limit("deep-for-saturating-layers", 4, unit="weight layers", source="article 3.4, measured")
FAR_DOWN = limit(
    "fall-in-spite-of-faint-gradients",
    0.4,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(for_profile("language-model", 0.2, source="measured", healthy="0.3-0.5"),),
)

reach = signal.first_to_last_gradient()
progress = signal.relative_improvement(train.loss)
since_first = signal.fall_since_first_step(train.loss)
early_update = signal.early_update_ratio()

RULE = Rule(
    id="GRD101",
    name="vanishing-gradient",
    kind="cause",
    family="gradients",
    level="signal",
    severity="warning",
    prior=0.6,
    blames=("activation", "initialization", "normalization", "architecture"),
    symptom="the first layers get hardly any gradient and the loss hardly moves",
    cause="the gradient shrinks from layer to layer on its way back, so the first layers do not learn",
    when=(reach < FAINT_GRADIENT)
    & ((progress < LITTLE_PROGRESS) | ~progress.known | (reach < GONE))
    & ((since_first < FAR_DOWN) | ~since_first.known | (reach < GONE))
    & ((early_update <= WILD_UPDATE) | ~early_update.known),
    evidence=(
        supports(reach < LOST, moderate, "the first layer gets {value:.1g} times the gradient of the last"),
        supports(progress < NO_PROGRESS, moderate, "the training loss improved by only {value:.1%}"),
        supports(
            model.activation.is_("sigmoid", "tanh", "hard_sigmoid", "softsign"),
            moderate,
            "the hidden activation, {value}, flattens out and passes on only a part of each gradient",
        ),
        supports(model.depth >= DEEP, weak, "{value:.0f} weight layers follow one another"),
        supports(
            signal.smallest_layer_gradient() < TINY, moderate, "a layer's gradient is {value:.1g} on average: nothing"
        ),
        against(
            model.normalization.is_("batch", "layer", "group"), weak, "{value} normalization keeps signals at one size"
        ),
        against(model.residual, weak, "residual connections carry the gradient past the layers"),
    ),
    escalate=(escalates(reach < LOST, "error"), escalates(progress < NO_PROGRESS, "error")),
    explains=(
        "ACT103",
        "PLT101",
        "PLT104",
        "PLT106",
        "PLT102",
        "PLT105",
        "GEN103",
        "OPT104",
        "MOD201",
        "ACT101",
        "RUN101",
    ),
    remedies=(
        "initialize-well",
        "change-activation",
        "add-residual-connections",
        "add-normalization",
        "switch-to-adam",
        "use-gated-recurrence",
        "fine-tune-pretrained",
        "fewer-layers",
    ),
    meaning="The last layers learn, the first ones stand still, so the network sees its input through random features "
    "that hardly vary. Vanishing gradients alone never produce NaN.",
    mechanism="Going back through a layer multiplies the gradient by its weights and by the slope of its activation. "
    "Where that product is below one, it shrinks with every layer; a sigmoid's slope is at most a quarter. "
    "Clipping and weight penalties only make small gradients smaller, and a tanh saturates where a ReLU does not.",
    false_alarms="Fine-tuning with smaller rates for the first layers, residual branches that start at zero, and "
    "embeddings, of which each batch touches a few rows, show small first gradients by design.",
    source=(
        "article 3.2",
        "article 3.4",
        "article IMPR-1",
        "article IMPR-5",
        "Glorot & Bengio 2010",
        "He et al. 2015",
        "AutoTrainer 2021",
    ),
    fires=(
        case(
            "four sigmoid layers, flat loss",
            run(
                curve(train.loss, flat(1.34, 12, noise=0.002)),
                layers=(layers("gradient_norm", fc1=0.0016, fc2=0.02, fc3=0.12, out=0.47),),
                model={"activation": "sigmoid", "depth": 4},
            ),
        ),
        case("five layers of ReLU", facts(reach.of(0.0007), model.activation.of("relu"), model.depth.of(5))),
        case("the last layers make do without the first", facts(reach.of(8e-5), progress.of(0.5), since_first.of(0.8))),
        case("nearly lost", facts(reach.of(0.0012), progress.of(0.012))),
        case("faint, some progress", facts(reach.of(0.007), progress.of(0.2), early_update.of(0.2))),
        case(
            "faint, down by a third since the first step",
            facts(reach.of(0.007), progress.of(0.1), since_first.of(0.3)),
        ),
        case(
            "faint, little progress, gradients of 8e-8",
            facts(reach.of(0.007), progress.of(0.008), signal.smallest_layer_gradient().of(8e-8), model.depth.of(3)),
        ),
        case(
            "gradients of 1.2e-7, normalized",
            facts(
                reach.of(0.007),
                signal.smallest_layer_gradient().of(1.2e-7),
                model.normalization.of("batch"),
                model.residual.of(True),
            ),
        ),
    ),
    quiet=(
        case(
            "gradients of one size",
            run(curve(train.loss, flat(1.34, 12)), layers=(layers("gradient_norm", fc1=0.2, fc2=0.3, out=0.4),)),
        ),
        case(
            "faint at first, learned all the same",
            run(curve(train.loss, decay(1.4, 0.4, 12)), layers=(layers("gradient_norm", fc1=0.001, out=0.4),)),
        ),
        case("a little fainter than usual", facts(reach.of(0.013))),
        case("little arrives, learned all the same", facts(reach.of(1.3e-4), progress.of(0.5))),
        case("learned a third", facts(reach.of(0.005), progress.of(0.4))),
        case("learned half within the first epoch", facts(reach.of(0.005), progress.of(0.1), since_first.of(0.5))),
        case("first updates too wild to judge", facts(reach.of(0.005), progress.of(0.0), early_update.of(0.4))),
    ),
)
