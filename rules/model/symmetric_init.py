from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    decisive,
    escalates,
    facts,
    flat,
    layers,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

zero = signal.zero_weight_share()

RULE = Rule(
    id="MOD205",
    name="symmetric-init",
    kind="cause",
    family="model",
    level="static",
    severity="error",
    prior=0.6,
    blames=("initialization",),
    symptom="the loss starts at chance and stays there; weights stay zero, or units stay alike",
    cause="the weights of a layer start all alike, so its units compute the same and get the same gradient, for ever",
    when=(zero > 0.0) | model.initialization.is_("zeros", "ones", "constant"),
    evidence=(
        supports(zero > 0.0, decisive, "{value:.0%} of the layers have weights that are exactly zero at every step"),
        supports(
            model.initialization.is_("zeros", "ones", "constant"), moderate, "the weights are initialized as {value}"
        ),
        against(config.pretrained, strong, "adapters of a pre-trained model start at zero on purpose"),
    ),
    escalate=(escalates(zero > 0.0, "fatal"),),
    explains=(
        "MOD206",
        "ACT103",
        "ACT101",
        "GRD101",
        "GRD302",
        "PLT101",
        "PLT102",
        "PLT104",
        "PLT105",
        "PLT106",
        "GEN103",
        "OPT104",
        "OPT201",
        "OSC102",
        "MOD201",
        "RUN101",
    ),
    remedies=("initialize-well",),
    meaning="The layer is as wide as one unit, or as none: with zeros no signal and no gradient passes at all.",
    mechanism="Gradient descent cannot tell apart units with equal weights. They move as one, by a step as large as "
    "those of all together, so that a usual rate may be too high. Random weights are there to break the tie; biases "
    "may start at zero.",
    false_alarms="The last layer of a residual branch, gates and adapters start at zero and leave it with the first "
    "steps.",
    source=("knowledge of the field", "measured"),
    fires=(
        case(
            "weights that stay zero",
            run(curve(train.loss, flat(1.386, 10)), layers=(layers("weight_norm", fc1=0.0, fc2=0.0, out=0.0),)),
        ),
        case("told to be constant", facts(model.initialization.of("constant"))),
        case("an adapter", facts(model.initialization.of("zeros"), config.pretrained.of(True))),
    ),
    quiet=(
        case(
            "random weights",
            run(
                curve(train.loss, decay(1.4, 0.3, 10)),
                layers=(layers("weight_norm", fc1=4.7, fc2=4.6, out=1.1),),
                model={"initialization": "he"},
            ),
        ),
        case("no layer is zero", facts(zero.of(0.0), model.initialization.of("he"))),
    ),
)
