"""Hypothesis strategies that draw whole histories, odd values included."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from expert.history import (
    Cell,
    ClockMarks,
    DataProfile,
    Event,
    History,
    Ignored,
    LayerProfile,
    LayerStatistics,
    ModelProfile,
    Provenance,
    RunConfig,
    Series,
)

clocks = st.sampled_from(["step", "epoch", "seconds"])
any_float = st.floats(allow_nan=True, allow_infinity=True)
words = st.text(min_size=1, max_size=8)


@st.composite
def positions(draw: st.DrawFn, smallest: int = 0) -> np.ndarray:
    values = st.floats(-1e12, 1e12)
    return np.array(sorted(draw(st.sets(values, min_size=smallest, max_size=8))), dtype=np.float64)


@st.composite
def series(draw: st.DrawFn) -> Series:
    at = draw(positions())
    return Series(
        name=draw(words),
        role=draw(st.none() | st.sampled_from(["train.loss", "val.loss", "gradient.norm"])),
        at=at,
        values=draw(hnp.arrays(np.float64, len(at), elements=any_float)),
        clock=draw(clocks),
        phase=draw(st.sampled_from([None, "train", "val", "test"])),
        reduction=draw(st.sampled_from(["last_batch", "interval_mean", "epoch_mean", "moving_average", "unknown"])),
        direction=draw(st.sampled_from([None, "lower", "higher"])),
        unit=draw(st.none() | words),
        labels=tuple(draw(st.lists(st.tuples(words, words), max_size=2))),
        source=draw(st.none() | st.builds(Provenance, path=words, column=words, reason=st.none() | words)),
    )


@st.composite
def layers(draw: st.DrawFn) -> LayerStatistics:
    names = tuple(draw(st.lists(words, max_size=3, unique=True)))
    at = draw(positions())
    values = draw(hnp.arrays(np.float64, (len(at), len(names)), elements=any_float))
    return LayerStatistics(quantity=draw(words), layers=names, at=at, values=values, clock=draw(clocks))


@st.composite
def marks(draw: st.DrawFn) -> ClockMarks:
    length = draw(st.integers(0, 6))

    def column() -> Any:
        known = sorted(draw(st.lists(st.floats(0, 1e9), min_size=length, max_size=length)))
        hidden = draw(st.lists(st.booleans(), min_size=length, max_size=length))
        return [float("nan") if hide else value for value, hide in zip(known, hidden, strict=True)]

    return ClockMarks(step=column(), epoch=column(), seconds=column() if draw(st.booleans()) else None)


configs = st.builds(
    RunConfig,
    optimizer=st.none() | words,
    learning_rate=st.none() | any_float,
    batch_size=st.none() | st.integers(0, 10**9),
    shuffle=st.none() | st.booleans(),
    loss=st.sampled_from([None, "mse", "custom"]),
)
models = st.builds(
    ModelProfile,
    depth=st.none() | st.integers(0, 100),
    frozen=st.none() | st.lists(words, max_size=2).map(tuple),
    layers=st.none() | st.lists(st.builds(LayerProfile, name=words, kind=st.none() | words), max_size=2).map(tuple),
)
datas = st.builds(
    DataProfile,
    samples=st.none() | st.integers(0, 10**12),
    scale_ratio=st.none() | any_float,
    target_prior=st.none() | st.lists(any_float, max_size=3).map(tuple),
    nonfinite_where=st.none() | st.lists(st.builds(Cell, row=st.integers(0), column=words, value=words)).map(tuple),
)
histories = st.builds(
    History,
    series=st.lists(series(), max_size=3).map(tuple),
    layers=st.lists(layers(), max_size=2).map(tuple),
    marks=st.none() | marks(),
    events=st.lists(st.builds(Event, kind=words, at=st.floats(-1e9, 1e9), clock=clocks, text=words), max_size=2).map(
        tuple
    ),
    config=configs,
    model=models,
    data=datas,
    ignored=st.lists(st.builds(Ignored, name=words, reason=words), max_size=2).map(tuple),
    notes=st.lists(words, max_size=2).map(tuple),
    source=st.none() | words,
)
