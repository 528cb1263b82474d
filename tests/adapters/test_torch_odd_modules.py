"""Modules that are wrapped, parametrized, lazy or packed, or that misbehave: what is known is said."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from expert.adapters.torch.profile.model import READER, never_called, not_optimized, read_module, read_settings
from expert.adapters.torch.profile.unwrapping import inner_module, plain_name
from expert.history import ModelProfile
from expert.reading import ReadRequest

from .torch_convolutional_nets import ResNet


def plain() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))


def single_process() -> Any:
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)


def test_wrapped_modules_are_read_through_their_wrappers() -> None:
    net = ResNet()
    expected = read_module(net)
    averaged = torch.optim.swa_utils.AveragedModel(net)
    wrapped = [torch.compile(net), nn.DataParallel(net), averaged, torch.compile(nn.DataParallel(net))]
    for one in wrapped:
        assert read_module(one) == expected
        assert READER.recognizes(one) == 1.0
    single_process()
    try:
        distributed = nn.parallel.DistributedDataParallel(net)
        assert read_module(distributed) == expected
        assert inner_module(distributed) is net
    finally:
        torch.distributed.destroy_process_group()


def test_pieces_compiled_on_their_own_keep_their_plain_names() -> None:
    net = nn.Sequential(torch.compile(plain()), nn.Linear(2, 2))
    found = read_module(net)
    assert (found.depth, found.activation, found.output_units) == (3, "relu", 2)
    assert found.layers is not None
    assert [layer.name for layer in found.layers] == ["0.0", "0.2", "1"]
    names = [plain_name(name) for name, _ in net.named_parameters()]
    assert names[0] == "0.0.weight"
    assert not_optimized(net, [torch.optim.SGD(net[1].parameters(), lr=0.1)])[0] == "0.0.weight"


def test_a_wrapped_model_and_its_optimizer_belong_together() -> None:
    net = plain()
    source = {"model": torch.compile(net), "optimizer": torch.optim.SGD(net.parameters(), lr=0.1)}
    (history,) = READER.read(source, ReadRequest())
    assert (history.model.not_optimized, history.notes) == ((), ())


@pytest.mark.filterwarnings("ignore")
def test_parametrized_layers_are_what_they_parametrize_and_stay_untouched() -> None:
    net = nn.Sequential(
        parametrizations.weight_norm(nn.Linear(8, 16)),
        nn.ReLU(),
        parametrizations.spectral_norm(nn.Linear(16, 16)),
        nn.ReLU(),
        parametrizations.orthogonal(nn.Linear(16, 16)),
        nn.ReLU(),
        nn.Linear(16, 2),
    ).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = read_module(net)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items()), "a power iteration ran"
    assert (found.depth, found.activation, found.normalization, found.output_units) == (4, "relu", "none", 2)
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert found.layers is not None
    assert {layer.kind for layer in found.layers} == {"linear"}
    old = read_module(nn.Sequential(nn.utils.weight_norm(nn.Linear(8, 16)), nn.ReLU(), nn.Linear(16, 2)))
    assert (old.depth, old.normalization) == (2, "none")


def test_what_lazy_modules_do_not_know_yet_is_unknown() -> None:
    net = nn.Sequential(nn.LazyConv2d(8, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))
    found = read_module(net)
    assert (found.parameters, found.trainable_parameters) == (None, None)
    assert (found.depth, found.convolutional, found.normalization, found.output_units) == (2, True, "batch", 10)
    assert found.layers is not None
    assert [(layer.name, layer.parameters) for layer in found.layers] == [("0", None), ("1", None), ("4", None)]
    net(torch.zeros(2, 3, 8, 8))
    assert read_module(net).parameters == sum(parameter.numel() for parameter in net.parameters())


def test_modules_without_memory_have_no_initialization() -> None:
    with torch.device("meta"):
        found = read_module(nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)))
    assert (found.initialization, found.largest_gain, found.depth) == (None, None, 2)


@pytest.mark.filterwarnings("ignore")
def test_packed_weights_are_not_counted_as_none() -> None:
    packed = torch.ao.quantization.quantize_dynamic(plain(), {nn.Linear})
    found = read_module(packed)
    assert (found.parameters, found.trainable_parameters, found.depth) == (None, None, 2)


@pytest.mark.filterwarnings("ignore")
def test_graphs_and_scripts() -> None:
    from .torch_convolutional_nets import TorchvisionResNet

    net = TorchvisionResNet()
    graph, own = read_module(torch.fx.symbolic_trace(net)), read_module(net)
    for field in ("depth", "activation", "normalization", "residual", "output_units", "parameters", "recurrent"):
        assert getattr(graph, field) == getattr(own, field)
    scripted = read_module(torch.jit.script(plain()))
    assert scripted.parameters == read_module(plain()).parameters
    assert (scripted.activation, scripted.linear, scripted.convolutional) == (None, None, None)


class Raises(nn.Module):
    """Its properties raise, its walks raise, and what it holds is a plain layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    @property
    def out_features(self) -> int:
        raise RuntimeError("not built")

    @property
    def dropout(self) -> float:
        raise KeyError("dropout")

    def named_children(self) -> Any:
        raise RuntimeError("no")

    def modules(self) -> Any:
        raise RuntimeError("no")

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Answers(nn.Module):
    """Has an answer to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return lambda *_args, **_named: 7

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


@pytest.mark.parametrize("net", [Raises(), Answers()])
def test_contrary_attributes_do_no_harm(net: nn.Module) -> None:
    found = read_module(net)
    assert (found.depth, found.output_units, found.parameters, found.linear) == (1, 2, 10, True)
    assert read_settings(net).framework == "torch"
    assert never_called(net) == ()


class NeverBuilt(nn.Module):
    def __init__(self) -> None:
        """Forgets ``super().__init__()``."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Circle(nn.Module):
    """Holds a part that holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Sequential(nn.Linear(4, 2))
        self.part.add_module("owner", self)

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x)


def test_modules_that_could_never_run_are_read_as_far_as_they_go() -> None:
    for net in (NeverBuilt(), nn.Module(), nn.Sequential(), nn.ModuleList(), nn.Identity()):
        assert isinstance(read_module(net), ModelProfile)
        assert read_module(net).parameters == 0
    assert read_module(Circle()).parameters == 10


class Holder(nn.Module):
    """Has no ``forward``: somebody calls its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Conv2d(3, 4, 3), nn.Sequential(nn.Linear(4, 2), nn.Sigmoid())


