"""Loops of other shapes: another order, accumulation, several optimizers, groups that come later, no optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import close, norm, points, rows


def gradient(parameters: Iterable[nn.Parameter]) -> float:
    return norm({str(i): p.grad.detach().double() for i, p in enumerate(parameters) if p.grad is not None})


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))


def loss_of(model: nn.Module) -> Tensor:
    x = torch.randn(8, 4)
    loss: Tensor = (model(x) - x.sum(1, keepdim=True)).square().mean()
    return loss


@pytest.mark.parametrize("kind", [lambda loss: loss, lambda loss: loss.item()], ids=["tensor", "float"])
def test_a_loss_told_before_its_update_stands_at_the_same_step_as_its_gradient(kind: Callable[[Tensor], Any]) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses, norms = {}, {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 12):
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            losses[at], norms[at] = loss.item(), gradient(model.parameters())
            run.step(loss=kind(loss), hits=at / 20, gradient_norm=norms[at])
            optimizer.step()
    assert close(points(run, "train.loss"), losses) == []
    assert close(points(run, "gradient.norm"), norms) == []
    assert close(points(run, "train.hits"), {at: at / 20 for at in losses}) == []
    assert run.history().config.gradient_accumulation_steps is None


@pytest.mark.parametrize("batches", [2, 4])
def test_accumulated_batches_make_one_step_with_the_mean_of_their_losses(batches: int) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    means, norms = {}, {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 11):
            losses = []
            for number in range(batches):
                loss = loss_of(model)
                (loss / batches).backward()
                if number == batches - 1:
                    norms[at] = gradient(model.parameters())
                    optimizer.step()
                    optimizer.zero_grad()
                run.step(loss=loss)
                losses.append(loss.item())
            means[at] = sum(losses) / batches
    assert close(points(run, "train.loss"), means) == []
    assert close(points(run, "gradient.norm"), norms) == []
    config = run.history().config
    assert config.gradient_accumulation_steps == batches
    assert config.gradients_zeroed is not False


@pytest.mark.parametrize("to_none", [True, False])
def test_gradients_that_are_zeroed_are_known_to_be(to_none: bool) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with watch(model, optimizer) as run:
        for _ in range(6):
            loss = loss_of(model)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=to_none)
            run.step(loss=loss)
    assert run.history().config.gradients_zeroed is True


def test_gradients_that_are_never_zeroed_are_found() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with watch(model, optimizer) as run:
        for _ in range(6):
            loss = loss_of(model)
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    assert run.history().config.gradients_zeroed is False


def adversarial_steps(run: Any, maker: nn.Module, judge: nn.Module, optimizers: list[Any], critic: int) -> None:
    """One round: the judge's updates, then the maker's, whose backward pass goes through the judge."""
    for _ in range(critic):
        optimizers[0].zero_grad()
        (judge(maker(torch.randn(4, 3)).detach()) - judge(torch.randn(4, 2))).mean().backward()
        optimizers[0].step()
    optimizers[1].zero_grad()
    loss = -judge(maker(torch.randn(4, 3))).mean()
    loss.backward()
    optimizers[1].step()
    run.step(loss=loss)


@pytest.mark.parametrize("critic", [1, 3])
def test_two_optimizers_with_unequal_numbers_of_steps_are_told_apart(critic: int) -> None:
    maker, judge = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2)), nn.Sequential(nn.Linear(2, 6), nn.Tanh())
    judge.append(nn.Linear(6, 1))
    optimizers = [torch.optim.Adam(net.parameters(), lr=rate) for net, rate in ((judge, 1e-3), (maker, 1e-4))]
    with watch(nn.ModuleList([maker, judge]), optimizers, every=1) as run:
        for _ in range(8):
            adversarial_steps(run, maker, judge, optimizers, critic)
    steps = list(range(1, 8 * critic + 1))
    assert list(points(run, "gradient.norm")) == steps
    assert list(points(run, "gradient.norm", optimizer="1")) == steps[critic - 1 :: critic]
    assert list(points(run, "train.loss")) == steps[critic - 1 :: critic]
    assert points(run, "optimizer.learning_rate")[1] == 1e-3
    assert points(run, "optimizer.learning_rate", optimizer="1")[critic] == 1e-4
    names = {name for row in rows(run, "gradient_norm").values() for name in row}
    assert names == {"0.0.weight", "0.2.weight", "1.0.weight", "1.2.weight"}
    # The judge is left with what the maker's backward pass brought it: that is no forgotten zero_grad.
    assert run.history().config.gradients_zeroed is True
    assert not any("holds" in note or "hold " in note for note in run.history().notes)
    assert failures(run) == []


def test_layers_unfrozen_and_added_later_are_watched_from_then_on() -> None:
    model = network()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.05)
    norms = {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 9):
            if at == 5:
                model[0].requires_grad_(True)
                optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 0.01})
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            norms[at] = gradient(p for group in optimizer.param_groups for p in group["params"])
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            optimizer.step()
            run.step(loss=loss)
    layers = rows(run, "gradient_norm")
    assert all("0.weight" not in layers[at] for at in range(1, 5))
    assert all(layers[at]["0.weight"] > 0.0 for at in range(5, 9))
    assert close(points(run, "gradient.norm"), norms, 1e-3) == []
    assert list(points(run, "optimizer.learning_rate", group="1")) == [5]
    assert failures(run) == []


def test_parameters_that_no_optimizer_holds_are_named_and_left_out_of_the_norm() -> None:
    model = network()
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.05)
    norms = {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 5):
            model.zero_grad()
            loss = loss_of(model)
            loss.backward()
            norms[at] = gradient(model[2].parameters())
            optimizer.step()
            run.step(loss=loss)
    assert close(points(run, "gradient.norm"), norms) == []
    assert all(row["0.weight"] == 0.0 for row in rows(run, "update_ratio").values())
    assert all(row["0.weight"] > 0.0 for row in rows(run, "gradient_norm").values())
    assert any("does not hold 2 of 4" in note and "0.weight" in note for note in run.history().notes)


def test_a_parameter_without_a_gradient_has_no_norm_and_is_told() -> None:
    model = nn.ModuleDict({"used": nn.Linear(4, 1), "forgotten": nn.Linear(4, 1)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with watch(model, optimizer, every=1) as run:
        for _ in range(80):
            optimizer.zero_grad()
            loss = loss_of(model["used"])
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    for at, row in rows(run, "gradient_norm").items():
        assert "forgotten.weight" not in row
        assert row["used.weight"] > 0.0
        assert rows(run, "update_ratio")[at]["forgotten.weight"] == 0.0
    advice = run.advise()
    assert advice.finding("no-gradient-parameter") is not None
    assert "forgotten.weight" in advice.why("no-gradient-parameter")


def by_hand(run: Run, model: nn.Module, losses: dict[int, float], tell: Callable[[Tensor], dict[str, Any]]) -> None:
    for at in range(1, 9):
        loss = loss_of(model)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, one in zip(model.parameters(), gradients, strict=True):
                parameter.sub_(0.05 * one)
        losses[at] = loss.item()
        run.step(**tell(loss))
    run.epoch(val_loss=1.0)


@pytest.mark.parametrize("loss_told", [True, False])
def test_without_an_optimizer_each_call_is_a_step(loss_told: bool) -> None:
    model, losses = network(), dict[int, float]()
    with watch(model) as run:
        by_hand(run, model, losses, lambda loss: {"loss": loss} if loss_told else {"accuracy": loss.item()})
    role = "train.loss" if loss_told else "train.accuracy"
    assert close(points(run, role), losses) == []
    assert run.history().config.steps_per_epoch == 8
    assert failures(run) == []


def test_steps_are_counted_where_run_step_is_never_called() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with watch(model, optimizer, every=1) as run:
        for _ in range(2):
            for _ in range(5):
                optimizer.zero_grad()
                loss_of(model).backward()
                optimizer.step()
            run.epoch(val_loss=1.0)
    assert list(points(run, "gradient.norm")) == list(range(1, 11))
    assert run.history().config.steps_per_epoch == 5


@pytest.mark.parametrize("stride", [4, 7])
def test_a_fixed_stride_looks_at_the_same_steps_each_time(stride: int) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with watch(model, optimizer, every=stride) as run:
        for _ in range(60):
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    full = [*range(1, 11), *range(stride * (10 // stride + 1), 61, stride)]
    assert list(points(run, "update.ratio")) == full
    # A direction is told against the step before, where that was seen closely, too.
    closely = {at for looked in full for at in (looked, looked + 1) if at <= 60}
    assert set(points(run, "gradient.cosine")) == {at for at in closely if at - 1 in closely}
    assert list(points(run, "train.loss")) == list(range(1, 61))
