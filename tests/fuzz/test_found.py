"""What damaged logs brought to light, made small."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from expert import advise, read_runs
from expert.errors import SourceError
from tests.fuzz.attempt import complaint


def written(folder: Path, content: str | bytes, name: str = "log") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("count", ["inf", "1e308", "-1e300", "9" * 400])
@pytest.mark.parametrize(
    "form", ["{count},{loss}\n", "epoch {count}: loss {loss}\n", '{{"epoch": {count}, "loss": {loss}}}\n']
)
def test_counts_that_no_training_reaches_are_left_out(count: str, form: str, tmp_path: Path) -> None:
    rows = [(str(epoch), 2.0 / (epoch + 1)) for epoch in range(12)]
    rows[5:5] = [(count, 7.0)]
    text = "epoch,loss\n" * form.startswith("{count}") + "".join(
        form.format(count=one, loss=loss) for one, loss in rows
    )
    path = written(tmp_path, text)
    assert complaint(path, judge=True) is None
    loss = read_runs(path)[-1].get("train.loss")
    assert loss is not None
    assert loss.at.max() <= 12


def test_parts_without_a_measurement_are_no_runs(tmp_path: Path) -> None:
    rows = [f"{epoch},{2.0 / (epoch + 1)}\n" for epoch in range(8)] + ["0,\n", "1,\n"]
    (run,) = read_runs(written(tmp_path, "epoch,loss\n" + "".join(rows)))
    assert run.get("train.loss") is not None
    assert any("without a measurement" in note for note in run.notes)
    for text in ("epoch,loss\n" + "nan,1.0\n" * 4, "epoch,bbox/AP\n0,-1\n1,-1\n2,-1\n"):
        with pytest.raises(SourceError, match="at a step or an epoch"):
            read_runs(written(tmp_path, text))
    with pytest.raises(SourceError, match="no measurement that counts"):
        read_runs(written(tmp_path, '{"accuracy": [350.0, 225.0], "val_loss": []}', "history.json"))


def test_an_encoding_of_four_bytes(tmp_path: Path) -> None:
    lines = "".join(f"epoch {epoch}: loss {2.0 / (epoch + 1):.4f}\n" for epoch in range(5000))
    (run,) = read_runs(written(tmp_path, lines.encode("utf-32")))
    loss = run.get("train.loss")
    assert loss is not None
    assert len(loss) == 5000


def test_headers_of_numpy_that_are_no_literal(tmp_path: Path) -> None:
    for text in (b"{'descr': '|O', (", b"{'descr': \0", b"[" * 100):
        path = written(tmp_path, b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text, "history.npy")
        with pytest.raises(SourceError):
            read_runs(path)


def test_names_of_any_length_make_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        read_runs(written(tmp_path, "epoch,loss" + "x" * 9000 + "\n" + "0,\n" * 3))
    assert len(str(refused.value)) < 1000


def test_fractions_of_epochs_that_leap_are_judged() -> None:
    rows = [{"step": step, "epoch": step / 4, "loss": 2.0 / (step + 1)} for step in range(1, 40)]
    rows[-1]["epoch"] = 1e14
    assert advise(rows).verdict


def test_sentences_stay_sentences_whatever_the_file_holds(tmp_path: Path) -> None:
    long = "lo" + "{" * 5000
    with pytest.raises(SourceError) as refused:
        read_runs(written(tmp_path, f'{{"trial": 1, "{long}": 2}}', "meta.json"))
    assert len(str(refused.value)) < 1500
    rows = "".join(f"{epoch},1.{epoch},\n" for epoch in range(6))
    (run,) = read_runs(written(tmp_path, f"epoch,loss,val {long} accuracy\n{rows}6,,50%\n"))
    assert all(len(note) < 1500 for note in run.notes)


def test_a_chart_without_a_column_of_steps(tmp_path: Path) -> None:
    rows = "".join(f"x,{loss},{loss},{loss}\n" for loss in (3.0, 2.0, 1.0))
    header = '"Step","a - train/loss","a - train/loss__MIN","a - train/loss__MAX"\n'
    with pytest.raises(SourceError, match="chart of W&B"):
        read_runs(written(tmp_path, header + rows, "chart.csv"))


def test_names_of_very_many_words_are_left_aside_at_once(tmp_path: Path) -> None:
    name = "loss" + "_step" * 20_000
    (run,) = read_runs(written(tmp_path, f"epoch,loss,{name}\n" + "".join(f"{k},1.{k},2\n" for k in range(6))))
    assert run.roles == ("train.loss",)


def test_a_bracket_before_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    assert complaint(written(tmp_path, '{"loss": ' + "9" * 5000 + "}")) is None


def test_epochs_of_mmengine_without_their_batches(tmp_path: Path) -> None:
    lines = [
        f"2026/01/10 10:00:{k:02d} - mmengine - INFO - Epoch(train) [{k}]  lr: 0.1  loss: {2 / k:.4f}\n"
        for k in range(1, 13)
    ]
    (run,) = read_runs(written(tmp_path, "".join(lines), "train.log"))
    loss = run.get("train.loss")
    assert loss is not None
    assert loss.at.tolist() == list(range(1, 13))
