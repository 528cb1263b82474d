"""Signals of single steps: jitter, early rise, repetition with the period of an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from expert.history import ClockMarks
from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run, decay, loss_run, value


def marks(epochs: int, length: int) -> ClockMarks:
    return ClockMarks(step=np.arange(epochs + 1.0) * length, epoch=np.arange(epochs + 1.0))


def stepwise(values: object, epochs: int, length: int, **more: object) -> Run:
    return Run({"train.loss": values}, clock="step", marks=marks(epochs, length), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("jitter", [0.05, 0.2, 0.8])
@pytest.mark.parametrize("count", [500, 200_000])
def test_jitter(jitter: float, count: int) -> None:
    rng = np.random.default_rng(0)
    course = np.linspace(2, 1, count) * (1 + jitter * rng.standard_normal(count))
    assert value("step_jitter", course, clock="step") == pytest.approx(jitter, rel=0.15)


def test_jitter_needs_steps() -> None:
    for run in (loss_run(decay(200)), loss_run(decay(200), clock="step", reduction="epoch_mean")):
        found = run.read("step_jitter", "train.loss")
        assert isinstance(found, Unknown)
        assert "step" in found.record


def test_an_early_rise() -> None:
    rng = np.random.default_rng(0)
    healthy = decay(1000, 0.02)
    assert value("early_rise", healthy, clock="step") < 0.05
    sick = 2.3 + 3.0 * np.exp(-((np.arange(1000) - 20) ** 2) / 50) + 0.02 * rng.standard_normal(1000)
    found = loss_run(sick, clock="step").read("early_rise", "train.loss")
    assert isinstance(found, Reading)
    assert found.value == pytest.approx(1.3, abs=0.1)
    assert found.at == pytest.approx(22, abs=2)
    late = np.concatenate([np.full(300, 2.0), np.full(300, 9.0)])
    assert value("early_rise", late, clock="step") == 0.0


def test_an_early_rise_cannot_be_seen_in_epochs_or_in_sparse_steps() -> None:
    assert isinstance(loss_run(decay(50)).read("early_rise", "train.loss"), Unknown)
    sparse = loss_run(decay(50), clock="step", at=np.arange(50.0, 2501, 50))
    assert isinstance(sparse.read("early_rise", "train.loss"), Unknown)


def test_a_fall_since_the_very_first_step_counts_what_the_first_epoch_taught() -> None:
    course = np.concatenate([np.linspace(2.0, 0.5, 40), np.full(360, 0.5)])
    assert value("fall_since_first_step", course, clock="step") == pytest.approx(0.75)
    assert value("fall_since_first_step", 2.5 - course, clock="step") == pytest.approx(-3.0)
    # The end is a median: one hard batch at the end is no end.
    course[-1] = 50.0
    assert value("fall_since_first_step", course, clock="step") == pytest.approx(0.75)
    sparse = loss_run(course[:50], clock="step", at=np.arange(200.0, 2651, 50))
    for run in (loss_run(decay(50)), sparse, loss_run(course, clock="step", reduction="epoch_mean")):
        assert isinstance(run.read("fall_since_first_step", "train.loss"), Unknown)


def test_a_run_that_breaks_within_its_first_steps_still_shows_its_rise() -> None:
    assert value("early_rise", [2.0, 4.0, 900.0, np.nan], clock="step") > 10


@pytest.mark.parametrize(("epochs", "length"), [(8, 40), (12, 300), (6, 10_000)])
def test_an_order_that_repeats_is_found(epochs: int, length: int) -> None:
    rng = np.random.default_rng(0)
    trend = np.repeat(np.linspace(2, 1, epochs), length)
    pattern = np.tile(0.3 * rng.standard_normal(length), epochs)
    fresh = 0.1 * rng.standard_normal(epochs * length)
    assert stepwise(trend + pattern + fresh, epochs, length).value("epoch_periodicity", "train.loss") > 0.8
    scatter = trend + 0.3 * rng.standard_normal(epochs * length)
    assert abs(stepwise(scatter, epochs, length).value("epoch_periodicity", "train.loss")) < 0.2


def test_a_sawtooth_within_the_epoch_is_no_repetition() -> None:
    """Adam's sawtooth: the loss falls within each epoch and steps up at its start, with fresh noise."""
    rng = np.random.default_rng(0)
    slope = np.tile(np.linspace(0.5, -0.5, 100), 10)
    noisy = 2.0 + slope + 0.1 * rng.standard_normal(1000)
    assert abs(stepwise(noisy, 10, 100).value("epoch_periodicity", "train.loss")) < 0.15


def test_repetition_is_independent_of_the_size_of_each_epoch() -> None:
    rng = np.random.default_rng(0)
    pattern = rng.standard_normal(100)
    rows = [2.0 + size * pattern for size in np.geomspace(1.0, 1e-4, 10)]
    assert stepwise(np.concatenate(rows), 10, 100).value("epoch_periodicity", "train.loss") == pytest.approx(1.0)


def test_repetition_needs_five_epochs_of_single_steps() -> None:
    assert isinstance(stepwise(decay(400, 0.1), 4, 100).read("epoch_periodicity", "train.loss"), Unknown)
    assert isinstance(loss_run(decay(400, 0.1), clock="step").read("epoch_periodicity", "train.loss"), Unknown)
    assert isinstance(loss_run(decay(50)).read("epoch_periodicity", "train.loss"), Unknown)
    assert isinstance(stepwise(np.full(1000, 2.0), 10, 100).read("epoch_periodicity", "train.loss"), Unknown)
