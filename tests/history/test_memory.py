"""A history of arrays holds views of them, not copies. Times stand in the benchmarks."""

from __future__ import annotations

import tracemalloc

import numpy as np

from expert.history import History

FIELDS = ("loss", "accuracy", "learning_rate", "gradient_norm", "weight_norm")


def test_a_million_steps_take_no_memory_of_their_own() -> None:
    rng = np.random.default_rng(0)
    table = {"step": np.arange(1e6), **{name: rng.random(10**6) for name in FIELDS}}
    History.from_columns(table)
    tracemalloc.start()
    try:
        history = History.from_columns(table)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert history.steps == 10**6
    assert kept < 200_000
