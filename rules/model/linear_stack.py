from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    curve,
    decay,
    facts,
    flat,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

RULE = Rule(
    id="MOD105",
    name="linear-stack",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.6,
    blames=("activation", "architecture"),
    symptom="a network of several layers learns no more than a linear model",
    cause="there is no non-linearity between the layers, so together they are one linear map",
    when=model.linear & (model.depth >= 2.0),
    evidence=(
        supports(model.linear & (model.depth >= 2.0), moderate, "there is no activation between input and output"),
        supports(signal.loss_over_chance(train.loss) > 0.9, strong, "the loss stays at {value:.0%} of chance"),
    ),
    explains=(
        "MOD201",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "RUN101",
    ),
    remedies=("repair-nonlinearity",),
    meaning="The extra layers cost time and add nothing that one layer could not represent.",
    mechanism="A product of matrices is a matrix. Only a non-linear function between them lets a network bend its "
    "decision boundary.",
    false_alarms="Low-rank factorizations and adapters are two linear layers on purpose; an activation applied as a "
    "function in the forward pass can be overlooked.",
    source=("UMLAUT 2021",),
    fires=(
        case(
            "three linear layers at chance",
            run(curve(train.loss, flat(0.69, 10)), model={"linear": True, "depth": 3}, data={"classes": 2}),
        ),
        case(
            "two layers, learning",
            facts(model.linear.of(True), model.depth.of(2), signal.loss_over_chance(train.loss).of(0.6)),
        ),
    ),
    quiet=(
        case(
            "ReLU between the layers",
            run(curve(train.loss, decay(0.69, 0.1, 10)), model={"linear": False, "depth": 3}, data={"classes": 2}),
        ),
        case("a linear model of one layer", facts(model.linear.of(True), model.depth.of(1))),
    ),
)
