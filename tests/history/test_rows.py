"""The row view and the table."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from expert.history import ClockMarks, History, LayerStatistics, Series

NAN = float("nan")


def run() -> History:
    return History(
        series=(
            Series(name="loss", role="train.loss", at=[1, 2, 3, 4], values=[4, NAN, 2, 1], clock="step"),
            Series(name="val_loss", role="val.loss", at=[1, 2], values=[5, 6], clock="epoch"),
        ),
        layers=(LayerStatistics(quantity="weight_norm", layers=("a", "b"), at=[2], values=[[7, 8]]),),
        marks=ClockMarks(step=[2, 4], epoch=[1, 2]),
    )


def test_every_position_is_a_row_on_the_step_clock() -> None:
    history = run()
    assert len(history) == 4
    second = history[1]
    assert (second.step, second.epoch, second.seconds) == (2, 1, None)
    assert second.values.keys() == {"train.loss", "val.loss", "weight_norm"}
    assert np.isnan(second.values["train.loss"])
    assert second.values["weight_norm"] == {"a": 7, "b": 8}
    assert history[-1].values == {"train.loss": 1, "val.loss": 6}
    assert history[0].epoch == 0.5
    assert list(history) == history.rows[:]
    with pytest.raises(IndexError, match="row 4 of a history of 4 rows"):
        history[4]
    with pytest.raises(IndexError):
        history[-5]


def test_what_cannot_be_placed_follows_in_rows_of_its_own_clock() -> None:
    history = run().model_copy(update={"marks": None})
    assert [(row.step, row.epoch) for row in history] == [
        (1, None),
        (2, None),
        (3, None),
        (4, None),
        (None, 1),
        (None, 2),
    ]
    assert history[-1].values == {"val.loss": 6}


def test_rows_are_what_a_history_is_built_from() -> None:
    rows = [
        {"step": 1.0, "epoch": 0.0, "train.loss": 3.0},
        {"step": 2.0, "epoch": 0.0, "train.loss": NAN, "weight_norm": {"a": 1.0, "b": 2.0}},
        {"step": 5.0, "epoch": 1.0, "val.loss": 1.0},
    ]
    history = History.from_records(rows)
    assert History.from_records([row.record() for row in history]) == history


def test_series_of_one_role_keep_apart() -> None:
    at, values = [1], [1]
    history = History(
        series=(
            Series(name="loss", role="train.loss", at=at, values=values),
            Series(name="loss", role="train.loss", at=at, values=values),
            Series(name="loss", role="train.loss", at=at, values=values, labels=(("rank", "1"),)),
            Series(name="loss", role="train.loss", at=at, values=values),
            Series(name="epoch", at=at, values=values),
        )
    )
    assert list(history[0].values) == ["train.loss", "loss", "loss[rank=1]", "loss[]", "epoch[]"]


def test_an_empty_history_has_no_rows() -> None:
    assert list(History()) == []
    assert len(History().to_frame()) == 0


def test_frame() -> None:
    frame = run().to_frame()
    assert list(frame.columns) == ["step", "epoch", "train.loss", "val.loss", "weight_norm/a", "weight_norm/b"]
    np.testing.assert_array_equal(frame["step"], [1, 2, 3, 4])
    np.testing.assert_array_equal(frame["epoch"], [0.5, 1, 1.5, 2])
    np.testing.assert_array_equal(frame["train.loss"], [4, NAN, 2, 1])
    np.testing.assert_array_equal(frame["val.loss"], [NAN, 5, NAN, 6])
    np.testing.assert_array_equal(frame["weight_norm/b"], [NAN, 8, NAN, NAN])


def test_pandas_is_loaded_by_to_frame_only() -> None:
    code = (
        "import sys; from expert.history import History; h = History.from_columns({'loss': [2, 1]});"
        "assert not {'pandas', 'scipy', 'torch', 'tensorflow'} & set(sys.modules);"
        "h.to_frame(); assert 'pandas' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
