"""Clock marks: steps, epochs and seconds on each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from expert.history import ClockMarks

NAN = float("nan")


def test_positions_between_marks_are_interpolated() -> None:
    marks = ClockMarks(step=[100, 200, 400], epoch=[1, 2, 3])
    np.testing.assert_allclose(marks.convert([100, 150, 300, 400], "step", "epoch"), [1, 1.5, 2.5, 3])
    np.testing.assert_allclose(marks.convert([1.5, 2.5], "epoch", "step"), [150, 300])


def test_the_pace_goes_on_beyond_the_marks_as_far_as_they_reach() -> None:
    marks = ClockMarks(step=[100, 200, 400], epoch=[1, 2, 3])
    np.testing.assert_allclose(
        marks.convert([-201, -200, 0, 600, 700, 701], "step", "epoch"), [NAN, -2, 0, 4, 4.5, NAN]
    )
    assert marks.reach("step", "epoch") == (-200, 700)


def test_a_repeated_epoch_number_stands_for_the_end_of_the_epoch() -> None:
    marks = ClockMarks(step=[0, 99, 100, 199], epoch=[0, 0, 1, 1])
    np.testing.assert_allclose(marks.convert([0, 50, 99, 100, 150], "step", "epoch"), [0, 0, 0, 1, 1])
    np.testing.assert_allclose(marks.convert([0, 1], "epoch", "step"), [99, 199])


@pytest.mark.parametrize(
    "marks",
    [
        ClockMarks(step=[], epoch=[]),
        ClockMarks(step=[100], epoch=[1]),
        ClockMarks(step=[100, 200], epoch=[1, NAN]),
        ClockMarks(step=[100, 100], epoch=[1, 2]),
    ],
)
def test_what_cannot_be_known_is_none(marks: ClockMarks) -> None:
    assert marks.convert([50], "step", "epoch") is None
    assert marks.convert([50], "step", "seconds") is None
    assert marks.reach("step", "epoch") is None


def test_seconds_have_marks_of_their_own() -> None:
    marks = ClockMarks(step=[0, 100, 150, 200], epoch=[0, 1, NAN, 2], seconds=[0, NAN, 30, 40])
    np.testing.assert_allclose(marks.convert([75, 150], "step", "seconds"), [15, 30])
    np.testing.assert_allclose(marks.convert([1.5], "epoch", "step"), [150])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"step": [1, 2], "epoch": [1]}, "2 steps but 1 entries of epoch"),
        ({"step": [1, 2], "epoch": [2, 1]}, "go back from epoch 2 to 1"),
        ({"step": [1, 2, 3], "epoch": [2, NAN, 1]}, "go back from epoch 2 to 1"),
        ({"step": [2, 1], "epoch": [1, 1]}, "go back from step 2 to 1"),
        ({"step": [1, float("inf")], "epoch": [1, 1]}, "infinite step"),
    ],
)
def test_bad_marks_are_refused(columns: dict[str, list[float]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ClockMarks(**columns)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=20), st.data())
def test_there_and_back_again(paces: list[int], data: st.DataObject) -> None:
    marks = ClockMarks(step=np.cumsum(paces), epoch=np.arange(1, len(paces) + 1))
    step = data.draw(st.floats(float(marks.step[0]), float(marks.step[-1])))
    epoch = marks.convert([step], "step", "epoch")
    assert epoch is not None
    np.testing.assert_allclose(marks.convert(epoch, "epoch", "step"), [step], rtol=1e-9)
