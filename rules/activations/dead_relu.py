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
    strong,
    supports,
    train,
    weak,
)
from expert.rules.limits import LITTLE_PROGRESS, NO_PROGRESS

DEAD_UNITS = limit(
    "dead-units",
    0.5,
    unit="share",
    source="SageMaker Debugger, measured",
    healthy="0.00-0.44",
    profiles=(
        for_profile(
            "transformer",
            0.8,
            source="Voita et al. 2023",
            healthy="0.00-0.01; more than 0.7 in layers of a model with 66 billion parameters",
        ),
    ),
)
MOSTLY = limit("mostly-dead-units", 0.9, unit="share", source="DeepDiagnosis 2022, measured", healthy="0.00-0.44")
WHOLE_LAYER = limit("whole-layer-dead", 0.95, unit="share", source="measured", healthy="0.00-0.44")
FEW_UNITS = limit("few-units-to-die", 4, unit="units", source="measured with 1 to 4", healthy="6 and more")

dead = signal.dead_unit_share()
narrow = signal.narrowest_layer()
progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="ACT101",
    name="dead-relu",
    kind="cause",
    family="activations",
    level="signal",
    severity="warning",
    prior=0.6,
    blames=("activation", "initialization", "learning-rate"),
    symptom="many units are zero for every sample and the loss hardly moves",
    cause="units whose input is negative for every sample give zero and get no gradient, so they cannot come back",
    # Through a layer that is dead as a whole nothing passes: what the loss gained, the layers behind it gained alone.
    when=(dead >= DEAD_UNITS) & ((progress < LITTLE_PROGRESS) | ~progress.known | (dead >= WHOLE_LAYER)),
    evidence=(
        supports(dead >= MOSTLY, moderate, "{value:.0%} of the units of a layer are dead"),
        supports(progress < NO_PROGRESS, moderate, "the training loss improved by only {value:.1%}"),
        supports(signal.all_layers_frozen(), moderate, "not one weight moves"),
        supports(model.activation.is_("relu"), weak, "a ReLU has no slope at all below zero"),
        against(narrow < FEW_UNITS, strong, "a layer has {value:.0f} units: some of so few soon die"),
        against(
            model.activation.is_("leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"),
            strong,
            "the hidden activation, {value}, is not flat below zero",
        ),
    ),
    escalate=(escalates((dead >= MOSTLY) & ((narrow >= FEW_UNITS) | ~narrow.known), "error"),),
    explains=(
        "ACT103",
        "PLT101",
        "PLT102",
        "PLT104",
        "PLT105",
        "PLT106",
        "GEN103",
        "OPT104",
        "OPT201",
        "GRD302",
        "MOD201",
        "RUN101",
    ),
    unless=("OPT301",),
    remedies=(
        "initialize-well",
        "change-activation",
        "add-normalization",
        "lower-learning-rate",
        "rewind-to-checkpoint",
    ),
    meaning="The layer passes on little or nothing of its input; with all units dead the network gives every sample "
    "the same answer.",
    mechanism="A step too large, a strongly negative bias or unscaled inputs push a unit's input below zero for all "
    "samples. Its gradient is then zero, so no later rate revives it: restart with sound weights.",
    false_alarms="Sparse networks and experts that are rarely chosen are zero by design; very wide layers can spare "
    "many units.",
    source=("article 3.2", "SageMaker Debugger", "DeepDiagnosis 2022", "measured"),
    fires=(
        case(
            "all units dead, loss at chance",
            run(
                curve(train.loss, flat(1.38, 10, noise=0.002)),
                layers=(layers("zero_unit_share", fc1=1.0, fc2=1.0), layers("update_ratio", fc1=0.0, out=0.0)),
                model={"activation": "relu"},
            ),
        ),
        case("half of the units, some progress", facts(dead.of(0.6), progress.of(0.2), model.activation.of("elu"))),
        case("loss not recorded", facts(dead.of(0.92))),
        case("three units", facts(dead.of(0.7), progress.of(0.2), narrow.of(3))),
        case("three units, nearly all dead", facts(dead.of(0.92), progress.of(0.2), narrow.of(3))),
        case("five units, nearly all dead", facts(dead.of(0.92), progress.of(0.2), narrow.of(5))),
        case("five units", facts(dead.of(0.7), progress.of(0.2), narrow.of(5))),
        case("hardly any progress", facts(dead.of(0.88), progress.of(0.007))),
        case("a whole layer dead, the bias of the last one learns", facts(dead.of(0.96), progress.of(0.5))),
        case("a little progress", facts(dead.of(0.7), progress.of(0.012))),
    ),
    quiet=(
        case(
            "few units dead",
            run(curve(train.loss, flat(1.38, 10)), layers=(layers("zero_unit_share", fc1=0.02, fc2=0.1),)),
        ),
        case("many channels idle, no progress", facts(dead.of(0.44), progress.of(0.0))),
        case("most units dead, learns all the same", facts(dead.of(0.8), progress.of(0.4))),
        case(
            "sparse by design",
            run(curve(train.loss, decay(1.4, 0.3, 10)), layers=(layers("zero_unit_share", experts=0.9),)),
        ),
    ),
)
