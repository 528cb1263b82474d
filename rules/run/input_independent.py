from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, flat, limit, run, signal, strong, supports, train

HARDLY_WORSE = limit(
    "blind-over-real-loss", 1.02, unit="ratio", source="Karpathy 2019, knowledge of the field", healthy="1.3 and more"
)

ratio = signal.blind_loss_ratio()

RULE = Rule(
    id="RUN108",
    name="input-independent",
    kind="cause",
    family="run",
    level="static",
    severity="error",
    status="experimental",
    prior=0.8,
    blames=("preprocessing", "data", "code"),
    symptom="the run does no better than the same run without inputs",
    cause="no information gets from the inputs to the loss: they are broken on the way, or do not belong to the labels",
    when=ratio <= HARDLY_WORSE,
    evidence=(
        supports(
            signal.distance_from_chance(train.loss) < 0.02,
            strong,
            "the loss stands within {value:.1%} of what guessing gives",
        ),
    ),
    explains=("PLT104", "PLT106", "PLT101", "GEN103", "MOD201", "ACT103"),
    remedies=("verify-labels", "pair-inputs-with-labels", "standardize-inputs"),
    meaning="Nothing about the optimizer can help before the inputs reach the loss. Look at one sample right before "
    "the model: is it what its label says?",
    mechanism="With its inputs zeroed a network can only learn the shares of the classes. A real run that ends there "
    "has learned nothing more.",
    false_alarms="Targets that cannot be predicted from the inputs, and runs that were stopped early.",
    source=("Karpathy 2019",),
    fires=(
        case(
            "the same with zeros",
            run(
                curve(train.loss, flat(1.386, 20, noise=0.001)),
                config={"blind_loss": 1.387, "loss": "cross_entropy"},
                data={"classes": 4},
            ),
        ),
        case("hardly better, off chance", facts(ratio.of(1.0), signal.distance_from_chance(train.loss).of(0.028))),
    ),
    quiet=(
        case(
            "far better than without inputs",
            run(curve(train.loss, decay(1.386, 0.3, 20)), config={"blind_loss": 1.386}, data={"classes": 4}),
        ),
        case("a little better", facts(ratio.of(1.2))),
    ),
)
