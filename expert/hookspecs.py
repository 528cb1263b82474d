"""The hooks a plugin may implement. Hooks return records; nothing is changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.calibration import Calibration
    from expert.history import History
    from expert.reading import Reader
    from expert.remedy import Remedy
    from expert.rule import Rule
    from expert.signals.signal import Signal

hookspec = pluggy.HookspecMarker("expert")


@hookspec
def expert_rules() -> Sequence[Rule]:  # type: ignore[empty-body]
    """Rules to add.

    ::

        from expert.authoring import hookimpl

        @hookimpl
        def expert_rules():
            return [MY_RULE]
    """


@hookspec
def expert_remedies() -> Sequence[Remedy]:  # type: ignore[empty-body]
    """Remedies to add."""


@hookspec
def expert_signals() -> Sequence[Signal]:  # type: ignore[empty-body]
    """Signals to add; rules name them by id."""


@hookspec
def expert_readers() -> Sequence[Reader]:  # type: ignore[empty-body]
    """Readers of sources; of those that recognize a source the surest reads it."""


@hookspec
def expert_calibration() -> Calibration:  # type: ignore[empty-body]
    """What the causes of this plugin's rules were measured to be worth, where that was measured."""


@hookspec
def expert_advice(advice: Advice, history: History) -> None:
    """Observe advice that has been given, to post it somewhere, say."""
