from __future__ import annotations

from expert.authoring import Rule, case, config, curve, facts, flat, run, signal, train, zigzag

opposed = signal.opposed_losses()
rewards = signal.rewards_recorded()

RULE = Rule(
    id="RUN109",
    name="adversarial-or-reinforcement",
    kind="guard",
    family="run",
    level="measurement",
    severity="info",
    prior=0.95,
    symptom="networks play against each other, or an agent learns from rewards",
    when=config.adversarial
    | config.reinforcement
    | (opposed & ~config.adversarial.known)
    | (rewards & ~config.reinforcement.known),
    silences=(
        "OSC",
        "PLT",
        "GEN",
        "OPT102",
        "OPT104",
        "OPT106",
        "OPT302",
        "MOD201",
        "MOD206",
        "DAT204",
        "DAT403",
        "DAT405",
        "RUN104",
        "RUN105",
        "NUM301",
    ),
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
        case(
            "losses of a generator and of a discriminator",
            run(curve(train.g_loss, flat(0.69, 30, noise=0.02)), curve(train.d_loss, flat(0.69, 30, noise=0.02))),
        ),
        case("rewards of episodes", facts(rewards.of(True))),
    ),
    quiet=(
        case("a classifier", run(config={"adversarial": False, "reinforcement": False, "task": "classification"})),
        case("not told", facts(config.adversarial.of(False))),
        case("nothing told and nothing logged of opponents", facts(config.reinforcement.of(False))),
        case(
            "two losses, and told that they are not opposed",
            facts(opposed.of(True), config.adversarial.of(False), config.reinforcement.of(False)),
        ),
        case(
            "rewards, and told that nothing learns from them",
            facts(rewards.of(True), config.adversarial.of(False), config.reinforcement.of(False)),
        ),
    ),
)
