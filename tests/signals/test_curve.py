"""How a series is cut, grouped by epoch and binned before signals read it."""

from __future__ import annotations

import numpy as np
import pytest

from expert.history import ClockMarks, Series
from expert.signals.curve import Curve


def steps(count: int, values: object = None) -> Series:
    filled = np.arange(1.0, count + 1) if values is None else np.asarray(values, dtype=float)
    return Series(name="loss", at=np.arange(1.0, count + 1), values=filled, clock="step")


def ends(epochs: int, length: int) -> ClockMarks:
    """Marks that say after which step each epoch was complete, epoch 0 before the first step."""
    return ClockMarks(step=np.arange(epochs + 1.0) * length, epoch=np.arange(epochs + 1.0))


def test_epoch_series_are_taken_as_logged() -> None:
    curve = Curve(Series(name="loss", at=[1, 3, 10], values=[3, 2, 1]))
    assert curve.epochs.tolist() == [3, 2, 1]
    assert curve.epoch_numbers.tolist() == [1, 3, 10]
    assert curve.real_epochs
    assert curve.points_per_epoch == 1
    assert curve.short


def test_steps_are_averaged_over_marked_epochs() -> None:
    curve = Curve(steps(60), ends(6, 10))
    assert curve.epochs == pytest.approx([5.5, 15.5, 25.5, 35.5, 45.5, 55.5])
    assert curve.epoch_numbers.tolist() == [1, 2, 3, 4, 5, 6]
    assert curve.epoch_positions.tolist() == [10, 20, 30, 40, 50, 60]
    assert curve.points_per_epoch == 10
    assert curve.real_epochs
    assert not curve.short


def test_marks_on_every_step_that_repeat_the_epoch_name_the_epoch_the_step_is_in() -> None:
    at = np.arange(0.0, 60.0)
    curve = Curve(Series(name="loss", at=at, values=at, clock="step"), ClockMarks(step=at, epoch=at // 10))
    assert curve.epochs == pytest.approx([4.5, 14.5, 24.5, 34.5, 44.5, 54.5])
    assert curve.epoch_numbers.tolist() == [0, 1, 2, 3, 4, 5]


def test_fractional_marks_are_interpolated() -> None:
    at = np.arange(5.0, 305.0, 5.0)
    marks = ClockMarks(step=[40, 80, 200, 300], epoch=[0.8, 1.6, 4.0, 6.0])
    curve = Curve(Series(name="loss", at=at, values=at, clock="step"), marks)
    assert curve.epoch_positions == pytest.approx([50, 100, 150, 200, 250, 300])
    assert curve.epoch_numbers.tolist() == [1, 2, 3, 4, 5, 6]


def test_fractional_epochs_are_grouped() -> None:
    curve = Curve(Series(name="loss", at=np.arange(1, 31) / 5, values=np.arange(30.0), reduction="interval_mean"))
    assert curve.epochs == pytest.approx([2, 7, 12, 17, 22, 27])
    assert curve.epoch_numbers.tolist() == [1, 2, 3, 4, 5, 6]


def test_a_fragment_of_an_epoch_joins_its_neighbor() -> None:
    at = np.arange(0.0, 62.0)
    curve = Curve(Series(name="loss", at=at, values=at, clock="step"), ends(6, 10))
    assert curve.epoch_numbers.tolist() == [1, 2, 3, 4, 5, 6]
    assert curve.epochs[0] == np.mean(np.arange(0, 11))
    assert curve.epochs[-1] == np.mean(np.arange(51, 62))


@pytest.mark.parametrize(("count", "windows"), [(10, 10), (100, 24), (400, 40), (5000, 64), (1_000_000, 64)])
def test_without_epochs_there_are_24_to_64_windows(count: int, windows: int) -> None:
    curve = Curve(steps(count))
    assert len(curve.epochs) == windows
    assert not curve.real_epochs
    assert curve.points_per_epoch is None
    assert curve.epoch_numbers.tolist() == list(range(1, windows + 1))


def test_few_long_epochs_are_read_in_windows_placed_on_the_epoch_clock() -> None:
    curve = Curve(steps(300), ends(3, 100))
    assert len(curve.epochs) == 30
    assert not curve.real_epochs
    assert curve.epoch_numbers[-1] == pytest.approx(3.0)
    assert curve.known_epochs is not None
    assert curve.points_per_epoch == 100


def test_windows_within_epochs_that_marks_only_name_lie_evenly_between_them() -> None:
    at = np.arange(0.0, 300.0)
    curve = Curve(Series(name="loss", at=at, values=at, clock="step"), ClockMarks(step=at, epoch=at // 100))
    assert len(curve.epochs) == 30
    assert curve.epoch_numbers == pytest.approx(np.arange(1.0, 31.0) / 10)
    only = Curve(Series(name="loss", at=at, values=at, clock="step"), ClockMarks(step=at, epoch=np.zeros(300)))
    assert only.epoch_numbers.tolist() == list(range(1, 31))


def test_very_many_epochs_are_merged() -> None:
    curve = Curve(Series(name="loss", at=np.arange(1.0, 10_001), values=np.ones(10_000)))
    assert len(curve.epochs) == 512
    assert np.array_equal(curve.epochs, np.ones(512))


def test_everything_ends_at_the_first_nonfinite_value() -> None:
    values = np.arange(1.0, 61)
    values[41] = np.nan
    values[50] = np.inf
    curve = Curve(steps(60, values), ends(6, 10))
    assert not curve.finite
    assert curve.first_nonfinite == 42
    assert curve.first_nonfinite_epoch == pytest.approx(4.2)
    assert len(curve.points) == 41
    assert curve.epochs[:3] == pytest.approx([5.5, 15.5, 25.5])
    assert curve.epochs[3] == 36  # the one step of the fifth epoch joins the fourth


def test_values_whose_sum_overflows_are_finite() -> None:
    curve = Curve(steps(4, [1e308, 1e308, 1e308, 1.0]))
    assert curve.finite
    assert curve.first_nonfinite is None


def test_an_empty_series_has_nothing() -> None:
    curve = Curve(Series(name="loss", at=[], values=[]))
    assert len(curve.epochs) == 0
    assert curve.finite
    assert curve.short


def test_what_is_derived_is_derived_once() -> None:
    calls = []

    def costly(curve: Curve) -> int:
        calls.append(curve)
        return 7

    curve = Curve(steps(10))
    assert curve.derive(costly) == curve.derive(costly) == 7
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("role", "direction", "sign"),
    [("val.loss", None, 1), ("val.accuracy", None, -1), ("val.odd", "higher", -1), ("val.accuracy", "lower", 1)],
)
def test_which_way_is_better(role: str, direction: str | None, sign: int) -> None:
    series = Series(role=role, name="x", at=[1.0], values=[1.0], direction=direction)
    assert Curve(series).sign == sign
