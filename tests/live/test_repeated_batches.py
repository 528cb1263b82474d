"""Loops that give one batch again and again, as people write them by mistake, and loops that repeat on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from expert import Advice, advise
from expert.adapters.torch import watch

SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
STEPS = 20
Batches = Callable[[TensorDataset], Iterator[tuple[Tensor, Tensor]]]


def made_anew_each_step(data: TensorDataset) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(STEPS):
        yield next(iter(DataLoader(data, batch_size=32)))


def a_part_repeated(data: TensorDataset) -> Iterator[tuple[Tensor, Tensor]]:
    few = list(islice(DataLoader(data, batch_size=32), 5))
    for step in range(STEPS):
        yield few[step % 5]


def as_it_should_be(data: TensorDataset) -> Iterator[tuple[Tensor, Tensor]]:
    yield from DataLoader(data, batch_size=32, shuffle=True)


def rebalanced(data: TensorDataset) -> Iterator[tuple[Tensor, Tensor]]:
    weights = 1.0 / torch.bincount(data.tensors[1])[data.tensors[1]]
    yield from DataLoader(data, batch_size=32, sampler=WeightedRandomSampler(weights.tolist(), len(data)))


def all_at_once(data: TensorDataset) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(STEPS):
        yield data.tensors[0], data.tensors[1]


def several_times(data: TensorDataset) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(3):
        yield from DataLoader(data, batch_size=32)


def judged(
    batches: Batches, seed: int, *, samples: int = 640, telling_samples: bool = True, with_loader: bool = False
) -> tuple[Advice, float]:
    """Advice on a training with these batches, and its validation loss at the end."""
    torch.manual_seed(seed)
    teacher = nn.Linear(8, 3)
    x = torch.randn(samples + 400, 8)
    y = (teacher(x) + 0.3 * torch.randn(len(x), 3)).argmax(1)
    data = TensorDataset(x[:samples], y[:samples])
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    val_loss = float("nan")
    loader = DataLoader(data, batch_size=32) if with_loader else None
    with watch(model, optimizer, loader=loader, every=1) as run:
        for _ in range(15):
            for inputs, labels in batches(data):
                loss = F.cross_entropy(model(inputs), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss, batch=(inputs, labels))
            with torch.no_grad():
                val_loss = float(F.cross_entropy(model(x[samples:]), y[samples:]))
            run.epoch(val_loss=val_loss)
    told = {"samples": samples} if telling_samples else None
    return advise(run.history(), data=told, settings={"preview": True}), val_loss


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("batches", [made_anew_each_step, a_part_repeated])
def test_batches_that_come_again_are_found_and_cost_what_the_rest_would_teach(batches: Batches, seed: int) -> None:
    advice, ended = judged(batches, seed)
    assert advice.findings[0].rule == "DAT303"
    assert advice.recommendations[0].name == "repair-data-iterator"
    assert judged(as_it_should_be, seed)[1] < ended - 0.05


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("batches", [as_it_should_be, rebalanced, all_at_once])
@pytest.mark.parametrize("telling_samples", [True, False])
def test_batches_that_are_new_or_whole_are_left_alone(batches: Batches, seed: int, telling_samples: bool) -> None:
    assert not judged(batches, seed, telling_samples=telling_samples)[0].is_found("DAT303")


@pytest.mark.parametrize("seed", SEEDS)
def test_one_batch_learned_by_heart_on_purpose_is_left_alone(seed: int) -> None:
    assert not judged(all_at_once, seed, samples=32)[0].is_found("DAT303")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_set_gone_through_several_times_between_two_epochs_told_repeats_nothing(seed: int) -> None:
    assert not judged(several_times, seed, with_loader=True)[0].is_found("DAT303")


@pytest.mark.parametrize("seed", SEEDS)
def test_with_its_loader_known_a_batch_that_comes_again_is_still_found(seed: int) -> None:
    assert judged(made_anew_each_step, seed, with_loader=True)[0].is_found("DAT303")
