"""The networks of the problems in PyTorch, with what a `Setup` says of activation, width, depth and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from . import architectures
from .architectures import (
    Architecture,
    Convolutional,
    ConvolutionalRecurrent,
    Dense,
    Embedded,
    Recurrent,
    ResidualConvolutional,
    TimeConvolutional,
)
from .samples import Samples
from .setup import Setup

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "none": nn.Identity,
}


def build(architecture: Architecture, setup: Setup) -> nn.Module:
    """The network, freshly initialized as PyTorch does it."""
    match architecture:
        case Dense():
            body, width = dense(setup, architecture.inputs, architecture.widths)
            return headed(setup, body, width, architecture.outputs)
        case Convolutional():
            return convolutional(setup, architecture)
        case ResidualConvolutional():
            return residual_convolutional(setup, architecture)
        case TimeConvolutional():
            return time_convolutional(setup, architecture)
        case Recurrent():
            return recurrent(setup, architecture)
        case ConvolutionalRecurrent():
            return convolutional_recurrent(setup, architecture)
        case Embedded():
            return embedded(setup, architecture)
    return Transformer(setup, architecture)


class Added(nn.Module):
    """Adds the input of a block to its output."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.block(x)
        return out


class OverTime(nn.BatchNorm1d):
    """Batch normalization of (batch, channels, time), where a layer's normalization is one of channels and time."""


class Residual(Added):
    """A weight layer behind the normalization and the activation of its inputs, added to them: nothing at the start."""

    def __init__(
        self, setup: Setup, norm: type[nn.Module], layer: nn.Linear | nn.Conv1d | nn.Conv2d, width: int
    ) -> None:
        super().__init__(nn.Sequential(*_finish(setup, width, norm), layer))
        self.layer = layer


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


def _added(setup: Setup, block: nn.Module, layer: nn.Linear | nn.Conv2d, norm: type[nn.Module]) -> nn.Module:
    """A block with as many outputs as inputs, and the shortcut that the setup gives it."""
    if setup.normalized_entrance:
        return Residual(setup, norm, layer, layer.weight.shape[0])
    return Added(block) if setup.residual else block


def _left(setup: Setup, layers: Sequence[nn.Module], width: int, norm: type[nn.Module]) -> list[nn.Module]:
    """What stands behind the last of the residual blocks that are normalized at their entrance."""
    return _finish(setup, width, norm) if any(isinstance(layer, Residual) for layer in layers) else []


def dense(setup: Setup, inputs: int, widths: Sequence[int]) -> tuple[nn.Sequential, int]:
    """Fully connected hidden layers, and the width of the last."""
    widths = [_wide(setup, width) for width in (*widths, *widths[-1:] * setup.extra_layers)]
    layers: list[nn.Module] = []
    for width in widths:
        layer = nn.Linear(inputs, width)
        block = nn.Sequential(layer, *_finish(setup, width, nn.BatchNorm1d))
        layers.append(_added(setup, block, layer, nn.BatchNorm1d) if width == inputs else block)
        inputs = width
    return nn.Sequential(*layers, *_left(setup, layers, inputs, nn.BatchNorm1d)), inputs


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


def convolutional(setup: Setup, network: Convolutional) -> nn.Sequential:
    """Over (batch, channels, height, width)."""
    layers: list[nn.Module] = []
    channels = network.channels
    for base in network.widths:
        width = _wide(setup, base)
        layers += [nn.Conv2d(channels, width, 3, padding=1), *_finish(setup, width, nn.BatchNorm2d), nn.MaxPool2d(2)]
        channels = width
    for _ in range(setup.extra_layers):
        layer = nn.Conv2d(channels, channels, 3, padding=1)
        block = nn.Sequential(layer, *_finish(setup, channels, nn.BatchNorm2d))
        layers.append(_added(setup, block, layer, nn.BatchNorm2d))
    layers += _left(setup, layers, channels, nn.BatchNorm2d)
    return headed(setup, nn.Sequential(*layers, nn.Flatten()), network.flat * channels, network.outputs)


