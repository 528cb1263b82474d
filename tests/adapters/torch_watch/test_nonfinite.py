"""Where a run breaks: the step, the tensors, the row of the batch; before the update where that was asked for."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from expert.adapters.torch import Run, watch
from expert.history import Event

from .observers import failures
from .reference import points

BREAKS_AT = 30


def events(run: Run, kind: str) -> list[Event]:
    return [event for event in run.history().events if event.kind == kind]


def train(spoil: Any, steps: int = 45, batches: bool = False, **arguments: Any) -> tuple[Run, list[list[str]]]:
    """Train; ``spoil(at, x, model)`` may break something. Also which events there were before each update."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    known: list[list[str]] = []
    run = watch(model, optimizer, **arguments)

    def note_what_is_known(*_: Any) -> None:
        known.append([event.kind for event in run.telemetry.events])

    optimizer.register_step_pre_hook(note_what_is_known)
    with run:
        for at in range(1, steps + 1):
            x = torch.randn(6, 4)
            target = torch.zeros(6, 1)
            scale = spoil(at, x, model) or 1.0
            optimizer.zero_grad()
            loss = ((model(x) - target).square() * scale).mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss, batch=(x, target) if batches else None)
    assert failures(run) == []
    return run, known


def broken_row(at: int, x: Tensor, model: nn.Module) -> None:
    if at == BREAKS_AT:
        x[2, 3] = math.nan
        x[4, 1] = math.inf


def broken_loss(at: int, x: Tensor, model: nn.Module) -> float:
    return math.nan if at == BREAKS_AT else 1.0


def test_the_step_at_which_a_loss_breaks_is_known_and_the_next_ones_are_looked_at() -> None:
    run, _ = train(broken_loss, every=1000)
    assert [event.at for event in events(run, "nonfinite_loss")] == [BREAKS_AT]
    losses = points(run, "train.loss")
    assert [at for at, value in losses.items() if not math.isfinite(value)] == list(range(BREAKS_AT, 46))
    # Nothing was to be looked at between 10 and 1000, but for what broke.
    looked = points(run, "update.ratio").keys() | points(run, "weight.norm").keys()
    assert set(range(BREAKS_AT + 1, BREAKS_AT + 11)) <= looked
    assert not looked & set(range(12, BREAKS_AT))
    weights = events(run, "nonfinite_weight")
    assert len(weights) == 1
    assert all(name in weights[0].text for name in ("0.weight", "2.weight", "4.weight"))
    assert weights[0].at == BREAKS_AT + 1


def test_gradients_that_break_are_named_with_the_first_seen_from_the_loss() -> None:
    class Cut(torch.autograd.Function):
        """Spoils the gradients of what lies before it, and nothing else."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, *gradients: Tensor) -> Tensor:
            return torch.full_like(gradients[0], math.nan)

    model = nn.ModuleDict({"before": nn.Linear(4, 4), "broken": nn.Linear(4, 4), "after": nn.Linear(4, 1)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 6):
            hidden = model["broken"](model["before"](torch.randn(5, 4)))
            loss = model["after"](Cut.apply(hidden) if at == 3 else hidden).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
            if at == 3:
                break
    (event,) = events(run, "nonfinite_gradient")
    assert event.at == 3
    assert "4 of 6" in event.text
    assert "before.weight" in event.text
    assert "after" not in event.text
    assert event.text.endswith("broken.bias is the first")


@pytest.mark.parametrize("at", [5, BREAKS_AT])
def test_with_a_check_at_every_step_a_break_is_known_before_its_update(at: int) -> None:
    run, known = train(lambda step, x, model: math.inf if step == at else 1.0, check_every_step=True)
    assert "nonfinite_gradient_before_update" not in known[at - 2]
    assert "nonfinite_gradient_before_update" in known[at - 1]
    (event,) = events(run, "nonfinite_gradient_before_update")
    assert event.at == at


def test_without_that_check_nothing_is_known_before_the_update() -> None:
    _, known = train(broken_loss, every=1000)
    assert not any("before_update" in kind for kinds in known for kind in kinds)


def test_the_rows_and_columns_of_the_batch_that_broke_the_loss_are_named() -> None:
    run, _ = train(broken_row, batches=True)
    (event,) = events(run, "nonfinite_loss")
    assert event.at == BREAKS_AT
    assert "row 2, feature 3" in event.text
    data = run.history().data
    assert data.nonfinite_cells == 2
    assert data.rows_with_nonfinite == 2
    assert data.nonfinite_where is not None
    assert [(cell.row, cell.value) for cell in data.nonfinite_where] == [(2, "nan"), (4, "inf")]
    assert all(str(BREAKS_AT) in (cell.column or "") for cell in data.nonfinite_where)
    assert any("row 2, feature 3" in note for note in run.history().notes)


def test_a_sound_batch_is_not_blamed() -> None:
    run, _ = train(broken_loss, batches=True)
    (event,) = events(run, "nonfinite_loss")
    assert "row" not in event.text
    assert run.history().data.nonfinite_cells is None


def test_a_run_that_never_breaks_says_nothing_of_it() -> None:
    run, _ = train(lambda at, x, model: 1.0, batches=True, check_every_step=True)
    assert [event.kind for event in run.history().events if "finite" in event.kind] == []


def test_a_training_that_goes_on_without_numbers_does_not_fill_the_record() -> None:
    run, _ = train(broken_loss, steps=200, check_every_step=True, batches=True)
    assert len(run.history().events) < 10
    assert len(run.history().notes) < 10
