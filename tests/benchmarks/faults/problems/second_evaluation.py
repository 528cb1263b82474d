"""The problems of the first two evaluations. What came of them has been read, so they belong to the tuning half now."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ..architectures import Dense, Recurrent, ResidualConvolutional, TimeConvolutional, Transformer
from ..setup import Setup
from .problem import Problem


def _clusters(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Eight classes, each of two clouds in 24 dimensions, a third of them without meaning."""
    fixed = torch.Generator().manual_seed(21)
    centers = 1.5 * torch.randn(8, 2, 24, generator=fixed)
    centers[..., 16:] = 0.0
    y = torch.randint(8, (count,), generator=random)
    x = centers[y, torch.randint(2, (count,), generator=random)] + torch.randn(count, 24, generator=random)
    return x / math.sqrt(2.5), y


def _shapes(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Pictures of 14 × 14 in two channels with a disc, a ring, a square, a cross, stripes or a wedge, in noise."""
    y = torch.randint(6, (count,), generator=random)
    rows, columns = torch.meshgrid(torch.arange(14.0), torch.arange(14.0), indexing="ij")
    center = 5.0 + 4.0 * torch.rand(count, 2, generator=random)
    size = (2.5 + 2.0 * torch.rand(count, generator=random))[:, None, None]
    down, right = rows - center[:, :1, None], columns - center[:, 1:, None]
    distance, edge = torch.hypot(down, right), torch.maximum(down.abs(), right.abs())
    forms = torch.stack([
        distance < size,
        (distance < size + 0.8) & (distance > size - 0.8),
        edge < size,
        (torch.minimum(down.abs(), right.abs()) < 0.8) & (edge < size + 1),
        ((down + right).remainder(4.0) < 2.0) & (edge < size + 1),
        (down > right) & (edge < size),
    ])  # fmt: skip
    picture = forms[y, torch.arange(count)].float()
    pair = torch.stack([picture, 1.0 - picture], 1) - 0.5
    return pair + 0.4 * torch.randn(pair.shape, generator=random), y


def _tones(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Signals of 24 steps in 3 channels: which of four pairs of frequencies they are made of."""
    y = torch.randint(4, (count,), generator=random)
    frequencies = torch.tensor([[2.0, 5.0], [2.0, 7.0], [3.0, 5.0], [3.0, 7.0]])[y]
    time = torch.linspace(0, 2 * math.pi, 24)
    phase = 2 * math.pi * torch.rand(count, 2, 3, generator=random)
    waves = torch.sin(frequencies[:, :, None, None] * time[:, None] + phase[:, :, None, :]).sum(1)
    return waves + 0.3 * torch.randn(waves.shape, generator=random), y


def _by_channel(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Pulse trains in (channels, time): do the pulses of one channel come with, before or after the other's?"""
    y = torch.randint(3, (count,), generator=random)
    x = 0.4 * torch.randn(count, 2, 48, generator=random)
    first = torch.randint(4, 40, (count, 3), generator=random)
    shift = torch.tensor([0, 3, -3])[y]
    for pulse in range(3):
        x[torch.arange(count), 0, first[:, pulse]] += 2.5
        x[torch.arange(count), 1, first[:, pulse] + shift] += 2.5
    return x, y


def _sums(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Additions written out, such as ``07+15=22;``, three in a row: letters 0 to 9, +, = and ;."""
    a = torch.randint(50, (count, 3), generator=random)
    b = torch.randint(50, (count, 3), generator=random)
    plus, equals, end = (torch.full_like(a, letter) for letter in (10, 11, 12))
    written = torch.stack([a // 10, a % 10, plus, b // 10, b % 10, equals, (a + b) // 10, (a + b) % 10, end], -1)
    tokens = written.flatten(1)
    return tokens[:, :-1], tokens[:, 1:]


def _friedman(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Friedman's first function of five of ten uniform inputs."""
    x = torch.rand(count, 10, generator=random)
    y = 10 * torch.sin(math.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = (y + torch.randn(count, generator=random) - 14.4) / 4.9
    return (x - 0.5) * math.sqrt(12), y[:, None]


def _curves(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Smooth curves at 40 points: sums of three waves of random size and phase."""
    time = torch.linspace(0, 2 * math.pi, 40)
    size = torch.randn(count, 3, 1, generator=random) / torch.tensor([1.0, 1.5, 2.5]).view(1, 3, 1)
    phase = 2 * math.pi * torch.rand(count, 3, 1, generator=random)
    x = (size * torch.sin(torch.arange(1.0, 4.0).view(1, 3, 1) * time + phase)).sum(1)
    return x, x


def _orders(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Sequences of 20 letters out of 14: whether the one A in them stands before the one B."""
    tokens = torch.randint(2, 14, (count, 20), generator=random)
    places = torch.rand(count, 20, generator=random).argsort(1)[:, :2]
    rows = torch.arange(count)
    tokens[rows, places[:, 0]], tokens[rows, places[:, 1]] = 0, 1
    return tokens, (places[:, 0] < places[:, 1]).float()[:, None]


PROBLEMS = (
    Problem(
        name="clusters-mlp", task="classification", classes=8,
        draw=_clusters,
        network=Dense(24, 8, (64, 32, 32)),
        sound=Setup(samples=1500, activation="gelu", normalization="layer", optimizer="adamw", rate=2e-3,
                    weight_decay=0.01, batch=48, epochs=12),
    ),
    Problem(
        name="shapes-resnet", task="classification", classes=6, kind="convolutional",
        draw=_shapes,
        network=ResidualConvolutional(2, 6, width=12, blocks=3),
        sound=Setup(samples=800, validation_samples=300, optimizer="sgd", rate=0.1, momentum=0.9, weight_decay=5e-4,
                    schedule="cosine", normalization="batch", residual=True, epochs=12),
    ),
    Problem(
        name="tones-gru", task="classification", classes=4, kind="recurrent",
        draw=_tones,
        network=Recurrent("gru", 3, 4, width=16, hidden=(16,), bidirectional=True),
        sound=Setup(samples=1200, rate=6e-3, epochs=16, clip_norm=1.0),
    ),
    Problem(
        name="pulses-conv1d", task="classification", classes=3, kind="convolutional",
        draw=_by_channel,
        network=TimeConvolutional(2, 3, (16, 16, 16)),
        sound=Setup(samples=1200, rate=4e-3, optimizer="rmsprop", activation="leaky_relu", epochs=12),
    ),
    Problem(
        name="sums-transformer", task="language_model", classes=13, kind="transformer",
        draw=_sums,
        network=Transformer(13, 13, length=26, width=32, blocks=2, causal=True),
        sound=Setup(samples=800, validation_samples=300, activation="gelu", rate=5e-3, warmup=0.05, epochs=14,
                    clip_norm=1.0),
    ),
    Problem(
        name="friedman-mlp", task="regression",
        draw=_friedman,
        network=Dense(10, 1, (40, 40)),
        sound=Setup(samples=1200, activation="tanh", optimizer="sgd", rate=0.05, momentum=0.9, epochs=14),
    ),
    Problem(
        name="curves-autoencoder", task="autoencoder",
        draw=_curves,
        network=Dense(40, 40, (32, 6, 32)),
        sound=Setup(samples=1200, activation="silu", rate=3e-3, epochs=14),
    ),
    Problem(
        name="orders-attention", task="binary", classes=2, kind="transformer",
        draw=_orders,
        network=Transformer(14, 1, length=20, width=32, blocks=2, causal=False),
        sound=Setup(samples=1600, rate=4e-3, optimizer="adamw", weight_decay=0.01, schedule="cosine", warmup=0.1,
                    epochs=12),
    ),
)  # fmt: skip
