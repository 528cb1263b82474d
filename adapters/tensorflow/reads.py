"""Tensors as numbers, without making the host wait at each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Use = Callable[[NDArray[np.float64]], None]
MOST_WAITING = 512
"""So many numbers lie on the device before they are read."""


def lies_on_cpu(tensor: Any) -> bool:
    """Whether the numbers of a tensor are where they can be read without waiting; so are plain numbers and arrays."""
    device = getattr(tensor, "device", "")
    return not isinstance(device, str) or not device or "CPU" in device


def as_number(value: Any) -> float | None:
    """One number as a float; None for what is not one. A tensor on a device is waited for."""
    try:
        array = np.asarray(value, dtype=np.float64)
        return float(array.reshape(())) if array.size == 1 else None
    except Exception:  # a symbolic tensor, a text, a stranger's object
        return None


class DeferredReads:
    """Reads tensors in order and hands each to its callback: at once on a CPU, on a device when `collect` is called."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, Use]] = []

    def read(self, numbers: Any, use: Use) -> None:
        """Read ``numbers`` now or later and call ``use`` with them."""
        if not self._waiting and lies_on_cpu(numbers):
            use(np.asarray(numbers, dtype=np.float64))
            return
        self._waiting.append((numbers, use))
        if len(self._waiting) > MOST_WAITING:
            self.collect()

    def collect(self) -> None:
        """Hand out everything, in order, however long the device takes."""
        waiting, self._waiting = self._waiting, []
        for numbers, use in waiting:
            use(np.asarray(numbers, dtype=np.float64))
