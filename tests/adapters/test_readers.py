"""Sources that are no files, and traps of files that need a run made for them."""

from __future__ import annotations

import json
import pickle
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expert.adapters.plugin import WHEN_ASKED, expert_readers
from expert.adapters.text import lines as text_lines
from expert.adapters.text import opening
from expert.errors import SourceError
from expert.history import Event, History
from expert.reading import ReadRequest
from tests.data.log_expectations import read as read_file

LOGS = Path(__file__).parent.parent / "data" / "logs"
FALLING = [2.0, 1.5, 1.25, 1.0, 0.9, 0.85, 0.8, 0.75]


def read(source: object, columns: dict[str, str] | None = None) -> tuple[History, ...]:
    runs = [reader for reader in expert_readers() if reader.gives == "run"]
    sure = sorted(((reader.recognizes(source), reader.id, reader) for reader in runs), key=lambda one: one[:2])
    assert sure[-1][0] > sure[-2][0]
    return sure[-1][2].read(source, ReadRequest(columns=columns or {}))


def values(history: History, role: str) -> list[float]:
    series = history.get(role)
    assert series is not None, history.roles
    return [float(value) for value in series.values]


def positions(history: History, role: str) -> list[float]:
    series = history.get(role)
    assert series is not None, history.roles
    return [float(at) for at in series.at]


