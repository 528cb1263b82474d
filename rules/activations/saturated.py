from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    curve,
    data,
    decay,
    escalates,
    facts,
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
from expert.rules.limits import LITTLE_PROGRESS

FLAT_ENDS = limit("saturated-activations", 0.5, unit="share", source="SageMaker Debugger", healthy="0.00")

saturated = signal.saturated_share()
progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="ACT102",
    name="saturated",
    kind="cause",
    family="activations",
    level="signal",
    severity="warning",
    prior=0.7,
    blames=("initialization", "preprocessing", "activation"),
    symptom="most activations of a layer stand at the flat ends of their range, so the layer learns slowly or not at "
    "all",
    cause="the inputs of the activation are far too large: from large weights or unscaled inputs",
    when=saturated > FLAT_ENDS,
    evidence=(
        supports(saturated > 0.8, moderate, "{value:.0%} of a layer's activations are saturated"),
        supports(progress < LITTLE_PROGRESS, moderate, "the training loss improved by only {value:.1%}"),
        supports(data.largest_std > 10.0, weak, "an input column has a standard deviation of {value:.3g}"),
        supports(model.activation.is_("tanh", "sigmoid", "hard_sigmoid"), weak, "{value} has two flat ends"),
    ),
    escalate=(escalates(progress < LITTLE_PROGRESS, "error"),),
    explains=(
        "ACT103",
        "PLT101",
        "PLT102",
        "PLT104",
        "PLT106",
        "GEN103",
        "OPT104",
        "MOD201",
        "GRD101",
        "RUN101",
    ),
    remedies=("initialize-well", "standardize-inputs", "change-activation", "add-normalization"),
    meaning="A saturated unit says only yes or no and lets almost no gradient through; the weights before it barely "
    "move. Such a network still learns something with its last layer.",
    mechanism="A tanh or sigmoid is flat where its input is beyond a few units. Weights twenty times too large, or "
    "inputs with a spread of fifty, put nearly every sample there from the first step.",
    false_alarms="Gates of an LSTM, output layers, and networks that learn binary codes are meant to saturate.",
    source=("article 3.2", "SageMaker Debugger", "DeepDiagnosis 2022", "measured"),
    fires=(
        case(
            "two saturated layers",
            run(
                curve(train.loss, decay(1.1, 0.6, 10)),
                layers=(layers("saturated_share", fc1=0.82, fc2=0.83),),
                model={"activation": "tanh"},
            ),
        ),
        case(
            "inputs with a large spread, no progress",
            facts(saturated.of(0.85), progress.of(0.2), data.largest_std.of(12)),
        ),
        case("just over half", facts(saturated.of(0.6), data.largest_std.of(8), progress.of(0.35))),
    ),
    quiet=(
        case(
            "activations in their middle range",
            run(curve(train.loss, decay(1.1, 0.3, 10)), layers=(layers("saturated_share", fc1=0.002, fc2=0.01),)),
        ),
        case("a third", facts(saturated.of(0.4))),
    ),
)
