"""One statistic of every layer over a clock."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationInfo, field_validator, model_validator

from expert.history.arrays import FloatArray, FloatMatrix
from expert.history.record import Record
from expert.history.series import Clock, check_rising


class LayerStatistics(Record):
    """``values[i, j]``: the statistic ``quantity`` of layer ``layers[j]`` at position ``at[i]`` of ``clock``.

    Shape of ``values``: positions x layers, layers in forward order. NaN where a layer was not recorded at that
    position or the statistic itself was NaN. Arrays are read-only and, if they were float64 and contiguous, views.
    """

    quantity: str
    layers: tuple[str, ...]
    at: FloatArray
    values: FloatMatrix
    clock: Clock = "step"

    def __len__(self) -> int:
        return len(self.at)

    @field_validator("values")
    @classmethod
    def _columns_of_no_rows(cls, values: NDArray[np.float64], info: ValidationInfo) -> NDArray[np.float64]:
        # An empty list, which is what JSON makes of no rows, does not say how many columns they would have.
        return values.reshape(0, len(info.data.get("layers", ()))) if values.shape == (0, 0) else values

    @model_validator(mode="after")
    def _check(self) -> Self:
        expected = (len(self.at), len(self.layers))
        if self.values.shape != expected:
            raise ValueError(
                f"layer statistic {self.quantity!r} has values of shape {self.values.shape}, expected "
                f"{expected} for its positions x layers."
            )
        if len(set(self.layers)) != len(self.layers):
            raise ValueError(f"layer statistic {self.quantity!r} names a layer twice.")
        check_rising(self.at, f"layer statistic {self.quantity!r}")
        return self
