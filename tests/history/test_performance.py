"""Costs as ratios within one machine, in processor time: they hold on slow machines too."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from pydantic import BaseModel

from expert.history import History

FIELDS = ("loss", "accuracy", "learning_rate", "gradient_norm", "weight_norm")


class Step(BaseModel):
    """What a store of one object per step would hold."""

    step: int
    loss: float
    accuracy: float
    learning_rate: float
    gradient_norm: float
    weight_norm: float


def fastest(action: Callable[[], object], times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.process_time()
        action()
        seconds.append(time.process_time() - start)
    return min(seconds)


def columns(length: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"step": np.arange(float(length)), **{name: rng.random(length) for name in FIELDS}}


def test_a_million_steps_cost_a_thousandth_of_objects() -> None:
    table = columns(10**6)
    History.from_columns(table)
    whole = fastest(lambda: History.from_columns(table), 7)
    row = dict.fromkeys(FIELDS, 0.5)
    objects = fastest(lambda: [Step(step=step, **row) for step in range(10**4)], 5) * 100
    assert whole < objects / 300, (whole, objects)


def test_a_million_steps_take_no_memory_of_their_own() -> None:
    table = columns(10**6)
    History.from_columns(table)
    tracemalloc.start()
    try:
        history = History.from_columns(table)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert history.steps == 10**6
    assert kept < 200_000


def test_importing_and_a_first_history_cost_little_more_than_numpy_and_pydantic() -> None:
    def cost(code: str) -> float:
        report = f"{code}\nimport time; print(time.process_time())"
        seconds = [
            float(subprocess.run([sys.executable, "-c", report], capture_output=True, check=True, text=True).stdout)
            for _ in range(5)
        ]
        return min(seconds)

    floor = cost("import numpy, pydantic; pydantic.BaseModel")
    first = cost(
        "from expert.history import History, Series; History(series=(Series(name='a', at=[1.0], values=[1.0]),))"
    )
    assert first < 1.6 * floor, (first, floor)
