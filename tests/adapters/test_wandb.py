"""What people have of a W&B run: the frame of ``run.history()``, files of the local folder, old histories."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas
import pytest

from expert import History, advise, read_runs
from expert.errors import SourceError

LOSS = [2 * 0.99**k + 0.1 for k in range(500)]


def rows(validations: int = 10, *, nan_from: int | None = None) -> list[dict[str, float]]:
    """Rows as ``wandb.log`` leaves them: the validation on a row of its own, behind the training."""
    found: list[dict[str, float]] = []
    for k, loss in enumerate(LOSS):
        value = loss if nan_from is None or k < nan_from else math.nan
        common = {"_runtime": 1.5 * k, "_timestamp": 1.7e9 + 1.5 * k, "epoch": k // 50}
        found.append({"_step": len(found), "train/loss": value, "train/lr": 0.1, **common})
        if (k + 1) % (500 // validations) == 0:
            found.append({"_step": len(found), "val/loss": loss + 0.05, "val/acc": 0.9, **common})
    return found


def values(run: History, role: str) -> list[float]:
    series = run.get(role)
    assert series is not None, run.roles
    return [float(value) for value in series.values]


def test_sparse_rows_of_a_sound_run_hold_no_nan() -> None:
    run = read_runs(pandas.DataFrame(rows()))[0]
    assert values(run, "train.loss") == LOSS
    assert len(values(run, "val.loss")) == len(values(run, "val.accuracy")) == 10
    assert advise(pandas.DataFrame(rows())).finding("NUM101") is None


@pytest.mark.parametrize("validations", [10, 100, 500])
def test_a_loss_that_ends_in_nan_is_told_from_rows_without_one(validations: int) -> None:
    run = read_runs(pandas.DataFrame(rows(validations, nan_from=480)))[0]
    found = values(run, "train.loss")
    assert found[:480] == LOSS[:480]
    assert all(map(math.isnan, found[480:]))
    assert len(found) > 480


def test_validation_in_the_same_rows_does_not_hide_a_nan() -> None:
    frame = pandas.DataFrame(
        {
            "epoch": range(20),
            "loss": [*LOSS[:18], math.nan, math.nan],
            "lr": [0.1] * 20,
            "val_acc": [0.5] * 18 + [0.1, 0.1],
        }
    )
    assert all(map(math.isnan, values(read_runs(frame)[0], "train.loss")[18:]))


def test_a_sample_says_that_it_is_one_and_what_step_counts() -> None:
    frame = pandas.DataFrame(rows())
    sample = frame.iloc[[round(k * (len(frame) - 1) / 499) for k in range(500)]]
    told = " ".join(read_runs(sample)[0].notes)
    assert "run.scan_history() gives all of them" in told
    assert "'_step' counts calls of W&B's logger" in told
    whole = " ".join(read_runs(frame)[0].notes)
    assert "scan_history" not in whole
    other = " ".join(read_runs(frame.drop(columns="_step").iloc[:500])[0].notes)
    assert "W&B" not in other


def test_the_step_of_the_trainer_is_better_than_that_of_the_logger() -> None:
    frame = pandas.DataFrame(rows())
    frame["trainer/global_step"] = frame["_step"] * 7
    run = read_runs(frame)[0]
    loss = run.get("train.loss")
    assert loss is not None
    assert loss.at[1] == 7
    assert not any("counts calls" in note for note in run.notes)


def test_a_scanned_history_is_a_list_of_dicts() -> None:
    run = read_runs(rows())[0]
    assert values(run, "train.loss") == LOSS
    assert len(values(run, "val.loss")) == 10


def test_the_history_file_of_old_versions(tmp_path: Path) -> None:
    folder = tmp_path / "run-20180101_101010-abc" / "files"
    folder.mkdir(parents=True)
    text = "".join(json.dumps(row) + "\n" for row in rows(nan_from=490))
    (folder / "wandb-history.jsonl").write_text(text)
    for place in (folder / "wandb-history.jsonl", folder, folder.parent):
        run = read_runs(place)[0]
        assert values(run, "train.loss")[:490] == LOSS[:490]
        assert math.isnan(values(run, "train.loss")[-1])
        assert any("counts calls" in note for note in run.notes)


def local_run(folder: Path, printed: str | None) -> Path:
    """The folder of a run as the client of today leaves it."""
    (folder / "files").mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / f"{folder.name}.wandb").write_bytes(b":W&B\x8c\xa8\x00" + bytes(range(256)))
    (folder / "files" / "wandb-summary.json").write_text('{"_step": 9, "_runtime": 3, "loss": 0.5, "_wandb": {}}')
    (folder / "files" / "wandb-metadata.json").write_text('{"os": "Linux", "args": ["--lr", "0.1"]}')
    (folder / "files" / "config.yaml").write_text("lr:\n  value: 0.1\n")
    (folder / "files" / "requirements.txt").write_text("numpy==2.0.0\ntorch==2.5.0\n")
    line = '{"time":"2031-01-01T10:10:10Z","level":"INFO","msg":"stream: starting","core version":"0.19"}\n'
    (folder / "logs" / "debug-internal.log").write_text(line * 9)
    if printed is not None:
        (folder / "files" / "output.log").write_text(printed)
    return folder


def test_a_local_folder_is_read_from_what_was_printed_and_says_so(tmp_path: Path) -> None:
    printed = "".join(f"epoch {k} loss {LOSS[10 * k]:.4f} val_loss {LOSS[10 * k] + 0.05:.4f}\n" for k in range(40))
    first = local_run(tmp_path / "wandb" / "run-20310101_101010-first", printed)
    local_run(tmp_path / "wandb" / "run-20310102_101010-second", printed)
    (tmp_path / "wandb" / "latest-run").symlink_to("run-20310102_101010-second")
    run = read_runs(first)[0]
    assert len(values(run, "train.loss")) == 40
    assert (run.source or "").endswith("files/output.log")
    assert "run-20310101_101010-first.wandb (is the binary log of a W&B run" in " ".join(run.notes)
    assert [Path(one.source or "").parts[-3] for one in read_runs(tmp_path / "wandb")] == [
        "run-20310101_101010-first",
        "run-20310102_101010-second",
    ]


def test_a_local_folder_without_anything_readable_says_what_to_pass(tmp_path: Path) -> None:
    folder = local_run(tmp_path / "run-20310101_101010-only", None)
    with pytest.raises(SourceError, match=r"only.wandb \(is the binary log of a W&B run.*pass wandb.Api") as refused:
        read_runs(folder)
    assert "\n" not in str(refused.value)
