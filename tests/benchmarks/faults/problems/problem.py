"""A problem: samples that can be drawn anew, the network made for them, and a training that suits both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

from ..architectures import Architecture
from ..samples import Samples, Task
from ..setup import Setup

Draw = Callable[[int, Generator], tuple[Tensor, Tensor]]
"""So many inputs and targets, drawn independently."""


@dataclass(frozen=True)
class Problem:
    """One program of the benchmark. ``sound`` trains it well; faults and healthy variants are changes of it."""

    name: str
    task: Task
    draw: Draw
    network: Architecture
    sound: Setup
    classes: int = 0
    kind: Literal["dense", "convolutional", "recurrent", "transformer", "embedding"] = "dense"
    test_samples: int = 400
    also_true: tuple[str, ...] = ()
    """Rules that are right on every run of this problem, whatever else is wrong with it."""

    @property
    def ignorant(self) -> float:
        """About the quality of a model that gives one answer to everything."""
        if self.task == "language_model":
            return -math.log(self.classes)
        return {"classification": 1.0 / max(1, self.classes), "binary": 0.6}.get(self.task, 0.0)

    def samples(self, setup: Setup, seed: int) -> Samples:
        """Training, validation and test samples, none of them shared, before any fault."""
        random = torch.Generator().manual_seed(seed)
        count = setup.samples + setup.validation_samples + self.test_samples
        x, y = self.draw(count, random)
        if len(y) < count:
            raise ValueError(f"{self.name} has {len(y)} samples; {count} were asked for.")
        sizes = (setup.samples, setup.validation_samples, self.test_samples)
        (x, x_val, x_test), (y, y_val, y_test) = x.split(sizes), y.split(sizes)
        return Samples(self.task, x.clone(), y.clone(), x_val, y_val, x_test, y_test, self.classes)


def rows_of(x: Tensor, y: Tensor) -> Draw:
    """Draws without replacement from a data set that is given."""

    def draw(count: int, random: Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randperm(len(y), generator=random)[:count]
        return x[rows], y[rows]

    return draw
