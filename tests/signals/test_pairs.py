"""Signals of two series: overfitting, shared swings, disagreement of score and loss."""

from __future__ import annotations

import numpy as np
import pytest

from expert.history import ClockMarks, History, Series
from expert.signals.signal import Reading, Unknown
from tests.signals.runs import BY_ID, Run, alternating, bowl, decay, flat

SEEDS = range(20)
NOISES = (0.0, 0.05, 0.15, 0.3)


def both(signal: str, val: object, train: object) -> float:
    return float(Run({"val.loss": val, "train.loss": train}).value(signal, "val.loss", "train.loss"))  # type: ignore[arg-type]


@pytest.mark.parametrize("epochs", [8, 12, 50, 500])
@pytest.mark.parametrize("noise", NOISES)
def test_no_overfitting_where_validation_follows(epochs: int, noise: float) -> None:
    rises = [
        both("validation_rise", 1.12 * decay(epochs, noise, seed=s), decay(epochs, noise, seed=s + 99)) for s in SEEDS
    ]
    assert np.mean(np.array(rises) > 0.05) <= 0.05


@pytest.mark.parametrize("epochs", [12, 50, 500])
@pytest.mark.parametrize("noise", NOISES[:3])
def test_overfitting_is_a_rise_while_training_falls(epochs: int, noise: float) -> None:
    falling = [
        np.geomspace(2.3, 0.05, epochs) * np.exp(noise * np.random.default_rng(s).standard_normal(epochs))
        for s in SEEDS
    ]
    rises = [both("validation_rise", bowl(epochs, noise, rise=1.0, seed=s + 99), falling[s]) for s in SEEDS]
    assert np.median(rises) > 0.5
    assert np.mean(np.array(rises) > 0.1) >= (0.9 if epochs > 12 or noise < 0.1 else 0.6)
    growth = [both("gap_growth", bowl(epochs, noise, rise=1.0, seed=s + 99), falling[s]) for s in SEEDS]
    assert np.mean(np.array(growth) > 0.1) >= (0.9 if epochs > 12 or noise < 0.1 else 0.3)


def test_both_rising_is_no_overfitting() -> None:
    assert both("validation_rise", bowl(50, 0.05), bowl(50, 0.05, seed=1)) == 0.0


def test_a_gap_near_zero_is_small_against_the_fall() -> None:
    train = np.geomspace(2.3, 0.003, 50)
    assert both("relative_gap", train + 0.01, train) < 0.1
    assert both("gap_growth", train + np.linspace(0, 0.01, 50), train) < 0.1
    assert both("relative_gap", np.full(50, 2.3), np.linspace(2.3, 1.0, 50)) == pytest.approx(1.2, abs=0.15)


@pytest.mark.parametrize("offset", [0.0, -0.7])
def test_near_zero_is_not_small_for_losses_that_fall_below_it(offset: float) -> None:
    train, val = decay(20, 1.0) - 0.2 + offset, decay(20, 0.8) - 0.45 + offset
    assert -0.6 < both("relative_gap", val, train) < 0.0
    assert 0.0 < both("relative_gap", train, val) < 0.6


def test_losses_that_start_below_zero_have_no_ratio() -> None:
    run = Run({"val.loss": decay(10) - 3.0, "train.loss": decay(10)})
    assert isinstance(run.read("ratio_at_start", "val.loss", "train.loss"), Unknown)
    assert isinstance(run.read("ratio_at_start", "train.loss", "val.loss"), Unknown)


def test_the_gap_of_scores_is_positive_where_validation_is_worse() -> None:
    run = Run({"val.accuracy": np.full(20, 0.7), "train.accuracy": np.linspace(0.5, 0.95, 20)})
    assert run.value("relative_gap", "val.accuracy", "train.accuracy") == pytest.approx(0.24, abs=0.03)


