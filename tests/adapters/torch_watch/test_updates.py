"""Weight norms, update ratios, learning rates and weight decays, against a plain computation at every step."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, LambdaLR, OneCycleLR

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import Reference, close, close_rows, norm, points, rows
from .test_gradients import network, nothing, train

STEPS = 16
Optimizers = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def moved(step: Any, name: str) -> float:
    return norm({name: step.after[name] - step.before[name]}) / norm(step.before, [name])


def is_weight(name: str) -> bool:
    return name.endswith("weight")


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, lr=0.01, fused=True),
        lambda p: torch.optim.RMSprop(p, lr=0.001, foreach=False),
    ],
    ids=["SGD", "AdamW", "fused Adam", "RMSprop"],
)
def test_weight_norms_and_update_ratios_are_exact_for_small_networks(make: Optimizers) -> None:
    model = network()
    run, reference = train(model, nothing, steps=STEPS, optimizer=make(list(model.parameters())))
    steps = dict(enumerate(reference.steps, 1))
    names = [name for name, _ in model.named_parameters() if is_weight(name)]
    # Of the weights of layers alone: gains and biases live by laws of their own.
    assert close(points(run, "weight.norm"), {at: norm(step.before, names) for at, step in steps.items()}) == []
    expected = {at: {name: norm(step.before, [name]) for name in names} for at, step in steps.items()}
    assert close_rows(rows(run, "weight_norm"), expected) == []
    ratios = {at: {name: moved(step, name) for name in names} for at, step in steps.items()}
    assert close_rows(rows(run, "update_ratio"), ratios, 1e-3) == []
    middle = {at: median(row.values()) for at, row in ratios.items()}
    assert close(points(run, "update.ratio"), middle, 1e-3) == []


def test_update_ratios_of_large_networks_are_near_and_weight_norms_exact() -> None:
    model = network(700)
    run, reference = train(model, nothing, steps=12, optimizer=torch.optim.Adam(model.parameters(), lr=1e-3))
    names = [name for name, _ in model.named_parameters() if is_weight(name)]
    expected = {at: norm(step.before, names) for at, step in enumerate(reference.steps, 1)}
    assert close(points(run, "weight.norm"), expected, 1e-4) == []
    for at, row in rows(run, "update_ratio").items():
        for name, value in row.items():
            assert value == pytest.approx(moved(reference.steps[at - 1], name), rel=0.35)


def test_a_layer_that_stands_still_is_told_from_one_that_moves() -> None:
    model = network()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    run, _ = train(model, nothing, steps=4, optimizer=optimizer)
    for row in rows(run, "update_ratio").values():
        assert row["0.weight"] == 0.0
        assert row["2.weight"] > 0.0
    assert all("0.weight" not in row for row in rows(run, "gradient_norm").values())


def test_the_usual_update_is_that_of_the_layers_which_are_trained() -> None:
    # Two of the three layers stand still, so the middle of all would be nothing at all.
    model = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 2))
    model[:2].requires_grad_(False)
    optimizer = torch.optim.SGD([{"params": list(model.parameters())}], lr=0.05)
    run, reference = train(model, nothing, steps=4, optimizer=optimizer)
    ratios = {at: moved(step, "2.weight") for at, step in enumerate(reference.steps, 1)}
    assert close(points(run, "update.ratio"), ratios, 1e-3) == []
    assert all(row["0.weight"] == row["1.weight"] == 0.0 for row in rows(run, "update_ratio").values())


def train_scheduled(
    optimizer: torch.optim.Optimizer, scheduler: Any, model: nn.Module, **arguments: Any
) -> tuple[Any, Run]:
    used: list[list[float]] = []
    run = watch(model, optimizer, scheduler=scheduler, **arguments)
    for _ in range(40):
        optimizer.zero_grad()
        loss = model(torch.randn(4, 6)).square().mean()
        loss.backward()
        used.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
        run.step(loss=loss)
    run.close()
    assert failures(run) == []
    return used, run


@pytest.mark.parametrize("arguments", [{"every": 1}, {"every": 25}, {}], ids=["all steps", "few looks", "by budget"])
@pytest.mark.parametrize(
    "schedule",
    [
        lambda optimizer: OneCycleLR(optimizer, max_lr=0.1, total_steps=41),
        lambda optimizer: CosineAnnealingWarmRestarts(optimizer, T_0=7),
        lambda optimizer: LambdaLR(optimizer, lambda step: 0.5 ** (step // 6)),
    ],
    ids=["one cycle", "warm restarts", "stairs"],
)
def test_the_rate_of_each_step_is_the_one_it_was_taken_with(
    schedule: Callable[[torch.optim.Optimizer], Any], arguments: dict[str, Any]
) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.5)
    used, run = train_scheduled(optimizer, schedule(optimizer), model, **arguments)
    seen = points(run, "optimizer.learning_rate")
    # Between two points the rate stood still.
    held, standing = {}, 0.0
    for at in range(1, 41):
        standing = seen.get(at, standing)
        held[at] = standing
    assert close(held, {at: rates[0] for at, rates in enumerate(used, 1)}) == []
    assert max(seen) == 40


def test_each_group_has_a_rate_and_a_weight_decay_of_its_own() -> None:
    model = network()
    optimizer = torch.optim.AdamW(
        [
            {"params": model[0].parameters(), "lr": 0.001, "weight_decay": 0.0},
            {"params": model[2].parameters()},
            {"params": model[4].parameters(), "lr": 0.5, "weight_decay": 0.3},
        ],
        lr=0.01,
        weight_decay=0.2,
    )
    used, run = train_scheduled(optimizer, LambdaLR(optimizer, lambda step: 1 / (1 + step)), model, every=1)
    for group in (1, 2):
        seen = points(run, "optimizer.learning_rate", group=str(group))
        assert close(seen, {at: rates[group] for at, rates in enumerate(used, 1)}) == []
    first = points(run, "optimizer.learning_rate")
    assert close(first, {at: rates[0] for at, rates in enumerate(used, 1)}) == []
    assert points(run, "optimizer.weight_decay") == {1: 0.0}
    assert points(run, "optimizer.weight_decay", group="1") == {1: 0.2}
    assert points(run, "optimizer.weight_decay", group="2") == {1: 0.3}


def test_a_rate_that_stands_still_is_told_up_to_where_the_run_is() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer) as run:
        for at in range(1, 6):
            optimizer.step()
            run.step(loss=1.0)
            assert points(run, "optimizer.learning_rate") == dict.fromkeys({1, at}, 0.1)
    assert points(run, "optimizer.learning_rate") == {1: 0.1, 5: 0.1}


def test_a_rate_in_a_tensor_is_followed() -> None:
    model = network()
    rate = torch.tensor(0.02)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    with watch(model, optimizer, every=1) as run:
        for _ in range(5):
            optimizer.zero_grad()
            loss = model(torch.randn(4, 6)).square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
            rate.mul_(0.5)
    expected = {at: 0.02 * 0.5 ** (at - 1) for at in range(1, 6)}
    assert close(points(run, "optimizer.learning_rate"), expected) == []


def test_a_closure_s_gradients_are_those_of_its_first_call_and_the_update_is_the_whole_step() -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=5)
    reference = Reference(model)
    x = torch.randn(32, 6)
    with watch(model, optimizer, every=1) as run:
        for _ in range(4):
            calls = 0

            def closure() -> Tensor:
                nonlocal calls
                optimizer.zero_grad()
                loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
                loss.backward()
                if not calls:
                    reference.after_backward()
                    reference.before_update()
                calls += 1
                return loss

            loss = optimizer.step(closure)
            assert calls > 1
            reference.after_update()
            run.step(loss=loss)
    steps = dict(enumerate(reference.steps, 1))
    assert close(points(run, "gradient.norm"), {at: norm(step.raw) for at, step in steps.items()}) == []
    ratios = {at: {n: moved(step, n) for n in step.before if is_weight(n)} for at, step in steps.items()}
    assert close_rows(rows(run, "update_ratio"), ratios, 1e-3) == []


def test_sparse_gradients_are_measured_and_a_table_is_no_layer() -> None:
    model = nn.Sequential(nn.Embedding(40, 5, sparse=True), nn.Flatten(), nn.Linear(15, 1))
    optimizers = [
        torch.optim.SparseAdam(model[0].parameters(), lr=0.01),
        torch.optim.SGD(model[2].parameters(), lr=0.1),
    ]
    reference = Reference(model)
    with watch(model, optimizers, every=1) as run:
        for _ in range(6):
            model.zero_grad()
            loss = (model(torch.tensor([[1, 1, 2], [3, 1, 9]])) - 1.0).square().mean()
            loss.backward()
            reference.after_backward()
            reference.before_update()
            for optimizer in optimizers:
                optimizer.step()
            reference.after_update()
            run.step(loss=loss)
    steps = dict(enumerate(reference.steps, 1))
    table, head = ["0.weight"], ["2.weight", "2.bias"]
    assert close(points(run, "gradient.norm"), {at: norm(step.raw, table) for at, step in steps.items()}) == []
    rest = {at: norm(step.raw, head) for at, step in steps.items()}
    assert close(points(run, "gradient.norm", optimizer="1"), rest) == []
    ratios = {at: {"2.weight": moved(step, "2.weight")} for at, step in steps.items()}
    assert close_rows(rows(run, "update_ratio"), ratios, 1e-3) == []
    assert failures(run) == []


def test_complex_weights_count_with_both_their_parts() -> None:
    model = nn.Linear(4, 3, dtype=torch.complex64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    expected, ratios = {}, {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 6):
            optimizer.zero_grad()
            loss = model(torch.randn(5, 4, dtype=torch.complex64)).abs().square().mean()
            loss.backward()
            gradients = [p.grad for p in model.parameters() if p.grad is not None]
            expected[at] = float(torch.stack([g.abs().square().sum() for g in gradients]).sum().sqrt())
            before = model.weight.detach().clone()
            optimizer.step()
            ratios[at] = {"weight": float((model.weight - before).detach().norm() / before.norm())}
            run.step(loss=loss)
    assert close(points(run, "gradient.norm"), expected) == []
    assert close_rows(rows(run, "update_ratio"), ratios, 1e-3) == []
    assert failures(run) == []
