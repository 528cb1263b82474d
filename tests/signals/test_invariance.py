"""Scale must not matter, nor how often an epoch was logged, nor how long it was."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.history import ClockMarks
from expert.signals.signal import Reading, Unknown
from tests.signals.runs import GENERAL, Run, alternating, bowl, decay, flat, line

OWN_UNITS = {"minimum_value", "last_value", "shortfall_from_best", "best_chance_match", "softmax_floor_distance",
             "loss_over_chance", "best_loss_over_chance", "initial_loss_over_chance", "score_over_majority",
             "accuracy_swing", "loss_over_least", "loss_over_entropy", "loss_over_target_spread",
             "score_beyond_largest"}  # fmt: skip
COURSES = {"decay": decay, "flat": flat, "line": line, "bowl": bowl, "alternating": alternating}


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(COURSES)),
    st.integers(6, 120),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.floats(-6, 6),
    st.integers(0, 50),
)
def test_a_factor_changes_nothing(course: str, epochs: int, noise: float, power: float, seed: int) -> None:
    train = COURSES[course](epochs, noise, seed=seed)
    val = train * 1.1 * np.exp(0.05 * np.random.default_rng(seed + 1).standard_normal(epochs))
    # A power of two, so that the numbers themselves are not rounded anew.
    factor = 2.0 ** round(3 * power)
    one = Run({"train.loss": train, "val.loss": val})
    other = Run({"train.loss": train * factor, "val.loss": val * factor})
    for signal in GENERAL:
        if signal.arguments == 0 or signal.id in OWN_UNITS:
            continue
        roles = ["val.loss", "train.loss"][2 - signal.arguments :]
        a, b = one.read(signal.id, *roles), other.read(signal.id, *roles)
        assert type(a) is type(b), signal.id
        if isinstance(a, Reading) and isinstance(b, Reading):
            assert b.value == pytest.approx(a.value, rel=1e-6, abs=1e-9), signal.id
            assert b.at == a.at, signal.id


@pytest.mark.parametrize("course", ["decay", "line", "bowl"])
@pytest.mark.parametrize(
    "signal",
    ["relative_improvement", "rise_from_minimum", "best_improvement", "plateau_length", "best_epoch_distance",
     "recent_change", "early_fall_share", "linear_descent"],
)  # fmt: skip
def test_twice_the_epochs_say_nearly_the_same(course: str, signal: str) -> None:
    long = COURSES[course](200)
    full, half = Run({"train.loss": long}), Run({"train.loss": long[::2]}, at=np.arange(1.0, 201, 2))
    a, b = full.read(signal, "train.loss"), half.read(signal, "train.loss")
    assert type(a) is type(b)
    if isinstance(a, Reading) and isinstance(b, Reading):
        assert b.value == pytest.approx(a.value, abs=0.06)


@pytest.mark.parametrize(
    "signal", ["relative_improvement", "rise_from_minimum", "plateau_length", "recent_change", "descent_pace"]
)
def test_gaps_in_the_record_do_not_bend_it(signal: str) -> None:
    whole = bowl(200)
    kept = np.sort(np.random.default_rng(0).choice(200, 120, replace=False))
    full, sparse = Run({"train.loss": whole}), Run({"train.loss": whole[kept]}, at=kept + 1.0)
    assert sparse.value(signal, "train.loss") == pytest.approx(full.value(signal, "train.loss"), abs=0.05)


@pytest.mark.parametrize(
    "signal", ["relative_improvement", "rise_from_minimum", "overall_trend", "plateau_length", "noise_level"]
)
def test_steps_and_their_epoch_means_say_the_same(signal: str) -> None:
    steps = decay(2000, 0.2)
    marks = ClockMarks(step=np.arange(0.0, 2001, 100), epoch=np.arange(21.0))
    by_step = Run({"train.loss": steps}, clock="step", marks=marks)
    by_epoch = Run({"train.loss": steps.reshape(20, 100).mean(axis=1)})
    assert by_step.value(signal, "train.loss") == pytest.approx(by_epoch.value(signal, "train.loss"), rel=1e-9)


def test_a_run_seen_to_its_end_and_cut_by_nan_say_the_same_of_the_start() -> None:
    course = decay(60, 0.05)
    broken = np.concatenate([course, [math.nan, 5.0, 7.0]])
    for signal in GENERAL:
        if signal.arguments != 1 or signal.id == "has_nonfinite":
            continue
        a = Run({"train.loss": course}).read(signal.id, "train.loss")
        b = Run({"train.loss": broken}).read(signal.id, "train.loss")
        if isinstance(a, Unknown):
            assert isinstance(b, Unknown), signal.id
        else:
            assert isinstance(b, Reading), signal.id
            assert a.value == b.value, signal.id
