"""What signals cost, as a multiple of reading the series once, so that the machine does not matter."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from expert.history import ClockMarks
from tests.signals.runs import GENERAL, Run, decay

CURVE_SIGNALS = [signal for signal in GENERAL if signal.arguments == 1]


def fastest(function: Callable[[], object], repetitions: int) -> float:
    times = []
    for _ in range(repetitions):
        start = time.process_time_ns()
        function()
        times.append(time.process_time_ns() - start)
    return min(times) / 1e9


def read_all(values: np.ndarray, marks: ClockMarks | None) -> Run:
    run = Run({"train.loss": values}, clock="step" if marks else "epoch", marks=marks)
    curve = run.curve("train.loss")
    assert curve is not None
    for signal in CURVE_SIGNALS:
        signal.read(run, curve)
    return run


@pytest.mark.parametrize("count", [1_000_000])
def test_all_curve_signals_of_a_million_steps_cost_few_reads(count: int) -> None:
    values = decay(count, 0.1)
    marks = ClockMarks(step=np.arange(0.0, count + 1, count // 20), epoch=np.arange(21.0))
    read_once = fastest(values.sum, 50)
    # Seen: 25 to 30 reads. Making the series costs about 5 of them.
    assert fastest(lambda: read_all(values, marks), 7) < 80 * read_once


def test_a_hundred_times_the_points_do_not_cost_a_hundred_times_as_much() -> None:
    short, long = decay(10_000, 0.1), decay(1_000_000, 0.1)
    marks = {len(v): ClockMarks(step=np.linspace(0.0, len(v), 21), epoch=np.arange(21.0)) for v in (short, long)}
    costs = [fastest(lambda v=values: read_all(v, marks[len(v)]), 7) for values in (short, long)]  # type: ignore[misc]
    assert costs[1] < 15 * costs[0]


def test_a_hundred_epochs_cost_less_than_a_thousand_sorts() -> None:
    values = decay(100, 0.1)
    sort = fastest(lambda: [np.sort(values) for _ in range(1000)], 7)
    # Seen: 0.7 ms against 1.3 ms.
    assert fastest(lambda: read_all(values, None), 20) < 2 * sort
