from __future__ import annotations

from expert.authoring import Rule, case, config, curve, facts, flat, moderate, run, signal, supports, train
from expert.rules.limits import LITTLE_PROGRESS

RULE = Rule(
    id="MOD108",
    name="broadcast-loss",
    kind="cause",
    family="model",
    level="static",
    severity="error",
    prior=0.9,
    blames=("loss-function", "code"),
    symptom="the network learns the mean of the targets and nothing else",
    cause="outputs in a column are compared with targets in a row, so each output is pulled to every target",
    when=config.loss_broadcast,
    evidence=(
        supports(signal.loss_fall() < LITTLE_PROGRESS, moderate, "beyond its noise the loss fell by only {value:.1%}"),
    ),
    explains=("PLT101", "PLT102", "PLT104", "PLT106", "GEN103", "MOD201", "RUN101", "OPT302"),
    remedies=("match-target-shape",),
    meaning="A model whose last layer has one unit gives N rows of one number; targets are often a plain row of N. "
    "Subtracted, the two make N times N differences, and the best answer to all of them is one constant.",
    mechanism="Arrays of unequal shapes are spread over each other where they can be. Nothing breaks: the loss is a "
    "number, it falls to the variance of the targets, and PyTorch warns once at most.",
    false_alarms="A loss that is meant to compare each output with all targets, as of some rankings.",
    source=("PyTorch, broadcasting semantics", "knowledge of the field"),
    fires=(
        case(
            "a column against a row",
            run(curve(train.loss, flat(1.0, 20, noise=0.01)), config={"loss": "mse", "loss_broadcast": True}),
        ),
        case("and yet it falls", facts(config.loss_broadcast.of(True), signal.loss_fall().of(0.4))),
        case("and it hardly falls", facts(config.loss_broadcast.of(True), signal.loss_fall().of(0.2))),
    ),
    quiet=(
        case("one shape", run(curve(train.loss, flat(1.0, 20, noise=0.01)), config={"loss_broadcast": False})),
        case("shapes agree", facts(config.loss_broadcast.of(False))),
    ),
)
