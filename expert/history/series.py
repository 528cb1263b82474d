"""One logged quantity over a clock."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationInfo, field_validator

from expert.history.arrays import FloatArray
from expert.history.record import Record

Clock = Literal["step", "epoch", "seconds"]
Phase = Literal["train", "val", "test"]
Reduction = Literal["last_batch", "interval_mean", "epoch_mean", "moving_average", "unknown"]
Direction = Literal["lower", "higher"]


class Provenance(Record):
    """Where a series was found and, in one phrase, why its column was given its role."""

    path: str | None = None
    column: str | None = None
    reason: str | None = None


class Ignored(Record):
    """Something the source held that no series was made of, and why."""

    name: str
    reason: str


class Series(Record):
    """One logged quantity: ``values[i]`` was recorded at position ``at[i]`` of ``clock``.

    ``at`` and ``values`` have the same length n (0 is allowed). Positions are finite and strictly rising but need not
    be evenly spaced. Values may be non-finite: they are kept as logged. Arrays are read-only and, if they were float64
    and contiguous, views of the caller's memory.

    ``role`` is the canonical name (``train.loss``) or None, ``name`` the name as logged. A position on the epoch clock
    is the log's own epoch number; without one it counts completed epochs, so the first epoch's value stands at 1.
    ``reduction`` says what a value is of the steps since the previous one; ``direction`` which way is better.
    """

    name: str
    at: FloatArray
    values: FloatArray
    role: str | None = None
    clock: Clock = "epoch"
    phase: Phase | None = None
    reduction: Reduction = "unknown"
    direction: Direction | None = None
    unit: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    source: Provenance | None = None

    def __len__(self) -> int:
        return len(self.at)

    # Checks of fields, not of the model: those would run again whenever a history takes the series in.
    @field_validator("at")
    @classmethod
    def _rising(cls, at: NDArray[np.float64], info: ValidationInfo) -> NDArray[np.float64]:
        check_rising(at, f"series {info.data.get('name')!r}")
        return at

    @field_validator("values")
    @classmethod
    def _as_many(cls, values: NDArray[np.float64], info: ValidationInfo) -> NDArray[np.float64]:
        if len(values) != len(info.data.get("at", values)):
            positions = len(info.data["at"])
            raise ValueError(f"series {info.data.get('name')!r} has {positions} positions but {len(values)} values.")
        return values


def check_rising(at: NDArray[np.float64], owner: str) -> None:
    """Raise ``ValueError`` unless the positions are finite and strictly rising (one pass over the array)."""
    rising = at[1:] > at[:-1]
    # A NaN fails a comparison on either side, and an infinity can then stand only at an end.
    if rising.all() and (len(at) == 0 or (np.isfinite(at[0]) and np.isfinite(at[-1]))):
        return
    strange = np.flatnonzero(~np.isfinite(at))
    if len(strange):
        raise ValueError(f"{owner}: position {strange[0]} is {at[strange[0]]}, expected a finite number.")
    index = int(np.argmin(rising))
    here, following = at[index : index + 2].tolist()
    raise ValueError(f"{owner}: positions must rise, but {here:g} is followed by {following:g} (entry {index + 1}).")
