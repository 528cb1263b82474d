"""Rules about the reward, the entropy and the steps of a policy."""

from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    facts,
    flat,
    limit,
    line,
    moderate,
    run,
    signal,
    supports,
    train,
    weak,
)

GAIN = limit("rl-reward-gain", 1.0, unit="spreads", source="our own runs", healthy="above 2")
LEFT = limit("rl-entropy-left", 0.1, unit="share", source="our own runs", healthy="above 0.5")
SPIKES = limit("rl-kl-spikes", 0.05, unit="share", source="our own runs", healthy="below 0.01")
FAST = limit("rl-fast-rate", 1e-3, source="usual settings of PPO", healthy="3e-4")

gain = signal.reward_gain(train.reward)
entropy = signal.early_entropy_left(train.entropy)
spikes = signal.update_spike_share(train.approx_kl)
rate = config.learning_rate

STAGNATES = Rule(
    id="RLP901",
    name="reward-stagnates",
    kind="symptom",
    family="plateau",
    level="optimization",
    severity="warning",
    prior=0.6,
    blames=("learning-rate",),
    symptom="the reward of the agent does not rise",
    when=gain < GAIN,
    remedies=("normalize-rewards",),
    meaning="The agent is no better at the end than it was at the beginning.",
    mechanism="Nothing that it tried was rewarded clearly enough to be told from chance.",
    false_alarms="Agents that were good from the start on, and rewards that come late.",
    source=("our own runs",),
    fires=(
        case("level", run(curve(train.reward, flat(20.0, 60, noise=0.1)))),
        case("just", facts(gain.of(0.9))),
    ),
    quiet=(
        case("it learns", run(curve(train.reward, decay(20.0, 200.0, 60, noise=0.1)))),
        case("a little", facts(gain.of(1.2))),
    ),
)
COLLAPSE = Rule(
    id="RLP902",
    name="entropy-collapse",
    kind="cause",
    family="plateau",
    level="optimization",
    severity="error",
    prior=0.7,
    blames=("loss-function",),
    symptom="the policy is decided early in the run while the reward stays where it is",
    cause="an agent that always does the same sees nothing that could teach it better",
    when=(entropy < LEFT) & (gain < GAIN),
    evidence=(supports(rate > FAST, moderate, "the learning rate is {value:g}"),),
    explains=("reward-stagnates",),
    remedies=("raise-entropy-bonus", "lower-learning-rate"),
    meaning="The agent stopped exploring before it had found what is rewarded.",
    mechanism="An action that is never drawn has no gradient, so the first lucky one stays.",
    false_alarms="Problems in which one action is right everywhere.",
    source=("Mnih et al. 2016",),
    fires=(
        case(
            "gone",
            run(
                curve(train.entropy, decay(1.4, 0.01, 15), flat(0.01, 45)),
                curve(train.reward, flat(20.0, 60, noise=0.1)),
            ),
        ),
        case("just", facts(entropy.of(0.08), gain.of(0.8), rate.of(3e-4))),
        case("and fast", facts(entropy.of(0.08), gain.of(0.8), rate.of(1.2e-3))),
    ),
    quiet=(
        case("slowly", run(curve(train.entropy, line(1.4, 0.3, 60)), curve(train.reward, flat(20.0, 60, noise=0.1)))),
        case("and it learns", facts(entropy.of(0.01), gain.of(1.3))),
        case("some is left", facts(entropy.of(0.12), gain.of(0.1))),
    ),
)
SPIKY = Rule(
    id="RLP903",
    name="policy-jumps",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="warning",
    prior=0.6,
    blames=("learning-rate", "batch-size"),
    symptom="the policy jumps far away from itself in some updates",
    cause="too many passes over one batch of episodes, or too high a rate",
    when=spikes > SPIKES,
    evidence=(supports(rate > FAST, weak, "the learning rate is {value:g}"),),
    remedies=("stop-at-target-divergence", "lower-learning-rate"),
    meaning="What was learned is lost in a jump, and the episodes at hand are no longer those of the policy.",
    mechanism="The surrogate loss holds near the old policy only; far away its gradient leads anywhere.",
    false_alarms="The first updates of a policy that was started from another one.",
    source=("Schulman et al. 2017",),
    fires=(
        case("blocks of jumps", run(curve(train.approx_kl, flat(0.01, 50, 0.1), flat(0.2, 6), flat(0.01, 20, 0.1)))),
        case("just", facts(spikes.of(0.055), rate.of(3e-4))),
        case("and fast", facts(spikes.of(0.055), rate.of(1.2e-3))),
    ),
    quiet=(
        case("steady", run(curve(train.approx_kl, flat(0.01, 76, 0.2)))),
        case("hardly ever", facts(spikes.of(0.04))),
    ),
)
RULES = (STAGNATES, COLLAPSE, SPIKY)
