"""Tables in memory: frames of polars, dicts of tensors, lists of dicts with tensors."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from expert import advise
from expert.advising import read_runs
from expert.errors import SourceError
from expert.history import History

FALLING = [1.0 / (epoch + 1) for epoch in range(12)]


def only(source: object, columns: dict[str, str] | None = None) -> History:
    (run,) = read_runs(source, columns=columns)
    return run


def values(run: History, role: str) -> list[float]:
    series = run.get(role)
    assert series is not None, run.summary
    return [float(value) for value in series.values]


def test_polars_tells_missing_from_nan() -> None:
    frame = pl.DataFrame(
        {
            "epoch": list(range(12)),
            "loss": [*FALLING[:10], math.nan, math.nan],
            "val_loss": [None if epoch % 2 else loss for epoch, loss in enumerate(FALLING)],
            "acc": pl.Series(range(12), dtype=pl.Int8) / 12,
            "host": ["node7"] * 12,
            "note": [None] * 12,
        }
    )
    run = only(frame)
    assert math.isnan(values(run, "train.loss")[-1])
    assert len(values(run, "train.loss")) == 12
    assert values(run, "val.loss") == FALLING[::2]
    assert {one.name: one.reason for one in run.ignored} == {
        "host": "holds 'node7', which is no number",
        "note": "no row has a value",
    }
    assert advise(frame).finding("non-finite-loss") is not None


def test_polars_and_pandas_are_read_the_same() -> None:
    columns = {"step": list(range(12)), "my_loss": FALLING, "lr": [0.1] * 12}
    ours = {"train.loss": "my_loss"}
    mine, theirs = only(pl.DataFrame(columns), ours), only(pd.DataFrame(columns), ours)
    assert mine == theirs


def test_a_query_and_a_frame_without_rows_are_refused_with_the_way_out() -> None:
    frame = pl.DataFrame({"epoch": [1], "loss": [0.5]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SourceError, match=r"holds a query and no data; pass source\.collect\(\)\."):
            read_runs(frame.lazy())
    with pytest.raises(SourceError, match="has no rows; its columns are"):
        read_runs(frame.clear())
    with pytest.raises(SourceError, match="holds numbers without saying"):
        read_runs(frame["loss"])
    with pytest.raises(SourceError, match="There is no column 'los' for"):
        read_runs(frame, columns={"val.loss": "los"})


def test_tensors_in_columns_and_in_rows() -> None:
    losses = torch.tensor(FALLING, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_column = only({"loss": losses, "val_loss": [loss * 2 for loss in losses], "acc": np.float16(FALLING)})
        by_row = only([{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses)])
    assert values(by_column, "train.loss") == pytest.approx(FALLING)
    assert values(by_column, "val.loss") == pytest.approx([2 * loss for loss in FALLING])
    assert values(by_row, "train.loss") == pytest.approx(FALLING)
    half = only({"loss": torch.tensor(FALLING, dtype=torch.bfloat16)})
    assert values(half, "train.loss") == pytest.approx(FALLING, rel=0.01)


def test_lists_of_a_notebook() -> None:
    run = only({"train_losses": FALLING, "val_losses": FALLING, "train_accs": FALLING, "lrs": [0.1] * 12})
    assert run.roles == ("train.loss", "val.loss", "train.accuracy", "optimizer.learning_rate")
