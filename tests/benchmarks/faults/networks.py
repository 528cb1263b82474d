"""The networks of the problems; each takes what a `Setup` says of activation, width, depth, normalization and so on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .setup import Setup

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "none": nn.Identity,
}


class Added(nn.Module):
    """Adds the input of a block to its output."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.block(x)
        return out


def _wide(setup: Setup, width: int) -> int:
    return max(1, round(setup.width * width))


def _finish(setup: Setup, width: int, norm: type[nn.Module] | None) -> list[nn.Module]:
    """What follows a weight layer: normalization, activation, dropout."""
    layers: list[nn.Module] = []
    if setup.normalization == "batch" and norm is not None:
        layers.append(norm(width))
    elif setup.normalization == "layer":
        layers.append(nn.LayerNorm(width) if norm is nn.BatchNorm1d else nn.GroupNorm(1, width))
    layers.append(ACTIVATIONS[setup.activation]())
    if setup.dropout:
        layers.append(nn.Dropout(setup.dropout))
    return layers


def dense(setup: Setup, inputs: int, widths: Sequence[int]) -> tuple[nn.Sequential, int]:
    """Fully connected hidden layers, and the width of the last."""
    widths = [_wide(setup, width) for width in (*widths, *widths[-1:] * setup.extra_layers)]
    layers: list[nn.Module] = []
    for width in widths:
        block = nn.Sequential(nn.Linear(inputs, width), *_finish(setup, width, nn.BatchNorm1d))
        layers.append(Added(block) if setup.residual and width == inputs else block)
        inputs = width
    return nn.Sequential(*layers), inputs


def headed(setup: Setup, body: nn.Sequential, width: int, outputs: int) -> nn.Sequential:
    """The body with a linear head and what the setup puts behind it."""
    layers: list[nn.Module] = [*body, nn.Linear(width, outputs)]
    if setup.head_activation == "softmax":
        layers.append(nn.Softmax(dim=1))
    elif setup.head_activation == "sigmoid":
        layers.append(nn.Sigmoid())
    elif setup.head_activation == "relu":
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def mlp(setup: Setup, inputs: int, outputs: int, widths: Sequence[int]) -> nn.Sequential:
    """A multilayer perceptron over (batch, features)."""
    body, width = dense(setup, inputs, widths)
    return headed(setup, body, width, outputs)


def convolutional(setup: Setup, channels: int, outputs: int, widths: Sequence[int], *, flat: int) -> nn.Sequential:
    """Convolutions over (batch, channels, height, width), halved after each; ``flat`` positions are left at the end."""
    layers: list[nn.Module] = []
    for base in widths:
        width = _wide(setup, base)
        layers += [nn.Conv2d(channels, width, 3, padding=1), *_finish(setup, width, nn.BatchNorm2d), nn.MaxPool2d(2)]
        channels = width
    for _ in range(setup.extra_layers):
        block = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), *_finish(setup, channels, nn.BatchNorm2d))
        layers.append(Added(block) if setup.residual else block)
    return headed(setup, nn.Sequential(*layers, nn.Flatten()), flat * channels, outputs)


def residual_convolutional(setup: Setup, channels: int, outputs: int, width: int, blocks: int) -> nn.Sequential:
    """A stem, residual blocks and a mean over all positions."""
    width = _wide(setup, width)
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), *_finish(setup, width, nn.BatchNorm2d)]
    for number in range(blocks + setup.extra_layers):
        block = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), *_finish(setup, width, nn.BatchNorm2d))
        layers.append(Added(block) if setup.residual else block)
        if number < 2:
            layers.append(nn.MaxPool2d(2))
    return headed(setup, nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), width, outputs)


def convolutional_1d(setup: Setup, channels: int, outputs: int, widths: Sequence[int]) -> nn.Sequential:
    """Convolutions over (batch, channels, time) and a mean over time."""
    layers: list[nn.Module] = []
    for base in (*widths, *widths[-1:] * setup.extra_layers):
        width = _wide(setup, base)
        layers += [nn.Conv1d(channels, width, 5, padding=2, stride=1), *_finish(setup, width, None)]
        channels = width
    return headed(setup, nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten()), channels, outputs)


