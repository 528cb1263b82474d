"""Gradient scalers: skipped steps at their places, norms of what was meant, with the scaler handed over and without."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import close, points

STEPS = 24


@dataclass
class Scaled:
    """What a plain loop saw of a training under a scaler, by iteration from 1."""

    run: Run
    losses: dict[int, float] = field(default_factory=dict)
    scales: dict[int, float] = field(default_factory=dict)
    skipped: list[int] = field(default_factory=list)
    raw: dict[int, float] = field(default_factory=dict)
    """Norms of the gradients without their scale, of the steps that were taken."""


def train(
    fused: bool, handed: bool = True, bound: float | None = None, losses: bool = True, **arguments: Any
) -> Scaled:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**22, growth_interval=4)
    run = watch(model, optimizer, scaler=scaler if handed else None, **({"every": 1} | arguments))
    seen = Scaled(run)
    for at in range(1, STEPS + 1):
        x, y = torch.randn(8, 6), torch.randint(0, 3, (8,))
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = F.cross_entropy(model(x), y)
        before = scaler.get_scale()
        scaler.scale(loss).backward()
        gradients = [p.grad.double() / before for p in model.parameters() if p.grad is not None]
        norm = float(torch.stack([g.square().sum() for g in gradients]).sum().sqrt())
        if bound is not None:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), bound)
        scaler.step(optimizer)
        scaler.update()
        run.step(**({"loss": loss} if losses else {}))
        seen.losses[at], seen.scales[at] = loss.item(), scaler.get_scale()
        if scaler.get_scale() < before:
            seen.skipped.append(at)
        else:
            seen.raw[at] = norm
    run.close()
    # Overflows at the very start and in the middle, or nothing is proven.
    assert 1 in seen.skipped
    assert any(6 < at < STEPS for at in seen.skipped)
    assert failures(run) == []
    return seen


@pytest.mark.parametrize("arguments", [{}, {"every": 7}], ids=["every step", "few looks"])
@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_skipped_steps_stand_where_they_happened(fused: bool, arguments: dict[str, Any]) -> None:
    seen = train(fused, **arguments)
    assert close(points(seen.run, "train.loss"), seen.losses) == []
    assert close(points(seen.run, "scaler.scale"), seen.scales) == []
    flags = {at: float(at in seen.skipped) for at in range(1, STEPS + 1)}
    assert points(seen.run, "scaler.skipped") == flags
    assert [event.at for event in seen.run.history().events if event.kind == "skipped_step"] == seen.skipped
    assert seen.run.history().config.loss_scaling is True
    assert seen.run.history().config.gradient_accumulation_steps is None


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_skipped_steps_are_counted_where_no_loss_is_told(fused: bool) -> None:
    seen = train(fused, losses=False)
    assert close(points(seen.run, "scaler.scale"), seen.scales) == []


@pytest.mark.parametrize("bound", [None, 0.2], ids=["not clipped", "clipped"])
@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_norms_are_those_of_the_loss_that_was_meant(fused: bool, bound: float | None) -> None:
    seen = train(fused, bound=bound)
    assert close(points(seen.run, "gradient.norm"), seen.raw, 2e-3) == []
    clipped = points(seen.run, "gradient.clipped")
    assert set(clipped) <= set(seen.raw)
    assert {at: flag for at, flag in clipped.items() if flag} == {
        at: 1.0 for at, flag in clipped.items() if bound is not None and seen.raw[at] > bound
    }
    assert seen.run.history().config.clip_norm == (bound and pytest.approx(bound, rel=1e-3))


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_an_overflow_that_the_scaler_catches_is_no_gradient_that_broke(fused: bool) -> None:
    seen = train(fused)
    kinds = {event.kind for event in seen.run.history().events}
    assert "nonfinite_gradient" not in kinds
    assert "nonfinite_weight" not in kinds


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_gradients_scaled_by_a_scaler_nobody_told_of_are_not_called_clipped(fused: bool) -> None:
    seen = train(fused, handed=False)
    assert 1.0 not in points(seen.run, "gradient.clipped").values()
    assert seen.run.history().config.clip_norm is None
    # Skipped updates that nobody told of leave no position of their own.
    taken = list(points(seen.run, "gradient.norm").values())
    raw = list(seen.raw.values())
    assert taken == pytest.approx(raw, rel=2e-3)


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_a_scaler_nobody_told_of_is_found_where_it_takes_a_step(fused: bool) -> None:
    seen = train(fused, handed=False, bound=0.2)
    assert list(points(seen.run, "gradient.norm").values()) == pytest.approx(list(seen.raw.values()), rel=2e-3)
    config = seen.run.history().config
    assert config.loss_scaling is True
    assert config.clip_norm == pytest.approx(0.2, rel=1e-3)


def test_a_scaler_that_is_off_counts_as_none() -> None:
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    with watch(model, optimizer, scaler=scaler, every=1) as run:
        for _ in range(4):
            optimizer.zero_grad()
            loss = model(torch.randn(4, 3)).square().mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            run.step(loss=loss)
    assert list(points(run, "train.loss")) == [1, 2, 3, 4]
    assert points(run, "scaler.scale") == {}
    assert run.history().config.loss_scaling is not True


@pytest.mark.parametrize("batches", [1, 3])
def test_accumulated_batches_under_a_scaler_are_no_skipped_steps(batches: int) -> None:
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    means = {}
    with watch(model, optimizer, scaler=scaler, every=1) as run:
        for at in range(1, 9):
            losses = []
            for number in range(batches):
                loss = model(torch.randn(4, 6)).square().mean()
                scaler.scale(loss / batches).backward()
                if number == batches - 1:
                    scaler.step(optimizer)
                    scaler.update()
                    optimizer.zero_grad()
                run.step(loss=loss)
                losses.append(loss.item())
            means[at] = sum(losses) / batches
    assert close(points(run, "train.loss"), means) == []
    assert set(points(run, "scaler.skipped").values()) == {0.0}
    assert run.history().config.gradient_accumulation_steps == (batches if batches > 1 else None)


def test_two_optimizers_of_which_one_is_skipped_keep_their_places() -> None:
    first, second = nn.Linear(3, 1), nn.Linear(3, 1)
    optimizers = [torch.optim.SGD(net.parameters(), lr=1e-3) for net in (first, second)]
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=1000)
    norms: tuple[dict[int, float], dict[int, float]] = ({}, {})
    with watch(nn.ModuleList([first, second]), optimizers, scaler=scaler, every=1) as run:
        for at in range(1, 13):
            x = torch.randn(4, 3)
            overflow = float("inf") if at in (4, 5, 9) else 1.0
            loss = first(x).square().mean() * overflow + second(x).square().mean()
            for optimizer in optimizers:
                optimizer.zero_grad()
            scale = scaler.get_scale()
            scaler.scale(loss).backward()
            for number, net in enumerate((first, second)):
                flat = torch.cat([p.grad.reshape(-1) for p in net.parameters() if p.grad is not None]) / scale
                if bool(flat.isfinite().all()):
                    norms[number][at] = float(flat.norm())
            for optimizer in optimizers:
                scaler.step(optimizer)
            scaler.update()
            run.step(loss=second(x).square().mean())
    assert list(norms[0]) == [1, 2, 3, 6, 7, 8, 10, 11, 12]
    assert close(points(run, "gradient.norm", optimizer="1"), norms[1], 1e-4) == []
    assert close(points(run, "gradient.norm"), norms[0], 1e-4) == []
    assert list(points(run, "train.loss")) == list(range(1, 13))
