"""Names that each count for themselves: their points in one order, in parts, on two clocks, in one table."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.adapters.tables import table_of_points as tables
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.counting import clocks_of
from expert.adapters.tables.points import Points, cuts, in_one_order
from expert.adapters.tables.table_of_points import table_of_points
from expert.errors import SourceError
from expert.history import Clock, History

Rows = Sequence[tuple[int, float, float]]
"""Step, seconds and value, in the order in which they were written."""


def writer(logged: Mapping[str, Rows]) -> dict[str, Points]:
    """Points of one writer, which wrote in the order of the seconds."""
    found: dict[str, Points] = {name: Points() for name in logged}
    order = sorted(
        (
            (seconds, place, name, step, value)
            for name, rows in logged.items()
            for place, (step, seconds, value) in enumerate(rows)
        )
    )
    for number, (seconds, _, name, step, value) in enumerate(order):
        found[name].add(step, seconds, value, number)
    return found


def read(*writers: Mapping[str, Rows], clocks: Mapping[str, Clock] | None = None) -> tuple[History, ...]:
    table, columns = table_of_points([writer(one) for one in writers], "log", {}, clocks)
    return histories(table, columns)


def points(history: History, role: str) -> list[tuple[float, float]]:
    series = history.get(role)
    assert series is not None, history.roles
    return list(zip(series.at.tolist(), series.values.tolist(), strict=True))


def counted(first: int, stop: int, time: float = 0.0, by: int = 1) -> Rows:
    return [(step, time + place, 1.0 / (step + 1)) for place, step in enumerate(range(first, stop, by))]


def test_two_writers_at_once_are_one_run() -> None:
    (run,) = read({"train_loss": counted(0, 30)}, {"val_loss": counted(0, 30, 0.5)})
    assert [at for at, _ in points(run, "val.loss")] == [at for at, _ in points(run, "train.loss")]


def test_a_writer_whose_clock_was_set_back_keeps_its_order() -> None:
    rows = {"train_loss": counted(0, 40)}
    late = writer({"val_loss": counted(0, 40)})
    late["val_loss"].seconds[20:] = late["val_loss"].seconds[:20]
    curves = {curve.name: curve for curve in in_one_order([writer(rows), late])}
    assert (np.diff(curves["val_loss"].order) > 0).all()
    assert cuts(list(curves.values())) == []


def test_epochs_that_start_again_while_steps_go_on() -> None:
    """A second fit of the same model: the iterations of its optimizer go on."""
    steps = [(10 * (place + 1), place, 1.0) for place in range(16)]
    epochs = [(place % 8, place + 0.1, 1.0 / (place + 1)) for place in range(16)]
    (run,) = read({"evaluated": steps, "loss": epochs}, clocks={"evaluated": "step", "loss": "epoch"})
    assert points(run, "train.loss") == [(float(place), 1.0 / (place + 1)) for place in range(16)]
    assert run.marks is not None
    assert run.marks.convert([0.0, 15.0], "epoch", "step") == pytest.approx([10.0, 160.0])


def test_epochs_that_start_again_at_a_checkpoint_that_steps_go_on_from() -> None:
    """A model loaded from a checkpoint knows its iterations; ``fit`` counts epochs from 0."""
    steps = [(10 * (place + 1), place, 1.0) for place in range(8)]
    steps += [(50 + 10 * (place + 1), 100.0 + place, 1.0) for place in range(8)]
    epochs = [(place, place + 0.1, 1.0 / (place + 1)) for place in range(8)]
    epochs += [(place, 100.1 + place, 1.0 / (place + 6)) for place in range(8)]
    (run,) = read({"evaluated": steps, "loss": epochs}, clocks={"evaluated": "step", "loss": "epoch"})
    assert points(run, "train.loss") == [(float(place), 1.0 / (place + 1)) for place in range(13)]


def test_the_pause_is_where_a_run_ended() -> None:
    """What was logged last in the first session, without a setback of its own, stays there."""
    first = {"loss": counted(0, 20), "val_loss": [(19, 20.0, 0.5)]}
    second = {"loss": [(step, 9000.0 + step, 3.0) for step in range(20)], "val_loss": [(19, 9020.0, 0.25)]}
    joined = {name: [*first[name], *second[name]] for name in first}
    earlier, later = read(joined)
    assert points(earlier, "val.loss") == [(19.0, 0.5)]
    assert points(later, "val.loss") == [(19.0, 0.25)]


def test_steps_and_epochs() -> None:
    train = counted(0, 500)
    val = [(epoch, 50.0 * epoch + 49.5, 1.0) for epoch in range(10)]
    (run,) = read({"train_loss": train, "val_loss": val})
    assert [one.clock for one in run.series] == ["step", "epoch"]
    assert run.marks is not None
    assert run.marks.convert([0.0, 9.0], "epoch", "step") == pytest.approx([49.0, 499.0])


@pytest.mark.parametrize(
    ("names", "clock"),
    [
        ({"loss": counted(0, 60), "val_loss": counted(0, 60)}, "epoch"),
        ({"loss": counted(0, 60), "val_loss": counted(9, 60, by=10)}, "epoch"),
        ({"loss": counted(0, 60)}, "epoch"),
        ({"loss": counted(0, 101)}, "step"),
        ({"loss": counted(0, 900), "val_loss": counted(99, 900, by=100)}, "step"),
        ({"loss": counted(0, 600, by=10), "val_loss": counted(0, 600, by=10)}, "step"),
        ({"loss": counted(0, 60), "epoch": counted(0, 60)}, "step"),
        ({"loss": [(epoch, 10 * epoch + i, 1.0) for epoch in range(9) for i in range(10)]}, "epoch"),
    ],
)
def test_what_a_log_counts_that_does_not_say_it(names: Mapping[str, Rows], clock: str) -> None:
    notes: list[str] = []
    found = clocks_of(in_one_order([writer(names)]), {}, {}, notes)
    assert set(found.values()) == {clock}
    assert bool(notes) == (clock == "epoch")


def test_a_table_too_large_keeps_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    logged = {"loss": counted(0, 30), "val_loss": counted(0, 30), **{f"x{i}": counted(i, i + 1) for i in range(9)}}
    monkeypatch.setattr(tables, "MOST_CELLS", 100)
    table, _ = table_of_points([writer(logged)], "log", {})
    assert {"loss", "val_loss"} <= set(table.columns)
    assert {one.name for one in table.ignored} == {f"x{i}" for i in range(9)}
    monkeypatch.setattr(tables, "MOST_CELLS", 50)
    with pytest.raises(SourceError, match="a table too large"):
        table_of_points([writer(logged)], "log", {})


moments = st.lists(st.tuples(st.integers(0, 12), st.floats(0, 50)), max_size=25)
logs = st.lists(st.dictionaries(st.sampled_from("abcd"), moments, max_size=3), min_size=1, max_size=3)


@settings(max_examples=200)
@given(logs)
def test_cuts_are_few_and_enough(log: list[dict[str, list[tuple[int, float]]]]) -> None:
    writers = [
        writer(
            {
                f"{number}{name}": [(step, time, 0.0) for step, time in sorted(rows, key=lambda one: one[1])]
                for name, rows in one.items()
            }
        )
        for number, one in enumerate(log)
    ]
    curves = in_one_order(writers)
    assert sorted(np.concatenate([curve.order for curve in curves]).tolist() if curves else []) == list(
        range(sum(len(points) for one in writers for points in one.values()))
    )
    found = cuts(curves)
    setbacks = [
        (int(curve.order[place]), int(curve.order[place + 1]))
        for curve in curves
        for place in np.flatnonzero(np.diff(curve.steps) < 0)
    ]
    assert all(any(before < cut <= behind for cut in found) for before, behind in setbacks)
    # As many setbacks that share no place need as many cuts, so that fewer would not do.
    apart = 0
    reached = -1
    for before, behind in sorted(setbacks, key=lambda one: one[1]):
        if before >= reached:
            apart, reached = apart + 1, behind
    assert len(found) == apart


@settings(max_examples=200)
@given(logs, st.sampled_from([{}, {"0loss": "step", "0val_loss": "epoch"}, {"1loss": "epoch"}]))
def test_every_value_stands_where_it_was_logged(
    log: list[dict[str, list[tuple[int, float]]]], clocks: Mapping[str, Clock]
) -> None:
    spoken = dict(zip("abcd", ("loss", "val_loss", "lr", "epoch"), strict=True))
    numbers = itertools.count()
    logged = [
        {
            f"{spoken[name]}{number or ''}": [
                (step, time, float(next(numbers))) for step, time in sorted(rows, key=lambda one: one[1])
            ]
            for name, rows in one.items()
        }
        for number, one in enumerate(log)
    ]
    refused = ""
    try:
        runs = read(*logged, clocks=clocks)
    except SourceError as error:
        refused = str(error)
    if refused:
        # Clocks that contradict each other are said to, in place of a guess.
        assert any(words in refused for words in ("no column is a loss", "goes back", "no measurement that counts"))
        return
    places = {(name, value): step for one in logged for name, rows in one.items() for step, _, value in rows}
    for run in runs:
        for series in run.series:
            assert {(series.name, value) for value in series.values.tolist()} <= set(places)
            assert (np.diff(series.at) > 0).all()
    told = any(word in note for note in runs[0].notes for word in ("count", "start"))
    if len(runs) == 1 and not told and not any(name.startswith("epoch") for name, _ in places):
        for series in runs[0].series:
            assert [places[series.name, value] for value in series.values.tolist()] == series.at.tolist()