class LastState(nn.Module):
    """A recurrent network over (batch, time, features) that gives its last state."""

    def __init__(self, kind: str, features: int, width: int, bidirectional: bool) -> None:
        super().__init__()
        cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind]
        self.cell: nn.RNNBase = cell(features, width, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.cell(x)[0]
        if self.cell.bidirectional:
            return torch.cat([out[:, -1, : self.cell.hidden_size], out[:, 0, self.cell.hidden_size :]], 1)
        return out[:, -1]


def recurrent(
    setup: Setup, kind: str, features: int, outputs: int, *, width: int, hidden: Sequence[int], bidirectional: bool
) -> nn.Sequential:
    """A recurrent layer and fully connected ones."""
    width = _wide(setup, width)
    reader = LastState(setup.recurrence or kind, features, width, bidirectional)
    body, last = dense(setup, width * (2 if bidirectional else 1), hidden)
    return headed(setup, nn.Sequential(reader, *body), last, outputs)


class Attention(nn.Module):
    """Self-attention with a projection, causal if asked."""

    def __init__(self, width: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.joint = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.heads, self.causal = heads, causal

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = self.joint(x).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        out: Tensor = self.project(seen.transpose(1, 2).reshape(batch, time, width))
        return out


class Transformer(nn.Module):
    """Pre-norm blocks over tokens; gives logits at each position, or of the mean over positions."""

    def __init__(
        self, setup: Setup, vocabulary: int, outputs: int, *, length: int, width: int, blocks: int, causal: bool
    ) -> None:
        super().__init__()
        width = max(4, 4 * (_wide(setup, width) // 4))
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(length, width)
        layers: list[nn.Module] = []
        for _ in range(blocks + setup.extra_layers):
            drop = [nn.Dropout(setup.dropout)] if setup.dropout else []
            layers.append(Added(nn.Sequential(nn.LayerNorm(width), Attention(width, 4, causal), *drop)))
            act = ACTIVATIONS[setup.activation]()
            forward = [nn.LayerNorm(width), nn.Linear(width, 4 * width), act, nn.Linear(4 * width, width), *drop]
            layers.append(Added(nn.Sequential(*forward)))
        self.blocks = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)
        self.finish = nn.Sigmoid() if setup.head_activation == "sigmoid" else nn.Identity()
        self.causal = causal
        for embedding in (self.tokens, self.positions):
            nn.init.normal_(embedding.weight, std=0.02 if causal else 0.1)

    def forward(self, x: Tensor) -> Tensor:
        place = torch.arange(x.shape[1], device=x.device)
        states = self.norm(self.blocks(self.tokens(x) + self.positions(place)))
        logits: Tensor = self.finish(self.head(states if self.causal else states.mean(1)))
        return logits.transpose(1, 2) if self.causal else logits


class TokenMean(nn.Module):
    """The mean of the embeddings of (batch, time) tokens."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.embedding(x).mean(1)
        return out


def head_of(model: nn.Module) -> nn.Linear:
    """The last linear layer."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


def prepare(model: nn.Module, setup: Setup) -> nn.Module:
    """Initialize and freeze as the setup says."""
    head = head_of(model)
    for module in model.modules():
        if module is head or not isinstance(module, nn.Linear | nn.Conv2d | nn.Conv1d | nn.RNNBase):
            continue
        for name, parameter in module.named_parameters(recurse=False):
            with torch.no_grad():
                if name.startswith("weight"):
                    if setup.initialization != "default":
                        parameter.fill_(0.0 if setup.initialization == "zeros" else 0.1)
                    parameter.mul_(setup.gain)
                elif setup.initialization != "default":
                    parameter.zero_()
                elif setup.hidden_bias is not None:
                    parameter.fill_(setup.hidden_bias)
    if setup.initialization != "default":
        nn.init.zeros_(head.weight if setup.initialization == "zeros" else head.bias)
    if setup.frozen:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for parameter in head.parameters():
            parameter.requires_grad_(True)
    return model
