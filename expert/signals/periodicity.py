"""Whether the loss of steps repeats itself with the period of an epoch."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve, Floats, edges
from expert.signals.oscillation import without_parabolas
from expert.signals.signal import Reading, Signal, Unknown, View

SKIPPED = 2
FEWEST_LEFT = 3
SHORTEST = 8
MOST_EPOCHS = 16
MOST_STEPS = 4096
STRETCH = 256
LOG_STEPS = "log the loss of each step, with its epoch, for at least 5 epochs"


def epoch_matrix(curve: Curve) -> Floats | Unknown:
    """One row per epoch from the third on, one column per step within it; at most 16 epochs x 4096 steps.

    Longer epochs are sampled by the same stretches of 256 successive steps in each.
    """
    known = curve.known_epochs
    if known is None:
        return Unknown(f"nothing says which steps of {curve.name} make an epoch", LOG_STEPS)
    if curve.reduction in ("epoch_mean", "moving_average") or (curve.points_per_epoch or 0.0) < SHORTEST:
        return Unknown(f"{curve.name} was not logged step by step", LOG_STEPS)
    sizes = np.diff(np.append(known.start, len(curve.points)))[SKIPPED:]
    starts = known.start[SKIPPED:]
    # A last epoch that was cut short, or an odd one, is left out; of the rest all steps that every epoch has are used.
    whole = sizes >= 0.9 * np.median(sizes) if len(sizes) else np.zeros(0, dtype=bool)
    starts, sizes = starts[whole][:MOST_EPOCHS], sizes[whole][:MOST_EPOCHS]
    if len(starts) < FEWEST_LEFT:
        reason = f"{curve.name} has {len(starts)} whole epochs after the first {SKIPPED}; {FEWEST_LEFT} are needed"
        return Unknown(reason, LOG_STEPS)
    steps = int(sizes.min())
    if steps <= MOST_STEPS:
        columns = np.arange(steps)
    else:
        stretches = edges(steps - STRETCH + 1, MOST_STEPS // STRETCH)
        columns = (stretches[:, np.newaxis] + np.arange(STRETCH)).ravel()
    return np.asarray(curve.points[starts[:, np.newaxis] + columns], dtype=np.float64)


def epoch_correlation(rows: Floats) -> float | None:
    """Mean correlation of successive rows, each freed of its own parabola; None where none varies. Rows x steps."""
    off = without_parabolas(rows)
    size = np.sqrt((off * off).sum(axis=1))
    alive = size > 1e-9 * np.abs(rows).max(axis=1) * rows.shape[1] ** 0.5
    both = alive[1:] & alive[:-1]
    if not both.any():
        return None
    unit = off / np.where(alive, size, 1.0)[:, np.newaxis]
    return float((unit[1:] * unit[:-1]).sum(axis=1)[both].mean())


def _epoch_periodicity(view: View, curve: Curve) -> Reading | Unknown:
    rows = epoch_matrix(curve)
    if isinstance(rows, Unknown):
        return rows
    # The last batch of an epoch is often a smaller one, whose loss differs in every epoch alike.
    value = epoch_correlation(rows[:, :-1] if rows.shape[1] > SHORTEST else rows)
    if value is None:
        return Unknown(f"{curve.name} does not vary within its epochs")
    return Reading(value, detail={"epochs": float(len(rows)), "steps": curve.points_per_epoch or 0.0})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="epoch_periodicity",
        title="Repetition of the step losses from epoch to epoch",
        unit="autocorrelation at the length of an epoch, each epoch freed of its own trend",
        grade="curve",
        reads="the steps of {series} repeat those of the epoch before with a correlation of {value:.2f}",
        compute=_epoch_periodicity,
        record=LOG_STEPS,
    ),
)
