"""Zeros, dead units, saturation and spread of activations, against what plain code sees of the same forward passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import close_rows, rows

STEPS = 6


def spread(x: Tensor) -> float:
    return float(x.detach().std())


def zeros(x: Tensor) -> float:
    return float((x == 0).double().mean())


def beyond(low: float, high: float) -> Callable[[Tensor], float]:
    return lambda x: float(((x < low) | (x > high)).double().mean())


def train(
    model: nn.Module,
    inputs: Callable[[], Tensor],
    hidden: Callable[[Tensor], dict[str, Tensor]],
    pick: Callable[[Any], Tensor] = lambda output: output,
) -> tuple[Run, list[dict[str, Tensor]]]:
    """Train on a rate so small that ``hidden``, asked before each step, sees what the step's own forward pass does."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    seen = []
    with watch(model, optimizer, every=1) as run:
        for _ in range(STEPS):
            x = inputs()
            with torch.no_grad():
                seen.append({name: value.clone() for name, value in hidden(x).items()})
            optimizer.zero_grad()
            loss = pick(model(x)).square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
        run.epoch(val_loss=1.0)
    assert failures(run) == []
    return run, seen


def looked_at(run: Run) -> list[int]:
    """The steps whose forward passes were looked at: all, or all but the first, which may be the one compiled."""
    steps = list(rows(run, "activation_std"))
    assert steps in ([*range(1, STEPS + 1)], [*range(2, STEPS + 1)])
    return steps


def expected(
    run: Run, seen: list[dict[str, Tensor]], quantity: Callable[[Tensor], float]
) -> dict[int, dict[str, float]]:
    return {at: {name: quantity(value) for name, value in seen[at - 1].items()} for at in looked_at(run)}


def dead(run: Run, seen: list[dict[str, Tensor]], axis: int = -1) -> dict[str, float]:
    """The share of units that were zero for every sample of every step that was looked at."""
    found = {}
    for name in seen[0]:
        outputs = torch.cat([seen[at - 1][name].movedim(axis, -1).flatten(0, -2) for at in looked_at(run)])
        found[name] = float((outputs == 0).all(0).double().mean())
    return found


def kill(layer: nn.Module, *units: int) -> None:
    """Give these units a bias under which no input brings them to answer, and the others one under which some do."""
    assert isinstance(layer.bias, Tensor)
    with torch.no_grad():
        layer.bias.fill_(0.5)
        layer.bias[list(units)] = -1e3


def test_dead_units_zeros_and_spread_behind_relu_modules() -> None:
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 10), nn.ReLU(inplace=True), nn.Linear(10, 2))
    kill(model[0], 1, 4, 6)
    kill(model[2], 0)
    run, seen = train(model, lambda: torch.randn(64, 5), lambda x: {"1": model[:2](x), "3": model[:4](x)})
    assert close_rows(rows(run, "zero_share"), expected(run, seen, zeros)) == []
    assert close_rows(rows(run, "activation_std"), expected(run, seen, spread)) == []
    assert close_rows(rows(run, "zero_unit_share"), {STEPS: dead(run, seen)}) == []
    assert rows(run, "zero_unit_share")[STEPS] == pytest.approx({"1": 3 / 8, "3": 1 / 10})
    assert rows(run, "saturated_share") == {}


def test_a_unit_that_answers_once_in_an_epoch_is_not_dead() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.eye(4))
        model[0].bias.zero_()
    count = 0

    def inputs() -> Tensor:
        nonlocal count
        count += 1
        x = -torch.ones(3, 4)
        x[0, 0] = 1.0  # always answers
        x[2, 1] = 1.0 if count == 4 else -1.0  # answers for one sample of one batch
        return x

    run, _ = train(model, inputs, lambda x: {})
    assert rows(run, "zero_unit_share") == {STEPS: {"1": 0.5}}


def test_each_epoch_is_judged_by_itself() -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with watch(model, optimizer, every=1) as run:
        for epoch in range(3):
            if epoch == 1:
                kill(model[0], 0, 1)
            for _ in range(3):
                optimizer.zero_grad()
                model(torch.randn(16, 4)).square().mean().backward()
                optimizer.step()
                run.step(loss=1.0)
            run.epoch()
    shares = [row["1"] for row in rows(run, "zero_unit_share").values()]
    assert shares == pytest.approx([0.0, 1 / 3, 1 / 3])


