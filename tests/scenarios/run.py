"""A finished training: its rows, what its author could tell of it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import data
from .data import Samples
from .program import Program
from .recorder import Row

if TYPE_CHECKING:
    from expert.history import History


@dataclass(frozen=True)
class Run:
    """One finished training."""

    program: Program
    seed: int
    samples: Samples
    rows: list[Row]
    config: dict[str, Any]
    model: dict[str, Any]
    final: dict[str, float] = field(default_factory=dict)

    @cached_property
    def data(self) -> dict[str, Any]:
        """What a look at the arrays tells, in the fields of `DataProfile`."""
        return data.profile(self.samples, sorted_by_label=self.program.order == "sorted")

    def history(self) -> History:
        """Everything recorded, with configuration, model and data."""
        from expert.history import History

        config = self.config | {"seed": self.seed}
        return History.from_records(self.rows, config=config, model=self.model, data=self.data)

    def curves_only(self) -> History:
        """Training and validation loss and accuracy per epoch, and nothing else."""
        from expert.history import History

        names = ("epoch", "train.loss", "train.accuracy", "val.loss", "val.accuracy")
        return History.from_records([{name: row[name] for name in names} for row in self.epochs])

    @cached_property
    def epochs(self) -> list[dict[str, float]]:
        """One row an epoch: the mean training loss and the measures at the epoch's end."""
        rows: list[dict[str, float]] = []
        losses: list[float] = []
        for row in self.rows:
            losses.append(_number(row, "train.loss"))
            if "val.loss" in row:
                measures = {name: _number(row, name) for name in ("train.accuracy", "val.loss", "val.accuracy")}
                mean = float(np.mean(losses))
                # What a reader would hold against the validation loss.
                shown = _number(row, "train_eval.loss") if "train_eval.loss" in row else mean
                rows.append({"epoch": _number(row, "epoch"), "train.loss": mean, "shown.loss": shown, **measures})
                losses = []
        return rows

    @cached_property
    def measures(self) -> dict[str, float]:
        """How the run ended, by name: lower or higher is better as each case says."""
        last = self.epochs[-1]
        steps = self.series("train.loss")
        norms = self.series("gradient.norm")
        half = steps[len(steps) // 2 :]
        smooth = np.array([np.median(half[max(0, i - 10) : i + 11]) for i in range(len(half))])
        return self.final | {
            "train_loss": last["train.loss"],
            "train_accuracy": last["train.accuracy"],
            "val_loss": last["val.loss"],
            "val_accuracy": last["val.accuracy"],
            "gap_shown": float(np.mean([abs(row["val.loss"] - row["shown.loss"]) for row in self.epochs])),
            "jitter": float(np.std(half - smooth) / abs(np.mean(half))),
            "spike": float(norms.max() / max(np.median(norms), 1e-30)),
            "zero_units": max(_mapping(self.rows[-1], "zero_unit_share").values(), default=0.0),
            "saturated": max(_mapping(self.rows[-1], "saturated_share").values(), default=0.0),
            "weight_norm": float(np.sqrt(sum(v**2 for v in _mapping(self.rows[-1], "weight_norm").values()))),
            "epoch_echo": self._echo(),
            "gap_in_epochs": abs(last["val.loss"] - last["train.loss"]),
            "validation_error": float(np.sqrt(0.25 / len(self.samples.y_val))),
            "best_val_loss": min(row["val.loss"] for row in self.epochs),
        }

    def series(self, name: str) -> np.ndarray:
        """The values of one per-step quantity, where it was recorded."""
        return np.array([_number(row, name) for row in self.rows if name in row])

    def _echo(self) -> float:
        """Correlation of the step losses of successive epochs, each freed of its own quadratic trend."""
        count = sum(row["epoch"] == 0 for row in self.rows)
        steps = self.series("train.loss")
        table = steps[: len(steps) // count * count].reshape(-1, count)[2:]
        if len(table) < 3 or not np.isfinite(table).all() or count < 8:
            return float("nan")
        place = np.arange(count)
        rest = np.array([row - np.polyval(np.polyfit(place, row, 2), place) for row in table])
        rest /= rest.std(1, keepdims=True) + 1e-12
        return float(np.mean(rest[1:] * rest[:-1]))


def _number(row: Row, name: str) -> float:
    value = row[name]
    assert not isinstance(value, dict)
    return float(value)


def _mapping(row: Row, name: str) -> dict[str, float]:
    value = row.get(name, {})
    assert isinstance(value, dict)
    return value
