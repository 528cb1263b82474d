"""Compiled models, parts and steps: the same numbers, nothing compiled anew, and what cannot be seen is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch._dynamo
import torch.nn.functional as F
from torch import Tensor, nn
from torch._dynamo.utils import counters
from torch.optim import Optimizer

from .observers import Observer, Outcome, Setup, differences, failures, trained

STEPS = 24
Step = Callable[[Tensor], Tensor]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu = nn.Linear(6, 12), nn.ReLU()
        self.body = nn.Sequential(nn.Linear(12, 12), nn.ReLU())
        self.head = nn.Linear(12, 1)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(self.body(self.relu(self.first(x))))
        return scores


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Whether anything was compiled is a matter of the process: leave it as it was."""
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()
    counters.clear()


def plain_step(model: nn.Module, optimizer: Optimizer) -> Step:
    def step(x: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def model_wrapped(model: nn.Module, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
    compiled = torch.compile(model, backend=backend)
    return compiled, plain_step(compiled, optimizer)


def model_in_place(model: nn.Module, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
    model.compile(backend=backend)
    return model, plain_step(model, optimizer)


def one_part(model: Any, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
    model.body = torch.compile(model.body, backend=backend)
    return model, plain_step(model, optimizer)


def forward_function(model: nn.Module, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
    def scores(x: Tensor) -> Tensor:
        found: Tensor = model(x)
        return found

    return model, plain_step(torch.compile(scores, backend=backend), optimizer)  # type: ignore[arg-type]


def optimizer_step(model: nn.Module, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
    def update() -> None:
        optimizer.step()

    compiled = torch.compile(update, backend=backend)

    def step(x: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), x.sum(1, keepdim=True))
        loss.backward()
        compiled()
        return loss

    return model, step


def whole_step(model: nn.Module, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
    return model, torch.compile(plain_step(model, optimizer), backend=backend)


FORWARD = (model_wrapped, model_in_place, one_part, forward_function)
WAYS = (*FORWARD, optimizer_step, whole_step)


def compiled_setup(way: Callable[..., tuple[Any, Step]], backend: str, log: list[dict[str, Any]]) -> Setup:
    """A training in epochs with validations; ``log`` takes Dynamo's counts after each epoch."""

    def setup(observer: Observer) -> Outcome:
        model = Net()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        watched, step = way(model, optimizer, backend)
        run = observer.watch(watched, optimizer, config={"steps_per_epoch": 8})
        losses = []
        for _ in range(STEPS // 8):
            model.train()
            for _ in range(8):
                loss = step(torch.randn(5, 6))
                run.step(loss=loss)
                losses.append(loss.item())
            model.eval()
            with torch.no_grad():
                value = watched(torch.randn(5, 6)).square().mean()
            run.epoch(val_loss=value)
            losses.append(value.item())
            log.append({name: dict(counters[name]) for name in ("stats", "frames", "graph_break")})
        run.close()
        return Outcome(losses, [model], [optimizer])

    return setup


def both(way: Callable[..., tuple[Any, Step]], backend: str, **arguments: Any) -> tuple[Observer, list[Any], list[Any]]:
    """Train with nobody and with a collector; the counts of both, after a check that nothing else differs."""
    logs: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    alone = trained(compiled_setup(way, backend, logs[0]), Observer())
    torch._dynamo.reset()
    counters.clear()
    observer = Observer(arguments)
    watched = trained(compiled_setup(way, backend, logs[1]), observer)
    assert list(differences(alone, watched)) == []
    return observer, *logs


@pytest.mark.parametrize("way", FORWARD, ids=lambda way: way.__name__)
@pytest.mark.parametrize("arguments", [{}, {"every": 2}], ids=["as it comes", "every second step"])
def test_a_compiled_forward_pass_is_compiled_as_often_and_gives_the_same(
    way: Callable[..., tuple[Any, Step]], arguments: dict[str, Any]
) -> None:
    observer, alone, watched = both(way, "aot_eager", **arguments)
    assert alone[-1]["stats"]["unique_graphs"] >= 1
    assert watched == alone
    assert observer.run is not None
    history = observer.run.history()
    assert any("not observed" in note for note in history.notes)
    assert history.layer("zero_unit_share") is None
    assert history.layer("zero_share") is None
    norms, rates = history.get("gradient.norm"), history.layer("update_ratio")
    assert norms is not None
    assert rates is not None
    assert norms.at[:10].tolist() == list(range(1, 11))
    assert rates.layers == ("first.weight", "body.0.weight", "head.weight")
    assert failures(observer.run) == []


@pytest.mark.parametrize("way", [optimizer_step, whole_step], ids=lambda way: way.__name__)
def test_a_compiled_update_breaks_at_the_hooks_once_and_makes_the_same_graphs(
    way: Callable[..., tuple[Any, Step]],
) -> None:
    observer, alone, watched = both(way, "aot_eager", every=1)
    assert watched[-1]["stats"] == alone[-1]["stats"]
    assert watched[-1]["frames"] == watched[0]["frames"], "something is compiled again and again"
    assert sum(watched[-1]["graph_break"].values()) <= sum(alone[-1]["graph_break"].values()) + 2
    assert observer.run is not None
    norms = observer.run.history().get("gradient.norm")
    assert norms is not None
    assert norms.at.tolist() == list(range(1, STEPS + 1))
    assert failures(observer.run) == []


def test_a_model_that_is_compiled_after_watching_began_is_not_said_to_have_no_dead_units() -> None:
    def late(observer: Observer) -> Outcome:
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        run = observer.watch(model, optimizer, every=1)
        model.compile(backend="aot_eager")
        step = plain_step(model, optimizer)
        for _ in range(STEPS):
            run.step(loss=step(torch.randn(5, 6)))
        run.epoch()
        run.close()
        return Outcome([], [model], [optimizer])

    alone = trained(late, Observer())
    graphs = dict(counters["stats"])
    torch._dynamo.reset()
    counters.clear()
    observer = Observer({})
    assert list(differences(alone, trained(late, observer))) == []
    assert dict(counters["stats"]) == graphs
    assert observer.run is not None
    history = observer.run.history()
    assert history.layer("zero_unit_share") is None
    assert any("not observed" in note for note in history.notes)


def test_an_uncompiled_model_is_observed_and_the_note_is_absent() -> None:
    """Else the tests above would pass on a collector that never observes activations."""

    def eager(model: nn.Module, optimizer: Optimizer, backend: str) -> tuple[Any, Step]:
        return model, plain_step(model, optimizer)

    observer, _, _ = both(eager, "", every=1)
    assert observer.run is not None
    history = observer.run.history()
    assert history.layer("zero_unit_share") is not None
    assert not any("not observed" in note for note in history.notes)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_inductor_gives_what_it_gives_without_the_collector(way: Callable[..., tuple[Any, Step]]) -> None:
    states = []
    for observer in (Observer(), Observer(), Observer({"every": 1})):
        torch._dynamo.reset()
        states.append(trained(compiled_setup(way, "inductor", []), observer)["weights"][0])
    alone, again, watched = states
    for name in alone:
        spread = (again[name] - alone[name]).abs().max()
        assert (watched[name] - alone[name]).abs().max() <= spread, name