def test_ratio_at_start_and_batch_size() -> None:
    run = Run({"val.loss": decay(10), "train.loss": 32 * decay(10)}, config={"batch_size": 32})
    assert run.value("ratio_at_start", "val.loss", "train.loss") == pytest.approx(1 / 32)
    assert run.value("ratio_over_batch_size", "val.loss", "train.loss") == pytest.approx(1.0)
    assert isinstance(
        Run({"val.loss": decay(10), "train.loss": decay(10)}).read("ratio_over_batch_size", "val.loss", "train.loss"),
        Unknown,
    )


def test_validation_below_training() -> None:
    assert both("validation_below_share", 0.8 * decay(50), decay(50)) == 1.0
    assert both("validation_below_share", 0.97 * decay(50), decay(50)) == 0.0


def test_spread_ratio() -> None:
    ratio = [both("spread_ratio", decay(50, 0.2, seed=s), decay(50, 0.02, seed=s + 99)) for s in SEEDS]
    assert np.median(ratio) == pytest.approx(10, rel=0.3)
    assert both("spread_ratio", flat(50), flat(50)) == 1.0


def test_swings_that_are_shared() -> None:
    swing = alternating(50, 0.02)
    assert both("swing_agreement", swing * 1.1, alternating(50, 0.02, seed=1)) > 0.9
    wave = 1.3 + 0.3 * np.sin(np.arange(60) / 2)
    assert both("swing_agreement", 1.1 * wave, wave) > 0.99
    agree = [both("swing_agreement", decay(50, 0.1, seed=s), decay(50, 0.1, seed=s + 99)) for s in range(100)]
    assert np.quantile(agree, 0.95) < 0.6
    assert both("swing_agreement", flat(50), flat(50)) == 0.0


def test_score_and_loss_that_disagree() -> None:
    loss = bowl(40)
    good = Run({"val.loss": loss, "val.accuracy": 1 - loss / 4})
    assert good.value("metric_loss_disagreement", "val.loss", "val.accuracy") == pytest.approx(-1.0)
    odd = Run({"val.loss": loss, "val.accuracy": np.linspace(0.3, 0.9, 40)})
    assert odd.value("metric_loss_disagreement", "val.loss", "val.accuracy") == pytest.approx(1.0)


def history_of(train: Series, val: Series, marks: ClockMarks | None = None) -> Run:
    run = Run(marks=marks)
    run.history = History(series=(train, val), marks=marks)
    return run


def test_series_of_steps_and_of_epochs_meet_on_the_epoch_clock() -> None:
    course = decay(2000)
    train = Series(role="train.loss", name="train", at=np.arange(1.0, 2001), values=course, clock="step")
    val = Series(role="val.loss", name="val", at=np.arange(1.0, 21), values=1.5 * course.reshape(20, 100).mean(axis=1))
    marks = ClockMarks(step=np.arange(0.0, 2001, 100), epoch=np.arange(21.0))
    run = history_of(train, val, marks)
    assert run.value("relative_gap", "val.loss", "train.loss") == pytest.approx(0.5, abs=0.01)
    assert run.value("ratio_at_start", "val.loss", "train.loss") == pytest.approx(1.5, abs=0.01)


def test_validation_every_few_epochs_meets_training_of_every_epoch() -> None:
    course = decay(60)
    train = Series(role="train.loss", name="train", at=np.arange(1.0, 61), values=course)
    val = Series(role="val.loss", name="val", at=np.arange(5.0, 61, 5), values=1.2 * course[4::5])
    run = history_of(train, val)
    assert run.value("ratio_at_start", "val.loss", "train.loss") == pytest.approx(1.2)
    reading = BY_ID["relative_gap"].read(run, run.curve("train.loss"), run.curve("val.loss"))  # type: ignore[arg-type]
    assert isinstance(reading, Reading)
    assert reading.value < 0


def test_series_that_never_meet_are_unknown() -> None:
    train = Series(role="train.loss", name="train", at=np.arange(1.0, 21), values=decay(20))
    val = Series(role="val.loss", name="val", at=np.arange(101.0, 121), values=decay(20))
    assert isinstance(history_of(train, val).read("relative_gap", "val.loss", "train.loss"), Unknown)
