"""What helps an agent."""

from __future__ import annotations

from expert.authoring import Remedy, keras_code, torch_code

REMEDIES = (
    Remedy(
        id="RX901",
        name="raise-entropy-bonus",
        title="Pay the policy for staying undecided",
        do="Multiply the weight of the entropy in the loss by 5, and let it decay over the run.",
        cost="config line",
        risk="low",
        knob="entropy-bonus",
        direction="up",
        snippets=(
            torch_code("loss = policy_loss + 0.5 * value_loss - 0.05 * policy.entropy().mean()"),
            keras_code("loss = policy_loss + 0.5 * value_loss - 0.05 * keras.ops.mean(entropy)"),
        ),
        watch="train.entropy falls slowly and the reward moves again",
        source=("Mnih et al. 2016",),
    ),
    Remedy(
        id="RX902",
        name="stop-at-target-divergence",
        title="End an update when the policy has moved far enough",
        do="Leave the passes over a batch of episodes when the divergence exceeds 0.015.",
        cost="config line",
        risk="low",
        snippets=(
            torch_code("""
            for epoch in range(10):
                approx_kl = update(batch)
                if approx_kl > 0.015:
                    break
            """),
        ),
        watch="train.approx_kl stays below 0.03",
        source=("Schulman et al. 2017",),
    ),
    Remedy(
        id="RX903",
        name="normalize-rewards",
        title="Scale the rewards by their running spread",
        do="Divide each reward by the standard deviation of the returns seen so far.",
        cost="config line",
        risk="medium",
        snippets=(torch_code("reward = reward / (returns.std() + 1e-8)"),),
        watch="the loss of the value function stays near 1 and the reward rises",
        source=("Engstrom et al. 2020",),
    ),
)
