"""What was understood of a source is told before it is judged, and only where there was something to understand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expert import Advice, advise
from expert.cli import main
from expert.errors import SourceError
from expert.history import History, Ignored
from expert.understanding import SHOWN, understood

FALLING = [1.0, 0.8, 0.6, 0.5, 0.45, 0.4, 0.38, 0.36, 0.35, 0.34]


def log(folder: Path, header: str, columns: int, runs: int = 1) -> Path:
    rows = [",".join([str(epoch), *[f"{value}"] * columns]) for epoch, value in enumerate(FALLING)] * runs
    path = folder / "log.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def sentence(advice: Advice) -> str:
    assert advice.understood is not None
    return advice.understood.sentence


def test_what_the_columns_were_taken_for_is_told_with_what_was_not_used(tmp_path: Path) -> None:
    advice = advise(log(tmp_path, "epoch,D_x,acc,mystery", 3))
    assert sentence(advice) == (
        "Read 10 epochs: train.accuracy <- acc; not used: D_x, mystery (no known quantity in its name)."
    )
    told = " ".join(str(advice).split())
    assert sentence(advice) in told
    assert advice.coverage.read not in told


def test_several_runs_are_told(tmp_path: Path) -> None:
    advice = advise(log(tmp_path, "epoch,loss,val_loss", 2, runs=3))
    assert sentence(advice) == "Read the last of 3 runs, 10 epochs: train.loss <- loss, val.loss."
    assert advice.understood is not None
    assert advice.understood.runs == 3


def test_nothing_is_told_where_every_name_says_its_role() -> None:
    advice = advise({"train.loss": FALLING, "val_loss": FALLING})
    assert advice.understood is None
    assert advice.coverage.read in " ".join(str(advice).split())
    assert understood(History()) is None


def test_only_what_counts_most_is_named() -> None:
    columns = {f"metric_{number}_error": FALLING for number in range(12)} | {"my_val": FALLING}
    history = History.from_columns(columns, columns={"val.loss": "my_val"})
    history = history.model_copy(
        update={"ignored": tuple(Ignored(name=f"{'x' * 80}{n}", reason=f"reason {n % 5}") for n in range(20))}
    )
    told = understood(history)
    assert told is not None
    assert told.sentence.startswith("Read 10 epochs: val.loss <- my_val, ")
    assert f"{len(columns) - SHOWN} more; not used: " in told.sentence
    assert told.sentence.endswith(", 1 more (reason 2), 8 more.")
    assert len(told.sentence) < 1500
    assert len(told.columns) == len(columns)
    assert len(told.left_out) == 20


def test_json_holds_it_in_parts(tmp_path: Path) -> None:
    advice = advise(log(tmp_path, "epoch,loss,mystery", 2))
    found = json.loads(advice.to_json())["understood"]
    assert found["columns"][0] == {
        "role": "train.loss",
        "name": "loss",
        "reason": "loss without a phase is taken as training",
    }
    assert found["left_out"] == [{"name": "mystery", "reason": "no known quantity in its name"}]
    assert Advice.from_json(advice.to_json()) == advice


FORMS = {
    "log.csv": "epoch,loss,my_val\n" + "".join(f"{epoch},{x},{x + 1}\n" for epoch, x in enumerate(FALLING)),
    "log.jsonl": "".join(
        json.dumps({"epoch": epoch, "loss": x, "my_val": x + 1}) + "\n" for epoch, x in enumerate(FALLING)
    ),
    "history.json": json.dumps({"loss": FALLING, "my_val": [x + 1 for x in FALLING]}),
    "trainer_state.json": json.dumps(
        {
            "global_step": 9,
            "log_history": [{"step": step, "loss": x, "my_val": x + 1} for step, x in enumerate(FALLING)],
        }
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_column_is_corrected_on_the_command_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name])
    arguments = ["advise", str(path), "--format", "json", "--fail-on", "never"]
    main([*arguments, "--column", "val.loss=my_val", "--column", "train.loss=loss"])
    found = json.loads(capsys.readouterr().out)["understood"]["columns"]
    assert {one["role"]: (one["name"], one["reason"]) for one in found} == {
        "train.loss": ("loss", "named by the caller"),
        "val.loss": ("my_val", "named by the caller"),
    }
    assert main([*arguments, "--column", "val.loss=my_vall"]) == 2
    assert "There is no column 'my_vall' for val.loss" in (said := capsys.readouterr().err)
    assert "Did you mean 'my_val'?" in said


@pytest.mark.parametrize("name", FORMS)
def test_a_role_spelled_wrong_is_one_sentence_with_the_nearest_role(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name])
    with pytest.raises(SourceError, match=r"Did you mean 'val\.loss'") as raised:
        advise(path, columns={"val.los": "my_val"})
    assert "'val.los' is no role" in str(raised.value)
