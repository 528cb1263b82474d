from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, facts, run, signal, supports, train, weak

start = signal.initial_loss_over_chance(train.loss)

RULE = Rule(
    id="MOD109",
    name="softmax-over-wrong-axis",
    kind="cause",
    family="model",
    level="static",
    severity="error",
    prior=0.9,
    blames=("loss-function", "code"),
    symptom="the chances of the classes do not add up to one",
    cause="the softmax runs over another axis than that of the classes, so the samples of a batch compete instead",
    when=~config.softmax_over_classes,
    evidence=(
        supports(start > 1.2, weak, "the first loss is {value:.1f} times what guessing among the classes costs"),
    ),
    explains=(
        "MOD206",
        "MOD101",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN102",
        "GEN103",
        "GEN107",
        "DAT204",
        "OPT302",
    ),
    remedies=("softmax-over-classes",),
    meaning="Such a network can still learn which sample fits a class best, and the accuracy may even rise. What it "
    "gives are no probabilities of classes, its answers change with the other samples of the batch, and a single "
    "sample cannot be judged at all.",
    mechanism="Over the samples the softmax makes each class choose among B samples, so an untrained network loses "
    "ln B, not ln C. Nothing breaks, for the shape of the outputs stays the same.",
    false_alarms="Losses that contrast the samples of a batch on purpose, written with a loss of classes.",
    source=("PyTorch, torch.nn.LogSoftmax", "knowledge of the field"),
    fires=(
        case(
            "over the samples",
            run(
                curve(train.loss, decay(3.5, 0.2, 20)),
                config={"loss": "nll", "softmax_over_classes": False},
                data={"classes": 10},
            ),
        ),
        case("and it starts far from guessing", facts(config.softmax_over_classes.of(False), start.of(1.5))),
        case("and it starts near guessing", facts(config.softmax_over_classes.of(False), start.of(1.1))),
    ),
    quiet=(
        case(
            "over the classes",
            run(curve(train.loss, decay(2.3, 0.2, 20)), config={"loss": "nll", "softmax_over_classes": True}),
        ),
    ),
)
