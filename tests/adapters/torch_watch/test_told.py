"""What users hand to `run.step` and `run.epoch`: losses and metrics of every kind."""

from __future__ import annotations

import gc
import math
import warnings
import weakref
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from expert import advise
from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import points


def told(*calls: dict[str, Any], epoch: dict[str, Any] | None = None, **arguments: Any) -> Run:
    """A run with one update before each call of `run.step`."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with watch(model, optimizer, **arguments) as run:
            for call in calls:
                optimizer.zero_grad()
                model(torch.randn(4, 3)).square().mean().backward()
                optimizer.step()
                run.step(**call)
            if epoch is not None:
                run.epoch(**epoch)
    return run


LOSSES: dict[str, Callable[[float], Any]] = {
    "float": lambda value: value,
    "integer tensor": lambda value: torch.tensor(int(value)),
    "numpy scalar": np.float32,
    "numpy array without axes": np.array,
    "tensor": torch.tensor,
    "tensor that asks for a gradient": lambda value: torch.tensor(value, requires_grad=True),
    "part of a graph": lambda value: torch.tensor(value, requires_grad=True) * 1.0,
    "parameter": lambda value: nn.Parameter(torch.tensor(value)),
    "half precision": lambda value: torch.tensor(value, dtype=torch.bfloat16),
    "tensor of one number": lambda value: torch.tensor([[value]]),
    "losses of samples": lambda value: torch.tensor([value - 1.0, value + 1.0]),
    "losses of samples in a graph": lambda value: torch.tensor([value - 1.0, value + 1.0], requires_grad=True) * 1.0,
    "losses of pixels": lambda value: torch.full((2, 3, 4), value),
    "decimal": lambda value: Decimal(str(value)),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_a_loss_of_any_kind_is_a_number(kind: str) -> None:
    values = [4.0, 3.0, 2.0, 5.0]
    run = told(*({"loss": LOSSES[kind](value)} for value in values))
    assert points(run, "train.loss") == dict(enumerate(values, 1))
    assert failures(run) == []


@pytest.mark.parametrize(
    "strange",
    [torch.tensor(1 + 1j), "low", [1.0, 2.0], object(), torch.tensor([]), {"loss": 1.0}],
    ids=["complex", "text", "list", "object", "empty", "mapping"],
)
def test_a_loss_that_is_none_costs_its_own_point_at_most(strange: Any) -> None:
    run = told({"loss": torch.tensor(3.0)}, {"loss": strange}, {"loss": torch.tensor(1.0)}, {"loss": torch.tensor(2.0)})
    seen = {at: value for at, value in points(run, "train.loss").items() if math.isfinite(value)}
    assert seen in ({1: 3.0, 3: 1.0, 4: 2.0}, {1: 3.0, 2: 1.5, 3: 1.0, 4: 2.0})
    assert len(points(run, "optimizer.learning_rate")) >= 1
    advise(run)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("kind", ["float", "tensor", "losses of pixels"])
def test_a_loss_that_is_not_finite_is_kept_as_it_is(value: float, kind: str) -> None:
    run = told({"loss": 1.0}, {"loss": LOSSES[kind](value)}, {"loss": 2.0})
    assert points(run, "train.loss") == pytest.approx({1: 1.0, 2: value, 3: 2.0}, nan_ok=True)
    assert [event.at for event in run.history().events if event.kind == "nonfinite_loss"] == [2]


class Mark:
    """Lies in a graph and dies with it."""


def test_a_loss_is_not_changed_and_its_graph_not_kept_alive() -> None:
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    kept = []
    with watch(model, optimizer, every=1) as run:
        for _ in range(12):
            outputs = model(torch.randn(4, 3))
            loss = outputs.square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
            mark = Mark()
            outputs.grad_fn.metadata["mark"] = mark  # type: ignore[union-attr]
            kept.append(weakref.ref(mark))
            assert loss.requires_grad
            del outputs, loss, mark
        gc.collect()
        assert [reference() for reference in kept] == [None] * 12


METRICS: dict[str, Any] = {
    "float": 0.5, "int": 2, "bool": True, "tensor": torch.tensor(0.5), "text number": "0.5", "numpy": np.float64(0.5),
    "in a graph": torch.ones((), requires_grad=True) / 2, "one number": torch.tensor([0.5]), "array": np.array([0.5]),
    "fraction": Fraction(1, 2),
}  # fmt: skip
NO_METRICS: dict[str, Any] = {
    "None": None, "text": "train", "several": torch.ones(3), "list": [0.5], "mapping": {"a": 1}, "object": object(),
    "complex": 1j, "complex tensor": torch.tensor(1j), "array": np.ones(2), "function": len, "empty": torch.tensor([]),
    "huge": 10**400,
}  # fmt: skip


@pytest.mark.parametrize("kind", METRICS)
def test_a_metric_of_any_kind_of_number_is_recorded(kind: str) -> None:
    value = METRICS[kind]
    number = 2.0 if kind == "int" else 1.0 if kind == "bool" else 0.5
    run = told({"loss": 1.0, "f1": value}, epoch={"val_f1": value, "val_loss": 1.0})
    assert points(run, "train.f1") == {1: number}
    assert points(run, "val.f1") == {1: number}
    assert failures(run) == []


@pytest.mark.parametrize("kind", NO_METRICS)
def test_what_is_no_number_is_left_out_and_its_neighbors_are_not(kind: str) -> None:
    value = NO_METRICS[kind]
    run = told({"loss": 1.0, "f1": value, "accuracy": 0.25}, epoch={"val_f1": value, "val_accuracy": 0.75})
    assert points(run, "train.f1") == points(run, "val.f1") == {}
    assert points(run, "train.accuracy") == {1: 0.25}
    assert points(run, "val.accuracy") == {1: 0.75}
    assert failures(run) == []
    assert any("f1=" in note and "left out" in note for note in run.history().notes) is (value is not None)
    # What was not measured is not taken for a number that broke.
    assert all(finding.rule != "NUM101" for finding in advise(run).findings)


def test_metrics_stand_beside_their_loss_and_a_phase_in_the_name_counts() -> None:
    run = told(*({"loss": 1.0, "accuracy": at / 10, "val_accuracy": at / 20} for at in range(1, 4)))
    assert points(run, "train.accuracy") == {1: 0.1, 2: 0.2, 3: 0.3}
    assert points(run, "val.accuracy") == {1: 0.05, 2: 0.1, 3: 0.15}


def test_losses_by_step_and_by_epoch_are_two_series() -> None:
    run = told({"loss": 3.0}, {"loss": 1.0}, epoch={"train_loss": 2.0, "val_loss": 4.0})
    assert points(run, "train.loss") == {1: 3.0, 2: 1.0}
    assert points(run, "train.loss", measured="epoch") == {1: 2.0}
    assert points(run, "val.loss") == {1: 4.0}


def test_epochs_without_steps_are_epochs_and_no_epoch_of_no_steps() -> None:
    model = nn.Linear(3, 1)
    with watch(model, torch.optim.SGD(model.parameters(), lr=0.01)) as run:
        for epoch in range(3):
            run.epoch(val_loss=float(epoch))
    assert points(run, "val.loss") == {1: 0.0, 2: 1.0, 3: 2.0}
    assert run.history().config.steps_per_epoch is None
    assert failures(run) == []


def test_a_validation_in_the_middle_stands_at_its_step() -> None:
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer) as run:
        for at in range(1, 5):
            optimizer.step()
            run.step(loss=1.0)
            if at % 2 == 0:
                run.validation(val_loss=float(at))
    assert points(run, "val.loss") == {2: 2.0, 4: 4.0}


def test_nothing_told_is_nothing_known() -> None:
    model = nn.Linear(3, 1)
    with watch(model, torch.optim.SGD(model.parameters(), lr=0.01)) as run:
        history = run.history()
    assert [series.role for series in history.series if series.role == "train.loss"] == []
    assert advise(run).findings == ()
    assert failures(run) == []


def test_a_loss_on_the_meta_device_is_let_go() -> None:
    run = told({"loss": torch.ones((), device="meta")}, {"loss": 1.0}, {"loss": torch.tensor(2.0)})
    assert points(run, "train.loss")[2] == 1.0
    assert failures(run) == []


def test_an_untyped_loss_in_a_subclass_of_tensor_is_taken() -> None:
    class Tagged(Tensor):
        pass

    run = told({"loss": torch.tensor(2.0).as_subclass(Tagged)}, {"loss": torch.tensor(3.0)})
    assert points(run, "train.loss") == {1: 2.0, 2: 3.0}
