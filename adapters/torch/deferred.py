"""Numbers on a device, read without making the host wait: at once on a CPU, at a later look elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Use = Callable[[list[float]], None]

MOST_WAITING = 512
"""So many reads may wait for their device; then the oldest is waited for, so that memory stays bounded."""


class DeferredReads:
    """Reads one-dimensional tensors in order and hands each, as a list of floats, to its callback.

    A tensor on a CPU is read at once. One on CUDA is copied to pinned memory without waiting, and read by the first
    `collect` after the copy has arrived. On other devices the tensor itself is kept until the next `collect`; one on
    the meta device holds no numbers and is let go.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Tensor, Any, Use]] = deque()

    def read(self, numbers: Tensor, use: Use) -> None:
        """Read ``numbers`` (n,) now or later and call ``use`` with them. Nothing waits for a device."""
        numbers = numbers.detach()
        if numbers.device.type == "meta":
            return
        if numbers.device.type == "cpu" and not self._waiting:
            use(numbers.tolist())
            return
        arrived = None
        if numbers.device.type == "cuda":
            pinned = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
            numbers = pinned.copy_(numbers, non_blocking=True)
            arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            arrived.record()
        self._waiting.append((numbers, arrived, use))

    def collect(self, *, wait: bool = False) -> None:
        """Hand out what has arrived, in order; with ``wait`` everything, however long the device takes."""
        while self._waiting:
            numbers, arrived, use = self._waiting[0]
            if arrived is not None and not arrived.query():
                if not wait and len(self._waiting) <= MOST_WAITING:
                    return
                arrived.synchronize()
            self._waiting.popleft()
            use(numbers.tolist())