class Dynamic(Holder):
    def forward(self, x: Tensor) -> Tensor:
        for name in ("encoder", "decoder"):
            x = getattr(self, name)(x)
        return x


class Walking(Holder):
    def forward(self, x: Tensor) -> Tensor:
        for child in self.children():
            x = child(x)
        return x


class Complaining(Holder):
    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("call encoder and decoder")


class Inherited(Holder):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


@pytest.mark.parametrize("net", [Holder(), Dynamic(), Walking(), Complaining(), Inherited()])
def test_ways_that_cannot_be_seen_leave_everything_open(net: nn.Module) -> None:
    found = read_module(net)
    assert (found.convolutional, found.parameters) == (True, 122)
    for field in ("residual", "recurrent", "normalization", "dropout", "output_units", "transformer", "depth"):
        assert getattr(found, field) is None, field
    assert never_called(net) == ()


class Chain(nn.Sequential):
    """A sequence whose ``forward`` was written anew."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in self:
            x = strange(layer(x))
        return x


def strange(x: Tensor) -> Tensor:
    return x.sin()


def test_a_sequence_with_a_forward_of_its_own_is_code() -> None:
    found = read_module(Chain(nn.Linear(4, 4), nn.Linear(4, 2)))
    assert (found.depth, found.activation, found.linear, found.output_units) == (None, None, None, None)


class Double(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


def test_a_forward_given_to_the_instance_counts() -> None:
    replaced = Double()
    replaced.forward = lambda x: x  # type: ignore[method-assign]
    assert (read_module(replaced).residual, read_module(replaced).output_units) == (None, None)
    wrapped = Double()

    @functools.wraps(wrapped.forward)
    def timed(x: Tensor) -> Tensor:
        return Double.forward(wrapped, x)

    expected = read_module(wrapped)
    wrapped.forward = timed  # type: ignore[method-assign]
    assert read_module(wrapped) == expected
    assert (expected.residual, expected.output_units) == (False, 2)


def test_positions_and_scales_are_named_as_their_parameters_are() -> None:
    class Positioned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.place = nn.Parameter(torch.zeros(3, 4), requires_grad=False)
            self.fc = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x + self.place)

    found = read_module(nn.Sequential(Positioned()))
    assert found.frozen == ("0.place",)
    assert (found.parameters, found.trainable_parameters) == (22, 10)
