"""Whether the names of what was logged tell that a loss is no measure of progress: two opponents, or rewards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expert.history.roles import snake
from expert.signals.signal import Reading, Signal, View

LOSSES = frozenset({"loss", "losses", "err", "error"})
GENERATOR = frozenset({"g", "gen", "generator"})
DISCRIMINATOR = frozenset({"d", "dis", "disc", "discriminator", "critic"})
POLICY = frozenset({"policy", "actor", "pg", "pi"})
VALUE = frozenset({"value", "critic", "vf", "v", "q", "qf", "qf1", "entropy"})
REWARDS = frozenset({"reward", "rewards", "rew"})
RETURN = re.compile(r"(ep|eps|episode|episodic|mean|average|avg)_(return|ret)s?(_|$)|(^|_)returns?_(mean|avg)")
PREFERENCES = frozenset({"chosen", "rejected", "margin", "margins", "accuracy", "accuracies"})
"""Beside these a reward is the measure of a preference: the loss is an ordinary one."""
RECORD = 'advise(..., config={"adversarial": ...}) or config={"reinforcement": ...}'


def _names(view: View) -> Iterator[tuple[str, frozenset[str]]]:
    """Each name that was logged, as it was and in its words."""
    history = view.history
    for name in (*(one.name for one in history.series), *(one.name for one in history.ignored)):
        yield name, frozenset(snake(name).split("_"))


def _opposed_losses(view: View) -> Reading:
    losses = [(name, words) for name, words in _names(view) if words & LOSSES]
    generator = next((name for name, words in losses if words & GENERATOR), None)
    discriminator = next((name for name, words in losses if words & DISCRIMINATOR and name != generator), None)
    if generator is None or discriminator is None:
        return Reading(False, detail={"losses": "none"})
    return Reading(True, detail={"losses": f"{generator} and {discriminator}"})


def _rewards_recorded(view: View) -> Reading:
    for name, words in _names(view):
        if (words & REWARDS and not words & PREFERENCES) or RETURN.search(snake(name)):
            return Reading(True, detail={"name": name})
    losses = [(name, words) for name, words in _names(view) if words & LOSSES]
    policy = next((name for name, words in losses if words & POLICY), None)
    if policy is not None and any(words & VALUE for name, words in _names(view) if name != policy):
        return Reading(True, detail={"name": policy})
    return Reading(False, detail={"name": "none"})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="opposed_losses",
        title="Losses of a generator and of a discriminator",
        unit="yes or no",
        grade="config",
        reads="losses of two opponents were logged: {losses}",
        compute=_opposed_losses,
        arguments=0,
        record=RECORD,
    ),
    Signal(
        id="rewards_recorded",
        title="Rewards or returns of episodes, or losses of a policy and of its values",
        unit="yes or no",
        grade="config",
        reads="what only reinforcement learning has was logged: {name}",
        compute=_rewards_recorded,
        arguments=0,
        record=RECORD,
    ),
)
