from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from expert.adapters.torch.profile import optimizer as torch_optimizer
from expert.adapters.torch.profile.model import READER
from expert.errors import SourceError
from expert.history import History, ModelProfile
from expert.reading import ReadRequest


def read(source: Any) -> History:
    assert READER.recognizes(source) == 1.0
    (history,) = READER.read(source, ReadRequest())
    return history


def profile(module: nn.Module) -> ModelProfile:
    return read(module).model


class Digits(nn.Module):
    """The form of the example everybody starts from: functional activations, the head in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.drop = nn.Dropout(0.25)
        self.hidden = nn.Linear(128, 16)
        self.out = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv(x))
        x = F.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        x = self.drop(F.relu(self.hidden(x)))
        x = self.out(x)
        return F.log_softmax(x, dim=1)


class Reader(nn.Module):
    def __init__(self, cell: type[nn.Module]) -> None:
        super().__init__()
        self.cell = cell(3, 8, 2, batch_first=True)
        self.out = nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.cell(x)
        return torch.sigmoid(self.out(states[:, -1])).squeeze(-1)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.body = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(self.norm(x))


class Stack(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.position = nn.Parameter(torch.zeros(4, 8))
        self.blocks = nn.ModuleList([Block(8) for _ in range(3)])
        self.head = nn.Linear(8, 50)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x) + self.position
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Unseen(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = strange(self.first(x))
        return strange(self.second(x))


def strange(x: torch.Tensor) -> torch.Tensor:
    return x.sin()


def test_a_plain_sequence_is_known_completely() -> None:
    net = nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4), nn.Softmax(-1)
    )
    found = profile(net)
    assert found.parameters == found.trainable_parameters == sum(p.numel() for p in net.parameters())
    assert (found.depth, found.activation, found.normalization, found.dropout) == (2, "relu", "batch", 0.3)
    assert (found.output_activation, found.output_units) == ("softmax", 4)
    assert (found.residual, found.recurrent, found.linear, found.embedding) == (False, "none", False, False)
    assert found.layers is not None
    assert [(layer.name, layer.kind, layer.units, layer.activation) for layer in found.layers] == [
        ("0", "linear", 16, "relu"),
        ("1", "batch_norm", 16, None),
        ("4", "linear", 4, "softmax"),
    ]


def test_a_stack_of_linear_layers_is_linear() -> None:
    found = profile(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2)))
    assert (found.linear, found.activation, found.output_activation) == (True, "none", "none")
    assert profile(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))).linear is False
    logistic = profile(nn.Sequential(nn.Linear(4, 1), nn.Sigmoid()))
    assert (logistic.linear, logistic.activation, logistic.output_activation) == (True, "none", "sigmoid")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (nn.Softmax(1), "softmax"),
        (nn.LogSoftmax(1), "log_softmax"),
        (nn.Sigmoid(), "sigmoid"),
        (nn.ReLU(), "relu"),
        (nn.Tanh(), "tanh"),
        (nn.Softplus(), "other"),
        (nn.Identity(), "none"),
    ],
)
def test_the_head(head: nn.Module, expected: str) -> None:
    found = profile(nn.Sequential(nn.Linear(4, 8), nn.ELU(), nn.Sequential(nn.Linear(8, 3), head)))
    assert (found.output_activation, found.output_units, found.activation) == (expected, 3, "elu")


def test_functional_code_is_read_without_being_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Digits, "__call__", None)
    found = profile(Digits())
    assert (found.activation, found.output_activation, found.output_units) == ("relu", "log_softmax", 10)
    assert (found.convolutional, found.linear, found.residual, found.normalization) == (True, False, False, "none")
    assert found.dropout == 0.25


@pytest.mark.parametrize(("cell", "name"), [(nn.RNN, "rnn"), (nn.LSTM, "lstm"), (nn.GRU, "gru")])
def test_recurrent_networks(cell: type[nn.Module], name: str) -> None:
    found = profile(Reader(cell))
    assert (found.recurrent, found.output_activation, found.output_units, found.depth) == (name, "sigmoid", 1, 3)
    assert found.linear is False


def test_residual_blocks_norms_and_embeddings_are_seen() -> None:
    found = profile(Stack())
    assert (found.residual, found.normalization, found.embedding, found.activation) == (True, "layer", True, "gelu")
    assert (found.depth, found.output_activation, found.output_units) == (7, "none", 50)
    assert found.recurrent == "none"
    assert found.parameters == sum(p.numel() for p in Stack().parameters())


def test_a_transformer_is_one() -> None:
    layer = nn.TransformerEncoderLayer(16, 2, activation="gelu", batch_first=True)
    found = profile(nn.TransformerEncoder(layer, 2))
    assert (found.transformer, found.residual, found.normalization, found.activation) == (True, True, "layer", "gelu")


def test_what_code_may_hide_is_unknown() -> None:
    found = profile(Unseen())
    assert (found.activation, found.linear, found.output_activation, found.normalization) == (None, None, None, None)
    assert (found.residual, found.recurrent, found.transformer) == (None, None, None)
    assert (found.depth, found.convolutional) == (2, False)


def test_frozen_layers_are_named() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    assert profile(net).frozen == ()
    net[0].requires_grad_(False)
    found = profile(net)
    assert found.frozen == ("0",)
    assert found.trainable_parameters == 18


@pytest.mark.parametrize(("value", "expected"), [(0.0, "zeros"), (0.5, "constant")])
def test_units_that_are_all_alike(value: float, expected: str) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    assert profile(net).initialization is None
    nn.init.constant_(net[2].weight, value)
    assert profile(net).initialization is None, "a head may start so"
    nn.init.constant_(net[0].weight, value)
    assert profile(net).initialization == expected


def test_modules_without_shapes_or_memory_are_read() -> None:
    assert profile(nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))).depth is not None
    with torch.device("meta"):
        assert profile(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))).parameters == 58


def test_nothing_is_touched() -> None:
    net = Stack().train()
    net.blocks[0].eval()
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    state, modes = torch.get_rng_state(), [module.training for module in net.modules()]
    hooks = [len(module._forward_hooks) for module in net.modules()]
    profile(net)
    assert all(torch.equal(value, weights[name]) for name, value in net.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert modes == [module.training for module in net.modules()]
    assert hooks == [len(module._forward_hooks) for module in net.modules()]
    assert all(parameter.grad is None for parameter in net.parameters())


def test_half_precision_is_said_and_single_is_not() -> None:
    assert read(nn.Linear(2, 2).half()).config.precision == "float16"
    assert read(nn.Linear(2, 2).bfloat16()).config.precision == "bfloat16"
    assert read(nn.Linear(2, 2)).config.precision is None


@pytest.mark.parametrize(
    ("loss", "name", "from_logits"),
    [
        (nn.CrossEntropyLoss(), "cross_entropy", True),
        (nn.NLLLoss(), "nll", False),
        (nn.BCELoss(), "bce", False),
        (nn.BCEWithLogitsLoss(), "bce_with_logits", True),
        (nn.MSELoss(), "mse", None),
        (nn.L1Loss(), "mae", None),
        (nn.SmoothL1Loss(), "huber", None),
        (F.cross_entropy, "cross_entropy", True),
        (F.binary_cross_entropy_with_logits, "bce_with_logits", True),
        (F.mse_loss, "mse", None),
        (strange, "custom", None),
    ],
)
def test_losses(loss: Any, name: str, from_logits: bool | None) -> None:
    config = read({"model": nn.Linear(2, 2), "loss": loss}).config
    assert (config.loss, config.loss_from_logits) == (name, from_logits)


def test_the_settings_of_a_loss() -> None:
    loss = nn.CrossEntropyLoss(weight=torch.ones(2), label_smoothing=0.1, reduction="sum")
    config = read({"model": nn.Linear(2, 2), "loss": loss}).config
    assert (config.class_weights, config.label_smoothing, config.loss_reduction) == (True, 0.1, "sum")
    plain = read({"model": nn.Linear(2, 2), "loss": nn.CrossEntropyLoss()}).config
    assert (plain.class_weights, plain.label_smoothing, plain.loss_reduction) == (False, 0.0, "mean")


def optimizer_of(name: str, **settings: Any) -> torch.optim.Optimizer:
    made: torch.optim.Optimizer = getattr(torch.optim, name)(nn.Linear(2, 2).parameters(), **settings)
    return made


def test_optimizers() -> None:
    def config(name: str, **settings: Any) -> dict[str, Any]:
        source = optimizer_of(name, **settings)
        assert torch_optimizer.READER.recognizes(source) == 1.0
        (history,) = torch_optimizer.READER.read(source, ReadRequest())
        return history.config.model_dump(exclude_none=True)

    assert config("SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4) == {
        "framework": "torch",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 1e-4,
        "decoupled_weight_decay": False,
    }
    adam = config("Adam", lr=1e-3, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.01)
    assert (adam["optimizer"], adam["beta1"], adam["beta2"], adam["epsilon"]) == ("adam", 0.8, 0.99, 1e-6)
    assert adam["decoupled_weight_decay"] is False
    assert config("AdamW")["decoupled_weight_decay"] is True
    assert config("RMSprop", alpha=0.95)["rho"] == 0.95
    assert config("Adadelta")["rho"] == 0.9
    assert config("NAdam", weight_decay=0.1, decoupled_weight_decay=True)["decoupled_weight_decay"] is True
    assert config("Adam", lr=torch.tensor(0.5))["learning_rate"] == 0.5


def test_the_rate_is_the_one_the_schedule_is_built_on() -> None:
    net = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] != 0.1
    config = read({"model": net, "scheduler": scheduler}).config
    assert (config.learning_rate, config.schedule, config.warm_restarts) == (
        0.1,
        "cosine_annealing_warm_restarts",
        True,
    )
    cycle = torch.optim.SGD(net.parameters(), lr=0.1)
    torch.optim.lr_scheduler.OneCycleLR(cycle, max_lr=0.5, total_steps=10)
    assert read({"model": net, "optimizer": cycle}).config.learning_rate == 0.5


def test_parameters_the_optimizer_does_not_hold_are_named() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    history = read({"model": net, "optimizer": torch.optim.SGD(net[1].parameters(), lr=0.1)})
    assert any("does not hold 2 of 4" in note and "0.weight" in note for note in history.notes)
    assert read({"model": net, "optimizer": torch.optim.SGD(net.parameters(), lr=0.1)}).notes == ()


def test_groups_that_differ_are_mentioned() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    groups = [{"params": net[0].parameters(), "lr": 1e-4}, {"params": net[1].parameters()}]
    history = read({"model": net, "optimizer": torch.optim.SGD(groups, lr=0.1)})
    assert any("0.0001, 0.1" in note for note in history.notes)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"model": nn.Linear(1, 1), "optimiser": 1}, r"no entry 'optimiser'.*Did you mean 'optimizer'\?"),
        ({"model": nn.Linear(1, 1), "optimizer": "adam"}, "expected a torch.optim.Optimizer, got str"),
        ({"model": nn.Linear(1, 1), "loss": 3}, "expected a loss module or function, got int"),
    ],
)
def test_wrong_parts_are_said_in_one_sentence(source: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(source)


def test_other_sources_are_left_alone() -> None:
    for source in (torch.zeros(2), "model.pt", {"model": "x"}, {"loss": [1]}, None, optimizer_of("SGD", lr=0.1)):
        assert READER.recognizes(source) == 0.0
    assert torch_optimizer.READER.recognizes(nn.Linear(1, 1)) == 0.0


@pytest.mark.parametrize(
    "nets", [nn.ModuleDict({"g": nn.Linear(3, 3), "d": nn.Linear(3, 1)}), nn.ModuleList([nn.Linear(3, 3)] * 2)]
)
def test_networks_kept_together_are_not_taken_for_one_after_the_other(nets: nn.Module) -> None:
    found = profile(nets)
    assert found.linear is None
    assert found.activation is None
    assert profile(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))).linear is True
