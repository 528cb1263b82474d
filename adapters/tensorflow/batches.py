"""What the batches of a run tell when they are handed over: size, mix of labels, broken cells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.live.telemetry import Telemetry
from expert.history import Cell

MOST_LABELS = 65_536
MOST_CLASSES = 1000
"""More different labels are tokens or identities, whose mix in a batch tells nothing."""
WAITING = 30
"""Without epochs, the mix of the whole set is taken to be known after so many batches."""
SHOWN_CELLS = 20


class BatchWatch:
    """Looks at batches (x, y), tensors or arrays with the samples along the first axis."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._size = 0
        self._total: Counter[float] = Counter()
        self._mixes: list[tuple[int, float]] = []
        self._representative = False

    def size(self, at: int, batch: Any) -> None:
        """Note the batch's size where it changed."""
        samples = next((int(one.shape[0]) for one in parts(batch) if _axes(one)), 0)
        if samples and samples != self._size:
            if not self._size and self._telemetry.config.batch_size is None:
                self._telemetry.know("config", batch_size=samples)
            self._size = samples
            self._telemetry.column("batch.size").append(at, samples)

    def look(self, at: int, batch: Any) -> None:
        """Look at the labels of one batch."""
        labels = _labels(parts(batch)[1])
        if labels is None or len(self._total) > MOST_CLASSES:
            return
        counts = Counter(labels.tolist())
        self._total.update(counts)
        self._mixes.append((at, _entropy(counts)))
        if self._representative or len(self._mixes) > WAITING:
            self.publish()

    def publish(self) -> None:
        """Tell the mixes as shares of the mix of all labels seen so far; call it at the end of an epoch."""
        whole = _entropy(self._total)
        if whole <= 0.0 or len(self._total) > MOST_CLASSES:
            return
        for at, mix in self._mixes:
            self._telemetry.column("batch.label_entropy").append(at, mix / whole)
        self._mixes.clear()
        if not self._representative and self._telemetry.data.classes is None and min(self._total) >= 0.0:
            # Classes are numbered from 0; those that no batch under a look held are below the largest number.
            self._telemetry.know("data", classes=int(max(self._total)) + 1)
        self._representative = True

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
        self._telemetry.know(
            "data",
            nonfinite_cells=len(places),
            rows_with_nonfinite=len(np.unique(places[:, 0])),
            nonfinite_where=tuple(
                Cell(row=int(row), column=f"feature {column} of the batch of step {at}", value=str(rows[row, column]))
                for row, column in places[:SHOWN_CELLS]
            ),
        )
        row, column = places[0]
        return f"the batch holds {rows[row, column]} in row {row}, feature {column}"


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


def _entropy(counts: Counter[float]) -> float:
    total = sum(counts.values())
    return -sum(n / total * math.log(n / total) for n in counts.values()) if total else 0.0
