"""What the batches of a run tell when they are handed over: size, mix of labels, repetitions, broken cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from expert.adapters.live.batches import MOST_LABELS, SHOWN_CELLS, BatchSize, LabelMix, tell_broken
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.deferred import DeferredReads
from expert.adapters.torch.loss_graph import LossGraph
from expert.adapters.torch.seen_samples import CopyWatch, TargetWatch

FINGERPRINT = 65_536
"""So many values of a batch tell it from another."""


class BatchWatch:
    """Looks at the batches of sampled steps. ``x`` and ``y`` are tensors with the samples along the first axis."""

    def __init__(self, telemetry: Telemetry, reads: DeferredReads, targets: TargetWatch, loss_graph: LossGraph) -> None:
        self._telemetry, self._reads, self._targets = telemetry, reads, targets
        self._copies = CopyWatch(telemetry, reads, loss_graph)
        self._size, self._mix = BatchSize(telemetry), LabelMix(telemetry)
        self._prints: dict[tuple[float, ...], int] = {}
        """Of each batch of this epoch, known by a few sums, the step at which it was given last."""
        self._looked: list[int] = []
        self._repeats: list[int] = []

    def size(self, at: int, batch: Any) -> None:
        """Note the batch's size where it changed."""
        x, y = parts(batch)
        samples = len(y) if isinstance(y, Tensor) and y.dim() else len(x) if isinstance(x, Tensor) and x.dim() else 0
        self._size.take(at, samples)

    @torch.no_grad()
    def look(self, at: int, batch: Any) -> None:
        """Look at the labels of one batch, and whether it was there before."""
        x, y = parts(batch)
        labels = _labels(y)
        if labels is not None:
            self._reads.read(labels, lambda numbers: self._mix.take(at, numbers))
        answers = None if self._mix.refused else _answers(y)
        if answers is not None:
            self._reads.read(answers, self._mix.count)
        self._targets.see_batch(y)
        self._copies.see(batch, x, y)
        if isinstance(x, Tensor) and x.numel() > 1:
            flat = (torch.view_as_real(x.detach().resolve_conj()) if x.is_complex() else x.detach()).reshape(-1)
            few = flat[:: _stride(x)][:FINGERPRINT].float()
            places = torch.arange(1, len(few) + 1, device=few.device, dtype=few.dtype)
            print_ = torch.stack([few.sum(), torch.dot(few, places), few.square().sum()])
            self._reads.read(print_, lambda numbers: self._compare(at, tuple(numbers)))

    def epoch(self) -> None:
        """An epoch has ended: every label was seen, and from now on a batch may come again."""
        self._mix.publish()
        for at in self._repeats:
            self._telemetry.event("repeated_batch", at, "the same batch was given earlier in this epoch")
        repeated = set(self._repeats)
        for at in self._looked:
            self._telemetry.column("batch.repeated").append(at, float(at in repeated))
        self._start_anew()

    def forget(self) -> None:
        """Let go of the batches of this epoch: the run goes on from another place."""
        self._start_anew()
        self._mix.forget()

    def broken(self, at: int, batch: Any) -> str | None:
        """Say where the batch holds a value that is not finite; None where it holds none."""
        x, _ = parts(batch)
        if not isinstance(x, Tensor) or not x.is_floating_point() or bool(torch.isfinite(x).all()):
            return None
        rows = x.detach().reshape(len(x), -1) if x.dim() > 1 else x.detach().reshape(-1, 1)
        bad = ~torch.isfinite(rows)
        places = torch.nonzero(bad)[:SHOWN_CELLS].tolist()
        shown = [(row, feature, float(rows[row, feature])) for row, feature in places]
        return tell_broken(self._telemetry, at, int(bad.sum()), int(bad.any(1).sum()), shown)

    def _compare(self, at: int, print_: tuple[float, ...]) -> None:
        # Who tells of epochs only now and then goes through the set several times in one of them.
        last, steps = self._prints.get(print_), self._telemetry.config.steps_per_epoch
        if last is not None and (steps is None or at - last < steps):
            self._repeats.append(at)
        self._prints[print_] = at
        self._looked.append(at)

    def _start_anew(self) -> None:
        self._prints, self._looked, self._repeats = {}, [], []


def parts(batch: Any) -> tuple[Any, Any]:
    """Inputs and labels of a batch given as a pair, a mapping or inputs alone; None for what cannot be told."""
    if isinstance(batch, Tensor):
        return batch, None
    if isinstance(batch, Mapping):
        tensors = {str(key): value for key, value in batch.items() if isinstance(value, Tensor)}
        y = next((tensors[key] for key in ("labels", "label", "y", "target", "targets") if key in tensors), None)
        return next((value for value in tensors.values() if value is not y), None), y
    if isinstance(batch, Sequence) and not isinstance(batch, str) and batch:
        x = batch[0]
        if isinstance(x, Sequence) and not isinstance(x, str) and x:
            x = x[0]
        return x, batch[-1] if len(batch) > 1 else None
    return None, None


def _labels(y: Any) -> Tensor | None:
    """One class for each sample as float32 (n,), NaN where rows of numbers are no shares of classes, or None where
    labels are no classes for sure.
    """
    if not isinstance(y, Tensor) or y.dim() == 0 or y.numel() > MOST_LABELS or not y.numel():
        return None
    if y.is_floating_point():
        if y.dim() != 2 or y.shape[1] < 2:
            return None
        rows = y.detach().float()
        # Asked where the rows lie: to wait for the answer here would hold up a GPU.
        shares = (rows >= 0.0).all() & ((rows.sum(1) - 1.0).abs() < 1e-2).all()
        return torch.where(shares, rows.argmax(1).float(), torch.nan)
    if y.dim() > 1 and y.numel() != len(y):
        return None
    return y.detach().reshape(-1).float()


def _answers(y: Any) -> Tensor | None:
    """Yes or no for each sample as float32 (n,), NaN where the numbers are others, or None for other labels."""
    if not isinstance(y, Tensor) or not y.is_floating_point() or y.dim() == 0 or y.numel() > MOST_LABELS:
        return None
    if not y.numel() or y.numel() != len(y):
        return None
    numbers = y.detach().reshape(-1).float()
    return torch.where(((numbers == 0.0) | (numbers == 1.0)).all(), numbers, torch.nan)


def _stride(x: Tensor) -> int:
    """Distance of the values that are looked at: none of a sample's places is missed by all, as a blank border may be
    the same in every sample.
    """
    stride = max(1, x.numel() // FINGERPRINT)
    while math.gcd(stride, max(1, x.numel() // len(x))) > 1:
        stride += 1
    return stride
