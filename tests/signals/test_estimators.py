"""The estimators against SciPy and against what their definitions promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from expert.signals.curve import binned
from expert.signals.estimators import MOST_TRENDED, median, noise, rank_correlation, ranks, smoothed, spread, trend
from expert.signals.oscillation import regularity
from tests.signals.runs import Floats

moderate = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
series = arrays.arrays(np.float64, st.integers(3, MOST_TRENDED), elements=moderate)


def positions(count: int, seed: int) -> Floats:
    return np.cumsum(np.random.default_rng(seed).uniform(0.1, 3.0, count))


@given(series, st.integers(0, 100))
def test_trend_agrees_with_scipy(y: Floats, seed: int) -> None:
    x = positions(len(y), seed)
    found = trend(x, y)
    # Kendall's tau-a counts ties as neither; SciPy has tau-b, whose numerator is the same.
    expected = stats.theilslopes(y, x).slope
    assert found.slope == pytest.approx(expected, rel=1e-9, abs=1e-9)
    if len(np.unique(y)) == len(y):
        assert found.tau == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("digits", [0, 1, 9])
def test_significance_agrees_with_scipys_normal_approximation(seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.round(rng.standard_normal(60) + 0.02 * np.arange(60), digits)
    x = np.arange(60.0)
    found = trend(x, y)
    expected = stats.norm.isf(stats.kendalltau(x, y, method="asymptotic").pvalue / 2)
    score = found.tau * 60 * 59 / 2
    # SciPy's approximation has no correction for continuity, which takes 1 off the score.
    assert abs(found.z) * abs(score) / (abs(score) - 1) == pytest.approx(expected, rel=1e-6)
    assert np.sign(found.z) == np.sign(score)


def test_trend_of_long_series_is_that_of_bin_means() -> None:
    y = np.linspace(3, 1, 5000) + 0.1 * np.random.default_rng(0).standard_normal(5000)
    found = trend(np.arange(5000.0), y)
    assert found.slope == pytest.approx(-2 / 5000, rel=0.02)
    assert found.z < -15


def test_noise_alone_has_a_standard_normal_trend() -> None:
    z = [trend(np.arange(50.0), np.random.default_rng(seed).standard_normal(50)).z for seed in range(400)]
    assert abs(np.mean(z)) < 0.15
    assert np.std(z) == pytest.approx(1.0, abs=0.1)


@given(series)
def test_median_and_spread_agree_with_scipy(y: Floats) -> None:
    assert median(y) == pytest.approx(np.median(y), abs=1e-9)
    assert spread(y) == pytest.approx(stats.median_abs_deviation(y, scale=1 / 1.4826), abs=1e-9)


@given(series, st.integers(0, 100))
def test_rank_correlation_agrees_with_scipy(y: Floats, seed: int) -> None:
    other = np.round(np.random.default_rng(seed).standard_normal(len(y)), 1)
    assert ranks(y) == pytest.approx(stats.rankdata(y))
    found = rank_correlation(y, other)
    if len(np.unique(y)) == 1 or len(np.unique(other)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(y, other).statistic, abs=1e-9)


@pytest.mark.parametrize("size", [0.0, 0.01, 0.1, 0.3])
@pytest.mark.parametrize("course", ["flat", "decay", "line"])
def test_noise_is_found_whatever_the_course(size: float, course: str) -> None:
    t = np.linspace(0, 1, 400)
    clean = {"flat": np.full(400, 2.3), "decay": 0.3 + 2 * np.exp(-6 * t), "line": 2.3 - 2 * t}[course]
    rng = np.random.default_rng(1)
    y = clean * (1 + size * rng.standard_normal(400))
    assert noise(np.arange(400.0), y) == pytest.approx(size, rel=0.15, abs=2e-3)
    uneven = np.sort(rng.uniform(0, 1, 400))
    y = np.interp(uneven, t, clean) * (1 + size * rng.standard_normal(400))
    assert noise(uneven, y) == pytest.approx(size, rel=0.15, abs=2e-3)


def test_smoothing_keeps_a_line_and_drops_a_spike() -> None:
    y = np.linspace(5, 1, 51)
    assert smoothed(y)[3:-3] == pytest.approx(y[3:-3])
    spiked = y.copy()
    spiked[25] = 1e9
    assert smoothed(spiked)[:22] == pytest.approx(smoothed(y)[:22])
    assert smoothed(spiked).max() < 6


@given(arrays.arrays(np.float64, st.integers(0, 2000), elements=moderate), st.integers(1, 256))
def test_bins_hold_every_point_once(y: Floats, most: int) -> None:
    at = np.arange(len(y), dtype=float)
    bins = binned(at, y, most)
    assert len(bins.mean) == min(len(y), most)
    assert bins.count.sum() == len(y)
    assert len(y) == 0 or bins.count.max() - bins.count.min() <= 1
    assert (bins.mean * bins.count).sum() == pytest.approx(y.sum(), abs=1e-6)
    if len(y):
        assert bins.minimum.min() == y.min()
        assert bins.maximum.max() == y.max()


def test_regularity_is_one_for_a_wave_and_nothing_for_noise() -> None:
    assert regularity(np.sin(np.arange(40) * 2 * np.pi / 8)) > 0.95
    assert regularity(np.where(np.arange(40) % 2, 1.0, -1.0)) > 0.95
    chance = [regularity(np.random.default_rng(seed).standard_normal(40)) for seed in range(300)]
    assert np.mean(np.array(chance) > 0) < 0.03
