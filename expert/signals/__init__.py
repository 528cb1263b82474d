"""Signals: all numerics of the engine, as pure functions of a run that give one value each."""

from __future__ import annotations

from expert.signals.signal import Signal

SIGNALS: tuple[Signal, ...] = ()
"""Every built-in signal, sorted by id."""
