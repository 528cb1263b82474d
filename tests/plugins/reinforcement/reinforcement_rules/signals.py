"""What the rewards, the entropy and the steps of a policy tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from expert.authoring import Reading, Signal, Unknown

FEWEST = 12


def reward_gain(view: Any, reward: Any) -> Reading | Unknown:
    """The mean of the last third less that of the first, in units of the spread inside both."""
    points = reward.epochs
    if len(points) < FEWEST:
        return Unknown(f"only {len(points)} rewards were recorded, and {FEWEST} are needed")
    third = len(points) // 3
    first, last = points[:third], points[-third:]
    spread = float(np.sqrt((first.var() + last.var()) / 2.0))
    if spread == 0.0:
        return Unknown("the reward does not vary at all")
    return Reading(
        float(last.mean() - first.mean()) / spread, detail={"first": float(first.mean()), "last": float(last.mean())}
    )


def early_entropy_left(view: Any, entropy: Any) -> Reading | Unknown:
    """The entropy a third into the run over that of the start."""
    points = entropy.epochs
    if len(points) < FEWEST:
        return Unknown(f"only {len(points)} entropies were recorded, and {FEWEST} are needed")
    start, third = float(points[0]), len(points) // 3
    if points.min() < 0.0 or start == 0.0:
        return Unknown("an entropy below 0 is that of continuous actions, which has no share")
    return Reading(float(points[third]) / start, at=float(entropy.epoch_numbers[third]), clock="epoch")


def update_spike_share(view: Any, curve: Any) -> Reading | Unknown:
    """Share of the points that are above five times the median."""
    points = curve.points
    if len(points) < FEWEST:
        return Unknown(f"only {len(points)} values were recorded, and {FEWEST} are needed")
    usual = float(np.median(points))
    if usual <= 0.0:
        return Unknown("its usual value is not above 0")
    return Reading(float((points > 5.0 * usual).mean()), detail={"usual": usual, "highest": float(points.max())})


SIGNALS = (
    Signal(
        id="reward_gain",
        title="Gain of the reward over the run",
        unit="spreads of the reward",
        grade="curve",
        reads="{series} went from {first:.4g} to {last:.4g}, {value:+.2g} times its spread",
        compute=reward_gain,
        record="log the mean reward of the episodes of each update as train.reward",
    ),
    Signal(
        id="early_entropy_left",
        title="Entropy left after a third of the run",
        unit="share",
        grade="internal",
        reads="{value:.1%} of {series} is left at {at}",
        compute=early_entropy_left,
        record="log the mean entropy of the policy as train.entropy",
    ),
    Signal(
        id="update_spike_share",
        title="Share of spikes",
        unit="share",
        grade="internal",
        reads="{series} is above five times its usual {usual:.3g} in {value:.0%} of the updates, at most {highest:.3g}",
        compute=update_spike_share,
        record="log the divergence of the new policy from the old one as train.approx_kl",
    ),
)
