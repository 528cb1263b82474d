"""The forms in which networks are written: layers as functions, shortcuts, activations, ends."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert.adapters.torch.profile.model import never_called, read_module


class Functional(nn.Module):
    """Weights, normalization, pooling and dropout as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.weight = nn.Parameter(torch.zeros(4, 1, 3, 3)), nn.Parameter(torch.zeros(10, 4))
        self.rate = 0.35

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.kernel)
        x = F.group_norm(x, 2)
        x = F.hardswish(x)
        x = F.max_pool2d(x, 2).mean((2, 3))
        x = F.dropout(x, self.rate, self.training)
        return x @ self.weight.t()


def test_layers_that_are_functions() -> None:
    found = read_module(Functional())
    assert (found.depth, found.activation, found.normalization, found.dropout) == (2, "hardswish", "group", 0.35)
    assert (found.convolutional, found.output_activation, found.linear) == (True, "none", False)


class Several(nn.Module):
    """Heads side by side, read in a comprehension, and two results by name."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Linear(4, 8)
        self.heads = nn.ModuleList([nn.Linear(8, 2) for _ in range(5)])
        self.out = nn.Linear(10, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = torch.relu(self.trunk(x))
        parts = torch.cat([head(x) for head in self.heads], dim=-1)
        return {"parts": parts, "logits": self.out(parts)}


def test_heads_side_by_side_are_one_step() -> None:
    found = read_module(Several())
    assert (found.depth, found.output_units, found.residual) == (3, 3, False)


class Idle(nn.Module):
    """Has layers that it never calls."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm = nn.Linear(4, 4), nn.BatchNorm1d(4)
        self.old = nn.Sequential(nn.LSTM(4, 4), nn.Linear(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def test_layers_that_are_never_called_are_no_part_of_the_way() -> None:
    found = read_module(Idle())
    assert (found.depth, found.normalization, found.recurrent, found.linear) == (1, "none", "none", True)
    assert never_called(Idle()) == ("norm", "old")
    assert found.layers is not None
    assert [layer.name for layer in found.layers] == ["fc", "norm", "old.0", "old.1"]
    frozen = Idle()
    frozen.old.requires_grad_(False)
    assert never_called(frozen) == ("norm",)
    assert read_module(frozen).frozen == ("old.0", "old.1")


class Recursive(nn.Module):
    """Positions added, two embeddings added: no shortcut. Named otherwise than ``self``."""

    def __init__(this) -> None:
        super().__init__()
        this.token, this.place = nn.Embedding(9, 8), nn.Embedding(5, 8)
        this.offset = nn.Parameter(torch.zeros(8))
        this.fc = nn.Linear(8, 2)

    def forward(this, x: Tensor) -> Tensor:
        x = this.token(x) + this.place(torch.arange(x.size(1), device=x.device))
        return this.fc(torch.sigmoid(x + this.offset))


def test_sums_that_are_no_shortcuts() -> None:
    found = read_module(Recursive())
    assert (found.residual, found.activation, found.output_units) == (False, "sigmoid", 2)


class Ways(nn.Module):
    """One of the forms of adding what came in to what was made of it."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.f, self.g = nn.Linear(4, 4), nn.Linear(4, 4)
        self.how = how
        if how == "quantizable":
            self.plus = torch.ao.nn.quantized.FloatFunctional()


class Plain(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return self.g(torch.relu(self.f(x)))


class Added(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.f(x)


class InPlace(Ways):
    def forward(self, x: Tensor) -> Tensor:
        kept = x.clone()
        y = self.g(self.f(x))
        y += kept
        return y


class Called(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return torch.add(self.f(x), x)


class Method(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return self.f(x).add_(x)


class Summed(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return sum([x, self.f(x)])  # type: ignore[return-value]


class Noise(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return x - self.g(self.f(x))


class Quantizable(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return self.plus.add(self.f(x), x)


class Given(Ways):
    """BERT's: what came into the block is given to its last part beside what the block made."""

    def forward(self, made: Tensor, given: Tensor) -> Tensor:
        made = self.f(made)
        return self.g(made + given)


class Beside(Ways):
    def forward(self, x: Tensor) -> Tensor:
        return self.f(x) + self.g(x)


class Projected(Ways):
    def forward(self, x: Tensor) -> Tensor:
        out, identity = self.f(x), self.g(x)
        return out + identity


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (Plain, False),
        (Added, True),
        (InPlace, True),
        (Called, True),
        (Method, True),
        (Summed, True),
        (Noise, True),
        (Given, True),
        (Projected, True),
        (Beside, None),
    ],
)
def test_forms_of_a_shortcut(net: type[Ways], expected: bool | None) -> None:
    assert read_module(net("")).residual is expected


def test_a_shortcut_by_a_module_that_only_adds() -> None:
    assert read_module(Quantizable("quantizable")).residual is True


class Held(nn.Module):
    def __init__(self, act: Any) -> None:
        super().__init__()
        self.first, self.second, self.act = nn.Linear(4, 8), nn.Linear(8, 3), act

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.act(self.first(x)))


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(30 * x)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (F.gelu, "gelu"),
        (torch.tanh, "tanh"),
        (nn.SiLU(), "silu"),
        (Swish(), "silu"),
        (nn.PReLU(), "prelu"),
        (nn.Identity(), "none"),
        (Sine(), None),
        (lambda x: x.sin(), None),
    ],
)
def test_activations_in_all_their_clothes(act: Any, expected: str | None) -> None:
    found = read_module(Held(act))
    assert (found.activation, found.depth, found.output_units) == (expected, 2, 3)
    assert found.linear is (True if expected == "none" else None if expected is None else False)


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.other = nn.Linear(4, 2), nn.Linear(4, 7)


class Scaled(Heads):
    def forward(self, x: Tensor) -> Tensor:
        return 10 * torch.tanh(self.fc(x))


class Shifted(Heads):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) / 0.7 + 1


class Either(Heads):
    def forward(self, x: Tensor, flag: bool = False) -> Tensor:
        if flag:
            return self.other(x)
        return self.fc(x)


class Alike(Heads):
    def forward(self, x: Tensor, flag: bool = False) -> Tensor:
        if flag:
            return torch.sigmoid(self.fc(x[:1]))
        return torch.sigmoid(self.fc(x))


class Tensors(Heads):
    def forward(self, x: Tensor) -> Any:
        return {"first": self.fc(x), "second": self.other(x)}


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (Scaled(), ("other", 2)),
        (Shifted(), ("none", 2)),
        (Either(), (None, None)),
        (Alike(), ("sigmoid", 2)),
        (Tensors(), (None, None)),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten()), ("none", None)),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), ("none", 8)),
        (nn.Sequential(nn.Linear(4, 8), nn.GLU()), ("other", None)),
        (nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Sigmoid()), ("sigmoid", 8)),
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 8)), ("none", 8)),
    ],
)
def test_heads_in_code(net: nn.Module, expected: tuple[str | None, int | None]) -> None:
    found = read_module(net)
    assert (found.output_activation, found.output_units) == expected


def test_softmax_in_the_middle_is_not_linear() -> None:
    found = read_module(nn.Sequential(nn.Linear(4, 4), nn.Softmax(-1), nn.Linear(4, 2)))
    assert (found.linear, found.activation) == (None, None)
