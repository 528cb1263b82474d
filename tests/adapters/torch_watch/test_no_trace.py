"""Nothing of the collector stays behind, however its run ends."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from expert.adapters.torch import Run, watch
from expert.errors import SourceError

from .traces import changed, process_traces, traces


class Breaking(torch.autograd.Function):
    """Hands numbers on; its backward pass raises."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        raise RuntimeError("the backward pass broke")


class BreakingSGD(torch.optim.SGD):
    breaks = False

    def step(self, closure: Any = None) -> Any:
        if self.breaks:
            raise RuntimeError("the update broke")
        return super().step(closure)


class Training:
    """A network with an activation, a recurrent layer and a tanh, trained one step at a time."""

    def __init__(self) -> None:
        self.embed = nn.Embedding(10, 6)
        self.model = nn.Sequential(self.embed, nn.RNN(6, 8, batch_first=True), Last(), nn.Linear(8, 8), nn.ReLU())
        self.model.append(nn.Linear(8, 2))
        self.optimizer = BreakingSGD(self.model.parameters(), lr=0.1)
        self.step()  # gradients and buffers are there before anything is compared
        self.before = traces([self.model], [self.optimizer])

    def step(self, run: Run | None = None, wrap: Callable[[Tensor], Tensor] = lambda x: x) -> None:
        self.optimizer.zero_grad(set_to_none=False)
        loss = wrap(self.model(torch.randint(0, 10, (4, 3)))).square().mean()
        loss.backward()
        self.optimizer.step()
        if run is not None:
            run.step(loss=loss)

    def left(self) -> list[str]:
        return changed(self.before, traces([self.model], [self.optimizer]))

    def armed(self) -> set[str]:
        """The kinds of places that something hangs on: so much there is to be taken off."""
        return {place.split(": ")[-1].split(".")[-1] for place in self.left()}


class Last(nn.Module):
    def forward(self, states: tuple[Tensor, Tensor]) -> Tensor:
        return states[0][:, -1]


ARMED = {
    "_backward_hooks", "_post_accumulate_grad_hooks", "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks",
    "_global_forward_hooks",
}  # fmt: skip


def watched(training: Training, steps: int = 3, **arguments: Any) -> Run:
    """A run in the midst of its training: the next step would be looked at."""
    run = watch(training.model, training.optimizer, every=1, **arguments)
    for _ in range(steps):
        training.step(run)
    return run


def test_closed_between_two_steps() -> None:
    training = Training()
    run = watched(training)
    # All that can be put on is on, and only what is known here: this is what the tests below take off.
    assert training.armed() == ARMED
    run.close()
    assert training.left() == []
    run.close()
    assert training.left() == []


def test_closed_before_the_first_step() -> None:
    training = Training()
    run = watched(training, steps=0)
    assert training.armed() >= {"_post_accumulate_grad_hooks", "_optimizer_step_pre_hooks"}
    run.close()
    assert training.left() == []


def test_closed_while_the_validation_is_watched() -> None:
    training = Training()
    run = watched(training, steps=12, config={"steps_per_epoch": 12}, activations=False)
    assert "_global_forward_hooks" in training.armed()
    run.close()
    assert training.left() == []


def test_the_validation_is_no_longer_watched_once_the_epoch_is_told() -> None:
    training = Training()
    run = watched(training, steps=12, config={"steps_per_epoch": 12}, activations=False)
    run.epoch(val_loss=1.0)
    assert "_global_forward_hooks" not in training.armed()
    run.close()


def test_dropped_without_being_closed() -> None:
    training = Training()
    run = watched(training)
    kept = weakref.ref(run)
    assert training.armed() == ARMED
    del run
    gc.collect()
    assert kept() is None
    assert training.left() == []


def test_never_kept_at_all() -> None:
    training = Training()
    watch(training.model, training.optimizer)
    gc.collect()
    assert training.left() == []


def test_closing_one_run_leaves_another_on() -> None:
    first, second = Training(), Training()
    second.before = traces([second.model], [second.optimizer])
    one, other = watched(first), watched(second)
    armed = second.armed()
    one.close()
    assert second.armed() == armed
    other.close()
    assert second.left() == []


def raise_in_forward(training: Training, run: Run) -> None:
    with pytest.raises(IndexError):
        training.model(torch.full((4, 3), 99))


def raise_in_backward(training: Training, run: Run) -> None:
    with pytest.raises(RuntimeError, match="the backward pass broke"):
        training.step(run, wrap=Breaking.apply)


def raise_in_update(training: Training, run: Run) -> None:
    training.optimizer.breaks = True
    with pytest.raises(RuntimeError, match="the update broke"):
        training.step(run)
    del training.optimizer.breaks


@pytest.mark.parametrize("breaks", [raise_in_forward, raise_in_backward, raise_in_update], ids=lambda way: way.__name__)
@pytest.mark.parametrize("goes_on", [False, True], ids=["at once", "after more steps"])
def test_closed_after_an_exception(breaks: Callable[[Training, Run], None], goes_on: bool) -> None:
    training = Training()
    run = watched(training)
    breaks(training, run)
    if goes_on:
        training.step(run)
        training.step(run)
    run.close()
    training.optimizer.zero_grad()
    training.step()
    assert training.left() == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_left_by_an_exception_in_the_with_block(kind: type[BaseException], tmp_path: Path) -> None:
    training = Training()

    def train() -> None:
        with watch(training.model, training.optimizer, every=1, path=tmp_path / "run.expert", on_finding=print) as run:
            training.step(run)
            raise kind

    with pytest.raises(kind):
        train()
    assert training.left() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"every": 0}, {"budget": 2.0}, {"config": {"lr": 0.1}}, {"loss_fn": 3}, {"scaler": 3}, {"stop_on": "bad"},
        {"path": "a.csv"}, {"path": "nowhere/run.expert"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_nothing_is_put_on_where_the_arguments_are_wrong(
    wrong: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("loss\n1.0\n")
    training = Training()
    with pytest.raises(SourceError):
        watch(training.model, training.optimizer, **wrong)
    assert training.left() == []


def test_a_closed_run_takes_no_more_and_the_training_goes_on() -> None:
    training = Training()
    run = watched(training)
    history = run.history()
    run.close()
    training.step(run)
    run.epoch(val_loss=1.0)
    assert run.history().get("train.loss") == history.get("train.loss")
    assert run.history().get("val.loss") is None


def test_looking_at_traces_leaves_none_and_a_hook_is_seen() -> None:
    training = Training()
    assert training.left() == []
    handle = training.model[3].register_forward_hook(lambda *_: None)
    assert training.armed() == {"_forward_hooks"}
    handle.remove()
    before = process_traces()
    handle = torch.nn.modules.module.register_module_forward_pre_hook(lambda *_: None)
    assert len(changed(before, process_traces())) == 1
    handle.remove()
