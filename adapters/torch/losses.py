"""The losses of the steps, kept without making a device wait."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from expert.adapters.torch.ranks.ranks import LOSS
from expert.adapters.torch.ranks.sharding import SPREAD, whole

if TYPE_CHECKING:
    from expert.adapters.torch.collecting import Collector

MOST_PENDING = 256
"""So many losses lie on the device before they are read in one go."""
SURE = 5


class Losses:
    """Losses by step. ``at`` is the last step one was recorded for, ``broken`` the first (step, loss) not finite."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        telemetry, ranks = collector.telemetry, collector.ranks
        self._column = telemetry.column("train.loss", **LOSS) if ranks is None else ranks.losses
        self.append_at, self.append_value = self._column.at.append, self._column.values.append
        self.at = 0
        self.plain = False
        """Losses come one for each update: those that lie on the CPU may be appended as they are."""
        self.broken: tuple[int, float] | None = None
        self._ever_broken = False
        self._parts: list[float] = []
        self._on_device: list[tuple[int, Tensor]] = []
        self._micro: list[int] = []
        self.doubtful = False
        """Two losses came so far, the first before any update: parts of one step, or each before its own update."""
        self._first: tuple[float, float] | None = None
        self._start = 0

    def take_any(self, at: int, loss: Any) -> None:
        """Take whatever people hand over; without an update since the last one it is a part of the next step's."""
        if loss is not None:
            if self._collector.loss_graph.left:
                self._collector.loss_graph.see(loss)
            self._take(at, loss)
        alone = not (self._parts or self.doubtful or self._on_device)
        self.plain = alone and self._collector.scaler is None and bool(self._collector.watches)

    def _take(self, at: int, loss: Any) -> None:
        loss = whole(loss)
        if loss is None:
            self._collector.telemetry.note(SPREAD.format(what="loss"))
            return
        if isinstance(loss, Tensor):
            loss = self._reduced(at, loss.detach())
            if not loss.is_cpu:
                self._keep(at, loss)
                return
        value = float(loss)
        if at <= self.at or at == 0:
            self._parts.append(value)
            return
        if at == self._start + 1 and len(self._parts) == 1:
            self.doubtful, self._first = True, (self._parts[0], value)
        self._count(len(self._parts) + 1)
        value = (value + sum(self._parts)) / (len(self._parts) + 1)
        self._parts.clear()
        self.at = at
        self._point(at, value)

    def precede(self, updates: int) -> bool:
        """Resolve the doubt at the third loss: whether each loss is handed over before its update."""
        self.doubtful = False
        if updates != self._start + 2:
            return False
        if self._first is not None:
            self._column.append(updates - 1, self._first[0])
            self._column.append(updates, self._first[1])
        self._on_device = [(at + 1, loss) for at, loss in self._on_device]
        self._micro.clear()
        self.at = updates
        return True

    def settle(self) -> None:
        """Read what lies on the device, as far as it can be had without waiting."""
        if not self._on_device:
            return
        kept, self._on_device = self._on_device, []
        steps = [at for at, _ in kept]
        self._collector.reads.read(torch.stack([loss for _, loss in kept]), lambda losses: self._arrived(steps, losses))

    def resume_at(self, at: int) -> None:
        """Go on after this step."""
        self.at = self._start = at
        self.doubtful, self._first = False, None
        self._parts.clear()
        self._on_device.clear()

    def _reduced(self, at: int, loss: Tensor) -> Tensor:
        if loss.numel() == 1:
            return loss.reshape(())
        losses = loss.float().reshape(-1)
        spread = losses.std() / math.sqrt(len(losses))
        column = self._collector.telemetry.column("batch.loss_std")
        self._collector.reads.read(spread.reshape(1), lambda numbers: column.append(max(at, 1), numbers[0]))
        return losses.mean()

    def _keep(self, at: int, loss: Tensor) -> None:
        # A copy, because compiled code may write the next loss into the same memory.
        self._on_device.append((at, loss.float().clone()))
        if at > self.at:
            self.doubtful = at == self._start + 1 and [step for step, _ in self._on_device] == [self._start, at]
            self._count(1 + sum(1 for step, _ in self._on_device if step == self.at))
            self.at = at
        if len(self._on_device) >= MOST_PENDING:
            self.settle()

    def _arrived(self, steps: list[int], losses: list[float]) -> None:
        sums: dict[int, list[float]] = {}
        for at, loss in zip(steps, losses, strict=True):
            sums.setdefault(max(at, 1), []).append(loss)
        for at, parts in sums.items():
            self._point(at, sum(parts) / len(parts))

    def _point(self, at: int, value: float) -> None:
        self._column.append(at, value)
        if not math.isfinite(value):
            self.broke(at, value)

    def broke(self, at: int, value: float) -> None:
        """Keep the first loss that is not finite."""
        if not self._ever_broken:
            self._ever_broken = True
            self.broken = at, value

    def _count(self, batches: int) -> None:
        """Notice that gradients are accumulated over a fixed number of batches."""
        if len(self._micro) > SURE:
            return
        self._micro.append(batches)
        usual = sorted(self._micro)[len(self._micro) // 2]
        telemetry = self._collector.telemetry
        if len(self._micro) > SURE and usual > 1 and telemetry.config.gradient_accumulation_steps is None:
            telemetry.know("config", gradient_accumulation_steps=usual)
