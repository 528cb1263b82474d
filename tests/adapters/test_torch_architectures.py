"""Networks as people write them: what is read from each, field by field."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from expert.adapters.torch.profile.model import never_called, read_module, read_settings
from expert.history import ModelProfile

from . import torch_convolutional_nets, torch_sequence_nets
from .torch_convolutional_nets import GAN, VAE, Discriminator, Generator, ResNet
from .torch_sequence_nets import GPT, HandRNN, ListMLP, LSTMClassifier, TransformerClassifier

FIELDS = ("depth", "activation", "output_activation", "output_units", "normalization", "residual", "dropout")
KNOWN: dict[str, tuple[Any, ...]] = {
    "ResNet": (14, "relu", "none", 10, "batch", True, 0.0),
    "TorchvisionResNet": (6, "relu", "none", 1000, "batch", True, 0.0),
    "GPT": (13, "gelu", "none", 65, "layer", True, 0.1),
    "TransformerClassifier": (9, "relu", "none", 4, "layer", True, 0.2),
    "LSTMClassifier": (3, None, "none", 2, "none", False, 0.5),
    "UNet": (13, "relu", "none", 2, "batch", None, 0.0),
    "VAE": (4, "relu", "sigmoid", 784, "none", None, 0.0),
    "Generator": (2, "relu", "tanh", 3, "batch", False, 0.0),
    "Discriminator": (2, "leaky_relu", "sigmoid", 1, "none", False, 0.0),
    "ViT": (10, "gelu", "none", 10, "layer", True, 0.1),
    "ListMLP": (3, "tanh", "none", 3, "none", False, 0.0),
    "HandRNN": (2, "tanh", "none", 2, "none", None, 0.0),
    "TemporalBlock": (1, "relu", "relu", None, "none", True, 0.2),
    "MobileNet": (5, "relu6", "none", 10, "batch", True, 0.2),
    "SqueezeExcite": (4, "silu", "none", 10, "none", False, 0.0),
}


def built(name: str) -> nn.Module:
    home = torch_convolutional_nets if hasattr(torch_convolutional_nets, name) else torch_sequence_nets
    made: nn.Module = getattr(home, name)()
    return made


def kinds(found: ModelProfile) -> set[str]:
    """What the network is called."""
    names = {"transformer": found.transformer, "convolutional": found.convolutional, "embedding": found.embedding}
    return {name for name, value in names.items() if value} | {found.recurrent or "perhaps recurrent"} - {"none"}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_read_of_an_architecture(name: str) -> None:
    net = built(name)
    found = read_module(net)
    assert dict(zip(FIELDS, KNOWN[name], strict=True)) == {field: getattr(found, field) for field in FIELDS}
    assert found.parameters == found.trainable_parameters == sum(p.numel() for p in net.parameters())
    assert found.linear is False
    assert never_called(net) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ResNet", {"convolutional"}),
        ("GPT", {"transformer", "embedding"}),
        ("TransformerClassifier", {"transformer", "embedding"}),
        ("LSTMClassifier", {"lstm", "embedding"}),
        ("ViT", {"transformer", "convolutional"}),
        ("UNet", {"convolutional"}),
        ("VAE", set()),
        ("HandRNN", {"perhaps recurrent"}),
    ],
)
def test_what_kind_of_network_it_is(name: str, expected: set[str]) -> None:
    assert kinds(read_module(built(name))) == expected


def test_the_networks_of_these_tests_run() -> None:
    """They are what people write only if they do what they should."""
    image = torch.zeros(2, 3, 32, 32)
    for name in ("ResNet", "TorchvisionResNet", "UNet", "ViT", "SqueezeExcite", "MobileNet"):
        built(name)(image)
    GPT()(torch.zeros(2, 8, dtype=torch.long), torch.zeros(2, 8, dtype=torch.long))
    TransformerClassifier()(torch.zeros(2, 8, dtype=torch.long))
    LSTMClassifier()(torch.zeros(2, 8, dtype=torch.long), torch.tensor([8, 5]))
    VAE()(torch.zeros(2, 784))
    Discriminator()(Generator()(torch.zeros(2, 10, 1, 1)))
    ListMLP()(torch.zeros(2, 8))
    HandRNN()(torch.zeros(2, 5, 4))
    built("TemporalBlock")(torch.zeros(2, 3, 9))


def test_shared_weights_count_once() -> None:
    net = GPT(vocabulary=65, width=32, layers=3)
    assert net.transformer.wte.weight is net.lm_head.weight
    assert read_module(net).parameters == sum(p.numel() for p in net.parameters())
    layer = nn.Linear(4, 4)
    assert read_module(nn.Sequential(layer, nn.Tanh(), layer)).parameters == 20


def test_the_loss_that_the_code_of_a_model_computes() -> None:
    settings = read_settings(GPT())
    assert (settings.loss, settings.loss_from_logits, settings.precision) == ("cross_entropy", True, None)
    assert read_settings(ResNet()).loss is None


def test_a_pair_of_generator_and_discriminator_is_no_single_network() -> None:
    pair = GAN()
    found = read_module(pair)
    assert (found.depth, found.output_activation, found.output_units, found.residual) == (None, None, None, None)
    assert found.parameters == sum(p.numel() for p in pair.parameters())
    assert read_settings(pair).adversarial is True
    assert read_settings(ResNet()).adversarial is None


@pytest.mark.parametrize(
    ("names", "adversarial"),
    [(("G", "D"), True), (("netG", "netD"), True), (("Generator", "critic"), True), (("g", "d"), None), (("G",), None)],
)
def test_opponents_are_known_by_their_names(names: tuple[str, ...], adversarial: bool | None) -> None:
    assert read_settings(nn.ModuleDict({name: nn.Linear(2, 2) for name in names})).adversarial is adversarial


def test_a_bidirectional_network_of_one_layer_drops_nothing_between_its_layers() -> None:
    cell = nn.LSTM(4, 8, 1, dropout=0.0)
    cell.dropout = 0.4  # torch warns about it and ignores it
    assert read_module(cell).dropout == 0.0
    assert read_module(nn.LSTM(4, 8, 2, dropout=0.4)).dropout == 0.4


class Saving(nn.Module):
    """Trades time for memory: blocks and a method of its own are called by ``checkpoint``."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(4, 8), nn.Linear(8, 3)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(8, 8), nn.GELU()) for _ in range(2)])
        self.last = nn.Linear(8, 8)

    def tail(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.gelu(self.last(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = x + torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)
        x = torch.utils.checkpoint.checkpoint(self.tail, x, use_reentrant=False)
        return self.head(x)


def test_checkpoints_call_what_they_are_given() -> None:
    found = read_module(Saving())
    assert (found.depth, found.activation, found.residual, found.output_units) == (5, "gelu", True, 3)
    assert (found.normalization, found.dropout) == ("none", 0.0)
