"""What the weights of a module show of their initialization."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from expert.adapters.torch.profile.model import read_module


def drawn(init: Any, **settings: Any) -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(8, 32, 3), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    for layer in net:
        if init is not None and hasattr(layer, "weight"):
            init(layer.weight, **settings)
    return net


@pytest.mark.parametrize(
    ("init", "settings", "scheme", "gain"),
    [
        (None, {}, "default", 0.41),
        (nn.init.kaiming_uniform_, {"nonlinearity": "relu"}, "he_uniform", 1.0),
        (nn.init.kaiming_normal_, {"nonlinearity": "relu"}, "he_normal", 1.0),
        (nn.init.xavier_uniform_, {}, "glorot_uniform", 0.6),
        (nn.init.xavier_normal_, {}, "glorot_normal", 0.6),
        (nn.init.orthogonal_, {}, "orthogonal", 0.7),
        (nn.init.normal_, {"std": 1.0}, None, 6.0),
        (nn.init.zeros_, {}, "zeros", None),
        (nn.init.ones_, {}, "constant", None),
    ],
)
def test_initializations(init: Any, settings: dict[str, Any], scheme: str | None, gain: float | None) -> None:
    found = read_module(drawn(init, **settings))
    assert found.initialization == scheme
    assert found.largest_gain == (None if gain is None else pytest.approx(gain, rel=0.15))


def test_weights_that_were_trained_have_no_scheme_any_more() -> None:
    net = drawn(None)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    assert read_module(net).initialization is None


class Gate(nn.Module):
    """A residual block that starts as the identity, on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(32, 64), nn.Linear(64, 32)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(torch.relu(self.up(x)))


def test_branches_may_start_at_zero() -> None:
    net = nn.Sequential(nn.Linear(8, 32), Gate(), Gate(), nn.Linear(32, 2))
    assert read_module(net).initialization != "zeros"
    cut = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    nn.init.zeros_(cut[2].weight)
    assert read_module(cut).initialization == "zeros"


def test_a_recurrence_of_large_gain_is_seen() -> None:
    cell = nn.RNN(4, 64)
    assert read_module(cell).largest_gain == pytest.approx(0.41, abs=0.1)
    nn.init.orthogonal_(cell.weight_hh_l0, gain=4.0)
    assert read_module(cell).largest_gain == pytest.approx(2.8, rel=0.1)
