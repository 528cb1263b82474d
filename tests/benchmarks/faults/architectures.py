"""The networks of the problems as data, so that each framework can build them in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = Literal["rnn", "gru", "lstm"]


@dataclass(frozen=True)
class Dense:
    """A multilayer perceptron over (batch, features)."""

    inputs: int
    outputs: int
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Convolutional:
    """Convolutions over pictures, halved after each; ``flat`` positions are left at the end."""

    channels: int
    outputs: int
    widths: tuple[int, ...]
    flat: int


@dataclass(frozen=True)
class ResidualConvolutional:
    """A stem, residual blocks and a mean over all positions."""

    channels: int
    outputs: int
    width: int
    blocks: int


@dataclass(frozen=True)
class TimeConvolutional:
    """Convolutions over signals and a mean over time; ``dilated``: the steps they look at are 1, 2, 4 ... apart."""

    channels: int
    outputs: int
    widths: tuple[int, ...]
    dilated: bool = False

    def layers(self, further: int = 0) -> list[tuple[int, int]]:
        """Width and dilation of each convolution; further ones are as the last."""
        layers = [(width, 2**number if self.dilated else 1) for number, width in enumerate(self.widths)]
        return layers + layers[-1:] * further


@dataclass(frozen=True)
class Recurrent:
    """A recurrent layer over (batch, time, features), of which the last state counts, and fully connected ones.

    ``attentive``: their mean counts, by weights that a linear layer makes of the states.
    """

    cell: Cell
    features: int
    outputs: int
    width: int
    hidden: tuple[int, ...] = ()
    bidirectional: bool = False
    attentive: bool = False


@dataclass(frozen=True)
class ConvolutionalRecurrent:
    """Convolutions over (batch, time, features), each of which halves the steps, and a recurrent layer behind them."""

    cell: Cell
    features: int
    outputs: int
    convolutions: tuple[int, ...]
    width: int


@dataclass(frozen=True)
class Transformer:
    """Pre-norm blocks over tokens; ``causal``: logits at each position, else those of the mean over positions."""

    vocabulary: int
    outputs: int
    length: int
    width: int
    blocks: int
    causal: bool


@dataclass(frozen=True)
class Embedded:
    """The mean of the embeddings of (batch, time) tokens, and fully connected layers."""

    vocabulary: int
    outputs: int
    width: int
    hidden: tuple[int, ...]


Architecture = (
    Dense
    | Convolutional
    | ResidualConvolutional
    | TimeConvolutional
    | Recurrent
    | ConvolutionalRecurrent
    | Transformer
    | Embedded
)
