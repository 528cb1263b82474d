"""Facts of the samples that no single field of a profile holds: broken cells, offset targets, shifts beyond chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from expert.signals.chance import prior
from expert.signals.gradients import ratio
from expert.signals.signal import Reading, Signal, Unknown, View

if TYPE_CHECKING:
    from expert.history import Cell

SHOWN = 3
GIVE_SAMPLES = "advise(..., data=(x, y))"
GIVE_BOTH = "advise(..., data=((x, y), (x_val, y_val)))"


def _place(cell: Cell) -> str:
    """Row and column; what has no header is described in several words already, such as "time 3, feature 2"."""
    return f"row {cell.row}, {cell.column if ' ' in cell.column else f'column {cell.column}'}"


def _nonfinite_cells(view: View) -> Reading | Unknown:
    count = view.data.nonfinite_cells
    if count is None:
        return Unknown("inputs and labels were not searched for NaN and infinities", GIVE_SAMPLES)
    cells = view.data.nonfinite_where or ()
    shown = [f"{cell.value} in {_place(cell)}" for cell in cells[:SHOWN]]
    if count > SHOWN and len(shown) == SHOWN:
        shown.append("...")
    return Reading(float(count), detail={"where": "; ".join(shown) or "nowhere listed"})


def _infinite_cells(view: View) -> Reading | Unknown:
    if view.data.nonfinite_cells == 0:
        return Reading(False, detail={"where": "nowhere"})
    cells = view.data.nonfinite_where
    if not cells:
        return Unknown("the values of the non-finite cells are not known", GIVE_SAMPLES)
    infinite = next((cell for cell in cells if "inf" in cell.value.lower()), None)
    if infinite is None:
        return Reading(False, detail={"where": "nowhere"})
    return Reading(True, detail={"where": _place(infinite)})


def _target_offset(view: View) -> Reading | Unknown:
    mean, std = view.data.target_mean, view.data.target_std
    if mean is None or std is None:
        return Unknown("mean and spread of the target are not known", GIVE_SAMPLES)
    return Reading(ratio(abs(mean), std), detail={"mean": mean, "std": std})


def _label_shift_over_chance(view: View) -> Reading | Unknown:
    shift, training, validation = view.data.label_shift, view.data.samples, view.data.validation_samples
    if shift is None or not training or not validation:
        return Unknown("the labels of training and validation set were not compared", GIVE_BOTH)
    shares = prior(view)
    if shares is None or (view.data.target_prior is None and view.data.class_counts is None):
        return Unknown("the share of each class is not known", GIVE_SAMPLES)
    # The mean absolute difference of two drawn shares is sqrt(2/pi) of its standard deviation.
    spread = math.sqrt(2.0 / math.pi * (1.0 / training + 1.0 / validation))
    expected = 0.5 * spread * sum(math.sqrt(share * (1.0 - share)) for share in shares)
    return Reading(ratio(shift, expected), detail={"shift": shift, "expected": expected})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="nonfinite_cells",
        title="Cells of inputs and labels that are NaN or infinite",
        unit="cells",
        grade="proof",
        reads="cells of the data that are NaN or infinite: {value:.0f} ({where})",
        compute=_nonfinite_cells,
        arguments=0,
        record=GIVE_SAMPLES,
    ),
    Signal(
        id="infinite_cells",
        title="Data hold an infinite value",
        unit="yes or no",
        grade="proof",
        reads="an infinite value stands in {where}",
        compute=_infinite_cells,
        arguments=0,
        record=GIVE_SAMPLES,
    ),
    Signal(
        id="target_offset",
        title="Distance of the target's mean from zero",
        unit="standard deviations of the target",
        grade="proof",
        reads="the target has mean {mean:.4g} and standard deviation {std:.4g}: it lies {value:.3g} of them from zero",
        compute=_target_offset,
        arguments=0,
        record=GIVE_SAMPLES,
    ),
    Signal(
        id="label_shift_over_chance",
        title="Difference of the label shares of training and validation over what drawing at random gives",
        unit="ratio of total variations",
        grade="proof",
        reads="label shares differ by {shift:.3f}, {value:.1f} times the {expected:.3f} that random drawing gives",
        compute=_label_shift_over_chance,
        arguments=0,
        record=GIVE_BOTH,
    ),
)
