from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    curve,
    decay,
    facts,
    layers,
    limit,
    model,
    run,
    signal,
    supports,
    train,
    weak,
)

UNEVEN = limit(
    "update-imbalance", 100, unit="ratio", source="knowledge of the field", healthy="1.5-20 in plain networks"
)

spread = signal.update_ratio_per_layer_spread()

RULE = Rule(
    id="OPT105",
    name="layer-update-imbalance",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="info",
    status="experimental",
    prior=0.4,
    blames=("initialization", "learning-rate"),
    symptom="some layers move a hundred times as fast as others",
    cause="the layers differ in scale, so one learning rate is large for some and small for others",
    when=spread > UNEVEN,
    evidence=(
        supports(spread > 1000, weak, "the fastest layer moves {value:.2g} times as fast as the slowest"),
        against(model.embedding, weak, "an embedding moves only where its words occur"),
    ),
    explains=("OPT104",),
    remedies=("initialize-well", "switch-to-adam"),
    meaning="Either the slow layers hardly learn, or the fast ones are at the edge of breaking out; the rate cannot be "
    "right for both.",
    mechanism="The update of SGD is the gradient times the rate, and gradients differ by layer as the initialization "
    "and the depth have it. Methods that divide by the size of each gradient even this out.",
    false_alarms="Embeddings, layers with a rate of their own, and layers that start at zero.",
    source=("CS231n", "knowledge of the field"),
    fires=(
        case(
            "a thousandfold",
            run(
                curve(train.loss, decay(1.4, 0.6, 20)),
                layers=(layers("update_ratio", first=2e-6, middle=1e-3, last=4e-3),),
                model={"embedding": True},
            ),
        ),
        case("just beyond a hundredfold", facts(spread.of(120))),
        case("beyond a thousandfold", facts(spread.of(1200))),
    ),
    quiet=(
        case(
            "within a factor of three",
            run(curve(train.loss, decay(1.4, 0.3, 20)), layers=(layers("update_ratio", a=1e-3, b=2e-3, c=3e-3),)),
        ),
        case("eightyfold", facts(spread.of(80))),
    ),
)
