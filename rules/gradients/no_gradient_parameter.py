from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    curve,
    decay,
    decisive,
    facts,
    layers,
    run,
    signal,
    supports,
    train,
    weak,
)

missing = signal.without_gradient_share()

RULE = Rule(
    id="GRD301",
    name="no-gradient-parameter",
    kind="cause",
    family="gradients",
    level="static",
    severity="error",
    prior=0.8,
    blames=("code",),
    symptom="some weights never get a gradient, although nothing says that they are frozen",
    cause="the way from the loss to these weights is cut: by detach, no_grad, argmax or a conversion in the forward "
    "pass, by a layer that is never called, or by layers kept in a plain list",
    when=missing > 0.0,
    evidence=(
        supports(missing > 0.0, decisive, "{value:.0%} of the weight tensors got no gradient at any step: {layers}"),
        supports(missing > 0.5, weak, "more than half of the network is cut off"),
    ),
    explains=(
        "GRD302",
        "GRD101",
        "MOD201",
        "GEN103",
        "PLT101",
        "PLT104",
        "PLT106",
        "RUN101",
    ),
    remedies=("reconnect-parameters",),
    meaning="These layers keep their random weights for ever; whatever they do, it is not learned.",
    mechanism="Only weights that the loss depends on through differentiable operations have a gradient; frameworks "
    "leave the others without one and do not complain.",
    false_alarms="Branches that are taken rarely, and weights left untrained on purpose without saying so.",
    source=("PyTorch documentation",),
    fires=(
        case(
            "the first layer is cut off",
            run(
                curve(train.loss, decay(1.4, 0.9, 10)),
                layers=(layers("weight_norm", fc1=4.0, fc2=3.0, out=1.0), layers("gradient_norm", fc2=0.3, out=0.4)),
            ),
        ),
        case("most of the network", facts(missing.of(0.6))),
        case("a part of the network", facts(missing.of(0.4))),
    ),
    quiet=(
        case(
            "the first layer is frozen and declared so",
            run(
                curve(train.loss, decay(1.4, 0.9, 10)),
                model={"frozen": ("fc1",)},
                layers=(layers("weight_norm", fc1=4.0, fc2=3.0, out=1.0), layers("gradient_norm", fc2=0.3, out=0.4)),
            ),
        ),
        case("all layers are reached", facts(missing.of(0.0))),
    ),
)