def test_without_epochs_dead_units_are_told_as_the_run_goes_on() -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    kill(model[0], 0, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with watch(model, optimizer, every=3) as run:
        for _ in range(140):
            optimizer.zero_grad()
            model(torch.randn(32, 4)).square().mean().backward()
            optimizer.step()
            run.step(loss=1.0)
    assert rows(run, "zero_unit_share") == {at: {"1": pytest.approx(1 / 3)} for at in (60, 90, 135)}


class Functional(nn.Module):
    """Activations as functions: no module stands between the layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.first, self.second, self.head = (
            nn.Conv2d(2, 6, 3), nn.Linear(6, 8), nn.Linear(8, 5), nn.Linear(5, 2),
        )  # fmt: skip

    def hidden(self, x: Tensor) -> dict[str, Tensor]:
        pooled = F.relu(self.conv(x)).amax((2, 3))
        first = F.relu(self.first(pooled))
        return {"input of first": pooled, "input of second": first, "input of head": F.relu(self.second(first))}

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(self.hidden(x)["input of head"])
        return scores


def test_dead_units_behind_functions_show_in_what_the_next_layer_is_given() -> None:
    model = Functional()
    with torch.no_grad():
        for layer in (model.first, model.second):
            layer.weight.abs_()  # what is not killed answers
    kill(model.conv, 2)
    kill(model.first, 0, 3)
    kill(model.second, 1)
    run, seen = train(model, lambda: torch.randn(64, 2, 6, 6), model.hidden)
    assert rows(run, "zero_unit_share")[STEPS] == pytest.approx(
        {"input of first": 1 / 6, "input of second": 2 / 8, "input of head": 1 / 5}
    )
    assert close_rows(rows(run, "zero_unit_share"), {STEPS: dead(run, seen)}) == []
    assert close_rows(rows(run, "zero_share"), expected(run, seen, zeros)) == []


def test_the_units_of_a_convolution_are_its_channels() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    kill(model[0], 0, 5)
    kill(model[2], 3)
    run, seen = train(model, lambda: torch.randn(6, 3, 6, 6), lambda x: {"1": model[:2](x), "3": model[:4](x)})
    assert rows(run, "zero_unit_share")[STEPS] == pytest.approx({"1": 2 / 8, "3": 1 / 4})
    assert close_rows(rows(run, "zero_unit_share"), {STEPS: dead(run, seen, axis=1)}) == []


def test_a_large_layer_is_searched_for_dead_units_whole() -> None:
    model = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model.append(nn.Linear(64, 2))
    kill(model[0], *range(16))
    run, _ = train(model, lambda: torch.randn(16, 3, 24, 24), lambda x: {})
    assert rows(run, "zero_unit_share")[STEPS]["1"] == pytest.approx(16 / 64)


@pytest.mark.parametrize(
    ("module", "low", "high", "gain"),
    [(nn.Tanh(), -0.99, 0.99, 4.0), (nn.Sigmoid(), 0.01, 0.99, 8.0), (nn.Hardtanh(), -0.99, 0.99, 1.0)],
    ids=["tanh", "sigmoid", "hardtanh"],
)
def test_saturation_is_the_share_at_the_flat_ends(module: nn.Module, low: float, high: float, gain: float) -> None:
    model = nn.Sequential(nn.Linear(5, 12), module, nn.Linear(12, 2))
    with torch.no_grad():
        model[0].weight.mul_(gain)
    run, seen = train(model, lambda: torch.randn(16, 5), lambda x: {"1": model[:2](x)})
    share = expected(run, seen, beyond(low, high))
    assert all(0.02 < row["1"] < 0.98 for row in share.values())
    assert close_rows(rows(run, "saturated_share"), share, 1e-3) == []
    assert rows(run, "zero_share") == rows(run, "zero_unit_share") == {}


def test_a_module_called_again_and_again_is_one_place() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.relu, self.head = nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1)

        def states(self, x: Tensor) -> list[Tensor]:
            states = [x]
            for _ in range(3):
                states.append(self.relu(self.cell(states[-1])))
            return states[1:]

        def forward(self, x: Tensor) -> Tensor:
            scores: Tensor = self.head(self.states(x)[-1])
            return scores

    model = Loop()
    kill(model.cell, 0, 1, 2)
    run, seen = train(model, lambda: torch.randn(8, 6), lambda x: {"relu": torch.stack(model.states(x))})
    assert rows(run, "zero_unit_share")[STEPS] == pytest.approx({"relu": 0.5})
    assert close_rows(rows(run, "zero_share"), expected(run, seen, zeros)) == []
