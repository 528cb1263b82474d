"""Seeded families of samples, the faults that can be put into them, and what a user could tell of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .program import Program


@dataclass(frozen=True)
class Samples:
    """Inputs (samples first) and integer labels, for training and for validation."""

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor
    classes: int

    @property
    def shares(self) -> Tensor:
        counts = torch.bincount(self.y, minlength=self.classes)
        return counts / counts.sum()

    @property
    def balance(self) -> Tensor:
        """Weights under which each class counts alike."""
        return 1 / (self.classes * self.shares)

    @property
    def entropy(self) -> float:
        """Entropy of the labels in nats: the loss of a model that knows the class shares and nothing else."""
        return entropy(self.shares)


def entropy(shares: Tensor) -> float:
    seen = shares[shares > 0]
    return float(-(seen * seen.log()).sum())


Family = Callable[[int, Program, torch.Generator, torch.Generator], tuple[Tensor, Tensor]]
"""(count, program, generator of the samples, generator of the task they share) -> inputs, labels."""


def teacher(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """20 Gaussian inputs labeled by a random network: learnable, never exactly."""
    inside = torch.randn(20, 24, generator=task) / 20**0.5 * 1.5
    outside = torch.randn(24, program.classes, generator=task)
    x = torch.randn(count, 20, generator=random)
    return x, (torch.tanh(x @ inside) @ outside).argmax(1)


def blobs(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Gaussian clouds, one for each class, in 10 dimensions."""
    centers = torch.randn(program.classes, 10, generator=task)
    y = torch.randint(program.classes, (count,), generator=random)
    return centers[y] + program.spread * torch.randn(count, 10, generator=random), y


