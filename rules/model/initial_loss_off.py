from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    data,
    decay,
    escalates,
    facts,
    for_profile,
    limit,
    line,
    moderate,
    run,
    signal,
    supports,
    train,
    weak,
)

FAR = limit(
    "initial-loss-over-chance",
    2,
    unit="ratio",
    source="Karpathy 2019, measured",
    healthy="0.95-1.6; to 2.2 where the targets lie off zero",
    profiles=(
        for_profile("fine-tuning", 3, source="measured", healthy="0.005-2.7: a trained head may meet other classes"),
        for_profile("autoencoder", 2.5, source="measured", healthy="1.8-2.3, for targets lie off zero"),
    ),
)
VERY_FAR = limit("initial-loss-far-over-chance", 4, unit="ratio", source="measured", healthy="0.95-3.2")
BALANCED = limit("balanced-classes", 3, unit="ratio", source="knowledge of the field")

start = signal.initial_loss_over_chance(train.loss)
fresh = config.pretrained.is_(False) | ~config.pretrained.known
imbalance = signal.class_imbalance()

RULE = Rule(
    id="MOD206",
    name="initial-loss-off",
    kind="symptom",
    family="model",
    level="static",
    severity="info",
    escalate=(escalates((start > VERY_FAR) & fresh, "warning"),),
    prior=0.6,
    blames=("initialization", "preprocessing", "loss-function"),
    symptom="the first loss is far above that of guessing",
    when=(start > FAR) & ((imbalance < BALANCED) | ~imbalance.known),
    evidence=(
        supports(start > 3.0, moderate, "the first loss is {value:.2g} times that of guessing"),
        supports(data.largest_std > 10.0, weak, "an input column has a standard deviation of {value:.3g}"),
        against(config.pretrained, moderate, "a pre-trained head can start anywhere"),
    ),
    remedies=("initialize-well", "set-final-bias", "standardize-inputs", "average-the-loss"),
    meaning="An untrained network should be undecided: ln C for C balanced classes, the variance of the target for a "
    "squared error. One that starts sure of nonsense spends its first epochs unlearning it.",
    mechanism="Outputs too large at the start come from large weights, unscaled inputs, a target far from zero, or a "
    "loss that is summed where it should be averaged.",
    false_alarms="Pre-trained heads, class weights, smoothing and margin losses; a first value averaged over steps "
    "that already diverged.",
    source=("Karpathy 2019", "CS231n", "measured"),
    fires=(
        case("ten times chance", run(curve(train.loss, decay(23.0, 1.4, 10)), data={"classes": 10})),
        case(
            "two and a half times chance, slightly unbalanced, pre-trained",
            facts(start.of(2.5), imbalance.of(2), config.pretrained.of(True)),
        ),
        case("unscaled inputs", facts(start.of(4.0), data.largest_std.of(60))),
        case("three times chance, inputs a bit spread", facts(start.of(2.8), data.largest_std.of(9))),
    ),
    quiet=(
        case("starts at chance", run(curve(train.loss, line(2.31, 0.4, 10)), data={"classes": 10})),
        case("a rare class, so that chance is low", facts(start.of(3.2), imbalance.of(4))),
        case("a little high", facts(start.of(1.6), imbalance.of(1.1))),
    ),
)
