"""Models and optimizers out of the ordinary: nothing breaks, and what can be seen is seen."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from expert import advise
from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import close, points, rows


def train(model: Any, optimizer: Any, x: Any, steps: int = 6, **arguments: Any) -> Run:
    """Train with warnings as errors; the loss is the mean square of whatever comes out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with watch(model, optimizer, every=1, **arguments) as run:
            for _ in range(steps):
                if optimizer is not None:
                    optimizer.zero_grad()
                output = model(x)
                loss = output.abs().square().mean()
                loss.backward()
                if optimizer is not None:
                    optimizer.step()
                run.step(loss=loss, batch=x)
            run.epoch(val_loss=1.0)
    assert failures(run) == []
    advise(run)
    return run


def sgd(model: nn.Module, **settings: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), **({"lr": 0.05} | settings))


class With(nn.Module):
    """A small network beside a parameter that is used in some way."""

    def __init__(self, parameter: nn.Parameter | None, use: Any = lambda parameter: 0.0) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
        self.register_parameter("odd", parameter)
        self.use = use

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.net(x) + self.use(self.odd)
        return scores


ODD = {
    "of no numbers": With(nn.Parameter(torch.zeros(0, 4)), lambda odd: odd.sum()),
    "of one number": With(nn.Parameter(torch.tensor(1.0)), lambda odd: odd),
    "integer": With(nn.Parameter(torch.arange(4), requires_grad=False)),
    "boolean": With(nn.Parameter(torch.ones(3) > 0, requires_grad=False)),
    "complex": With(nn.Parameter(torch.ones(3, 2, dtype=torch.complex64)), lambda odd: odd.abs().sum() * 0.01),
    "double": With(nn.Parameter(torch.ones(3, 2, dtype=torch.float64)), lambda odd: odd.sum().float() * 0.01),
    "half": With(nn.Parameter(torch.ones(3, 2, dtype=torch.float16)), lambda odd: odd.float().sum() * 0.01),
    "transposed": With(nn.Parameter(torch.ones(5, 300).t()), lambda odd: odd.sum() * 1e-4),
    "sliced": With(nn.Parameter(torch.ones(20, 20)[::2, ::2]), lambda odd: odd.sum() * 1e-4),
    "of four axes, channels last": With(
        nn.Parameter(torch.ones(8, 9, 10, 11).to(memory_format=torch.channels_last)), lambda odd: odd.sum() * 1e-5
    ),
    "never used": With(nn.Parameter(torch.ones(3))),
    "none at all": With(None),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_parameter_of_an_odd_kind_leaves_the_others_measured(kind: str) -> None:
    run = train(ODD[kind], sgd(ODD[kind]), torch.randn(5, 4))
    assert list(points(run, "gradient.norm")) == list(range(1, 7))
    assert list(points(run, "gradient.cosine")) == list(range(2, 7))
    assert {"net.0.weight", "net.2.weight"} <= set(rows(run, "update_ratio")[3])


class Shy(Tensor):
    """Refuses what a collector asks, and nothing that an optimizer asks."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ in ("_foreach_norm", "as_strided", "linalg_vector_norm"):
            raise NotImplementedError(func.__name__)
        return super().__torch_function__(func, types, args, kwargs or {})


@pytest.mark.parametrize("arguments", [{}, {"every": 3}, {"check_every_step": True}], ids=str)
def test_a_look_that_fails_is_noted_and_the_training_goes_on(arguments: dict[str, Any]) -> None:
    model = With(nn.Parameter(torch.ones(4, 3).as_subclass(Shy)), lambda odd: odd.as_subclass(Tensor).sum() * 0.01)
    optimizer = sgd(model, foreach=False)
    with watch(model, optimizer, **arguments) as run:
        for _ in range(60):
            optimizer.zero_grad()
            loss = model(torch.randn(5, 4)).square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
        run.epoch(val_loss=1.0)
    assert list(points(run, "train.loss")) == list(range(1, 61))
    assert 1 <= len(failures(run)) <= 20
    assert "NotImplementedError" in failures(run)[0]


def test_a_lazy_network_is_watched_from_its_first_step_on() -> None:
    model = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(1))
    run = train(model, sgd(model), torch.randn(5, 4))
    assert list(points(run, "gradient.norm")) == list(range(1, 7))
    assert set(rows(run, "update_ratio")[1]) == {"0.weight", "2.weight"}


def test_a_network_on_the_meta_device_has_nothing_to_tell() -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1)).to("meta")
    run = train(model, sgd(model), torch.randn(5, 4, device="meta"))
    assert points(run, "gradient.norm") == points(run, "train.loss") == {}


def test_channels_last_weights_and_gradients_are_compared_place_by_place() -> None:
    model = nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.Flatten(), nn.Linear(1024, 1))
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = sgd(model, lr=1e-3)
    before, ratios = model[2].weight.detach().clone(), {}
    x = torch.randn(4, 3, 8, 8).to(memory_format=torch.channels_last)
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 5):
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            before = model[2].weight.detach().clone()
            optimizer.step()
            run.step(loss=loss)
            ratios[at] = float((model[2].weight.detach() - before).norm() / before.norm())
    seen = {at: row["2.weight"] for at, row in rows(run, "update_ratio").items()}
    assert close(seen, ratios, 0.35) == []
    assert all(value > 0.9 for value in points(run, "gradient.cosine").values())


class OwnOptimizer(torch.optim.Optimizer):
    """Has no rate, and does not call what it was given ``lr``."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"temperature": 0.05})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.add_(parameter.grad, alpha=-group["temperature"])


def test_an_optimizer_of_one_s_own_without_a_rate_is_watched() -> None:
    model = With(None)
    run = train(model, OwnOptimizer(model.parameters()), torch.randn(5, 4))
    assert list(points(run, "update.ratio")) == list(range(1, 7))
    assert points(run, "optimizer.learning_rate") == {}


def test_a_group_without_parameters_is_no_obstacle() -> None:
    model = With(None)
    optimizer = torch.optim.SGD([{"params": [], "lr": 0.5}, {"params": list(model.parameters())}], lr=0.05)
    run = train(model, optimizer, torch.randn(5, 4))
    assert list(points(run, "gradient.norm")) == list(range(1, 7))
    assert points(run, "optimizer.learning_rate", group="1") == {1: 0.05}
