"""The problems on which thresholds and confidences may be tuned: scikit-learn's data sets and generated sequences."""

from __future__ import annotations

from functools import cache

import torch
from torch import Generator, Tensor

from ..architectures import Convolutional, Dense, Embedded, Recurrent, Transformer
from ..setup import Setup
from .problem import Draw, Problem, rows_of


@cache
def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = torch.tensor(bunch.data, dtype=torch.float32)
    return (x - x.mean()) / x.std(), torch.tensor(bunch.target)


@cache
def _tumors() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    x = torch.tensor(bunch.data, dtype=torch.float32)
    return (x - x.mean(0)) / x.std(0), torch.tensor(bunch.target, dtype=torch.float32)[:, None]


def _from(loaded: object, shape: tuple[int, ...] | None = None, *, onto_itself: bool = False) -> Draw:
    def draw(count: int, random: Generator) -> tuple[Tensor, Tensor]:
        x, y = loaded()  # type: ignore[operator]
        x = x if shape is None else x.view(-1, *shape)
        return rows_of(x, x if onto_itself else y)(count, random)

    return draw


def _motifs(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Which of five motifs of 6 steps stands somewhere in 30 steps of noise in 4 channels."""
    motifs = torch.randn(5, 6, 4, generator=torch.Generator().manual_seed(11)) * 1.6
    y = torch.randint(5, (count,), generator=random)
    x = 0.5 * torch.randn(count, 30, 4, generator=random)
    starts = torch.randint(25, (count,), generator=random)
    for step in range(6):
        x[torch.arange(count), starts + step] += motifs[y, step]
    return x, y


def _chain(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Text of 16 letters, each with about three successors, and a letter that says which of two tables holds."""
    fixed = torch.Generator().manual_seed(12)
    table = torch.rand(2, 16, 16, generator=fixed).pow(10)
    table /= table.sum(-1, keepdim=True)
    which = torch.randint(2, (count,), generator=random)
    tokens = torch.empty(count, 25, dtype=torch.long)
    tokens[:, 0] = 16 + which
    tokens[:, 1] = torch.randint(16, (count,), generator=random)
    for place in range(2, 25):
        tokens[:, place] = torch.multinomial(table[which, tokens[:, place - 1]], 1, generator=random)[:, 0]
    return tokens[:, :-1], tokens[:, 1:]


def _prices(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """A quantity of 12 inputs, some counted, some skewed, with products of two and a step, and noise."""
    x = torch.randn(count, 12, generator=random)
    x[:, 8:] = (torch.rand(count, 4, generator=random) < 0.3).float() * 2.0 - 0.6
    y = x[:, 0] * x[:, 1] + 1.5 * x[:, 2] + x[:, 8] * x[:, 3] + (x[:, 4] > 0).float() - 0.5
    y = (y + 0.4 * torch.randn(count, generator=random)) / 2.3
    return x, y[:, None]


def _topics(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Texts of 20 words out of 300 on one of six topics, which share most of their words."""
    fixed = torch.Generator().manual_seed(13)
    tables = torch.softmax(1.1 * torch.randn(6, 300, generator=fixed), 1)
    y = torch.randint(6, (count,), generator=random)
    return torch.multinomial(tables[y], 20, replacement=True, generator=random), y


PROBLEMS = (
    Problem(
        name="digits-mlp", task="classification", classes=10,
        draw=_from(_digits),
        network=Dense(64, 10, (48, 48)),
        sound=Setup(samples=1000, validation_samples=350, optimizer="sgd", rate=0.05, momentum=0.9, epochs=12),
    ),
    Problem(
        name="digits-cnn", task="classification", classes=10, kind="convolutional",
        draw=_from(_digits, (1, 8, 8)),
        network=Convolutional(1, 10, (12, 24), flat=4),
        sound=Setup(samples=1000, validation_samples=350, rate=3e-3, epochs=10),
    ),
    Problem(
        name="motifs-lstm", task="classification", classes=5, kind="recurrent",
        draw=_motifs,
        network=Recurrent("lstm", 4, 5, width=24),
        sound=Setup(samples=1200, rate=5e-3, epochs=14, clip_norm=1.0),
    ),
    Problem(
        name="chain-transformer", task="language_model", classes=18, kind="transformer",
        draw=_chain,
        network=Transformer(18, 18, length=24, width=32, blocks=2, causal=True),
        sound=Setup(samples=640, validation_samples=200, optimizer="adamw", rate=4e-3, weight_decay=0.01, warmup=0.1,
                    schedule="cosine", batch=32, epochs=14),
    ),
    Problem(
        name="tumors-mlp", task="binary", classes=2,
        draw=_from(_tumors),
        network=Dense(30, 1, (24, 24)),
        sound=Setup(samples=270, validation_samples=200, rate=3e-3, epochs=20, normalization="batch"),
        test_samples=99,
        also_true=("DAT404",),
    ),
    Problem(
        name="prices-mlp", task="regression",
        draw=_prices,
        network=Dense(12, 1, (32, 32)),
        sound=Setup(samples=1200, rate=4e-3, optimizer="adamw", weight_decay=0.01, epochs=12),
    ),
    Problem(
        name="digits-autoencoder", task="autoencoder",
        draw=_from(_digits, onto_itself=True),
        network=Dense(64, 64, (48, 16, 48)),
        sound=Setup(samples=1000, validation_samples=350, rate=3e-3, epochs=14, activation="gelu"),
    ),
    Problem(
        name="topics-embedding", task="classification", classes=6, kind="embedding",
        draw=_topics,
        network=Embedded(300, 6, width=24, hidden=(32,)),
        sound=Setup(samples=1200, rate=5e-3, epochs=10, dropout=0.2),
    ),
)  # fmt: skip
