"""The samples of a training, and what a `Setup` does to them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Generator, Tensor

from .setup import Setup

Task = Literal["classification", "binary", "regression", "language_model", "autoencoder"]


@dataclass(frozen=True)
class Samples:
    """Inputs and targets for training and validation, and a clean test set on which the quality is measured.

    Targets: class numbers (batch,) of `classification`, 0.0 or 1.0 (batch, 1) of `binary`, tokens (batch, time) of
    `language_model`, numbers (batch, outputs) of the others.
    """

    task: Task
    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: int = 0

    @property
    def tokens(self) -> bool:
        """Whether the inputs are tokens and not numbers."""
        return not self.x.is_floating_point()


def faulty(samples: Samples, setup: Setup, random: Generator) -> Samples:
    """The samples as the setup spoils them. The test set sees the same preprocessing, and its targets stay right."""
    if setup.imbalance > 1.0:
        samples = _imbalanced(samples, setup.imbalance, random)
    if setup.order == "sorted":
        order = torch.argsort(samples.y.flatten(1).mean(1) if samples.y.dim() > 1 else samples.y, stable=True)
        samples = replace(samples, x=samples.x[order], y=samples.y[order])
    samples = _labels(samples, setup, random)
    if not samples.tokens:
        samples = _inputs(samples, setup, random)
    if setup.target_scale != 1.0 or setup.target_offset:
        y, y_val, y_test = (
            part * setup.target_scale + setup.target_offset for part in (samples.y, samples.y_val, samples.y_test)
        )
        samples = replace(samples, y=y, y_val=y_val, y_test=y_test)
    samples = _validation(samples, setup)
    if setup.blind:
        samples = replace(samples, x=torch.zeros_like(samples.x), x_val=torch.zeros_like(samples.x_val))
    return samples


def _labels(samples: Samples, setup: Setup, random: Generator) -> Samples:
    y = samples.y
    if setup.labels != "right":
        # Drawn with replacement, or the inputs' own targets in another order.
        count = len(y)
        order = torch.randint(count, (count,), generator=random)
        order = order if setup.labels == "random" else torch.randperm(count, generator=random)
        y = y[order]
    y_val = samples.y_val
    if setup.label_noise:
        y, y_val = (_noisy(part, setup.label_noise, random) for part in (y, y_val))
    return replace(samples, y=y, y_val=y_val)


def _noisy(y: Tensor, share: float, random: Generator) -> Tensor:
    wrong = torch.rand(len(y), generator=random) < share
    others = y[torch.randint(len(y), (len(y),), generator=random)]
    return torch.where(wrong.view(-1, *[1] * (y.dim() - 1)), others, y)


def _inputs(samples: Samples, setup: Setup, random: Generator) -> Samples:
    columns = samples.x.shape[1]
    scales = torch.full((columns,), setup.input_scale)
    if setup.scale_ratio > 1.0:
        exponent = torch.rand(columns, generator=random) - 0.5
        scales = scales * torch.exp(exponent * math.log(setup.scale_ratio))
    shape = (1, columns, *[1] * (samples.x.dim() - 2))
    x, x_val, x_test = (
        part * scales.view(shape) + setup.input_offset for part in (samples.x, samples.x_val, samples.x_test)
    )
    if setup.bad_cells:
        flat = x.flatten(1)
        rows = torch.randint(len(flat), (setup.bad_cells,), generator=random)
        flat[rows, torch.randint(flat.shape[1], (setup.bad_cells,), generator=random)] = float("nan")
        x = flat.view_as(x)
    target = {"y": x, "y_val": x_val, "y_test": x_test} if samples.task == "autoencoder" else {}
    return replace(samples, x=x, x_val=x_val, x_test=x_test, **target)


def _validation(samples: Samples, setup: Setup) -> Samples:
    x_val, y_val = samples.x_val, samples.y_val
    if setup.validation == "copied":
        x_val, y_val = samples.x[: len(x_val)], samples.y[: len(y_val)]
    elif setup.validation == "shifted" and not samples.tokens:
        x_val = x_val * 2.0 + 1.5 * x_val.std()
        y_val = x_val if samples.task == "autoencoder" else y_val
    elif setup.validation == "other_labels" and samples.classes:
        y_val = (y_val + 1) % samples.classes
    return replace(samples, x_val=x_val, y_val=y_val)


def _imbalanced(samples: Samples, ratio: float, random: Generator) -> Samples:
    """Keep all samples of one class and few of the others, in training and validation; the test set stays balanced."""

    def kept(y: Tensor) -> Tensor:
        labels = y.flatten().long()
        frequent = labels == 0
        rare = torch.nonzero(~frequent).flatten()
        share = min(1.0, int(frequent.sum()) * max(1, samples.classes - 1) / (ratio * max(1, len(rare))))
        few = rare[torch.randperm(len(rare), generator=random)[: max(2 * samples.classes, round(share * len(rare)))]]
        rows = torch.cat([torch.nonzero(frequent).flatten(), few])
        return rows[torch.randperm(len(rows), generator=random)]

    rows, rows_val = kept(samples.y), kept(samples.y_val)
    return replace(
        samples, x=samples.x[rows], y=samples.y[rows], x_val=samples.x_val[rows_val], y_val=samples.y_val[rows_val]
    )
