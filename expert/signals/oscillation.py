"""Whether a series swings: how often it turns, how far, how much of its movement goes up, how regular it is."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from expert.signals.curve import Curve, Floats
from expert.signals.estimators import median, noise
from expert.signals.shape import Shape, shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View

SKIPPED = 2
LARGEST_GROWTH = 1000.0


def settled(values: Floats) -> Floats:
    """The values without the first two epochs, if at least four remain."""
    return values[SKIPPED:] if len(values) >= SKIPPED + 4 else values


def turning_share(values: Floats) -> float:
    """Share of successive differences (of n >= 3 values) whose sign is not that of the one before; 0 is no turn."""
    change = np.diff(values)
    return float(np.count_nonzero(change[1:] * np.sign(change[:-1]) < 0)) / (len(change) - 1)


def upward_share(values: Floats) -> float:
    """Sum of the rises over the sum of all movements; 0 where nothing moves."""
    change = np.diff(values)
    moved = float(np.abs(change).sum())
    return float(change[change > 0].sum()) / moved if moved > 0 else 0.0


def swing_size(values: Floats) -> float:
    """Mean movement from value to value over their mean size; 0 for zeros."""
    size = float(np.abs(values).mean())
    return float(np.abs(np.diff(values)).mean()) / size if size > 0 else 0.0


@lru_cache(maxsize=64)
def _parabolas(count: int) -> Floats:
    """Orthonormal columns (count x 3) that span the parabolas over equally spaced values."""
    x = np.linspace(-1.0, 1.0, count)
    return np.asarray(np.linalg.qr(np.stack([np.ones(count), x, x * x], axis=1))[0], dtype=np.float64)


def without_parabolas(rows: Floats) -> Floats:
    """What a parabola fitted by least squares leaves of each row: r x n for r x n, or n for n, with n >= 4."""
    basis = _parabolas(rows.shape[-1])
    return np.asarray(rows - (rows @ basis) @ basis.T, dtype=np.float64)


def late_swings(curve: Curve) -> Floats:
    """The last half of the epochs (at least 8, or all but the first) without its trend; use through ``derive``."""
    count = len(curve.epochs)
    late = curve.epochs[-late_window(count) :]
    # Scaled up for the three degrees of freedom that the parabola takes.
    return without_parabolas(late) * float((len(late) / (len(late) - 3)) ** 0.5)


def late_window(count: int) -> int:
    """How many epochs at the end swings are judged on."""
    return max(count // 2, min(8, count - 1))


def amplitude(off: Floats) -> float:
    """Half the distance between the 10 % and 90 % points of n values around 0."""
    ordered = np.sort(off)
    tail = len(ordered) // 10
    return float(ordered[-1 - tail] - ordered[tail]) / 2.0


def regularity(off: Floats) -> float:
    """How far the strongest period stands out of what noise shows, 0 to 1, for n >= 6 values around 0.

    Fisher's g (the share of variance the strongest frequency carries) above its 99 % point for white noise.
    """
    power = np.abs(np.fft.rfft(off))[1:] ** 2
    if len(off) % 2 == 0:
        power[-1] /= 2.0
    total = float(power.sum())
    if total <= 0.0:
        return 0.0
    chance = 1.0 - float((0.01 / len(power)) ** (1.0 / max(len(power) - 1, 1)))
    return max(0.0, (float(power.max()) / total - chance) / (1.0 - chance))


def _form(curve: Curve, needed: int) -> Shape | Unknown:
    form = curve.derive(shape)
    return too_few(curve, needed) or form or Unknown("too few values")


def _direction_changes(view: View, curve: Curve) -> Reading | Unknown:
    return too_few(curve, 4) or Reading(turning_share(settled(curve.epochs)))


def _upward_share(view: View, curve: Curve) -> Reading | Unknown:
    return too_few(curve, 4) or Reading(upward_share(settled(curve.epochs)))


def _swing_size(view: View, curve: Curve) -> Reading | Unknown:
    return too_few(curve, 4) or Reading(swing_size(settled(curve.epochs)))


def _monotone_share(view: View, curve: Curve) -> Reading | Unknown:
    return too_few(curve, 3) or Reading(float(np.mean(curve.sign * np.diff(curve.epochs) < 0)))


def _detrended_swing(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 6)
    if short is not None:
        return short
    level = median(np.abs(curve.epochs[-late_window(len(curve.epochs)) :]))
    return Reading(amplitude(curve.derive(late_swings)) / level) if level > 0 else Unknown(f"{curve.name} is 0")


def _swing_over_fall(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 6)
    if isinstance(form, Unknown):
        return form
    swing = amplitude(curve.derive(late_swings))
    return Reading(swing / (swing + form.fall) if swing > 0 else 0.0, detail={"swing": swing, "fall": form.fall})


def _swing_growth(view: View, curve: Curve) -> Reading | Unknown:
    form = _form(curve, 12)
    if isinstance(form, Unknown):
        return form
    kept = slice(len(form.y) // 10, None)
    x, y = form.x[kept], form.y[kept]
    half = len(y) // 2
    early, late = noise(x[:half], y[:half]), noise(x[half:], y[half:])
    if early == 0.0:
        return Reading(1.0 if late == 0.0 else LARGEST_GROWTH)
    return Reading(min(late / early, LARGEST_GROWTH))


def _swing_regularity(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 12)
    if short is not None:
        return short
    off = curve.derive(late_swings)
    # Rounding alone swings, regularly, by a few units of the last place.
    if float(np.abs(off).max()) <= 1e-9 * float(np.abs(curve.epochs).max()):
        return Reading(0.0)
    return Reading(regularity(off))


def _score_swings(view: View, curve: Curve) -> Reading | Unknown:
    short = too_few(curve, 4)
    if short is not None:
        return short
    percent = 100.0 if float(np.abs(curve.epochs).max()) > 1.5 else 1.0
    return Reading(float(np.mean(np.abs(np.diff(settled(curve.epochs))) >= 0.03 * percent)))


LOG = "log it at least once per epoch"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="direction_changes",
        title="Changes of direction",
        unit="share of epochs",
        grade="curve",
        reads="{series} changes its direction at {value:.0%} of the epochs",
        compute=_direction_changes,
        record=LOG,
    ),
    Signal(
        id="upward_share",
        title="Upward share of the movement",
        unit="share of all movement",
        grade="curve",
        reads="{value:.0%} of the movement of {series} is upward",
        compute=_upward_share,
        record=LOG,
    ),
    Signal(
        id="swing_size",
        title="Movement from epoch to epoch",
        unit="share of the mean level",
        grade="curve",
        reads="{series} moves by {value:.1%} of its level from epoch to epoch",
        compute=_swing_size,
        record=LOG,
    ),
    Signal(
        id="monotone_share",
        title="Epochs better than the one before",
        unit="share of epochs",
        grade="curve",
        reads="{series} is better than the epoch before in {value:.0%} of the epochs",
        compute=_monotone_share,
        record=LOG,
    ),
    Signal(
        id="detrended_swing",
        title="Amplitude around the trend over the second half",
        unit="share of the level there",
        grade="curve",
        reads="{series} swings by ±{value:.1%} of its level around its trend",
        compute=_detrended_swing,
        record=LOG,
    ),
    Signal(
        id="swing_over_fall",
        title="Amplitude against how far the series fell",
        unit="amplitude over amplitude plus fall",
        grade="curve",
        reads="the swings of {series} make up {value:.0%} of swings and fall together",
        compute=_swing_over_fall,
        record=LOG,
    ),
    Signal(
        id="swing_growth",
        title="Growth of the swings from the first half to the second",
        unit="ratio of the relative swings",
        grade="curve",
        reads="the swings of {series} are {value:.2g} times as large in the second half as in the first",
        compute=_swing_growth,
        record=LOG,
    ),
    Signal(
        id="swing_regularity",
        title="Regularity of the swings over the second half",
        unit="0 as noise shows, 1 a pure period",
        grade="curve",
        reads="one period carries the swings of {series} ({value:.0%} beyond what noise shows)",
        compute=_swing_regularity,
        record=LOG,
    ),
    Signal(
        id="accuracy_swing",
        title="Epochs at which a score moved by 3 points or more",
        unit="share of epochs",
        grade="curve",
        reads="{series} moved by 3 points or more at {value:.0%} of the epochs",
        compute=_score_swings,
        record=LOG,
    ),
)
