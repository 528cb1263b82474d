"""What the signals of one curve say of healthy and sick courses, over lengths, noise and seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from expert.signals.signal import Unknown
from tests.signals.runs import Run, alternating, bowl, decay, flat, line, loss_run, value

LENGTHS = (12, 50, 500)
NOISES = (0.0, 0.05, 0.15, 0.3)
SEEDS = range(20)


def values(signal: str, course: object, *arguments: object, **more: object) -> np.ndarray:
    """The signal over twenty seeds of a course."""
    return np.array([value(signal, course(*arguments, seed=seed, **more)) for seed in SEEDS])  # type: ignore[operator]


@pytest.mark.parametrize("epochs", [6, *LENGTHS])
@pytest.mark.parametrize("noise", NOISES)
def test_a_healthy_descent(epochs: int, noise: float) -> None:
    improved = values("relative_improvement", decay, epochs, noise)
    # exp(-5) of the fall is left at epoch 6 of 6, and the end is the mean of the last two.
    assert np.median(improved) == pytest.approx(0.85, abs=0.08)
    assert np.mean(values("rise_significance", decay, epochs, noise) > 3.0) <= 0.05
    assert np.mean(values("rise_above_start", decay, epochs, noise) > -0.3) <= 0.05
    assert np.mean(values("overall_trend", decay, epochs, noise) < -2.0) >= (0.5 if epochs == 6 else 0.8)
    assert np.median(values("swing_over_fall", decay, epochs, noise)) < 0.1
    assert np.mean(values("spike_share", decay, epochs, noise) > 0.05) <= 0.05


@pytest.mark.parametrize("epochs", LENGTHS)
@pytest.mark.parametrize("noise", NOISES)
def test_a_flat_loss(epochs: int, noise: float) -> None:
    improved = np.abs(values("relative_improvement", flat, epochs, noise))
    assert np.quantile(improved, 0.9) <= 8.0 * noise / epochs**0.5 + 1e-9
    assert np.mean(np.abs(values("overall_trend", flat, epochs, noise)) > 2.0) <= 0.15
    assert np.mean(np.abs(values("recent_trend", flat, epochs, noise)) > 2.0) <= 0.15
    assert np.median(values("plateau_length", flat, epochs, noise)) > 0.8
    assert np.mean(values("rise_significance", flat, epochs, noise) > 3.0) <= 0.1
    assert np.mean(values("linear_descent", flat, epochs, noise) > 0.5) <= 0.1


@pytest.mark.parametrize("epochs", LENGTHS)
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15])
def test_a_minimum_and_a_rise_after_it(epochs: int, noise: float) -> None:
    rise = values("rise_from_minimum", bowl, epochs, noise, rise=0.6)
    assert np.median(rise) == pytest.approx(0.6, abs=0.2 if epochs > 12 else 0.3)
    enough = 3.0 if epochs > 12 or noise < 0.1 else 1.0
    assert np.mean(values("rise_significance", bowl, epochs, noise, rise=0.6) > enough) >= 0.8
    assert np.median(values("best_epoch_distance", bowl, epochs, noise, rise=0.6)) == pytest.approx(0.6, abs=0.15)


def test_a_rise_near_zero_is_measured_against_the_fall() -> None:
    course = np.concatenate([np.geomspace(2.3, 0.003, 40), np.full(10, 0.006)])
    assert value("rise_from_minimum", course) < 0.03
    worse = np.concatenate([np.geomspace(2.3, 0.5, 40), np.full(10, 1.0)])
    assert value("rise_from_minimum", worse) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("epochs", LENGTHS)
@pytest.mark.parametrize("noise", NOISES)
def test_divergence_is_a_rise_and_no_oscillation(epochs: int, noise: float) -> None:
    def course(seed: int) -> np.ndarray:
        half = epochs // 2
        return np.concatenate([decay(half, noise, seed=seed), 0.4 * np.exp(np.linspace(0, 5, epochs - half))])

    runs = [course(seed) for seed in SEEDS]
    assert min(value("rise_from_minimum", run) for run in runs) > 2.0
    assert min(value("rise_above_start", run) for run in runs) > 0.5
    assert np.mean([value("rise_significance", run) > 3.0 for run in runs]) >= 0.9
    assert np.mean([value("recent_pace", run) > 0.005 for run in runs]) == 1.0
    assert np.mean([value("direction_changes", run) < 0.4 for run in runs]) >= (0.9 if noise < 0.1 else 0.0)


@pytest.mark.parametrize("epochs", LENGTHS)
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_an_oscillation_is_no_divergence(epochs: int, noise: float) -> None:
    assert values("direction_changes", alternating, epochs, noise).min() > 0.7
    assert values("upward_share", alternating, epochs, noise) == pytest.approx(0.5, abs=0.15)
    assert values("swing_size", alternating, epochs, noise) == pytest.approx(0.46, abs=0.15)
    assert values("detrended_swing", alternating, epochs, noise) == pytest.approx(0.3, abs=0.15)
    assert values("swing_over_fall", alternating, epochs, noise).min() > 0.2
    assert values("rise_significance", alternating, epochs, noise).max() < 3.0
    assert np.abs(values("recent_trend", alternating, epochs, noise)).max() < 2.0


def test_a_regular_swing_is_told_from_noise() -> None:
    assert value("swing_regularity", alternating(50, 0.05)) > 0.5
    wave = 1.3 + 0.3 * np.sin(np.arange(60) * 2 * np.pi / 7)
    assert value("swing_regularity", wave) > 0.5
    assert np.mean(values("swing_regularity", flat, 60, 0.15) > 0.1) <= 0.05
    assert value("swing_regularity", decay(60)) < 0.5


def test_swings_that_grow() -> None:
    growing = 2.0 + np.linspace(0.05, 1.0, 60) * np.where(np.arange(60) % 2, 1.0, -1.0)
    assert value("swing_growth", growing) > 1.7
    assert value("swing_growth", growing[::-1]) < 0.6
    assert np.median(values("swing_growth", flat, 100, 0.1)) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("epochs", [6, *LENGTHS])
def test_a_slow_straight_descent(epochs: int) -> None:
    assert value("linear_descent", line(epochs)) > 0.99
    assert value("relative_improvement", line(epochs)) == pytest.approx(0.0217, abs=0.005)
    assert value("relative_improvement", line(epochs, start=2.3, end=2.299)) < 0.01
    assert value("plateau_length", line(epochs)) < 0.35
    assert value("descent_pace", line(epochs)) == pytest.approx(0.05 / 2.25 / (epochs - 1), rel=0.05)
    assert value("projected_epochs_to_halve", line(epochs)) == pytest.approx(31.2 * (epochs - 1), rel=0.05)


@pytest.mark.parametrize("epochs", LENGTHS)
def test_a_healthy_descent_is_not_straight(epochs: int) -> None:
    for noise in NOISES:
        assert np.mean(values("linear_descent", decay, epochs, noise) > 0.4) <= 0.1


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.005])
def test_a_slow_descent_stands_out_of_its_noise(noise: float) -> None:
    assert np.mean(values("overall_trend", line, 50, noise) < -2.0) >= 0.9
    assert np.median(values("linear_descent", line, 50, noise)) > 0.6


def test_where_a_plateau_starts() -> None:
    course = np.concatenate([np.linspace(2.0, 1.0, 40), np.full(60, 1.0)])
    assert value("plateau_started_at", course) == pytest.approx(41, abs=6)
    assert value("plateau_length", course) == pytest.approx(0.6, abs=0.06)
    noisy = [
        value("plateau_length", course * np.exp(0.03 * np.random.default_rng(s).standard_normal(100))) for s in SEEDS
    ]
    assert np.median(noisy) == pytest.approx(0.6, abs=0.1)


def test_how_early_the_fall_was_done() -> None:
    early = np.concatenate([[2.0, 1.2], np.full(48, 0.5)])
    assert value("early_fall_share", early) > 0.85
    assert value("early_fall_share", line(50, start=2.0, end=0.5)) == pytest.approx(0.1, abs=0.05)
    assert isinstance(loss_run(flat(50, 0.05)).read("early_fall_share", "train.loss"), Unknown)


def test_recent_change_is_pace_times_span() -> None:
    course = np.linspace(2.0, 1.0, 101)
    assert value("recent_pace", course) == pytest.approx(-0.01 / 1.095, rel=0.01)
    assert value("recent_change", course) == pytest.approx(-0.19 / 1.095, rel=0.02)


def test_a_score_improves_upwards() -> None:
    scores = 1.0 - decay(50, 0.02) / 3.0
    run = Run({"val.accuracy": scores})
    assert run.value("relative_improvement", "val.accuracy") > 1.0
    assert run.value("plateau_length", "val.accuracy") < 0.9
    falling = np.concatenate([scores, np.linspace(0.9, 0.5, 30)])
    run = Run({"val.accuracy": falling})
    assert run.value("rise_from_minimum", "val.accuracy") > 0.2
    assert run.value("shortfall_from_best", "val.accuracy") > 0.2
    assert run.value("best_epoch_distance", "val.accuracy") == pytest.approx(0.4, abs=0.1)


def test_a_score_falls_short_of_its_best_by_what_goes_beyond_one_sample() -> None:
    def shortfall(scores: list[float]) -> float:
        return float(Run({"val.accuracy": scores}).value("shortfall_from_best", "val.accuracy"))

    # Of 50 samples: one wrong more is no loss, three more are a loss of two.
    risen = [0.5, 0.6, 0.7, 0.78, 0.80, 0.82, 0.82, 0.82]
    assert shortfall([*risen, 0.80, 0.80, 0.80, 0.80]) == 0.0
    assert shortfall([*risen, 0.76, 0.76, 0.76, 0.76]) == pytest.approx(0.04)
    # Where the levels seen lie far apart they say nothing of one sample, and a tenth of the best is left out at most.
    assert shortfall([0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4]) == pytest.approx(0.4 - 0.08)
    # A loss is no count of samples: nothing of it is left out.
    loss = Run({"val.loss": [2.0, 1.0, 0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 0.7]})
    assert loss.value("shortfall_from_best", "val.loss") == pytest.approx(0.2)


def test_scores_in_percent_and_in_shares_swing_alike() -> None:
    scores = np.array([0.5, 0.55, 0.5, 0.51, 0.52, 0.9, 0.6, 0.61])
    assert value("accuracy_swing", scores) == value("accuracy_swing", scores * 100) == pytest.approx(2 / 5)


def test_a_jump_is_found_where_it_is() -> None:
    course = flat(60, 0.02)
    course[35:] *= 1.5
    found = loss_run(course).read("largest_jump", "train.loss")
    assert not isinstance(found, Unknown)
    assert found.value > 10
    assert found.at == pytest.approx(36, abs=2)
    assert found.detail["size"] == pytest.approx(0.5, abs=0.1)
    assert np.mean(values("largest_jump", flat, 60, 0.1) > 5.0) <= 0.05
    assert np.mean(values("largest_jump", decay, 60, 0.1) > 5.0) <= 0.05


def test_a_change_of_pace_is_found_where_it_is() -> None:
    course = np.concatenate([2.0 * 0.95 ** np.arange(30), 2.0 * 0.95**30 * np.ones(30)])
    course *= np.exp(0.002 * np.random.default_rng(0).standard_normal(60))
    found = loss_run(course).read("change_point", "train.loss")
    assert not isinstance(found, Unknown)
    assert found.value > 1.63
    assert found.at == pytest.approx(31, abs=3)
    steady = 2.0 * 0.95 ** np.arange(60) * np.exp(0.002 * np.random.default_rng(0).standard_normal(60))
    assert value("change_point", steady) < 1.36
    assert np.mean(values("change_point", flat, 60, 0.1) > 1.63) <= 0.05


@pytest.mark.parametrize("count", [50, 1000, 200_000])
def test_spikes_are_counted(count: int) -> None:
    course = decay(count, 0.05)
    where = np.array([0.2, 0.5, 0.7]) * count
    course[where.astype(int)] *= 8.0
    run = loss_run(course, clock="step")
    found = run.read("spike_count", "train.loss")
    assert not isinstance(found, Unknown)
    assert found.value == 3
    assert found.at == int(0.2 * count) + 1
    assert run.value("spike_share", "train.loss") == pytest.approx(3 / count)
    assert loss_run(decay(count, 0.05), clock="step").value("spike_count", "train.loss") == 0


def test_values_and_positions() -> None:
    run = loss_run([3.0, 2.0, -1.0, 2.0, math.nan, 0.0], clock="step")
    assert run.read("minimum_value", "train.loss").at == 3  # type: ignore[union-attr]
    assert run.value("minimum_value", "train.loss") == -1
    assert run.value("last_value", "train.loss") == 2
    assert run.value("lowest_value_is_negative", "train.loss") is True
    assert run.value("has_nonfinite", "train.loss") is True
    assert run.read("has_nonfinite", "train.loss").at == 5  # type: ignore[union-attr]
    assert run.value("steps_recorded", "train.loss") == 4
    assert value("has_nonfinite", [1.0, 2.0]) is False
    assert value("lowest_value_is_negative", [1.0, 0.0]) is False


def test_a_loss_that_is_suddenly_zero() -> None:
    assert value("exactly_zero_loss", [2.0, 1.5, 0.0, 0.0]) is True
    assert value("exactly_zero_loss", [2.0, 0.01, 0.0, 0.0]) is False
    assert value("exactly_zero_loss", [0.0, 0.0]) is False
    assert value("exactly_zero_loss", [2.0, 1.0]) is False


@pytest.mark.parametrize(("epochs", "short"), [(1, True), (5, True), (6, False)])
def test_short(epochs: int, short: bool) -> None:
    assert value("is_short", decay(epochs)) is short
    assert value("epochs_recorded", decay(epochs)) == epochs


def test_too_short_is_unknown_with_the_count() -> None:
    found = loss_run([2.0, 1.0, 0.5]).read("recent_trend", "train.loss")
    assert found == Unknown("train.loss has 3 values; 5 are needed", "record more epochs")
    cut = loss_run([2.0, math.nan, 0.5]).read("overall_trend", "train.loss")
    assert isinstance(cut, Unknown)
    assert cut.reason == "train.loss has 1 value before its first non-finite one; 4 are needed"
