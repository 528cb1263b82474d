"""What the entry point names."""

from __future__ import annotations

from expert.authoring import Remedy, Rule, Signal, hookimpl
from gan_rules import discriminator_wins, remedies, samples_alike, signals

expert_api = 1


@hookimpl
def expert_rules() -> list[Rule]:
    return [discriminator_wins.RULE, samples_alike.RULE]


@hookimpl
def expert_remedies() -> list[Remedy]:
    return [remedies.WEAKEN, remedies.SPREAD]


@hookimpl
def expert_signals() -> list[Signal]:
    return [signals.LEAD, signals.LEFT]
