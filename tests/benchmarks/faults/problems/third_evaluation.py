"""The problems of the third evaluation: other data, networks and optimizers than those before.

Besides generated data there are two bodies of real ones: the two photographs that scikit-learn brings along, and the
source code of Python's own modules, which differs a little between its versions.
"""

from __future__ import annotations

import importlib.util
import math
from collections import Counter
from functools import cache
from pathlib import Path

import torch
from torch import Generator, Tensor

from ..architectures import (
    Convolutional,
    ConvolutionalRecurrent,
    Dense,
    Embedded,
    Recurrent,
    ResidualConvolutional,
    Transformer,
)
from ..setup import Setup
from .problem import Problem, rows_of


def _forests(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """A table of places: which of seven kinds of trees grows there. Six measured columns, a soil and a region.

    Each kind has a height, a slope and a wetness that it likes, and soils that it bears; chance decides close calls.
    """
    fixed = torch.Generator().manual_seed(31)
    liked = 1.3 * torch.randn(7, 3, generator=fixed)
    borne = 1.5 * torch.randn(7, 5, generator=fixed)
    height, sun = torch.randn(2, count, generator=random)
    slope = torch.rand(count, generator=random) * 3.4 - 1.7
    rain = torch.randn(count, generator=random)
    # Skewed: most places are near to water.
    water = torch.randn(count, generator=random).exp().clamp_max(6.0) / 1.5 - 1.0
    soil = torch.randint(5, (count,), generator=random)
    region = torch.randint(4, (count,), generator=random)
    wet = rain - 0.5 * water + 0.5 * (soil == 2) - 0.4 * slope * sun
    felt = torch.stack([height + 0.5 * (region == 1) - 0.5 * (region == 3), slope, wet], 1)
    liking = -1.5 * ((felt[:, None] - liked) ** 2).sum(2) + borne[:, soil].T
    chance = -torch.rand(count, 7, generator=random).clamp_min(1e-6).log().neg().log()
    y = (liking + 0.4 * chance).argmax(1)
    one_hot = [torch.nn.functional.one_hot(soil, 5), torch.nn.functional.one_hot(region, 4)]
    columns = [height, slope, rain, sun, water, height + 0.5 * torch.randn(count, generator=random)]
    return torch.cat([torch.stack(columns, 1), *(2.0 * one.float() for one in one_hot)], 1), y


def _arms(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Where the tip of an arm is that has three joints and links of varying length: two targets, measured roughly."""
    angles = 2.4 * torch.rand(count, 3, generator=random) - 1.2
    lengths = torch.tensor([1.0, 0.8, 0.5]) * (0.7 + 0.6 * torch.rand(count, 3, generator=random))
    turned = angles.cumsum(1)
    tip = torch.stack([(lengths * turned.cos()).sum(1) - 1.4, (lengths * turned.sin()).sum(1)], 1)
    tip = tip / torch.tensor([0.55, 1.15]) + 0.2 * torch.randn(count, 2, generator=random)
    x = torch.cat([angles / 0.7, (lengths / torch.tensor([1.0, 0.8, 0.5]) - 1.0) / 0.173], 1)
    return x, tip


def _drawn(ends: Tensor, size: int, thickness: float) -> Tensor:
    """Pictures (count, size, size) of lines; ``ends``: (count, lines, 2 ends, 2), from -1 to 1; NaN for none."""
    axis = torch.linspace(-1.0, 1.0, size)
    points = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).view(1, 1, -1, 2)
    start, along = ends[:, :, None, 0], ends[:, :, None, 1] - ends[:, :, None, 0]
    share = ((points - start) * along).sum(-1) / (along**2).sum(-1).clamp_min(1e-6)
    nearest = start + share.clamp(0.0, 1.0)[..., None] * along
    distance = (points - nearest).norm(dim=-1).nan_to_num(9.0).amin(1)
    return torch.exp(-((distance / thickness) ** 2)).view(-1, size, size)


def _gauges(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Pictures of 16 × 16 of a gauge that is not quite in the middle: in which ninth of the scale its needle stands."""
    reading = 2.0 * torch.rand(count, generator=random) - 1.0
    angle = 0.75 * math.pi * reading
    center = 0.25 * (2.0 * torch.rand(count, 2, generator=random) - 1.0)
    length = 0.5 + 0.2 * torch.rand(count, 1, generator=random)
    needle = torch.stack([-angle.cos(), angle.sin()], 1) * length
    picture = _drawn(torch.stack([center - 0.15 * needle, center + needle], 1)[:, None], 16, 0.13)
    # The rim, open below where the scale ends.
    ends = torch.linspace(-0.75 * math.pi, 0.75 * math.pi, 13)
    rim = 0.75 * torch.stack([-ends.cos(), ends.sin()], 1)
    rims = _drawn((center[:, None, None] + torch.stack([rim[:-1], rim[1:]], 1)), 16, 0.08)
    x = torch.maximum(picture, 0.6 * rims)
    x = (x - 0.2) / 0.3 + 0.35 * torch.randn(count, 16, 16, generator=random)
    return x[:, None], (4.5 * (reading + 1.0)).long().clamp_max(8)


LETTERS = {
    "A": "62-04 04-66 42-45", "E": "00-60 00-06 30-35 60-66", "F": "00-60 00-06 30-35", "H": "00-60 06-66 30-36",
    "K": "00-60 30-06 30-66", "L": "00-60 60-66", "N": "60-00 00-66 66-06", "T": "00-06 03-63", "X": "00-66 06-60",
    "Z": "00-06 06-60 60-66",
}  # fmt: skip
"""Lines from row and column to row and column, each 0 to 6."""


def _letters(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Pictures of 12 × 12 of ten letters, turned, slanted, moved and of varying size, in noise."""
    shapes = torch.full((len(LETTERS), 4, 2, 2), torch.nan)
    for number, lines in enumerate(LETTERS.values()):
        for place, line in enumerate(lines.split()):
            shapes[number, place] = torch.tensor([[int(digit) / 3.0 - 1.0 for digit in end] for end in line.split("-")])
    y = torch.randint(len(LETTERS), (count,), generator=random)
    turn = 0.3 * torch.randn(count, generator=random).clamp(-2.0, 2.0)
    size = 0.5 + 0.25 * torch.rand(count, 2, 1, generator=random)
    turned = torch.stack([turn.cos(), -turn.sin(), turn.sin(), turn.cos()], 1).view(count, 2, 2) * size
    moved = 0.25 * (2.0 * torch.rand(count, 1, 1, 2, generator=random) - 1.0)
    ends = (turned[:, None, None] @ shapes[y][..., None])[..., 0] + moved
    x = (_drawn(ends, 12, 0.14) - 0.15) / 0.3
    return (x + 0.45 * torch.randn(x.shape, generator=random))[:, None], y


def _gestures(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """What a hand writes into the air, 32 steps of two speeds: a circle, an eight, a zigzag, a spiral and others."""
    y = torch.randint(8, (count,), generator=random)
    t = torch.linspace(0.0, 1.0, 33).expand(count, 33)
    t = t ** torch.exp(0.3 * torch.randn(count, 1, generator=random))  # some start slowly, some end so
    whole = 2.0 * math.pi * t
    saw = (4.0 * t).remainder(2.0).sub(1.0).abs().mul(2.0).sub(1.0)
    paths = torch.stack([
        torch.stack([whole.cos(), whole.sin()], -1),
        torch.stack([whole.cos(), -whole.sin()], -1),
        torch.stack([whole.sin(), (2.0 * whole).sin()], -1),
        torch.stack([3.0 * t, saw], -1),
        torch.stack([t * (2.0 * whole).cos(), t * (2.0 * whole).sin()], -1) * 1.5,
        torch.stack([3.0 * t, torch.zeros_like(t)], -1),
        torch.stack([2.0 * t, 2.0 * (t - 0.5).abs()], -1) * 1.5,
        torch.stack([t.mul(2.0).clamp_max(1.0), t.mul(2.0).sub(1.0).clamp_min(0.0)], -1) * 2.0,
    ])  # fmt: skip
    path = paths[y, torch.arange(count)]
    turn = 0.4 * torch.randn(count, generator=random)
    turned = torch.stack([turn.cos(), -turn.sin(), turn.sin(), turn.cos()], 1).view(count, 1, 2, 2)
    size = torch.exp(0.25 * torch.randn(count, 1, 1, generator=random))
    speed = 10.0 * size * (turned @ path[..., None])[..., 0].diff(dim=1)
    return speed + 0.5 * torch.randn(speed.shape, generator=random), y


def _tanks(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Two tanks, one above the other, for 30 steps of an inflow and a valve: how full the lower one is at the end."""
    inflow = torch.rand(count, 30, generator=random)
    # Held for some steps, as a person turns it.
    inflow = inflow[:, torch.arange(30) // 5 * 5]
    valve = (torch.rand(count, 30, generator=random) < 0.5).float()[:, torch.arange(30) // 3 * 3]
    upper = lower = torch.full((count,), 0.5)
    for step in range(30):
        passed = (0.1 + 0.25 * valve[:, step]) * upper.clamp_min(0.0).sqrt()
        upper = (upper + 0.35 * inflow[:, step] - passed).clamp(0.0, 1.5)
        lower = (lower + passed - 0.22 * lower.clamp_min(0.0).sqrt()).clamp(0.0, 1.5)
    y = (lower - 0.75) / 0.33 + 0.1 * torch.randn(count, generator=random)
    return torch.stack([(inflow - 0.5) / 0.29, 2.0 * valve - 1.0], 2), y[:, None]


MODULES = ("argparse", "ast", "datetime", "doctest", "inspect", "pdb", "tarfile", "typing", "zipfile")


@cache
def _code() -> tuple[Tensor, Tensor]:
    """Pieces of 24 letters of Python's own source code, and the letters that follow each; the rarest are one."""
    found = [importlib.util.find_spec(name) for name in MODULES]
    text = "".join(Path(one.origin).read_text(encoding="utf-8") for one in found if one and one.origin)
    text = text.lower()
    frequent = [letter for letter, _ in Counter(text).most_common(47)]
    number = {letter: place for place, letter in enumerate(frequent)}
    tokens = torch.tensor([number.get(letter, 47) for letter in text])
    pieces = tokens[: len(tokens) // 25 * 25].view(-1, 25)
    return pieces[:, :-1], pieces[:, 1:]


def _of_code(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    return rows_of(*_code())(count, random)


def _opinions(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Sentences of 12 words out of 30 with four opinions, for or against, which a "not" anywhere turns round.

    Words 0 to 3 are for, 4 to 7 against, each more or less so; 8 is "not", which a third of the sentences have. Close
    calls are made by chance.
    """
    words = torch.randint(9, 30, (count, 12), generator=random)
    places = torch.rand(count, 12, generator=random).argsort(1)
    opinions = torch.randint(8, (count, 4), generator=random)
    turned = torch.rand(count, generator=random) < 0.33
    rows = torch.arange(count)
    words[rows[:, None], places[:, :4]] = opinions
    words[rows[turned], places[turned, 4]] = 8
    strengths = torch.tensor([1.0, 1.4, 1.8, 2.2, -1.0, -1.4, -1.8, -2.2])
    side = strengths[opinions].sum(1) + 0.2 * torch.randn(count, generator=random)
    return words, ((side > 0) ^ turned).float()[:, None]


@cache
def _patches() -> tuple[Tensor, Tensor]:
    """All patches of 8 × 8 of two photographs in gray, less their mean, of deviation 1 altogether."""
    from sklearn.datasets import load_sample_images

    patches = []
    for image in load_sample_images().images:
        gray = torch.tensor(image, dtype=torch.float32).mean(2)
        patches.append(gray.unfold(0, 8, 8).unfold(1, 8, 8).reshape(-1, 64))
    x = torch.cat(patches)
    x = x - x.mean(1, keepdim=True)
    return x / x.std(), x / x.std()


def _of_patches(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    return rows_of(*_patches())(count, random)


def _reviews(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Texts of 24 words out of 300, some frequent and most rare: are they for or against? One word in five tells."""
    fixed = torch.Generator().manual_seed(32)
    frequency = 1.0 / (5.0 + torch.arange(300.0))
    leaning = 1.5 * torch.randn(300, generator=fixed) * (torch.rand(300, generator=fixed) < 0.3)
    y = torch.randint(2, (count,), generator=random)
    shares = frequency * torch.exp((2.0 * y[:, None] - 1.0) * leaning * 0.5)
    return torch.multinomial(shares, 24, replacement=True, generator=random), y.float()[:, None]


PROBLEMS: tuple[Problem, ...] = (
    Problem(
        name="forests-mlp", task="classification", classes=7,
        draw=_forests,
        network=Dense(15, 7, (96, 48)),
        sound=Setup(samples=3000, validation_samples=500, optimizer="adamw", rate=3e-3, weight_decay=1e-3,
                    schedule="cosine", batch=64, epochs=12),
        test_samples=1000,
        also_true=("DAT401",),
    ),
    Problem(
        name="arms-mlp", task="regression",
        draw=_arms,
        network=Dense(6, 2, (64, 64)),
        sound=Setup(samples=1500, activation="silu", optimizer="rmsprop", rate=2e-3, schedule="step", epochs=16),
    ),
    Problem(
        name="gauges-cnn", task="classification", classes=9, kind="convolutional",
        draw=_gauges,
        network=Convolutional(1, 9, (8, 16, 32), flat=4),
        sound=Setup(samples=1400, activation="leaky_relu", rate=4e-3, schedule="step", epochs=11),
        test_samples=1000,
    ),
    Problem(
        name="letters-resnet", task="classification", classes=10, kind="convolutional",
        draw=_letters,
        network=ResidualConvolutional(1, 10, width=16, blocks=4),
        sound=Setup(samples=1200, optimizer="sgd", rate=0.04, momentum=0.9, weight_decay=1e-4, schedule="cosine",
                    warmup=0.1, normalization="batch", residual=True, epochs=10),
    ),
    Problem(
        name="gestures-convgru", task="classification", classes=8, kind="recurrent",
        draw=_gestures,
        network=ConvolutionalRecurrent("gru", 2, 8, convolutions=(16,), width=24),
        sound=Setup(samples=1400, optimizer="adamw", rate=4e-3, weight_decay=1e-3, schedule="cosine", warmup=0.1,
                    clip_norm=1.0, epochs=12),
    ),
    Problem(
        name="tanks-lstm", task="regression", kind="recurrent",
        draw=_tanks,
        network=Recurrent("lstm", 2, 1, width=20, hidden=(16,)),
        sound=Setup(samples=1500, activation="elu", rate=6e-3, epochs=16, clip_norm=1.0),
    ),
    Problem(
        name="code-transformer", task="language_model", classes=48, kind="transformer",
        draw=_of_code,
        network=Transformer(48, 48, length=24, width=32, blocks=2, causal=True),
        sound=Setup(samples=1200, validation_samples=300, activation="gelu", optimizer="adamw", rate=5e-3,
                    weight_decay=0.01, warmup=0.1, schedule="cosine", clip_norm=1.0, epochs=8),
        test_samples=1000,
        also_true=("DAT402",),
    ),
    Problem(
        name="opinions-attention", task="binary", classes=2, kind="transformer",
        draw=_opinions,
        network=Transformer(30, 1, length=12, width=16, blocks=1, causal=False),
        sound=Setup(samples=5000, rate=4e-3, schedule="cosine", warmup=0.1, dropout=0.1, batch=80, epochs=6),
        test_samples=1000,
    ),
    Problem(
        name="patches-autoencoder", task="autoencoder",
        draw=_of_patches,
        network=Dense(64, 64, (96, 20, 96)),
        sound=Setup(samples=2000, activation="elu", rate=2e-3, schedule="cosine", batch=50, epochs=15),
        also_true=("DAT402",),
    ),
    Problem(
        name="reviews-embedding", task="binary", classes=2, kind="embedding",
        draw=_reviews,
        network=Embedded(300, 1, width=8, hidden=(16,)),
        sound=Setup(samples=4000, activation="tanh", optimizer="rmsprop", rate=2e-3, dropout=0.1, batch=40, epochs=6),
        test_samples=1000,
    ),
)  # fmt: skip
