from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expert.adapters.tables.numbers import (
    NotANumber,
    decimal_comma_in,
    entry,
    is_missing,
    number,
    numbers,
    without_points,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25),
        (" 1e-3 ", 1e-3),
        ("-inf", -math.inf),
        ("Infinity", math.inf),
        ("1,234", 1234),
        ("1,234,567.5", 1234567.5),
        ("12/299", 12),
        ("8270/11043", 8270),
        ("6.87G", 6.87e9),
        ("512M", 512e6),
        ("00:14", 14),
        ("1:02:03", 3723),
        ("1 day, 0:00:05", 86405),
        ("5.91%", 5.91),
        ("tensor(0.53, device='cuda:0')", 0.53),
        ("tensor([0.5])", 0.5),
        ("np.float64(0.125)", 0.125),
        ('"0.75"', 0.75),
        ("1 234", 1234),
        ("1\u202f234,5", 1234.5),
        ("1'234.5", 1234.5),
        ("12 s", 12),
        ("250ms", 0.25),
        ("1.5 min", 90),
    ],
)
def test_spellings(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "tensor(nan)", "1.#QNAN"])
def test_nan_is_a_value(text: str) -> None:
    assert math.isnan(number(text))
    assert not is_missing(text)


@pytest.mark.parametrize("text", ["", " ", "NA", "None", "null", '""', "-"])
def test_missing(text: str) -> None:
    assert is_missing(text)
    assert entry(text) is None


@pytest.mark.parametrize("text", ["adam", "0,5", "[0.1, 0.2]", "2031-02-03", "12,34", "0.1.2", "1:2:3:4"])
def test_other_text(text: str) -> None:
    with pytest.raises(NotANumber):
        number(text)


def test_decimal_comma_only_where_commas_do_not_separate() -> None:
    assert number("0,5", decimal_comma=True) == 0.5
    assert number("1,234", decimal_comma=True) == 1.234
    assert number("1,234") == 1234
    assert number("1.234.567,5", decimal_comma=True) == 1234567.5
    assert number("1.234") == 1.234
    assert without_points(["1.234", "2.500.000", "7"]) == ["1234", "2500000", "7"]
    assert without_points(["1.234", "0.5"]) == ["1.234", "0.5"]
    assert decimal_comma_in([["7", "1,234"], ["0,5", "9"]]) is True
    assert decimal_comma_in([["7", "1,234"], ["1.5", "9"]]) is False
    assert decimal_comma_in([["1,234", "1.234"]]) is None


@given(st.lists(st.floats(), max_size=20))
def test_columns_come_back_exactly(values: list[float]) -> None:
    found, recorded = numbers([repr(value) for value in values])
    assert recorded is None
    assert np.array_equal(found, np.array(values), equal_nan=True)


def test_columns_know_missing_from_nan() -> None:
    found, recorded = numbers(["1.5", "", "nan", "NA"])
    assert recorded is not None
    assert recorded.tolist() == [True, False, True, False]
    assert np.isnan(found[2])


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with contextlib.suppress(NotANumber):
        assert isinstance(number(text), float)
