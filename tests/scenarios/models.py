"""The networks of the scenarios, built from a `Program`, and what a user could tell of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from .data import Samples
from .program import Program

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
    "leaky_relu": nn.LeakyReLU,
    "none": nn.Identity,
}


class Residual(nn.Module):
    """Adds the input of a block to its output where their widths agree."""

    def __init__(self, block: nn.Module, same_width: bool) -> None:
        super().__init__()
        self.block, self.same_width = block, same_width

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block(x)
        return x + out if self.same_width else out


class PlainRecurrence(nn.Module):
    """A recurrence without gates over (batch, time, features), at will normalized or residual; gives the last state."""

    def __init__(self, features: int, width: int, program: Program) -> None:
        super().__init__()
        self.input = nn.Linear(features, width)
        self.recurrent = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width) if program.normalization != "none" else nn.Identity()
        self.act = ACTIVATIONS[program.activation]()
        self.residual = program.residual

    def forward(self, x: Tensor) -> Tensor:
        driven = self.input(x)
        state = torch.zeros_like(driven[:, 0])
        for step in range(x.shape[1]):
            new = self.act(self.norm(driven[:, step] + self.recurrent(state)))
            state = state + 0.1 * (new - state) if self.residual else new
        return state


class LastState(nn.Module):
    """An LSTM over (batch, time, features) that gives its last state."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.cell = nn.LSTM(features, width, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.cell(x)[0]
        return states[:, -1]


class Block(nn.Module):
    """One pre-norm block: attention over time, then a network of one hidden layer at each step."""

    def __init__(self, width: int, program: Program) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 4, dropout=program.dropout, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.act = ACTIVATIONS[program.activation]()
        self.down = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(program.dropout)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.norm1(x)
        x = x + self.dropout(self.attention(seen, seen, seen, need_weights=False)[0])
        out: Tensor = x + self.dropout(self.down(self.act(self.up(self.norm2(x)))))
        return out


class Encoder(nn.Module):
    """A small transformer over (batch, time, features) that gives the mean over time."""

    def __init__(self, features: int, width: int, program: Program) -> None:
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.positions = nn.Parameter(0.02 * torch.randn(program.length, width))
        self.blocks = nn.Sequential(Block(width, program), Block(width, program))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.norm(self.blocks(self.embed(x) + self.positions))
        return states.mean(1)


def build(program: Program, samples: Samples) -> nn.Module:
    """The program's network, freshly initialized from the global generator."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    widths = list(program.hidden)
    inputs = samples.x.shape[-1]
    if program.model == "cnn":
        layers["conv1"] = nn.Conv2d(1, 8, 3, padding=1)
        layers["conv1_act"] = ACTIVATIONS[program.activation]()
        layers["pool"] = nn.MaxPool2d(2)
        layers["conv2"] = nn.Conv2d(8, 16, 3)
        layers["conv2_act"] = ACTIVATIONS[program.activation]()
        layers["flat"] = nn.Flatten()
        inputs = 16 * 3 * 3
    elif program.model == "transformer":
        width = widths.pop(0)
        layers["encoder"] = Encoder(inputs, width, program)
        inputs = width
    elif program.model in ("rnn", "lstm"):
        width = widths.pop(0)
        layers["recurrence"] = (
            PlainRecurrence(inputs, width, program) if program.model == "rnn" else LastState(inputs, width)
        )
        inputs = width
    for number, width in enumerate(widths, 1):
        layers[f"fc{number}"] = _hidden(program, inputs, width)
        inputs = width
    layers["out"] = nn.Linear(inputs, samples.classes)
    if program.output_activation != "none":
        layers["out_act"] = nn.Softmax(1) if program.output_activation == "softmax" else nn.Sigmoid()
    model = nn.Sequential(layers)
    _initialize(model, program)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(program.frozen) if program.frozen else True)
    return model


def _hidden(program: Program, inputs: int, width: int) -> nn.Module:
    block: OrderedDict[str, nn.Module] = OrderedDict(linear=nn.Linear(inputs, width))
    if program.normalization != "none" and program.model != "rnn":
        block["norm"] = nn.BatchNorm1d(width) if program.normalization == "batch" else nn.LayerNorm(width)
    block["act"] = ACTIVATIONS[program.activation]()
    if program.dropout:
        block["dropout"] = nn.Dropout(program.dropout)
    return Residual(nn.Sequential(block), inputs == width) if program.residual else nn.Sequential(block)


def _initialize(model: nn.Module, program: Program) -> None:
    for name, module in model.named_modules():
        if isinstance(module, nn.LSTM | nn.MultiheadAttention) and program.initialization == "zeros":
            for own in module.parameters(recurse=False):
                nn.init.zeros_(own)
        elif isinstance(module, nn.Linear) and name.endswith("recurrent"):
            nn.init.orthogonal_(module.weight, gain=program.recurrent_gain)
        elif isinstance(module, nn.Linear | nn.Conv2d):
            if program.initialization == "glorot":
                nn.init.xavier_uniform_(module.weight)
            elif program.initialization == "he":
                nn.init.kaiming_normal_(module.weight)
            elif program.initialization == "zeros":
                nn.init.zeros_(module.weight)
            elif program.initialization == "constant":
                nn.init.constant_(module.weight, 0.1)
            if program.initialization != "default" and module.bias is not None:
                nn.init.zeros_(module.bias)
            if name != "out":
                with torch.no_grad():
                    module.weight.mul_(program.weight_gain)
                    if program.hidden_bias is not None and module.bias is not None:
                        module.bias.fill_(program.hidden_bias)


def hidden_activations(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Name and module of each hidden activation, in forward order."""
    kinds = tuple(kind for kind in ACTIVATIONS.values() if kind is not nn.Identity)
    for name, module in model.named_modules():
        if isinstance(module, kinds) and name != "out_act":
            yield name, module


def profile(program: Program, model: nn.Module) -> dict[str, Any]:
    """What the module itself tells, in the fields of `ModelProfile`."""
    parameters = dict(model.named_parameters())
    weighted = nn.Linear | nn.Conv2d | nn.LSTM  # the projection at the end of an attention is a linear layer
    depth = sum(isinstance(module, weighted) for module in model.modules())
    sequential = program.model in ("rnn", "lstm", "transformer")
    transformer = program.model == "transformer"
    return {
        "parameters": sum(p.numel() for p in parameters.values()),
        "trainable_parameters": sum(p.numel() for p in parameters.values() if p.requires_grad),
        "depth": depth,
        "activation": "none" if program.activation == "none" or not program.hidden else program.activation,
        "output_activation": program.output_activation,
        "output_units": list(parameters.values())[-1].numel(),
        "normalization": "layer" if transformer else program.normalization,
        "residual": program.residual or transformer,
        "recurrent": program.model if program.model in ("rnn", "lstm") else "none",
        "dropout": program.dropout,
        "sequence_length": program.length if sequential else None,
        "embedding": False,
        "initialization": program.initialization if program.initialization in ("zeros", "constant") else None,
        "frozen": tuple(name for name, p in parameters.items() if not p.requires_grad),
        "convolutional": program.model == "cnn",
        "transformer": transformer,
        "linear": program.model == "mlp" and (not program.hidden or program.activation == "none"),
    }
