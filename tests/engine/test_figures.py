"""Drawings of runs: sound whatever the values are, and honest about what they show."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.history import History, LayerStatistics, Series
from expert.render.blocks import plotted
from expert.render.drawing import svg
from expert.render.figure import MOST_POINTS, Axis, Chart, figure_of, number

ODD = [0.0, 5e-324, 1e-300, 1e300, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf, 1.0, -1.0, 0.3, 1e5]
VALUES = st.lists(st.sampled_from(ODD) | st.floats(), max_size=60)


def a_series(values: list[float] | np.ndarray, role: str = "train.loss") -> Series:
    return Series(role=role, name=role, at=np.arange(1.0, len(values) + 1.0), values=np.asarray(values, dtype=float))


def drawn(*series: Series, mark: float | None = None) -> str:
    return svg(figure_of(History(series=series), mark), "a run")


@settings(max_examples=150)
@given(values=VALUES, layers=st.lists(st.floats(), min_size=1, max_size=5), width=st.integers(1, 200))
def test_any_values_make_a_sound_drawing(values: list[float], layers: list[float], width: int) -> None:
    statistics = LayerStatistics(
        quantity="gradient_norm",
        layers=tuple(f"layer {place} with a very long name" for place in range(len(layers))),
        at=np.ones(1),
        values=np.array([layers]),
    )
    figure = figure_of(History(series=(a_series(values),), layers=(statistics,)), 3.0)
    root = ElementTree.fromstring(svg(figure, "a run"))
    for shape in root.iter():
        for attribute in ("x", "y", "width", "height", "d", "cx", "cy"):
            assert not re.search("nan|inf", shape.get(attribute, ""))
    assert plotted(figure, width)


def test_a_loss_begins_at_zero_so_that_a_small_change_looks_small() -> None:
    (chart,) = figure_of(History(series=(a_series([1.39, 1.38, 1.37]),)))
    assert isinstance(chart, Chart)
    assert chart.values.low == 0.0
    assert not chart.values.logarithmic


def test_what_spans_decades_is_drawn_on_a_logarithmic_axis_and_says_so() -> None:
    assert "gradient norm, logarithmic" in drawn(a_series([1.0, 1e4], "gradient.norm"))
    assert "loss, logarithmic" not in drawn(a_series([2.0, 0.01]))
    assert "loss, logarithmic" in drawn(a_series([2.0, 1e-3]))


def test_long_curves_keep_their_spikes() -> None:
    values = np.ones(10_000)
    values[7_321] = 50.0
    (chart,) = figure_of(History(series=(a_series(values),)))
    assert isinstance(chart, Chart)
    assert len(chart.traces[0].x) <= MOST_POINTS
    assert max(chart.traces[0].y) == 50.0


def test_stretches_without_a_number_are_marked() -> None:
    one = drawn(a_series([1.0, 0.9, math.nan, math.nan, 0.8, math.inf]))
    assert one.count('class="gone"') == 2
    assert "<circle" in one
    two = drawn(a_series([1.0, math.nan]), a_series([1.0, 0.9], "val.loss"))
    assert "training: NaN" in two


def test_the_first_sign_is_marked_where_it_was_seen() -> None:
    assert "first sign" in drawn(a_series([1.0, 0.5, 0.7]), mark=2.0)
    assert "first sign" not in drawn(a_series([1.0, 0.5, 0.7]), mark=9.0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (0.00161, "0.00161"), (12345.6, "12300"), (1e-7, "1e-7"), (2.5e9, "2.5e9"), (math.inf, "inf")],
)
def test_numbers_are_short(value: float, shown: str) -> None:
    assert number(value) == shown


def test_places_stay_on_the_axis() -> None:
    assert [Axis(0.0, 2.0).place(value) for value in (-1.0, 1.0, 3.0)] == [0.0, 0.5, 1.0]
    assert [Axis(1.0, 100.0, logarithmic=True).place(value) for value in (0.0, 10.0, 1e9)] == [0.0, 0.5, 1.0]
