"""Three trainings to watch: tiny steps, a convolutional network, a transformer. The layers are written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW, Optimizer

DRAWN = 97
"""So many labels of the one batch take turns."""


class ResidualBlock(nn.Module):
    """The basic block of a ResNet-18."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
        return self.relu(inner + self.shortcut(x))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """A layer of a GPT: the norms stand before attention and before the two linear layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(1, width // 64)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.act, self.down = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, 2)
        q, k, v = (part.view(n, length, self.heads, -1).transpose(1, 2) for part in parts)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, length, width))
        return x + self.down(self.act(self.up(self.norm2(x))))  # type: ignore[no-any-return]


class GPT(nn.Module):
    """A decoder whose head is its table of tokens."""

    def __init__(self, *, layers: int = 6, width: int = 256, vocabulary: int = 4096, sequence: int = 128) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(sequence, width)
        self.layers = nn.ModuleList(Layer(width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.places.weight[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))  # type: ignore[no-any-return]


def mlp() -> nn.Module:
    """64-128-128-128-10."""
    hidden: list[nn.Module] = []
    for before in (64, 128, 128):
        hidden += [nn.Linear(before, 128), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(128, 10))


def resnet18() -> nn.Module:
    """The layers of a ResNet-18 for ten classes."""
    parts: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    before = 64
    for after in (64, 128, 256, 512):
        parts += [ResidualBlock(before, after, 1 if after == before else 2), ResidualBlock(after, after, 1)]
        before = after
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


@dataclass
class Training:
    """A model, its optimizer and batches. A step is `gradients` and then `update`."""

    model: nn.Module
    optimizer: Optimizer
    x: Tensor
    labels: list[Tensor]
    """Drawn at chance, and others each time: nothing can be learned, so that gradients stay what they are.

    Where a model fits its batch they get smaller than the smallest normal number, with which processors are slow.
    """
    steps: int = 0

    def gradients(self) -> Tensor:
        """Forward and backward pass; returns the loss."""
        self.optimizer.zero_grad()
        scores = self.model(self.x)
        y = self.labels[self.steps % len(self.labels)]
        self.steps += 1
        loss = F.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def update(self) -> None:
        """The optimizer's step."""
        self.optimizer.step()

    @property
    def weights(self) -> list[nn.Parameter]:
        """Every parameter once."""
        return list(self.model.parameters())


Batches = tuple[Tensor, list[Tensor]]


@dataclass(frozen=True)
class Kind:
    """One of the trainings. ``short`` batches make steps in which the weights' own cost is nearly all there is."""

    name: str
    said: str
    build: Callable[[], nn.Module]
    batches: Callable[[], Batches]
    short: Callable[[], Batches]

    def training(self, device: str = "cpu") -> Training:
        """A fresh training, the same each time."""
        torch.manual_seed(0)
        model = self.build().to(device)
        x, labels = self.batches()
        return Training(model, AdamW(model.parameters(), 1e-3), x.to(device), [y.to(device) for y in labels])

    def short_training(self) -> Training:
        """The same model on a short batch, and with an optimizer that costs little."""
        torch.manual_seed(0)
        model = self.build()
        return Training(model, SGD(model.parameters(), 1e-3), *self.short())


def _labels(classes: int, *shape: int) -> list[Tensor]:
    return list(torch.randint(classes, (DRAWN, *shape)))


def _images(count: int) -> Batches:
    return torch.randn(count, 3, 32, 32), _labels(10, count)


def _texts(count: int, length: int) -> Batches:
    return torch.randint(4096, (count, length)), _labels(4096, count, length)


def _rows() -> Batches:
    return torch.randn(32, 64), _labels(10, 32)


MLP = Kind("MLP", "MLP 64-128-128-128-10, batch 32", mlp, _rows, _rows)
CNN = Kind("CNN", "ResNet-18 layers, 32x32, batch 64", resnet18, lambda: _images(64), lambda: _images(2))
TRANSFORMER = Kind(
    "GPT",
    "GPT 6 layers, d 256, vocabulary 4096, sequence 128, batch 8",
    GPT,
    lambda: _texts(8, 128),
    lambda: _texts(1, 8),
)
KINDS = (MLP, CNN, TRANSFORMER)
