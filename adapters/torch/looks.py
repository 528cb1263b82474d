"""One look at gradients, weights and their update, packed into one vector so that it is read in one go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor

from expert.adapters.torch.clipping import Canaries
from expert.adapters.torch.parameters import Watched, in_sample_order, norms, samples

if TYPE_CHECKING:
    from expert.adapters.live.sampling import Look


@dataclass(slots=True)
class Seen:
    """What one look found, as plain numbers. Sequences run over the watched parameters; NaN is "not measured"."""

    at: int
    """The step of the run it was at."""
    look: Look
    gradient: dict[int, float] = field(default_factory=dict)
    """Norm of the gradient of each parameter that has one."""
    traced: bool = False
    """Whether any gradient was measured during the backward pass, too."""
    after_backward: list[float] = field(default_factory=list)
    left_over: list[float] = field(default_factory=list)
    mean_abs: dict[int, float] = field(default_factory=dict)
    weight: dict[int, float] = field(default_factory=dict)
    moved: dict[int, float] = field(default_factory=dict)
    """Norm of the update over the norm of the weights, of the sampled numbers."""
    cosine: float | None = None
    bounds: tuple[float, float] | None = None
    """Smallest and largest sampled gradient."""
    at_bounds: tuple[float, float] | None = None
    """Share of the sampled gradients that equal the one and the other."""
    found_inf: bool = False
    partial: bool = False
    """Whether some parameters are left out, so that nothing is known of all of them together."""


class Scaling(NamedTuple):
    """What a gradient scaler left for this step, as tensors of one number.

    ``grad_scale``: the gradients are still multiplied by it. ``found_inf``: positive where the update will be skipped.
    ``loss_scale``: what the loss was multiplied by, if the gradients are divided by it already.
    """

    grad_scale: Tensor | None = None
    found_inf: Tensor | None = None
    loss_scale: Tensor | None = None


class Measured(NamedTuple):
    """A look whose numbers may still be on their way: they hold the parts (name, parameters, length) in order."""

    seen: Seen
    parts: list[tuple[str, tuple[int, ...], int]]
    numbers: Tensor | None


class Looker:
    """Looks at the parameters of one optimizer: before its step at gradients and weights, after it at the update."""

    def __init__(
        self,
        watched: Sequence[Watched],
        canaries: Canaries | None,
        spread: Literal["replicas", "shards"] | None = None,
    ) -> None:
        """``spread``: how the parameters lie on the ranks of a distributed run, which need more to be joined."""
        self.watched = list(watched)
        self._order = in_sample_order(watched)
        self.canaries, self._spread = canaries, spread
        self._previous: tuple[int, tuple[int, ...], Tensor] | None = None
        self._roots: dict[tuple[int, ...], Tensor] = {}
        self._pieces: list[tuple[str, tuple[int, ...], Tensor]] = []
        self._before: Tensor | None = None
        self._seen: Seen | None = None

    @torch.no_grad()
    def before_update(self, step: int, at: int, look: Look, scaling: Scaling) -> None:
        """Measure the gradients as the optimizer is about to use them and, for a full look, the weights.

        ``step`` counts the optimizer's own steps, ``at`` is where the run is.
        """
        self._seen = seen = Seen(at, look)
        self._pieces = pieces = []
        self._before = None
        gradients: dict[int, Tensor] = {}
        for place, one in enumerate(self.watched):
            gradient = one.parameter.grad
            if gradient is not None:
                gradients[place] = gradient
        if gradients:
            found = norms(list(gradients.values()))
            pieces.append(("gradient", tuple(gradients), found))
            if self.canaries is not None:
                after, left = self.canaries.take()
                seen.traced = bool(after)
                for name, measured in (("after_backward", after), ("left_over", left)):
                    if measured:
                        numbers = torch.stack([number.to(found.device) for number in measured.values()])
                        pieces.append((name, tuple(measured), numbers))
            for name, number in scaling._asdict().items():
                if number is not None:
                    pieces.append((name, (), number.detach().reshape(1).to(found.device, torch.float32)))
        if look != "norms" and gradients:
            self._look_closely(step, look, gradients)
        if look == "full" and self.watched:
            watched = self._in_order(self._order)
            weights = [one.parameter for one in watched]
            pieces.append(("weight", self._order, norms(weights)))
            self._before = samples(weights, watched)
            if self._spread == "replicas":
                pieces.append(("mark", (), torch.stack([self._before.sum(), self._before.norm()])))

    @torch.no_grad()
    def after_update(self) -> Measured:
        """Measure the update and pack everything into one vector."""
        seen, pieces = self._seen, self._pieces
        assert seen is not None
        if self._before is not None:
            watched = self._in_order(self._order)
            sizes = [one.taken for one in watched]
            moved = samples([one.parameter for one in watched], watched) - self._before
            pieces.append(("update", self._order, _norms_of_parts(moved, sizes)))
            pieces.append(("sampled", self._order, _norms_of_parts(self._before, sizes)))
            self._before = None
        self._seen, self._pieces = None, []
        parts = [(name, places, piece.numel()) for name, places, piece in pieces]
        if not pieces:
            return Measured(seen, parts, None)
        device = pieces[0][2].device
        return Measured(seen, parts, torch.cat([piece.to(device, torch.float32) for _, _, piece in pieces]))

    def broken_now(self) -> list[str]:
        """Names of the parameters whose gradient is not finite at this very step; waits for the device."""
        for name, places, numbers in self._pieces:
            if name == "gradient":
                finite = torch.isfinite(numbers).tolist()
                return [self.watched[place].name for place, fine in zip(places, finite, strict=True) if not fine]
        return []

    def _look_closely(self, step: int, look: Look, gradients: dict[int, Tensor]) -> None:
        """Sample the gradients: their direction against the step before, the extremes, the mean size."""
        dense = tuple(
            place
            for place in self._order
            if place in gradients and not gradients[place].is_sparse and self.watched[place].size
        )
        if not dense:
            return
        watched = self._in_order(dense)
        flat = samples([gradients[place] for place in dense], watched)
        follows = self._previous is not None and self._previous[0] == step - 1 and self._previous[1] == dense
        if follows and self._spread == "shards":
            self._direction_by_parameter(dense, flat)
        elif follows and self._previous is not None:
            # Each number stands for as many as its tensor has more; the product of two roots weighs it so.
            roots = self._weights(dense, flat)
            first, second = flat * roots, self._previous[2] * roots
            cosine = torch.dot(first, second) / (first.norm() * second.norm())
            self._pieces.append(("cosine", (), cosine.reshape(1)))
        self._previous = (step, dense, flat)
        if look == "full":
            low, high = flat.aminmax()
            # Nothing lies beyond the extremes, and to be at most so much is found faster than to be equal.
            shares = [torch.count_nonzero(meets) / len(flat) for meets in (flat <= low, flat >= high)]
            self._pieces.append(("bounds", (), torch.stack([low, high, *shares])))
            self._pieces.append(("mean_abs", dense, _norms_of_parts(flat, [one.taken for one in watched], 1)))

    def _direction_by_parameter(self, dense: tuple[int, ...], flat: Tensor) -> None:
        """What the cosine is made of, so that it can be added up over ranks that hold different parts."""
        assert self._previous is not None
        sizes = [self.watched[place].taken for place in dense]
        before = self._previous[2]
        dots = torch.stack([part.sum() for part in torch.split(flat * before, sizes)])
        self._pieces.append(("dot", dense, dots))
        for name, numbers in (("now", flat), ("before", before)):
            self._pieces.append((name, dense, _norms_of_parts(numbers, sizes)))

    def _in_order(self, places: tuple[int, ...]) -> list[Watched]:
        return [self.watched[place] for place in places]

    def _weights(self, dense: tuple[int, ...], like: Tensor) -> Tensor:
        if dense not in self._roots:
            chosen = self._in_order(dense)
            # Made on the host, for a device would have to tell how long the result is.
            roots = torch.tensor([math.sqrt(one.size / one.taken) for one in chosen])
            counts = torch.tensor([one.taken for one in chosen])
            self._roots = {dense: torch.repeat_interleave(roots, counts).to(like.device, non_blocking=True)}
        return self._roots[dense]

    def unpack(self, measured: Measured, numbers: list[float]) -> Seen:
        """What was seen, now that the vector has been read."""
        seen = measured.seen
        start, grad_scale, loss_scale = 0, 1.0, 1.0
        parts: dict[str, dict[int, float]] = {}
        for name, places, length in measured.parts:
            values = numbers[start : start + length]
            start += length
            if places:
                parts[name] = dict(zip(places, values, strict=True))
            elif name == "bounds":
                seen.bounds, seen.at_bounds = (values[0], values[1]), (values[2], values[3])
            elif name == "cosine":
                seen.cosine = values[0]
            elif name == "grad_scale":
                grad_scale = values[0] or 1.0
            elif name == "loss_scale":
                loss_scale = values[0] or 1.0
            elif name == "found_inf":
                seen.found_inf = values[0] > 0.0
        seen.gradient = parts.get("gradient", {})
        if grad_scale != 1.0:
            seen.gradient = {place: norm / grad_scale for place, norm in seen.gradient.items()}
        if self.canaries is not None:
            after, left = parts.get("after_backward", {}), parts.get("left_over", {})
            everything = range(len(self.canaries.places))
            # The backward pass always works on the scaled loss.
            seen.after_backward = [after.get(number, math.nan) / (grad_scale * loss_scale) for number in everything]
            seen.left_over = [left.get(number, math.nan) for number in everything]
        seen.weight = parts.get("weight", {})
        sums = parts.get("mean_abs", {})
        seen.mean_abs = {p: v / max(1, self.watched[p].taken) / grad_scale for p, v in sums.items()}
        old = parts.get("sampled", {})
        seen.moved = {p: v / old[p] for p, v in parts.get("update", {}).items() if old[p] > 0.0}
        return seen


def _norms_of_parts(flat: Tensor, sizes: list[int], order: int = 2) -> Tensor:
    """The norm of each of the parts that a vector is made up of."""
    return torch.stack(list(torch._foreach_norm(list(torch.split(flat, sizes)), order)))
