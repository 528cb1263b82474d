"""Signals: all numerics of the engine, as pure functions of a run that give one value each."""

from __future__ import annotations

from expert.signals import (
    batches,
    breakdown,
    calibration,
    chance,
    change,
    classes,
    common_swings,
    data,
    descent,
    experiments,
    forgetting,
    gap,
    gradient_spikes,
    gradients,
    initialization,
    layers,
    noise,
    nonfinite,
    opponents,
    oscillation,
    periodicity,
    plateau,
    samples,
    schedule,
    scores,
    sizes,
    steps,
    trend,
)
from expert.signals.signal import Signal

_THEMES = (
    batches,
    breakdown,
    calibration,
    chance,
    change,
    classes,
    common_swings,
    data,
    descent,
    experiments,
    forgetting,
    gap,
    gradient_spikes,
    gradients,
    initialization,
    layers,
    noise,
    nonfinite,
    opponents,
    oscillation,
    periodicity,
    plateau,
    samples,
    schedule,
    scores,
    sizes,
    steps,
    trend,
)

SIGNALS: tuple[Signal, ...] = tuple(
    sorted((signal for theme in _THEMES for signal in theme.SIGNALS), key=lambda signal: signal.id)
)
"""Every built-in signal, sorted by id."""
