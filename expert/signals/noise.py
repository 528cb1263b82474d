"""How a series scatters: from epoch to epoch, and from step to step."""

from __future__ import annotations

import numpy as np

from expert.signals.curve import Curve, Floats, Indices, edges
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View

BLOCKS = 16
BLOCK = 256
WIDTH = 15
LOG_STEPS = "log the loss of each step, not a mean"


def blocks(values: Floats, number: int = BLOCKS, length: int = BLOCK) -> Floats:
    """Up to ``number`` stretches of ``length`` successive values, evenly placed; one of all n if those are too few."""
    count = len(values)
    if count <= length:
        return values[np.newaxis, :]
    number = min(number, count // length)
    starts: Indices = edges(count - length + 1, number)
    return np.asarray(values[starts[:, np.newaxis] + np.arange(length)], dtype=np.float64)


def around_median(rows: Floats, width: int = WIDTH) -> Floats:
    """Values minus the running median of ``width`` along each of r rows of n >= width; r x (n - width + 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, width, axis=1)
    middle = np.partition(windows, width // 2, axis=-1)[..., width // 2]
    inner = rows[:, width // 2 : width // 2 + middle.shape[1]]
    return np.asarray(inner - middle, dtype=np.float64)


def second_half_residuals(curve: Curve) -> Floats | Unknown:
    """Step values of the second half around their running median, on sampled blocks; use through ``derive``."""
    if curve.reduction not in ("last_batch", "unknown"):
        return Unknown(f"{curve.name} holds means over several steps, which hide the scatter of one", LOG_STEPS)
    if curve.clock == "epoch" and (curve.points_per_epoch or 0) < 4:
        return Unknown(f"{curve.name} has one value per epoch, which hides the scatter of steps", LOG_STEPS)
    late = curve.points[len(curve.points) // 2 :]
    if len(late) < 2 * WIDTH:
        return Unknown(f"{curve.name} has {len(late)} values in its second half; {2 * WIDTH} are needed", LOG_STEPS)
    return around_median(blocks(late)).ravel()


def _noise_level(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None or len(form.y) < 4:
        return too_few(curve, 4) or Unknown("too few values")
    return Reading(form.noise)


def _step_jitter(view: View, curve: Curve) -> Reading | Unknown:
    off = curve.derive(second_half_residuals)
    if isinstance(off, Unknown):
        return off
    bins = curve.bins
    level = abs(float(bins.mean[len(bins.mean) // 2 :].mean()))
    if level == 0.0:
        return Unknown(f"{curve.name} is 0 over its second half")
    return Reading(float(off.std()) / level)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="noise_level",
        title="Noise from epoch to epoch",
        unit="share of the level",
        grade="curve",
        reads="an epoch of {series} usually lies {value:.1%} off its neighbors",
        compute=_noise_level,
        record="log the loss at least once per epoch",
    ),
    Signal(
        id="step_jitter",
        title="Scatter from step to step over the second half",
        unit="share of the mean level",
        grade="curve",
        reads="single steps of {series} scatter by {value:.0%} of its level",
        compute=_step_jitter,
        record=LOG_STEPS,
    ),
)