def written(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_ids_are_unique_and_titles_are_given() -> None:
    readers = expert_readers()
    assert len({reader.id for reader in readers}) == len(readers)
    assert all(reader.title for reader in readers)


@pytest.mark.parametrize("module", WHEN_ASKED)
def test_readers_that_wait_to_be_asked_say_what_they_are(module: str) -> None:
    reader = import_module(f"expert.adapters.{module}").READER
    (listed,) = [one for one in expert_readers() if one.id == reader.id]
    assert (listed.title, listed.gives) == (reader.title, reader.gives)
    for source in (object(), [], {}, {"loss": [1.0]}, "nowhere.csv", LOGS / "keras_csv" / "ends_in_nan.csv"):
        assert listed.recognizes(source) == reader.recognizes(source)


def test_a_history_comes_back_and_takes_corrections() -> None:
    history = History.from_columns({"loss": FALLING, "held_out_loss": FALLING})
    assert read(history)[0] is history
    other = read(history, {"val.loss": "held_out_loss"})[0]
    assert values(other, "val.loss") == FALLING


def test_a_saved_history_is_loaded(tmp_path: Path) -> None:
    history = History.from_columns({"loss": FALLING, "val_loss": FALLING})
    history.save(tmp_path / "run.expert")
    assert read(tmp_path / "run.expert")[0].series == history.series
    (tmp_path / "cut.expert").write_bytes((tmp_path / "run.expert").read_bytes()[:-40])
    with pytest.raises(SourceError, match="cut off"):
        read(tmp_path / "cut.expert")


def test_columns_of_equal_length() -> None:
    history = read({"loss": FALLING, "val_loss": np.array(FALLING), "note": ["a"] * 8})[0]
    assert values(history, "val.loss") == FALLING
    assert positions(history, "train.loss") == [1, 2, 3, 4, 5, 6, 7, 8]


def test_columns_that_stop_at_nan() -> None:
    history = read({"loss": [1.0, 0.9, float("nan")], "val_loss": [1.1, 1.0]})[0]
    assert len(values(history, "train.loss")) == 3
    assert positions(history, "val.loss") == [1, 2]


def test_columns_of_two_runs() -> None:
    runs = read({"epoch": [0, 1, 2, 0, 1, 2], "loss": [2.0, 1.0, 0.5, 2.1, 1.1, 0.6]})
    assert [values(run, "train.loss") for run in runs] == [[2.0, 1.0, 0.5], [2.1, 1.1, 0.6]]


def test_columns_without_a_known_name_are_refused_with_the_way_out() -> None:
    with pytest.raises(SourceError, match=re.escape("columns={'train.loss': '...'}")):
        read({"alpha": FALLING, "beta": FALLING})
    assert values(read({"alpha": FALLING, "beta": FALLING}, {"train.loss": "alpha"})[0], "train.loss") == FALLING


def test_records_with_sparse_rows_and_layers() -> None:
    rows: list[dict[str, Any]] = [
        {"step": i, "epoch": i / 4, "train.loss": FALLING[i], "gradient_norm": {"a": 0.1, "b": 0.2}} for i in range(8)
    ]
    rows.insert(4, {"step": 3, "epoch": 0.75, "val.loss": 1.4})
    history = read(rows)[0]
    assert positions(history, "val.loss") == [3]
    norms = history.layer("gradient_norm")
    assert norms is not None
    assert (norms.layers, norms.values.shape) == (("a", "b"), (8, 2))
    assert history.marks is not None
    assert history.marks.convert([4.0], "step", "epoch") == pytest.approx([1.0])


def test_records_with_something_else_among_them() -> None:
    with pytest.raises(SourceError, match="entry 12 is 'end'"):
        read([{"step": i, "loss": 1.0} for i in range(11)] + ["end"])


def test_a_frame_of_sparse_rows_tells_missing_from_nan() -> None:
    rows = []
    for i in range(12):
        rows.append({"step": i, "loss": 1.0 - i / 20 if i < 9 else np.nan, "lr": 0.1})
        if i % 4 == 3:
            rows.append({"step": i, "eval_loss": 1.1 - i / 20})
    history = read(pd.DataFrame(rows))[0]
    assert np.isnan(values(history, "train.loss")).tolist() == [False] * 9 + [True] * 3
    assert len(values(history, "val.loss")) == 3
    assert any("read as values of NaN" in note for note in history.notes)


def test_a_frame_with_a_summary_row_has_no_nan() -> None:
    rows: list[dict[str, Any]] = [{"step": i, "epoch": i / 4, "loss": 1.0 - i / 20} for i in range(8)]
    rows.append({"step": 7, "epoch": 1.75, "train_loss": 0.8, "train_runtime": 10.0})
    history = read(pd.DataFrame(rows))[0]
    assert len(values(history, "train.loss")) == 8


def test_a_frame_with_nullable_and_text_columns() -> None:
    frame = pd.DataFrame(
        {
            "loss": pd.array([1.0, None, 0.5], dtype="Float64"),
            "val_loss": ["1.5", "NaN", "0.75"],
            "who": ["a", "b", "c"],
        }
    )
    frame.index.name = "epoch"
    history = read(frame)[0]
    assert positions(history, "train.loss") == [0, 2]
    assert np.isnan(values(history, "val.loss")).tolist() == [False, True, False]
    assert [one.name for one in history.ignored] == ["who"]


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(SourceError, match="no rows"):
        read(pd.DataFrame({"loss": []}))


def test_a_frame_of_our_own_comes_back() -> None:
    history = History.from_columns({"epoch": range(8), "loss": FALLING, "val_loss": FALLING})
    assert values(read(history.to_frame().reset_index())[0], "val.loss") == FALLING


def test_a_fit_that_goes_on_is_one_run_and_one_that_starts_again_is_two(tmp_path: Path) -> None:
    def log(second: list[float]) -> str:
        rows = [*enumerate([1.0, 0.6, 0.4]), *enumerate(second)]
        return "epoch,loss\n" + "".join(f"{epoch},{loss}\n" for epoch, loss in rows)

    going_on = read(written(tmp_path, log([0.35, 0.3, 0.28])))
    assert len(going_on) == 1
    assert positions(going_on[0], "train.loss") == [0, 1, 2, 3, 4, 5]
    assert going_on[0].events == (Event(kind="resume", at=3, clock="epoch", text="fit was called again"),)
    again = read(written(tmp_path, log([0.95, 0.55, 0.4]), "again.csv"))
    assert [positions(run, "train.loss") for run in again] == [[0, 1, 2], [0, 1, 2]]


def test_another_scale_or_another_direction_alone_is_no_shift(tmp_path: Path) -> None:
    rows = [*enumerate([0.2, 0.1, 0.05, 0.04]), *enumerate([4.0, 3.0, 2.0, 1.0]), *enumerate([3.5, 3.6, 4.0, 5.0])]
    runs = read(written(tmp_path, "epoch,loss\n" + "".join(f"{epoch},{loss}\n" for epoch, loss in rows)))
    assert len(runs) == 3
    assert not any("shifted" in note for run in runs for note in run.notes)


def test_a_shift_without_a_twin_leaves_no_loss_unless_the_caller_says_so(tmp_path: Path) -> None:
    rows = [*enumerate([0.2, 0.1, 0.05, 0.04]), *enumerate([0.5, 0.7, 0.8, 0.9])]
    text = "epoch,loss,accuracy\n" + "".join(f"{epoch},{loss},0.5\n" for epoch, loss in rows)
    runs = read(written(tmp_path, text))
    assert runs[0].get("train.loss") is not None
    assert runs[1].get("train.loss") is None
    assert any("say with columns=" in note for note in runs[1].notes)
    stated = read(written(tmp_path, text), {"train.loss": "loss"})
    assert values(stated[1], "train.loss") == [0.5, 0.7, 0.8, 0.9]


def test_a_column_named_by_the_caller_in_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, "epoch,loss,my_val\n0,1.0,1.5\n1,0.9,1.4\n")
    assert values(read(path, {"val.loss": "my_val"})[0], "val.loss") == [1.5, 1.4]
    with pytest.raises(SourceError, match="Did you mean 'my_val'"):
        read(path, {"val.loss": "myval"})


def test_another_header_in_the_middle_is_another_run(tmp_path: Path) -> None:
    runs = read(written(tmp_path, "epoch,loss\n0,1.0\n1,0.9\nepoch,loss,val_loss\n0,1.0,1.1\n1,0.8,1.0\n"))
    assert [run.get("val.loss") is None for run in runs] == [True, False]


def test_rows_that_fit_no_header_are_counted(tmp_path: Path) -> None:
    text = "epoch,loss,lr\n0,1.0,0.1\n1,0.9\n2,0.8,0.1,7\n3,0.7,0.1\n4,0.6,0.1,\n"
    history = read(written(tmp_path, text))[0]
    assert positions(history, "train.loss") == [0, 3, 4]
    assert any("2 rows do not fit" in note for note in history.notes)


