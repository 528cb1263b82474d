from __future__ import annotations

from expert.authoring import Rule, case, config, curve, facts, run, train, zigzag

RULE = Rule(
    id="RUN109",
    name="adversarial-or-reinforcement",
    kind="guard",
    family="run",
    level="measurement",
    severity="info",
    prior=0.95,
    symptom="networks play against each other, or an agent learns from rewards",
    when=config.adversarial | config.reinforcement,
    silences=("OSC", "PLT", "GEN", "OPT102", "OPT106"),
    meaning="Here the loss is no measure of progress, so nothing is concluded from its course. Numbers, gradients and "
    "activations are judged as ever.",
    mechanism="The target moves with the opponent or with the policy. A loss may swing, stand or rise while the "
    "samples or the returns get better.",
    false_alarms="None: it only keeps silent what cannot be judged.",
    source=("knowledge of the field",),
    aliases=("adversarial-or-rl",),
    fires=(
        case("two players", run(curve(train.loss, zigzag(0.5, 1.5, 30)), config={"adversarial": True})),
        case("an agent", facts(config.reinforcement.of(True))),
    ),
    quiet=(
        case("a classifier", run(config={"adversarial": False, "reinforcement": False, "task": "classification"})),
        case("not told", facts(config.adversarial.of(False))),
    ),
)
