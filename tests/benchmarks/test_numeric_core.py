"""The yardstick computes what it says, against definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.benchmarks.numeric_core import numeric_core

RNG = np.random.default_rng(11)
NOISY = np.exp(-np.linspace(0.0, 3.0, 120)) * (1.0 + 0.05 * RNG.standard_normal(120))


def test_trend_agrees_with_scipy() -> None:
    core = numeric_core(NOISY)
    assert core.theil_sen == pytest.approx(stats.theilslopes(NOISY).slope)
    concordant = 0.5 * stats.kendalltau(np.arange(120), NOISY).statistic * 120 * 119
    assert core.kendall_s == pytest.approx(concordant)


def test_noise_is_the_standard_deviation() -> None:
    noise = 0.3 * RNG.standard_normal(200_000)
    assert numeric_core(noise).noise == pytest.approx(0.3, rel=0.05)
    assert numeric_core(noise[:2000]).noise == pytest.approx(0.3, rel=0.1)


def test_period_plateau_and_autocorrelation() -> None:
    wave = np.sin(2.0 * np.pi * np.arange(200) / 8.0)
    assert numeric_core(wave).period == pytest.approx(8.0)
    assert numeric_core(wave).autocorrelation == pytest.approx(np.cos(np.pi / 4.0), abs=0.02)
    stopped = np.concatenate([np.linspace(2.0, 1.0, 50), np.full(30, 1.5)])
    assert numeric_core(stopped).plateau == 31


def test_changes_of_level_are_found() -> None:
    levels = np.repeat([3.0, 1.0, 2.0], 40) + 0.01 * RNG.standard_normal(120)
    assert {40, 80} <= set(numeric_core(levels).changes)
    assert numeric_core(levels).cusum > 20.0


def test_the_first_nonfinite_value_is_found() -> None:
    broken = NOISY.copy()
    broken[[70, 90]] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        assert numeric_core(broken).first_nonfinite == 70
    assert numeric_core(NOISY).first_nonfinite == -1