def residual_convolutional(setup: Setup, network: ResidualConvolutional) -> nn.Sequential:
    """Over (batch, channels, height, width)."""
    width = _wide(setup, network.width)
    layers: list[nn.Module] = [
        nn.Conv2d(network.channels, width, 3, padding=1),
        *_finish(setup, width, nn.BatchNorm2d),
    ]
    for number in range(network.blocks + setup.extra_layers):
        layer = nn.Conv2d(width, width, 3, padding=1)
        block = nn.Sequential(layer, *_finish(setup, width, nn.BatchNorm2d))
        layers.append(_added(setup, block, layer, nn.BatchNorm2d))
        if number < 2:
            layers.append(nn.MaxPool2d(2))
    layers += _left(setup, layers, width, nn.BatchNorm2d)
    body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return headed(setup, body, width, network.outputs)


def time_convolutional(setup: Setup, network: TimeConvolutional) -> nn.Sequential:
    """Over (batch, channels, time)."""
    layers: list[nn.Module] = []
    channels = network.channels
    for base, apart in network.layers(setup.extra_layers):
        width = _wide(setup, base)
        layer = nn.Conv1d(channels, width, 5, padding=2 * apart, dilation=apart)
        if setup.normalized_entrance and width == channels:
            layers.append(Residual(setup, OverTime, layer, width))
        else:
            layers += [layer, *_finish(setup, width, None)]
        channels = width
    layers += _left(setup, layers, channels, OverTime)
    body = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten())
    return headed(setup, body, channels, network.outputs)


def _cell(kind: str, features: int, width: int, bidirectional: bool) -> nn.RNNBase:
    cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind]
    return cell(features, width, batch_first=True, bidirectional=bidirectional)


