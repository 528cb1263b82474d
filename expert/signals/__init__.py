"""Signals: all numerics of the engine, as pure functions of a run that give one value each."""

from __future__ import annotations

from expert.signals import noise, oscillation, trend
from expert.signals.signal import Signal

SIGNALS: tuple[Signal, ...] = tuple(
    sorted((*trend.SIGNALS, *noise.SIGNALS, *oscillation.SIGNALS), key=lambda signal: signal.id)
)
"""Every built-in signal, sorted by id."""
