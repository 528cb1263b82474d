"""Losses of single batches out of running means in float32, as Keras keeps them."""

from __future__ import annotations

import numpy as np
import pytest

from expert.adapters.keras.batch_losses import IMPRECISE, UNEQUAL, BatchLosses
from expert.adapters.live.telemetry import Telemetry

RANDOM = np.random.default_rng(0)


def running_means(losses: list[float], sizes: list[int]) -> list[float]:
    total, count, means = np.float32(0), np.float32(0), []
    for loss, size in zip(losses, sizes, strict=True):
        total += np.float32(loss) * np.float32(size)
        count += np.float32(size)
        means.append(float(total / count))
    return means


def recorded(
    means: list[float], size: int | None, samples: float | None, *, mean: bool = True
) -> tuple[Telemetry, BatchLosses]:
    telemetry = Telemetry("a test")
    losses = BatchLosses(telemetry)
    losses.is_mean = mean
    if size is not None:
        losses.sizes([(1, float(size))], None)
    for place in RANDOM.permutation(len(means)).tolist():
        losses.take(place + 1, means[place])
    losses.record(100, len(means), samples)
    return telemetry


def values(telemetry: Telemetry) -> list[float]:
    return telemetry.column("train.loss").values.tolist()


def test_a_thousand_batches_of_which_the_last_is_smaller() -> None:
    losses = (0.5 + RANDOM.random(1000)).tolist()
    telemetry = recorded(running_means(losses, [32] * 999 + [5]), 32, 999 * 32 + 5)
    assert values(telemetry) == pytest.approx(losses, rel=5e-3)
    assert telemetry.column("train.loss").at[0] == 101


def test_the_last_batch_is_left_out_where_its_size_is_not_known() -> None:
    telemetry = recorded(running_means([1.0, 2.0, 3.0], [8, 8, 1]), 8, None)
    assert values(telemetry) == pytest.approx([1.0, 2.0])


def test_losses_that_rounding_hides_are_not_told() -> None:
    losses = [1e6, *([0.1] * 200)]
    telemetry = recorded(running_means(losses, [8] * 201), 8, 201 * 8)
    assert list(telemetry.notes) == [IMPRECISE]
    assert values(telemetry) == pytest.approx([1e6])


def test_losses_before_the_first_that_rounding_hides_are_told() -> None:
    losses = [1.5, 0.7, 1e6, *([0.1] * 200)]
    telemetry = recorded(running_means(losses, [8] * 203), 8, 203 * 8)
    assert values(telemetry) == pytest.approx(losses[:3], rel=1e-2)


def test_the_first_loss_that_is_not_finite_is_told_and_nothing_after_it() -> None:
    telemetry = recorded(running_means([1.0, 2.0, float("nan"), 4.0], [8] * 4), 8, 32)
    assert values(telemetry)[:2] == pytest.approx([1.0, 2.0])
    assert len(values(telemetry)) == 3
    assert [(event.kind, event.at) for event in telemetry.events] == [("nonfinite_loss", 103)]


def test_a_loss_that_stays_broken_is_told_once_and_recorded_in_each_epoch() -> None:
    telemetry = Telemetry("a test")
    losses = BatchLosses(telemetry)
    losses.is_mean = True
    losses.sizes([(1, 8.0)], None)
    for epoch in range(3):
        losses.take(1, float("nan"))
        losses.record(4 * epoch, 4, 32)
    assert len(values(telemetry)) == 3
    assert [event.at for event in telemetry.events] == [1]
    assert list(telemetry.notes) == ["At step 1 the loss is nan."]


def test_sizes_that_change_are_noticed_by_the_samples_of_the_epoch() -> None:
    telemetry = Telemetry("a test")
    losses = BatchLosses(telemetry)
    losses.is_mean = True
    losses.sizes([(1, 8.0), (2, 16.0), (3, 24.0)], 10, 100)
    assert losses.batch_size is None
    losses.take(1, 1.0)
    losses.take(2, 1.5)
    losses.record(0, 2, 16)
    assert list(telemetry.notes) == [UNEQUAL]


def test_losses_that_are_no_means_are_told_as_they_are() -> None:
    telemetry = recorded([3.0, 1.0, 2.0], None, None, mean=False)
    assert values(telemetry) == [3.0, 1.0, 2.0]


def test_in_the_middle_of_an_epoch_the_latest_batches_wait_for_stragglers() -> None:
    losses = (0.5 + RANDOM.random(100)).tolist()
    means = running_means(losses, [4] * 100)
    telemetry = Telemetry("a test")
    kept = BatchLosses(telemetry)
    kept.is_mean = True
    kept.sizes([(1, 4.0)], None)
    for place in [*range(1, 90), 0]:
        kept.take(place + 1, means[place])
    kept.record(0, None)
    assert len(values(telemetry)) == 90 - 64
    for place in range(90, 100):
        kept.take(place + 1, means[place])
    kept.record(0, 100, 400)
    assert values(telemetry) == pytest.approx(losses, rel=1e-3)
    assert kept.latest == 0
