"""One file, without loss, and what other files are told."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.errors import SourceError
from expert.history import ClockMarks, History, LayerStatistics, Series
from tests.history.strategies import histories


def example() -> History:
    steps = np.arange(1000.0)
    return History(
        series=(
            Series(name="loss", role="train.loss", at=steps, values=np.sin(steps), clock="step"),
            Series(name="val_loss", role="val.loss", at=[1, 2], values=[float("nan"), float("inf")]),
        ),
        layers=(LayerStatistics(quantity="gradient_norm", layers=("a", "b"), at=steps, values=np.ones((1000, 2))),),
        marks=ClockMarks(step=[499, 999], epoch=[1, 2]),
        config={"learning_rate": float("-inf")},
    )


@given(histories)
def test_a_file_gives_back_what_was_saved(tmp_path: Path, history: History) -> None:
    history.save(tmp_path / "run.expert")
    back = History.load(tmp_path / "run.expert")
    assert back == history
    for mine, theirs in zip(history.series, back.series, strict=True):
        assert mine.values.tobytes() == theirs.values.tobytes()


def test_loaded_arrays_are_read_only(tmp_path: Path) -> None:
    example().save(tmp_path / "run")
    with pytest.raises(ValueError, match="read-only"):
        History.load(tmp_path / "run").series[0].values[0] = 1


def test_positions_shared_by_many_series_are_written_once(tmp_path: Path) -> None:
    at = np.arange(10_000.0)
    series = tuple(Series(name=str(index), at=at, values=np.ones(10_000) * index) for index in range(3))
    History(series=series).save(tmp_path / "run")
    assert os.path.getsize(tmp_path / "run") < 4.1 * at.nbytes


def test_an_existing_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    History().save(tmp_path / "run")
    example().save(tmp_path / "run")
    assert History.load(tmp_path / "run") == example()
    assert os.listdir(tmp_path) == ["run"]


@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_off_anywhere_is_one_sentence(tmp_path: Path, cut: float) -> None:
    example().save(tmp_path / "run")
    whole = (tmp_path / "run").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(SourceError) as caught:
        History.load(tmp_path / "cut")
    assert str(caught.value).startswith(f"{tmp_path / 'cut'}: ")
    assert "\n" not in str(caught.value)


@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
@settings(max_examples=200)
def test_a_damaged_file_is_refused_or_unharmed(tmp_path: Path, where: float, byte: int) -> None:
    example().save(tmp_path / "run")
    content = bytearray((tmp_path / "run").read_bytes())
    content[int(len(content) * where)] ^= byte
    (tmp_path / "damaged").write_bytes(content)
    with contextlib.suppress(SourceError):
        assert History.load(tmp_path / "damaged") == example()


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def header(**fields: object) -> bytes:
    return json.dumps(
        {"format": "training-expert history", "version": 1, "shapes": [], "history": {}, **fields}
    ).encode()


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    text, pickled = tmp_path / "a.csv", tmp_path / "a.pkl"
    text.write_text("epoch,loss\n1,2\n")
    pickled.write_bytes(pickle.dumps({"loss": [1.0]}))
    series = {"name": "loss", "at": 0, "values": 1}
    cases = {
        text: "expected a file written by History.save",
        pickled: "expected a file written by History.save",
        archive(tmp_path / "other.zip", {"a.txt": b"hello"}): "expected a file written by History.save",
        archive(tmp_path / "json.zip", {"history.json": b"{}"}): "history.json is not its header",
        archive(tmp_path / "list.zip", {"history.json": b"[" * 100_000}): "expected a file written by History.save",
        archive(tmp_path / "new.zip", {"history.json": header(version=99)}): "has version 99 of the file format",
        archive(tmp_path / "gone.zip", {"history.json": header(shapes=[[1]])}): "arrays/0",
        archive(tmp_path / "field.zip", {"history.json": header(history={"serie": []})}): "serie: ",
        archive(
            tmp_path / "none.zip", {"history.json": header(history={"series": [series]})}
        ): "one of 0 arrays, got 0",
        archive(tmp_path / "shape.zip", {"history.json": header(shapes=[[3]]), "arrays/0": b"12345678"}): "reshape",
        archive(tmp_path / "bomb.zip", {"history.json": header()}, zipfile.ZIP_DEFLATED): "is compressed",
        tmp_path / "missing": "No such file",
        tmp_path: "Is a directory",
    }
    for path, said in cases.items():
        with pytest.raises(SourceError) as caught:
            History.load(path)
        assert str(path) in str(caught.value)
        assert said in str(caught.value), caught.value
        assert "\n" not in str(caught.value)
