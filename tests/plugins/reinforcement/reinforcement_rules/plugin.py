"""What the entry point names."""

from __future__ import annotations

from collections.abc import Sequence

from expert.authoring import Remedy, Rule, Signal, hookimpl
from reinforcement_rules.remedies import REMEDIES
from reinforcement_rules.rules import RULES
from reinforcement_rules.signals import SIGNALS

expert_api = 1


@hookimpl
def expert_rules() -> Sequence[Rule]:
    return RULES


@hookimpl
def expert_remedies() -> Sequence[Remedy]:
    return REMEDIES


@hookimpl
def expert_signals() -> Sequence[Signal]:
    return SIGNALS
