"""What the batches of a run tell when they are handed over: size, mix of labels, broken cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.keras.seen_samples import SampleWatch
from expert.adapters.live.batches import MOST_LABELS, SHOWN_CELLS, BatchSize, LabelMix, tell_broken
from expert.adapters.live.telemetry import Telemetry


class BatchWatch:
    """Looks at batches (x, y), tensors or arrays with the samples along the first axis."""

    def __init__(self, telemetry: Telemetry, model: Any) -> None:
        self._telemetry = telemetry
        self._size, self._mix = BatchSize(telemetry), LabelMix(telemetry)
        self._samples = SampleWatch(model, telemetry)

    def size(self, at: int, batch: Any) -> None:
        """Note the batch's size where it changed."""
        self._size.take(at, next((int(one.shape[0]) for one in parts(batch) if _axes(one)), 0))

    def look(self, at: int, batch: Any) -> None:
        """Look at the samples of one batch and at its labels."""
        x, y = parts(batch)
        labels = _labels(y)
        if labels is not None:
            self._mix.take(at, labels.tolist())
        elif not self._mix.refused:
            answers = _answers(y)
            if answers is not None:
                self._mix.count(answers.tolist())
        if self._samples.wanted:
            self._samples.see(x, y, sure=False)

    def publish(self) -> None:
        """An epoch has ended: tell how varied its batches were."""
        self._mix.publish()

    def broken(self, at: int, batch: Any) -> str | None:
        """Say where the batch holds a value that is not finite; None where it holds none."""
        x, _ = parts(batch)
        if not _axes(x):
            return None
        values = np.asarray(x)
        if values.dtype.kind != "f" or np.isfinite(values).all():
            return None
        rows = values.reshape(len(values), -1)
        places = np.argwhere(~np.isfinite(rows))
        shown = [(int(row), int(feature), float(rows[row, feature])) for row, feature in places[:SHOWN_CELLS]]
        return tell_broken(self._telemetry, at, len(places), len(np.unique(places[:, 0])), shown)


def parts(batch: Any) -> tuple[Any, Any]:
    """Inputs and labels of a batch given as a pair, a mapping or inputs alone; None for what cannot be told."""
    if isinstance(batch, Mapping):
        found = {str(key): value for key, value in batch.items() if hasattr(value, "shape")}
        y = next((found[key] for key in ("labels", "label", "y", "target", "targets") if key in found), None)
        return next((value for value in found.values() if value is not y), None), y
    if isinstance(batch, tuple | list) and batch:
        x = batch[0]
        x = next(iter(x.values()), None) if isinstance(x, Mapping) else x
        x = x[0] if isinstance(x, tuple | list) and x else x
        # A third entry is the samples' weights.
        return x, batch[1] if len(batch) > 1 else None
    return (batch, None) if hasattr(batch, "shape") else (None, None)


def _axes(value: Any) -> int:
    shape = getattr(value, "shape", None)
    return len(shape) if shape is not None else 0


def _answers(y: Any) -> NDArray[np.float64] | None:
    """Yes or no for each sample (n,), NaN where the numbers are others; None for other labels."""
    if not _axes(y) or math.prod(y.shape) > MOST_LABELS or not math.prod(y.shape):
        return None
    values = np.asarray(y)
    if values.dtype.kind != "f" or values.size != len(values):
        return None
    known = bool(((values == 0.0) | (values == 1.0)).all())
    return values.reshape(-1).astype(np.float64) if known else np.full(1, np.nan)


def _labels(y: Any) -> NDArray[np.float64] | None:
    """One class for each sample (n,), or None where labels are no classes."""
    if not _axes(y) or math.prod(y.shape) > MOST_LABELS:
        return None
    values = np.asarray(y)
    if values.dtype.kind == "f":
        one_hot = values.ndim == 2 and values.shape[1] > 1 and bool((values.max(axis=1) == values.sum(axis=1)).all())
        return values.argmax(axis=1).astype(np.float64) if one_hot else None
    if values.dtype.kind not in "biu" or values.size != len(values):
        return None
    return values.reshape(-1).astype(np.float64)
