"""What the entry point names: the hooks that hand the records over."""

from __future__ import annotations

from expert.authoring import Remedy, Rule, Signal, hookimpl
from throughput_rules.growing_steps import RULE
from throughput_rules.remedies import DETACH
from throughput_rules.signals import SLOWDOWN


@hookimpl
def expert_rules() -> list[Rule]:
    return [RULE]


@hookimpl
def expert_remedies() -> list[Remedy]:
    return [DETACH]


@hookimpl
def expert_signals() -> list[Signal]:
    return [SLOWDOWN]
