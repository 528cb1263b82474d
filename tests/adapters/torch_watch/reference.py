"""The same quantities computed plainly beside a training, in float64 and of every number, to compare with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from expert.adapters.torch import Run
from expert.history import History

Tensors = dict[str, Tensor]


@dataclass
class Step:
    """Gradients as the backward pass left them and as the optimizer used them, weights before and after, by name."""

    raw: Tensors = field(default_factory=dict)
    used: Tensors = field(default_factory=dict)
    before: Tensors = field(default_factory=dict)
    after: Tensors = field(default_factory=dict)


class Reference:
    """Keeps copies of every step of a training."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.steps: list[Step] = []

    def after_backward(self) -> None:
        self.steps.append(Step(raw=self._gradients()))

    def before_update(self) -> None:
        self.steps[-1].used = self._gradients()
        self.steps[-1].before = self._weights()

    def after_update(self) -> None:
        self.steps[-1].after = self._weights()

    def _gradients(self) -> Tensors:
        named = self.model.named_parameters()
        return {name: p.grad.detach().to_dense().double().clone() for name, p in named if p.grad is not None}

    def _weights(self) -> Tensors:
        return {name: parameter.detach().double().clone() for name, parameter in self.model.named_parameters()}


def norm(tensors: Tensors, names: Iterable[str] | None = None) -> float:
    """The Euclidean norm of some tensors together."""
    chosen = tensors if names is None else {name: tensors[name] for name in names}
    return math.sqrt(sum(float(tensor.square().sum()) for tensor in chosen.values()))


def flat(tensors: Tensors) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors.values()])


def cosine(one: Tensors, other: Tensors) -> float:
    first, second = flat(one), flat(other)
    return float(first @ second / (first.norm() * second.norm()))


def at_bound_share(tensors: Tensors) -> float:
    """The larger share of the numbers that equal the smallest or the largest of them, unless that is zero."""
    numbers = flat(tensors)
    return max(float((numbers == bound).double().mean()) for bound in (numbers.min(), numbers.max()) if bound != 0.0)


def points(source: Run | History, role: str, **labels: str) -> dict[int, float]:
    """A series by position: exactly the one with these labels."""
    history = source if isinstance(source, History) else source.history()
    for series in history.series:
        if series.role == role and dict(series.labels) == labels:
            return {int(at): float(value) for at, value in zip(series.at, series.values, strict=True)}
    return {}


def rows(source: Run | History, quantity: str) -> dict[int, dict[str, float]]:
    """A layer statistic by position, without what was not recorded."""
    history = source if isinstance(source, History) else source.history()
    found = history.layer(quantity)
    if found is None:
        return {}
    return {
        int(at): {name: float(value) for name, value in zip(found.layers, row, strict=True) if not math.isnan(value)}
        for at, row in zip(found.at, found.values, strict=True)
    }


def close(seen: Mapping[int, float], expected: Mapping[int, float], tolerance: float = 1e-5) -> list[str]:
    """Where two series do not agree: in their positions, or by more than this share (or 1e-7)."""
    if list(seen) != list(expected):
        return [f"positions {list(seen)} instead of {list(expected)}"]
    return [
        f"{at}: {seen[at]!r} instead of {expected[at]!r}"
        for at in expected
        if not math.isclose(seen[at], expected[at], rel_tol=tolerance, abs_tol=1e-7)
    ]


def close_rows(
    seen: Mapping[int, Mapping[str, float]], expected: Mapping[int, Mapping[str, float]], tolerance: float = 1e-5
) -> list[str]:
    """As `close`, for every layer."""
    if list(seen) != list(expected):
        return [f"positions {list(seen)} instead of {list(expected)}"]
    wrong = [f"{at}: layers {list(seen[at])}" for at in expected if list(seen[at]) != list(expected[at])]
    return wrong or [
        f"{at} {name}: {seen[at][name]!r} instead of {value!r}"
        for at, row in expected.items()
        for name, value in row.items()
        if not math.isclose(seen[at][name], value, rel_tol=tolerance, abs_tol=1e-7)
    ]
