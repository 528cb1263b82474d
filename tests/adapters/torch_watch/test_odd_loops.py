"""Backward passes, processes and threads out of the ordinary: nothing breaks, and what can be seen is seen."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from expert.adapters.torch import Run, watch

from .observers import differences, failures
from .reference import close, points, rows
from .test_odd_models import With, sgd
from .traces import changed, traces


def test_one_optimizer_for_each_parameter_that_steps_within_the_backward_pass() -> None:
    model = With(None)
    optimizers = {p: torch.optim.SGD([p], lr=0.05) for p in model.parameters()}

    def update(parameter: Tensor) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(update)
    with watch(model, optimizers.values(), every=1) as run:
        for _ in range(5):
            loss = model(torch.randn(5, 4)).square().mean()
            loss.backward()
            run.step(loss=loss)
    assert list(points(run, "train.loss")) == [1, 2, 3, 4, 5]
    assert list(points(run, "gradient.norm", optimizer="3")) == [1, 2, 3, 4, 5]
    assert failures(run) == []


def test_a_second_derivative_and_a_graph_that_is_kept_are_no_obstacle() -> None:
    model = With(None)
    optimizer = sgd(model)
    norms = []
    with watch(model, optimizer, every=1) as run:
        for _ in range(5):
            x = torch.randn(5, 4, requires_grad=True)
            optimizer.zero_grad()
            scores = model(x)
            slopes = torch.autograd.grad(scores.sum(), [x, *model.parameters()], create_graph=True)
            loss = scores.square().mean() + torch.stack([slope.square().sum() for slope in slopes]).sum()
            loss.backward(retain_graph=True)
            once = [p.grad.clone() for p in model.parameters() if p.grad is not None]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch warns of the circle this makes
                loss.backward(create_graph=True)
            norms.append(2.0 * float(torch.cat([one.reshape(-1) for one in once]).norm()))
            optimizer.step()
            for parameter in model.parameters():
                parameter.grad = None
            run.step(loss=loss)
    assert close(points(run, "gradient.norm"), dict(enumerate(norms, 1))) == []
    assert failures(run) == []


def test_transforms_of_torch_func_run_through_a_watched_model() -> None:
    model = With(None)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    x = torch.randn(6, 2, 4)

    def loss_of(weights: Any, x: Tensor) -> Tensor:
        return torch.func.functional_call(model, weights, (x,)).square().mean()

    def each_gradient() -> Any:
        return torch.func.vmap(torch.func.grad(loss_of), in_dims=(None, 0))(weights, x)

    alone = each_gradient()
    optimizer = sgd(model, lr=0.0)
    with watch(model, optimizer, every=1) as run:
        for _ in range(4):
            # At a moment at which the next forward pass is looked at.
            assert list(differences(alone, each_gradient())) == []
            optimizer.zero_grad()
            loss = model(torch.randn(3, 4)).square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    assert list(points(run, "gradient.norm")) == [1, 2, 3, 4]
    assert len(points(run, "train.loss")) == 4
    assert len(rows(run, "zero_share")) >= 3
    assert failures(run) == []


class Mapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = With(None)

    def forward(self, x: dict[str, Tensor]) -> Any:
        return {"deep": [({"scores": self.net(x["x"])},)], "text": "none"}


def test_modules_that_take_and_return_mappings_and_tuples() -> None:
    model = Mapped()
    optimizer = sgd(model)
    with watch(model, optimizer, every=1) as run:
        for _ in range(5):
            optimizer.zero_grad()
            model({"x": torch.randn(5, 4)})["deep"][0][0]["scores"].square().mean().backward()
            optimizer.step()
            run.step(loss=1.0, batch={"x": torch.randn(5, 4), "labels": torch.ones(5)})
        run.epoch()
    assert "net.net.1" in rows(run, "zero_unit_share")[5]
    assert failures(run) == []


def test_workers_of_a_loader_are_forked_while_a_run_is_open() -> None:
    model = With(None)
    optimizer = sgd(model)
    before = traces([model], [optimizer])
    loader = DataLoader(TensorDataset(torch.randn(24, 4)), batch_size=4, num_workers=2, shuffle=True)
    with watch(model, optimizer, loader=loader, every=1) as run:
        for _ in range(2):
            for (x,) in loader:
                optimizer.zero_grad()
                loss = model(x).square().mean()
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
            run.epoch()
    assert list(points(run, "train.loss")) == list(range(1, 13))
    assert run.history().config.loader_workers == 2
    optimizer.zero_grad()
    # The loader itself listens for workers that die.
    assert [place for place in changed(before, traces([model], [optimizer])) if place != "signals"] == []


def test_trainings_in_threads_do_not_mix() -> None:
    runs: dict[int, Run] = {}

    def work(number: int) -> None:
        torch.manual_seed(number)
        model = nn.Sequential(nn.Linear(4, 4 + number), nn.ReLU(), nn.Linear(4 + number, 1))
        runs[number] = train_quietly(model, number)

    def train_quietly(model: nn.Module, number: int) -> Run:
        optimizer = sgd(model)
        with watch(model, optimizer, every=1) as run:
            for _ in range(20 + number):
                optimizer.zero_grad()
                loss = model(torch.randn(8, 4)).square().mean()
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
            run.epoch()
        return run

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(runs) == [0, 1, 2]
    for number, run in runs.items():
        assert list(points(run, "train.loss")) == list(range(1, 21 + number))
        assert list(points(run, "gradient.norm")) == list(range(1, 21 + number))
        assert failures(run) == []


def test_a_run_stepped_and_closed_in_other_threads() -> None:
    model = With(None)
    optimizer = sgd(model)
    run = watch(model, optimizer, every=1)

    def call(what: Any) -> None:
        thread = threading.Thread(target=what)
        thread.start()
        thread.join()

    for _ in range(3):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4)).square().mean()
        loss.backward()
        optimizer.step()
        call(lambda loss=loss: run.step(loss=loss))
    call(run.close)
    assert list(points(run, "train.loss")) == [1, 2, 3]
