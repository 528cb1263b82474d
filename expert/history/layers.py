"""One statistic of every layer over a clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationInfo, field_validator

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

    @field_validator("layers")
    @classmethod
    def _once(cls, layers: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if len(set(layers)) != len(layers):
            raise ValueError(f"layer statistic {info.data.get('quantity')!r} names a layer twice.")
        return layers

    @field_validator("at")
    @classmethod
    def _rising(cls, at: NDArray[np.float64], info: ValidationInfo) -> NDArray[np.float64]:
        check_rising(at, f"layer statistic {info.data.get('quantity')!r}")
        return at

    @field_validator("values")
    @classmethod
    def _positions_by_layers(cls, values: NDArray[np.float64], info: ValidationInfo) -> NDArray[np.float64]:
        if not {"layers", "at"} <= info.data.keys():
            return values
        expected = (len(info.data["at"]), len(info.data["layers"]))
        # An empty list, which is what JSON makes of no rows, does not say how many columns they would have.
        if values.shape == (0, 0) and expected[0] == 0:
            return values.reshape(expected)
        if values.shape != expected:
            raise ValueError(
                f"layer statistic {info.data.get('quantity')!r} has values of shape {values.shape}, expected "
                f"{expected} for its positions x layers."
            )
        return values
