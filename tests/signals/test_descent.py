"""Falls, rises and common swings, measured against the best course that never rises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from expert.signals.common_swings import at_least, predictability
from expert.signals.courses import course_of, ratio_scale, rising_fit
from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run, alternating, bowl, decay, flat, line, loss_run

finite = st.floats(-1e3, 1e3, allow_nan=False)
BOTH = ("train.loss", "val.loss")


def both(train: object, val: object, **more: object) -> Run:
    return Run({"train.loss": train, "val.loss": val}, **more)  # type: ignore[dict-item, arg-type]


@settings(max_examples=60)
@given(st.lists(finite, min_size=1, max_size=40))
def test_the_rising_fit_is_that_of_scipy(values: list[float]) -> None:
    y = np.array(values)
    fit, prefix = rising_fit(y)
    np.testing.assert_allclose(fit, isotonic_regression(y).x, atol=1e-9 * (1 + np.abs(y).max()))
    for count in range(1, len(y) + 1):
        best = isotonic_regression(y[:count]).x
        assert prefix[count - 1] == pytest.approx(float(((y[:count] - best) ** 2).sum()), rel=1e-6, abs=1e-6)


@settings(max_examples=40)
@given(st.lists(st.floats(0.01, 100.0), min_size=4, max_size=30))
def test_the_valley_is_the_best_of_all_splits(values: list[float]) -> None:
    found = course_of(np.arange(float(len(values))), np.array(values))
    y = found.y

    def error(split: int) -> float:
        down = -isotonic_regression(-y[:split]).x if split else y[:0]
        up = isotonic_regression(y[split:]).x if split < len(y) else y[:0]
        return float(((y - np.concatenate([down, up])) ** 2).sum())

    assert float((found.off**2).sum()) == pytest.approx(min(map(error, range(len(y) + 1))), abs=1e-9)


def test_on_the_scale_of_ratios_equal_steps_are_equal_ratios() -> None:
    scale = ratio_scale(np.array([8.0, 4.0, 2.0, 1.0]))
    assert np.diff(scale) == pytest.approx(-math.log(2.0), rel=0.02)
    assert np.all(np.isfinite(ratio_scale(np.array([2.0, 1.0, 0.0]))))
    assert ratio_scale(np.zeros(5)) == pytest.approx(0.0, abs=10.0)
    assert np.all(np.diff(ratio_scale(np.array([1.0, -1.0, -3.0]))) < 0)


def test_down_at_nothing_a_loss_neither_rises_nor_swings() -> None:
    low = np.concatenate([decay(20, start=2.3, end=1e-5), [1e-5, 3e-5] * 5])
    run = loss_run(low)
    assert run.value("loss_rise") < 0.02
    assert run.value("own_swing", "train.loss") < 0.02


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("epochs", [6, 20, 300, 2000])
def test_a_descent(epochs: int, scale: float) -> None:
    run = both(scale * decay(epochs), scale * decay(epochs, end=0.4))
    # Of six epochs exp(-5) of the fall is left, and their bend counts as noise.
    assert run.value("loss_fall") == pytest.approx(0.85, abs=0.04)
    assert run.value("loss_fall_trend") < -2.5
    assert run.value("loss_late_fall") < 0.2
    assert run.value("loss_rise") == pytest.approx(0.0, abs=1e-6)
    assert run.value("loss_rise_gain") == pytest.approx(0.0, abs=1e-3)
    assert run.value("parting_trend", "val.loss", "train.loss") == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("epochs", [12, 50, 400])
def test_noise_feigns_neither_fall_nor_rise(epochs: int, seed: int) -> None:
    run = both(flat(epochs, 0.1, seed=seed), flat(epochs, 0.1, seed=seed + 100))
    assert run.value("loss_fall") < 0.15
    assert run.value("loss_rise_gain") < 100.0
    assert abs(run.value("common_swing_correlation", *BOTH)) < 0.6


def test_a_straight_line_falls_as_much_late_as_early() -> None:
    assert loss_run(line(40)).value("loss_late_fall") == pytest.approx(0.49, abs=0.03)


@pytest.mark.parametrize("epochs", [20, 200])
def test_overfitting_parts_the_losses(epochs: int) -> None:
    run = both(decay(epochs, 0.02, end=0.05), bowl(epochs, 0.02, seed=1))
    assert run.value("parting_trend", "val.loss", "train.loss") > 4.0
    assert run.value("valley_rise", "val.loss") == pytest.approx(0.45, abs=0.1)
    assert run.value("valley_steadiness", "val.loss") > 0.7
    assert run.value("valley_gain", "val.loss") > 25.0
    assert run.value("loss_rise") < 0.1


def test_divergence_lifts_both_and_parts_nothing() -> None:
    run = both(bowl(40, 0.02, rise=3.0), bowl(40, 0.02, rise=3.0, seed=1))
    assert run.value("loss_rise") == pytest.approx(2.8, abs=0.3)
    assert run.value("loss_rise_steadiness") > 0.9
    assert run.value("loss_rise_gain") > 1000.0
    assert abs(run.value("parting_trend", "val.loss", "train.loss")) < 1.0
    found = run.read("loss_rise")
    assert isinstance(found, Reading)
    assert found.at == pytest.approx(16, abs=3)


def test_of_two_losses_the_one_that_fell_more_counts_and_the_one_that_rose_less() -> None:
    run = both(decay(30), flat(30))
    assert run.value("loss_fall") == pytest.approx(0.87, abs=0.02)
    assert both(decay(30), bowl(30, rise=2.0)).value("loss_rise") == pytest.approx(0.0, abs=1e-9)
    assert Run({"val.loss": decay(30)}).value("loss_fall") == pytest.approx(0.87, abs=0.02)


def test_swings_that_both_share_are_told_from_noise() -> None:
    swinging = both(alternating(24, 0.05), alternating(24, 0.05, seed=1))
    assert swinging.value("common_swing_correlation", *BOTH) > 0.9
    assert swinging.value("common_swing", *BOTH) == pytest.approx(0.23, abs=0.05)
    assert swinging.value("common_swing_over_fall", *BOTH) > 0.25
    noisy = both(decay(60, 0.25), decay(60, 0.25, seed=1))
    assert noisy.value("common_swing_correlation", *BOTH) < 0.5


def test_swings_follow_a_pattern_and_noise_does_not() -> None:
    assert predictability(alternating(40) - 1.3) == pytest.approx(1.0, abs=1e-6)
    chaos = np.empty(60)
    chaos[0] = 0.3
    for i in range(59):
        chaos[i + 1] = 3.9 * chaos[i] * (1.0 - chaos[i])
    assert predictability(chaos - chaos.mean()) > 0.99
    noise = [predictability(np.random.default_rng(seed).standard_normal(60)) for seed in range(40)]
    assert np.quantile(noise, 0.95) < 0.3
    assert predictability(np.zeros(20)) == 0.0


def test_chance_is_known_or_guessed() -> None:
    known = loss_run(flat(12, level=1.386), data={"classes": 4})
    assert known.value("distance_from_chance", "train.loss") == pytest.approx(0.0, abs=1e-3)
    from_above = loss_run(np.append([900.0, 3.0], np.full(12, 1.386)), data={"classes": 4})
    assert from_above.value("distance_from_chance", "train.loss") == pytest.approx(0.0, abs=1e-3)
    guessed = loss_run(flat(12, level=math.log(10.0)))
    assert guessed.value("distance_from_chance", "train.loss") == pytest.approx(0.0, abs=1e-9)
    assert loss_run(decay(20, start=2.3026, end=0.6931)).value("distance_from_chance", "train.loss") > 0.5
    squared = loss_run(decay(20), config={"loss": "mse"})
    assert squared.value("distance_from_chance", "train.loss") > 0.5


def test_a_burst_of_the_first_epoch() -> None:
    burst = loss_run([12.8, 1.38, 1.39, 1.38, 1.38, 1.4, 1.42, 1.4])
    assert burst.value("first_epoch_burst", "train.loss") == pytest.approx(9.0, abs=0.1)
    assert burst.value("fall_after_first", "train.loss") < 0.05
    assert loss_run(decay(20)).value("first_epoch_burst", "train.loss") < 2.0
    assert loss_run(decay(20)).value("fall_after_first", "train.loss") > 0.7


def test_few_epochs_are_too_few() -> None:
    run = both(decay(5), decay(5))
    for signal in ("loss_fall", "loss_rise", "loss_rise_gain", "loss_fall_trend", "loss_late_fall"):
        found = run.read(signal)
        assert isinstance(found, Unknown)
        assert "6 are needed" in found.reason
    for signal in ("parting_trend", "common_swing", "common_swing_correlation", "common_swing_over_fall"):
        assert isinstance(run.read(signal, *BOTH), Unknown)
    assert isinstance(Run({"gradient.norm": [1.0]}).read("loss_fall"), Unknown)


def test_validation_every_fifth_epoch_is_compared_where_both_are_known() -> None:
    from expert.history import History, Series

    train = Series(role="train.loss", name="loss", at=np.arange(1.0, 61.0), values=decay(60, end=0.05), clock="epoch")
    val = Series(role="val.loss", name="val", at=np.arange(5.0, 61.0, 5.0), values=bowl(12), clock="epoch")
    run = Run()
    run.history = History(series=(train, val))
    assert run.value("parting_trend", "val.loss", "train.loss") > 2.5


def test_a_loss_that_fell_to_chance_has_not_left_it_where_the_accuracy_is_that_of_guessing() -> None:
    fell = [2.8, *[1.617] * 11]
    assert Run({"train.loss": fell}).value("distance_from_chance", "train.loss") > 0.3
    guesses = Run({"train.loss": fell, "train.accuracy": [0.19, *[0.2] * 11]})
    assert guesses.value("distance_from_chance", "train.loss") < 0.01
    knows = Run({"train.loss": fell, "train.accuracy": [0.19, *[0.45] * 11]})
    assert knows.value("distance_from_chance", "train.loss") > 0.3


def test_few_pairs_prove_less_agreement_than_many() -> None:
    assert at_least(0.7, 8) < at_least(0.7, 80) < 0.7
    assert at_least(-0.7, 8) == -at_least(0.7, 8)
    assert at_least(1.0, 8) > 0.99
    assert at_least(0.1, 4) == 0.0