def rings(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Concentric rings in the plane, one for each class."""
    y = torch.randint(program.classes, (count,), generator=random)
    angle = 2 * torch.pi * torch.rand(count, generator=random)
    radius = 0.5 + 0.5 * y + 0.12 * program.spread * torch.randn(count, generator=random)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1), y


def images(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noisy 10 x 10 pictures of a bar lying, standing, or slanting one way or the other, anywhere in the frame."""
    y = torch.randint(4, (count,), generator=random)
    x = 0.5 * torch.randn(count, 1, 10, 10, generator=random)
    corner = torch.randint(0, 6, (count, 2), generator=random)
    along = torch.arange(5)
    for shape, (down, right) in enumerate(((0, 1), (1, 0), (1, 1), (-1, 1))):
        chosen = torch.nonzero(y == shape)
        first = corner[chosen, 0] + (4 if down < 0 else 0)
        x[chosen, 0, first + down * along, corner[chosen, 1] + right * along] += 1.5
    return x, y


def sequences(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Series of 3 features; the label says whether the first one's sum over all steps is positive."""
    x = torch.randn(count, program.length, 3, generator=random) + 0.3 * torch.randn(count, 1, 3, generator=random)
    return x, (x[:, :, 0].sum(1) > 0).long()


def ring_sequences(
    count: int, program: Program, random: torch.Generator, task: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Series of 3 features; the label is the ring in which the mean of the first two over all steps lies."""
    x = torch.randn(count, program.length, 3, generator=random) + torch.randn(count, 1, 3, generator=random)
    radius = x.mean(1)[:, :2].norm(dim=1)
    return x, torch.bucketize(radius, torch.tensor([0.6, 1.2, 1.8]))


def xor(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points of the plane; the label says whether the coordinates differ in sign."""
    x = 2 * torch.rand(count, 2, generator=random) - 1
    return x, (x[:, 0] * x[:, 1] < 0).long()


def rare(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two overlapping clouds, the second with 5 % of the samples and a weak signal."""
    y = (torch.rand(count, generator=random) < 0.05).long()
    return torch.randn(count, 10, generator=random) + 0.4 * y[:, None], y


def pocket(count: int, program: Program, random: torch.Generator, task: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two classes split by a plane in 79 % of the space; in the rest, told by a fainter feature, the sides change."""
    x = torch.randn(count, 10, generator=random)
    y = ((x[:, 0] > 0) ^ (x[:, 1] > 0.806)).long()
    return x * torch.tensor([5.0] + [0.5] * 9), y


FAMILIES: dict[str, Family] = {
    "teacher": teacher,
    "blobs": blobs,
    "rings": rings,
    "images": images,
    "sequences": sequences,
    "ring_sequences": ring_sequences,
    "xor": xor,
    "rare": rare,
    "pocket": pocket,
}


def draw(program: Program, seed: int, task: int) -> Samples:
    """The program's samples with its faults in them; sets of one task obey the same law."""
    random, law = torch.Generator().manual_seed(1000 + seed), torch.Generator().manual_seed(2000 + task)
    count = program.samples + program.validation_samples
    x, y = FAMILIES[program.data](3 * count if program.validation == "easy" else count, program, random, law)
    classes = int(y.max()) + 1
    cut = program.samples
    samples = Samples(x[:cut], y[:cut], x[cut:count], y[cut:count], classes)
    for fault in (_validation_fault, _label_fault, _input_fault):
        samples = fault(samples, program, random, x, y)
    if program.order == "sorted":
        order = samples.y.argsort(stable=True)
        samples = replace(samples, x=samples.x[order], y=samples.y[order])
    return samples


def _validation_fault(samples: Samples, program: Program, random: torch.Generator, x: Tensor, y: Tensor) -> Samples:
    size = program.validation_samples
    if program.validation == "copied":
        return replace(samples, x_val=samples.x[:size].clone(), y_val=samples.y[:size].clone())
    if program.validation == "other_class_map":
        return replace(samples, y_val=(samples.y_val + 1) % samples.classes)
    if program.validation == "easy":
        centers = torch.stack([x[y == label].mean(0) for label in range(samples.classes)])
        distances = torch.cdist(x[program.samples :], centers)
        labels = y[program.samples :]
        others = distances.scatter(1, labels[:, None], float("inf"))
        clear = others.min(1).values - distances.gather(1, labels[:, None])[:, 0]
        easiest = clear.argsort(descending=True)[:size] + program.samples
        return replace(samples, x_val=x[easiest], y_val=y[easiest])
    return samples


def _label_fault(samples: Samples, program: Program, random: torch.Generator, x: Tensor, y: Tensor) -> Samples:
    count = len(samples.y)
    if program.labels == "random":
        samples = replace(samples, y=torch.randint(samples.classes, (count,), generator=random))
    if program.labels == "misaligned":
        samples = replace(samples, x=samples.x[torch.randperm(count, generator=random)])
    if program.label_noise:
        hit = torch.rand(count, generator=random) < program.label_noise
        wrong = torch.randint(samples.classes, (count,), generator=random)
        samples = replace(samples, y=torch.where(hit, wrong, samples.y))
    return samples


def _input_fault(samples: Samples, program: Program, random: torch.Generator, x: Tensor, y: Tensor) -> Samples:
    train, val = samples.x.clone(), samples.x_val.clone()
    for part in (train, val):
        part.mul_(program.input_scale).add_(program.input_offset)
        if program.mixed_scales:
            part.mul_(torch.logspace(-2, 2.5, part.shape[-1]))
        if program.broken_cell == "zero_over_zero":
            part[:, 3] = (part[:, 3] * 0) / 0
    if program.broken_cell in ("nan", "log_of_zero"):
        cell = float("nan") if program.broken_cell == "nan" else torch.zeros(()).log()
        train.view(len(train), -1)[min(1234, len(train) - 1), 7] = cell
    if program.repaired:
        train, val = (torch.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0) for part in (train, val))
    if program.standardized:
        mean, deviation = train.mean(0), train.std(0)
        train, val = ((part - mean) / deviation for part in (train, val))
    return replace(samples, x=train, x_val=val)


def profile(samples: Samples, sorted_by_label: bool) -> dict[str, Any]:
    """What a look at the arrays tells, in the fields of `DataProfile`."""
    flat = samples.x.flatten(1) if samples.x.dim() != 3 else samples.x.flatten(0, 1)
    finite = torch.isfinite(flat)
    broken = torch.nonzero(~finite)[:20].tolist()
    clean = flat[finite.all(1)] if finite.all(1).any() else torch.nan_to_num(flat)
    deviations = clean.std(0)
    moving = deviations[deviations > 0]
    rows = {tuple(row) for row in samples.x.flatten(1).tolist()}
    copied = sum(tuple(row) in rows for row in samples.x_val.flatten(1).tolist())
    val_counts = torch.bincount(samples.y_val, minlength=samples.classes)
    return {
        "samples": len(samples.x),
        "validation_samples": len(samples.x_val),
        "features": flat.shape[1],
        "classes": samples.classes,
        "class_counts": tuple(torch.bincount(samples.y, minlength=samples.classes).tolist()),
        "sorted_by_label": sorted_by_label,
        "nonfinite_cells": int((~finite).sum()),
        "nonfinite_where": tuple(
            {"row": row, "column": f"x{column}", "value": str(float(flat[row, column]))} for row, column in broken
        ),
        "rows_with_nonfinite": int((~finite.all(1)).sum()),
        "constant_columns": tuple(f"x{column}" for column in torch.nonzero(deviations == 0)[:, 0].tolist()),
        "largest_mean": float(clean.mean(0).abs().max()),
        "largest_std": float(deviations.max()),
        "smallest_std": float(moving.min()),
        "scale_ratio": float(moving.max() / moving.min()),
        "label_minimum": float(samples.y.min()),
        "label_maximum": float(samples.y.max()),
        "labels_integer": True,
        "duplicates": 1.0 - len(rows) / len(samples.x),
        "train_val_overlap": copied / len(samples.x_val),
        "label_shift": float((val_counts / val_counts.sum() - samples.shares).abs().sum() / 2),
        "target_prior": tuple(samples.shares.tolist()),
    }