def test_validation_cells_of_nan_are_epochs_without_validation(tmp_path: Path) -> None:
    rows = "".join(f"{i},{1 - i / 20},{'nan' if i % 3 else 1.1 - i / 20}\n" for i in range(12))
    history = read(written(tmp_path, "epoch,train_loss,val_loss\n" + rows))[0]
    assert positions(history, "val.loss") == [0, 3, 6, 9]
    assert any("not evaluated" in note for note in history.notes)


def test_an_accuracy_below_one_percent_is_scaled_with_the_others(tmp_path: Path) -> None:
    history = read(written(tmp_path, "epoch,loss,acc,val_acc\n0,3.0,12.5,0.5\n1,2.0,50.0,0.75\n"))[0]
    assert values(history, "train.accuracy") == [0.125, 0.5]
    assert values(history, "val.accuracy") == pytest.approx([0.005, 0.0075])
    accuracy = history.get("val.accuracy")
    assert accuracy is not None
    assert accuracy.unit == "fraction"


def test_minus_one_among_scores_is_not_defined(tmp_path: Path) -> None:
    lines = [{"step": i, "loss": 1.0, "bbox/AP": score} for i, score in enumerate([-1.0, 0.1, 0.2])]
    history = read(written(tmp_path, "\n".join(map(json.dumps, lines)), "log.jsonl"))[0]
    assert values(history, "val.bbox_ap") == [0.1, 0.2]


def test_provenance_says_file_column_and_reason(tmp_path: Path) -> None:
    path = LOGS / "ultralytics" / "padded" / "results.csv"
    loss = read(path)[0].get("train.loss")
    assert loss is not None
    assert loss.source is not None
    assert (loss.source.path, loss.source.column) == (str(path), "train/box_loss + train/cls_loss + train/dfl_loss")
    box = read(path)[0].get("train.box_loss")
    assert box is not None
    assert box.source is not None
    assert box.source.reason


def test_a_list_of_objects_in_one_document(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        json.dumps(
            [{"epoch": i, "train": {"loss": 1 - i / 9}, "val": {"loss": 1.1 - i / 9}} for i in range(4)], indent=1
        ),
        "log.json",
    )
    history = read(path)[0]
    assert positions(history, "val.loss") == [0, 1, 2, 3]


def test_a_document_with_history_and_epochs(tmp_path: Path) -> None:
    history = read(
        written(
            tmp_path,
            json.dumps({"params": {"epochs": 3}, "epoch": [5, 6, 7], "history": {"loss": [3, 2, 1]}}),
            "h.json",
        )
    )[0]
    assert positions(history, "train.loss") == [5, 6, 7]


def test_a_broken_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="begins like JSON but is none"):
        read(written(tmp_path, '{"loss": [', "h.json"))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "touched",))

    path = written(tmp_path, pickle.dumps({"loss": Trap()}), "history.pkl")
    with pytest.raises(SourceError, match="pickle"):
        read(path)
    assert not (tmp_path / "touched").exists()


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.lists(
        st.sampled_from([b"epoch", b"loss", b"1", b"nan", b",", b"\n", b'"', b"{", b'{"step": 1, "loss": 2}', b";"]),
        max_size=40,
    ).map(b"".join)
)
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.mktemp("any"), content, "log")
    try:
        sentence = ""
        assert read_file(path)
    except SourceError as error:
        sentence = str(error)
    assert sentence == "" or str(path) in sentence


@pytest.mark.parametrize(
    "source",
    [None, 3, "", "a\nb", [], {}, [1, 2], {"a": 1}, {"a": []}, object(), b"bytes", "no such file.csv", ["x"], [{}]],
)
def test_recognizers_never_raise(source: object) -> None:
    assert all(0 <= reader.recognizes(source) <= 1 for reader in expert_readers())


def test_a_very_large_file_is_read_up_to_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LARGEST_READ", 2000)
    path = written(tmp_path, "epoch,loss\n" + "".join(f"{i},0.5\n" for i in range(1000)))
    history = read(path)[0]
    assert 100 < len(values(history, "train.loss")) < 1000
    assert any("very large" in note for note in history.notes)


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "LONGEST_LINE", 500)
    with pytest.raises(SourceError, match="line 1 is longer"):
        read(written(tmp_path, "epoch,loss," + "x" * 1000))
    (run,) = read(written(tmp_path, "epoch,loss\n0,1.0\n1,0." + "5" * 1000, "later.csv"))
    assert values(run, "train.loss") == [1.0]
    assert run.notes == ("Line 3 is longer than 500 characters; only the lines before it are used.",)


def test_a_long_table_is_read_whole(tmp_path: Path) -> None:
    steps = np.arange(300_000)
    path = tmp_path / "long.csv"
    pd.DataFrame({"step": steps, "epoch": steps // 1000, "train_loss": 1 / (1 + steps), "lr": 0.1}).to_csv(
        path, index=False
    )
    history = read(path)[0]
    assert len(values(history, "train.loss")) == 300_000
