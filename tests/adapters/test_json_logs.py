"""JSON lines and JSON documents in the shapes that scripts write, whole and damaged."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from expert import read_runs
from expert.errors import SourceError
from expert.history import History

LOSS = [round(2 * 0.9**k + 0.1, 6) for k in range(30)]
VAL = [round(value + 0.05, 6) for value in LOSS]
PAIRS = list(enumerate(zip(LOSS, VAL, strict=True)))
ROWS: list[dict[str, Any]] = [{"step": 10 * k, "loss": value} for k, value in enumerate(LOSS)]


def lines(records: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def read(folder: Path, content: str | bytes, name: str = "log.json") -> History:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    runs = read_runs(file)
    assert len(runs) == 1
    return runs[0]


def values(run: History, role: str) -> list[float]:
    series = run.get(role)
    assert series is not None, run.roles
    return [float(value) for value in series.values]


def said(run: History) -> str:
    return " ".join(run.notes)


DOCUMENTS: dict[str, Any] = {
    "lists": {"loss": LOSS, "val_loss": VAL},
    "lists beside settings": {"loss": LOSS, "val_loss": VAL, "params": {"epochs": 30}, "model": "net"},
    "Keras history with its parameters": {"history": {"loss": LOSS, "val_loss": VAL}, "params": {"steps": 7}},
    "grouped by phase": {"config": {"lr": 0.1}, "train": {"loss": LOSS}, "val": {"loss": VAL}},
    "grouped by quantity": {"loss": {"train": LOSS, "val": VAL}},
    "records": [{"epoch": k, "loss": a, "val_loss": b} for k, (a, b) in PAIRS],
    "records inside": {
        "args": {"lr": 1},
        "log": [{"epoch": k, "train": {"loss": a}, "val": {"loss": b}} for k, (a, b) in PAIRS],
    },
    "rows under their number": {str(k): {"loss": a, "val_loss": b} for k, (a, b) in PAIRS},
    "rows under epoch_k": {f"epoch_{k}": {"loss": a, "val_loss": b} for k, (a, b) in PAIRS},
    "pairs": {"loss": [[k, a] for k, a in enumerate(LOSS)], "val_loss": [[k, a] for k, a in enumerate(VAL)]},
    "pairs of a timestamp": {
        "loss/train/total": [[{"epoch": 0, "batch": k}, a] for k, a in enumerate(LOSS)],
        "loss/eval/total": [[{"epoch": 0, "batch": k}, a] for k, a in enumerate(VAL)],
    },
}


@pytest.mark.parametrize("shape", DOCUMENTS)
def test_a_run_is_found_in_every_shape_of_document(shape: str, tmp_path: Path) -> None:
    for indent in (None, 2):
        run = read(tmp_path, json.dumps(DOCUMENTS[shape], indent=indent))
        assert values(run, "train.loss") == LOSS
        assert values(run, "val.loss") == VAL


def test_what_keras_planned_is_taken_from_its_parameters(tmp_path: Path) -> None:
    config = read(tmp_path, json.dumps({"history": {"loss": LOSS}, "params": {"epochs": 40, "steps": 7}})).config
    assert (config.framework, config.epochs, config.steps_per_epoch) == ("keras", 40, 7)
    for params in ({"epochs": "many", "steps": None}, {"lr": 0.1}, [1], None):
        config = read(tmp_path, json.dumps({"history": {"loss": LOSS}, "params": params})).config
        assert (config.epochs, config.steps_per_epoch) == (None, None)


def test_objects_dumped_one_after_the_other_are_records(tmp_path: Path) -> None:
    run = read(tmp_path, "\n".join(json.dumps(row, indent=2) for row in ROWS))
    assert values(run, "train.loss") == LOSS


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("share", [0.35, 0.6, 0.8, 0.97])
def test_a_document_that_is_cut_off_gives_its_beginning(indent: int | None, share: float, tmp_path: Path) -> None:
    for shape in ("lists", "records", "pairs", "grouped by phase"):
        text = json.dumps(DOCUMENTS[shape], indent=indent)
        run = read(tmp_path, text[: int(share * len(text))])
        found = values(run, "train.loss")
        assert 0 < len(found) <= len(LOSS)
        assert found == LOSS[: len(found)]
        val = run.get("val.loss")
        if val is not None:
            assert [float(value) for value in val.values] == VAL[: len(val)]
            loss = run.get("train.loss")
            assert loss is not None
            assert list(val.at) == list(loss.at[: len(val)]), "a column that was cut stands at the beginning of the run"
        assert "The file is cut off" in said(run)


def test_a_document_with_damage_in_the_middle_says_where(tmp_path: Path) -> None:
    run = read(tmp_path, '{"loss": [3, 2.5, 2.1, 1.8,\n 1.5, oops], "val_loss": [3, 2]}')
    assert values(run, "train.loss") == [3, 2.5, 2.1, 1.8, 1.5]
    assert "damaged at line 2, column 7" in said(run)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("document", [True, False])
def test_encodings(encoding: str, document: bool, tmp_path: Path) -> None:
    text = json.dumps(DOCUMENTS["records"]) if document else lines(ROWS).replace("\n", "\r\n")
    assert values(read(tmp_path, text.encode(encoding)), "train.loss") == LOSS


def test_numbers_that_json_does_not_know(tmp_path: Path) -> None:
    tail = (
        '{"step": 300, "loss": NaN}\n{"step": 310, "loss": Infinity}\n{"step": 320, "loss": "-Infinity"}\n'
        '{"step": 330, "loss": "NaN"}\n{"step": 340, "loss": null}\n{"step": 350, "loss": 1e999}\n'
        f'{{"step": 360, "loss": {"9" * 400}}}\n{{"step": 370, "loss": -{"9" * 400}}}\n'
    )
    found = values(read(tmp_path, lines(ROWS) + tail), "train.loss")[30:]
    assert [str(value) for value in found] == ["nan", "inf", "-inf", "nan", "inf", "inf", "-inf"]


def test_lines_that_are_no_json_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = lines(ROWS).splitlines()
    rows[5] = '{"step": 50, "lo'
    rows[6] = '{"step": 60, "lo{"step": 60, "loss": 0.7}'
    rows.insert(3, "UserWarning: something")
    rows.append('{"step": 300, "loss": 0.')
    run = read(tmp_path, "\n".join(rows))
    assert values(run, "train.loss") == [*LOSS[:5], *LOSS[7:]]
    assert "2 lines, the first of them line 7, are no JSON and were left out." in said(run)
    assert "1 line between the JSON hold other text." in said(run)
    assert "Line 31 is cut off" in said(run) or "Line 32 is cut off" in said(run)


def test_lines_of_a_list_that_was_never_closed(tmp_path: Path) -> None:
    assert values(read(tmp_path, "".join(json.dumps(row) + ",\n" for row in ROWS)), "train.loss") == LOSS
    run = read(tmp_path, "[" + ",\n".join(json.dumps(row) for row in ROWS) + ",")
    assert values(run, "train.loss") == LOSS


def test_very_deep_values_break_nothing(tmp_path: Path) -> None:
    deep = '{"step": 300, "loss": 0.2, "x": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    assert values(read(tmp_path, lines(ROWS) + deep), "train.loss") == LOSS
    with pytest.raises(SourceError, match="nested too deeply"):
        read(tmp_path, "[" * 100_000)


def test_zeros_that_a_crash_left_behind(tmp_path: Path) -> None:
    assert values(read(tmp_path, lines(ROWS).encode() + b"\0" * 4096), "train.loss") == LOSS


def test_of_a_key_written_twice_the_last_value_counts(tmp_path: Path) -> None:
    assert values(read(tmp_path, lines(ROWS) + '{"step": 300, "loss": 0.5, "loss": 0.25}\n'), "train.loss")[-1] == 0.25


@pytest.mark.parametrize("field", ["phase", "split", "mode", "stage", "event"])
@pytest.mark.parametrize("words", [("train", "val"), ("training", "validation"), ("TRAIN", "eval")])
def test_a_field_that_names_the_phase(field: str, words: tuple[str, str], tmp_path: Path) -> None:
    records = [
        row
        for k in range(30)
        for row in (
            {field: words[0], "epoch": k, "loss": LOSS[k], "lr": 0.1},
            {field: words[1], "epoch": k, "loss": VAL[k]},
        )
    ]
    for run in (read(tmp_path, lines(records)), read(tmp_path, json.dumps(records)), read_runs(records)[0]):
        assert values(run, "train.loss") == LOSS
        assert values(run, "val.loss") == VAL
        val = run.get("val.loss")
        assert val is not None
        assert val.name == "loss", "as it was logged"
        assert values(run, "optimizer.learning_rate") == [0.1] * 30


def test_a_field_that_names_the_metric(tmp_path: Path) -> None:
    records = [
        {"name": name, "step": k, "value": value}
        for k in range(30)
        for name, value in (("train/loss", LOSS[k]), ("val/loss", VAL[k]))
    ]
    run = read(tmp_path, lines(records))
    assert values(run, "train.loss") == LOSS
    assert values(run, "val.loss") == VAL


def test_nested_evaluations_stand_beside_training_rows_of_the_same_step(tmp_path: Path) -> None:
    records: list[Mapping[str, Any]] = []
    for k in range(30):
        if k % 10 == 0:
            records.append({"step": k, "eval": {"10": {"loss": VAL[k], "holes": [[1, 2], [3]]}}})
        records.append({"step": k, "train_loss": LOSS[k]})
    run = read(tmp_path, lines(records))
    assert values(run, "train.loss") == LOSS
    assert values(run, "val.loss") == VAL[::10]


SWEEPS = {
    "settings": [{"config": {"lr": 0.1 * k}, "accuracy": 0.5 + 0.01 * k} for k in range(9)],
    "choices": [{"hidden_size": 2**k, "loss": 0.5, "accuracy": 0.9} for k in range(9)],
    "final scores": [{"lr": 0.1 * k, "final_loss": 0.3, "accuracy": 0.9} for k in range(9)],
    "a line for each trial": [{"trial": k, "lr": 0.1, "loss": 0.5} for k in range(9)],
    "planned epochs that look like a clock": [{"epochs": 30, "batch_size": 2**k, "loss": 0.5} for k in range(9)],
}


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_line_for_each_finished_run_is_refused(kind: str, tmp_path: Path) -> None:
    for text in (lines(SWEEPS[kind]), json.dumps(SWEEPS[kind])):
        with pytest.raises(SourceError, match="of a finished run, not the course of one"):
            read(tmp_path, text)


def test_a_log_that_repeats_its_settings_is_no_sweep(tmp_path: Path) -> None:
    records = [{"batch_size": 32, "seed": 1, "run": "first", "loss": value} for value in LOSS]
    assert values(read(tmp_path, lines(records)), "train.loss") == LOSS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "it has nothing"),
        ("[]", "a list of 0 entries"),
        ("[1.5, 1.25]", "a list of 2 numbers does not say what was measured"),
        ('{"accuracy": 0.5}', "one value each of 'accuracy'"),
        ('{"name": "net", "layers": [{"units": 3}, {"units": 4}]}', "no column is a loss|no training log"),
        ('{"a": 1\n}\n}', "holds no lists of values"),
        ("[[1, 2], [3, 4]]", "expected an object of lists or a list of objects"),
        ("{broken", "begins like JSON but is none"),
    ],
)
def test_what_is_no_run_is_refused_in_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=sentence) as refused:
        read(tmp_path, text)
    assert "\n" not in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_composer_in_memory() -> None:
    def moment(batch: int) -> Any:
        return SimpleNamespace(batch=SimpleNamespace(value=batch), epoch=SimpleNamespace(value=batch // 10))

    data = {
        "loss/train/total": [(moment(k), value) for k, value in enumerate(LOSS)],
        "metrics/eval/CrossEntropy": [(moment(k), VAL[k]) for k in range(9, 30, 10)],
        "lr-SGD/group0": [(moment(k), 0.1) for k in range(30)],
    }
    run = read_runs(data)[0]
    assert values(run, "train.loss") == LOSS
    assert values(run, "optimizer.learning_rate") == [0.1] * 30
    loss = run.get("train.loss")
    assert loss is not None
    assert (loss.clock, loss.at[-1]) == ("step", 29)


def test_entries_that_are_no_pair_are_left_out_and_counted(tmp_path: Path) -> None:
    pairs: list[Any] = [[k, value] for k, value in enumerate(LOSS)]
    run = read(tmp_path, json.dumps({"loss": [*pairs, [30], "x", [31, "y"], None, [32, 0.25]]}))
    assert values(run, "train.loss") == [*LOSS, 0.25]
    assert "4 of 35 entries of 'loss' are no moment with a number" in said(run)


def test_llama_factory(tmp_path: Path) -> None:
    common = {"total_steps": 300, "percentage": 3.0, "elapsed_time": "0:01:10", "remaining_time": "1 day, 0:10:00"}
    records = [
        {"current_steps": 10 * k, "loss": value, "lr": 1e-4, "epoch": k / 10, "throughput": 1234.5, **common}
        for k, value in enumerate(LOSS, 1)
    ]
    records.append({"current_steps": 300, "eval_loss": 0.5, "epoch": 3.0, **common})
    run = read(tmp_path, lines(records), "trainer_log.jsonl")
    assert values(run, "train.loss") == LOSS
    assert values(run, "val.loss") == [0.5]
    loss = run.get("train.loss")
    assert loss is not None
    assert (loss.clock, loss.at[-1]) == ("step", 300)
    assert read_runs(tmp_path)[0].roles == run.roles, "the folder is read by the name of the file"


def test_ms_swift(tmp_path: Path) -> None:
    records = [
        {"loss": value, "grad_norm": 1.5, "learning_rate": 1e-4, "memory(GiB)": 20.1, "train_speed(iter/s)": 0.5,
         "epoch": k / 10, "global_step/max_steps": f"{10 * k}/300", "percentage": "3%", "elapsed_time": "10s"}
        for k, value in enumerate(LOSS, 1)
    ]  # fmt: skip
    end = '{"eval_loss": NaN, "epoch": 3.0, "global_step/max_steps": "300/300"}\n'
    last = (
        '{"train_runtime": 9.5, "train_loss": 99.0, "global_step/max_steps": "300/300", "log_history": [{"loss": 1}]}\n'
    )
    run = read(tmp_path, lines(records) + end + last, "logging.jsonl")
    assert values(run, "train.loss") == LOSS, "the mean over the run at the end is no point of the curve"
    assert math.isnan(values(run, "val.loss")[-1])
    loss = run.get("train.loss")
    assert loss is not None
    assert (loss.clock, loss.at[-1]) == ("step", 300)


@pytest.mark.parametrize("document", [True, False])
def test_compressed_logs_are_read_as_they_are(document: bool, tmp_path: Path) -> None:
    text = json.dumps(DOCUMENTS["records"]) if document else lines(ROWS)
    assert values(read(tmp_path, gzip.compress(text.encode()), "log.jsonl.gz"), "train.loss") == LOSS