class LastState(nn.Module):
    """A recurrent network over (batch, time, features) that gives its last state."""

    def __init__(self, kind: str, features: int, width: int, bidirectional: bool) -> None:
        super().__init__()
        self.cell = _cell(kind, features, width, bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.cell(x)[0]
        if self.cell.bidirectional:
            return torch.cat([out[:, -1, : self.cell.hidden_size], out[:, 0, self.cell.hidden_size :]], 1)
        return out[:, -1]


class WeightedStates(nn.Module):
    """A recurrent network over (batch, time, features) that gives the mean of its states by weights they have."""

    def __init__(self, kind: str, features: int, width: int, bidirectional: bool) -> None:
        super().__init__()
        self.cell = _cell(kind, features, width, bidirectional)
        self.score = nn.Linear(width * (2 if bidirectional else 1), 1)

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.cell(x)[0]
        return (states * self.score(states).softmax(1)).sum(1)


def recurrent(setup: Setup, network: Recurrent) -> nn.Sequential:
    """Over (batch, time, features)."""
    width = _wide(setup, network.width)
    read = WeightedStates if network.attentive else LastState
    reader = read(setup.recurrence or network.cell, network.features, width, network.bidirectional)
    body, last = dense(setup, width * (2 if network.bidirectional else 1), network.hidden)
    return headed(setup, nn.Sequential(reader, *body), last, network.outputs)


class Turned(nn.Module):
    """(batch, time, features) as (batch, channels, time), or back."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


def convolutional_recurrent(setup: Setup, network: ConvolutionalRecurrent) -> nn.Sequential:
    """Over (batch, time, features)."""
    layers: list[nn.Module] = [Turned()]
    channels = network.features
    strides = [(base, 2) for base in network.convolutions] + [(network.convolutions[-1], 1)] * setup.extra_layers
    for base, stride in strides:
        width = _wide(setup, base)
        layers += [nn.Conv1d(channels, width, 5, padding=2, stride=stride), *_finish(setup, width, None)]
        channels = width
    width = _wide(setup, network.width)
    layers += [Turned(), LastState(setup.recurrence or network.cell, channels, width, bidirectional=False)]
    return headed(setup, nn.Sequential(*layers), width, network.outputs)


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

    def __init__(self, setup: Setup, network: architectures.Transformer) -> None:
        super().__init__()
        causal = network.causal
        width = max(4, 4 * (_wide(setup, network.width) // 4))
        self.tokens = nn.Embedding(network.vocabulary, width)
        self.positions = nn.Embedding(network.length, width)
        layers: list[nn.Module] = []
        for _ in range(network.blocks + setup.extra_layers):
            drop = [nn.Dropout(setup.dropout)] if setup.dropout else []
            layers.append(Added(nn.Sequential(nn.LayerNorm(width), Attention(width, 4, causal), *drop)))
            act = ACTIVATIONS[setup.activation]()
            forward = [nn.LayerNorm(width), nn.Linear(width, 4 * width), act, nn.Linear(4 * width, width), *drop]
            layers.append(Added(nn.Sequential(*forward)))
        self.blocks = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, network.outputs)
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


def embedded(setup: Setup, network: Embedded) -> nn.Sequential:
    """Over (batch, time) tokens."""
    body, width = dense(setup, network.width, network.hidden)
    return headed(setup, nn.Sequential(TokenMean(network.vocabulary, network.width), *body), width, network.outputs)


def head_of(model: nn.Module) -> nn.Linear:
    """The last linear layer."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


def prepare(model: nn.Module, setup: Setup) -> nn.Module:
    """Initialize and freeze as the setup says."""
    head = head_of(model)
    drawn_well = setup.initialization in ("he", "glorot")
    alike = setup.initialization in ("zeros", "constant")
    for module in model.modules():
        if module is head or not isinstance(module, nn.Linear | nn.Conv2d | nn.Conv1d | nn.RNNBase):
            continue
        for name, parameter in module.named_parameters(recurse=False):
            with torch.no_grad():
                if drawn_well:
                    _draw(name, parameter, setup.initialization == "he")
                if name.startswith("weight"):
                    if alike:
                        parameter.fill_(0.0 if setup.initialization == "zeros" else 0.1)
                    parameter.mul_(setup.gain)
                elif alike:
                    parameter.zero_()
                elif setup.hidden_bias is not None:
                    parameter.fill_(setup.hidden_bias)
        if drawn_well and isinstance(module, nn.LSTM):
            _open_forget_gates(module)
    if alike:
        nn.init.zeros_(head.weight if setup.initialization == "zeros" else head.bias)
    for module in model.modules():
        if isinstance(module, Residual):
            nn.init.zeros_(module.layer.weight)
            nn.init.zeros_(cast("Tensor", module.layer.bias))
    if setup.frozen:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for parameter in head.parameters():
            parameter.requires_grad_(True)
    return model


@torch.no_grad()
def start_at_prior(model: nn.Module, samples: Samples) -> None:
    """Set the last bias so that the first outputs, before they know anything, are right on average."""
    bias = head_of(model).bias
    if samples.task in ("classification", "language_model"):
        shares = torch.bincount(samples.y.flatten().long(), minlength=len(bias)).clamp_min(1).float()
        bias.copy_((shares / shares.sum()).log())
    elif samples.task == "binary":
        bias.fill_(float(torch.logit(samples.y.mean().clamp(0.01, 0.99))))
    else:
        bias.copy_((samples.x if samples.task == "autoencoder" else samples.y).mean(0))


def _draw(name: str, parameter: Tensor, he: bool) -> None:
    """Weights as He et al. or Glorot and Bengio draw them, orthogonal from state to state; biases at zero."""
    if name.startswith("weight_hh"):
        nn.init.orthogonal_(parameter)
    elif name.startswith("weight") and he and not name.startswith("weight_ih"):
        nn.init.kaiming_normal_(parameter, nonlinearity="relu")
    elif name.startswith("weight"):
        nn.init.xavier_normal_(parameter)
    else:
        nn.init.zeros_(parameter)


def _open_forget_gates(lstm: nn.LSTM) -> None:
    for name, parameter in lstm.named_parameters(recurse=False):
        if name.startswith("bias_ih"):
            with torch.no_grad():
                parameter[lstm.hidden_size : 2 * lstm.hidden_size] = 1.0
