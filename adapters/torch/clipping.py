"""What happened to the gradients between the backward pass and the optimizer's step: seen on a few small tensors.

The optimizer's hook sees gradients after clipping. A few small parameters are therefore measured at the end of the
backward pass, too: clipping by norm shrinks all of them by one factor, which gives the norm before clipping.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import unserializable_hook

from expert.adapters.live.clipped_norms import AGREES
from expert.adapters.torch.parameters import Watched, norm

MOST = 4
LARGEST = 65_536
"""Parameters with more numbers are not measured twice."""
UNTOUCHED = 1e-3
"""A factor that is nearer to 1 than this is rounding."""


class Canaries:
    """A few small parameters whose gradients are measured during the backward pass of steps that are looked at.

    ``after_backward[i]``: norm of parameter i's gradient when the last backward pass of the step had added to it.
    ``left_over[i]``: the least norm of what was there before a backward pass added to it. It is zero where gradients
    were zeroed at any time since the last step; a first pass may be another network's, which goes through this one.

    A hook that raises would break the training's backward pass: what goes wrong goes to ``failed``.
    """

    def __init__(self, watched: Sequence[Watched], *, leftovers: bool) -> None:
        self.places = _chosen(watched)
        self._parameters = [watched[place].parameter for place in self.places]
        self._leftovers = leftovers
        self._handles: list[Any] = []
        # A backward pass inside a compiled function would compile them, too.
        disable: Any = torch.compiler.disable  # it has no types
        self._hooks = disable(self._added), disable(self._arriving)
        self.failed: Callable[[str, Exception], None] = lambda doing, error: None
        self.after_backward: dict[int, Tensor] = {}
        self.left_over: dict[int, Tensor] = {}
        self.seconds = 0.0
        """Time spent in the hooks since they were put on."""

    def arm(self, *, leftovers: bool = True) -> None:
        """Put the hooks on for the next backward pass; without ``leftovers`` only those behind it."""
        self.disarm()
        self.after_backward.clear()
        self.left_over.clear()
        added, arriving = self._hooks
        for number, parameter in enumerate(self._parameters):
            if not parameter.requires_grad:
                continue
            tensor: Any = parameter  # its methods for hooks have no types
            self._handles.append(tensor.register_post_accumulate_grad_hook(partial(added, number)))
            if leftovers and self._leftovers:
                # A model that is sent to another process goes without it, and without a warning.
                sealed: Any = unserializable_hook  # it has no types
                self._handles.append(tensor.register_hook(sealed(partial(arriving, number))))

    def adopt(self, others: Canaries) -> None:
        """Take over what others have measured of the same parameters since they were armed."""
        theirs = {id(parameter): number for number, parameter in enumerate(others._parameters)}
        for number, parameter in enumerate(self._parameters):
            there = theirs.get(id(parameter))
            if there in others.after_backward:
                self.after_backward[number] = others.after_backward[there]
            if there in others.left_over:
                self.left_over[number] = others.left_over[there]

    def disarm(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self.seconds = 0.0

    def take(self) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """What was measured since `arm`, by parameter: after the backward pass, and what was left over before it.

        It is given once: whatever happens until hooks are put on again is not known.
        """
        taken = self.after_backward, self.left_over
        self.after_backward, self.left_over = {}, {}
        return taken

    def _added(self, number: int, parameter: nn.Parameter) -> None:
        started = perf_counter()
        try:
            if parameter.grad is not None:
                self.after_backward[number] = norm(parameter.grad)
        except Exception as error:
            self.failed("measuring a gradient", error)
        self.seconds += perf_counter() - started

    def _arriving(self, number: int, gradient: Tensor) -> None:
        started = perf_counter()
        try:
            left = self._parameters[number].grad
            found = torch.zeros((), device=gradient.device) if left is None else norm(left)
            before = self.left_over.get(number)
            self.left_over[number] = found if before is None else torch.minimum(before, found)
        except Exception as error:
            self.failed("measuring a gradient", error)
        self.seconds += perf_counter() - started


def common_factor(before: Sequence[float], after: Sequence[float]) -> float | None:
    """By what one factor all gradients were multiplied after the backward pass; None where there is no such factor."""
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if math.isfinite(b) and math.isfinite(a) and b > 0.0]
    if not pairs:
        return None
    factors = sorted(a / b for b, a in pairs)
    if factors[0] <= 0.0 or factors[-1] / factors[0] - 1.0 > AGREES:
        return None
    middle = factors[len(factors) // 2]
    return 1.0 if abs(middle - 1.0) < UNTOUCHED else middle


def not_zeroed(left_over: Sequence[float], after: Sequence[float]) -> bool | None:
    """Whether gradients of the step before were still there when this step's backward pass began; None if unseen."""
    seen = [(left, now) for left, now in zip(left_over, after, strict=True) if math.isfinite(left)]
    if not seen:
        return None
    return any(left > 0.0 for left, _ in seen)


def _chosen(watched: Sequence[Watched]) -> tuple[int, ...]:
    """The places of a few small parameters, spread over the model; the smallest one where none is small."""
    trained = [place for place, one in enumerate(watched) if one.optimized and one.parameter.requires_grad and one.size]
    small = [place for place in trained if 1 < watched[place].size <= LARGEST]
    if not small:  # better one that costs more than none
        small = sorted(trained, key=lambda place: watched[place].size)[:1]
    if len(small) <= MOST:
        return tuple(small)
    return tuple(sorted({small[round(index * (len(small) - 1) / (MOST - 1))] for index in range(MOST)}))
