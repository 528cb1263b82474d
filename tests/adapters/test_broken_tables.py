"""Tables as people have them: each spelling and each damage gives the numbers that stand there, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from expert.advising import read_runs
from expert.errors import SourceError
from expert.history import History

EPOCHS = range(12)
LOSSES = [round(1 / (epoch + 1), 4) for epoch in EPOCHS]
ROWS = [f"{epoch},{loss:.4f},{loss + 0.1:.4f}" for epoch, loss in enumerate(LOSSES)]
PLAIN = "\n".join(["epoch,loss,val_loss", *ROWS]) + "\n"
GERMAN = PLAIN.replace(",", ";").replace(".", ",")


def rows(header: str, cell: str) -> str:
    """A table whose rows are ``cell`` filled with the epoch and its loss."""
    return "\n".join([header, *(cell.format(epoch=epoch, loss=loss) for epoch, loss in enumerate(LOSSES))]) + "\n"


SAME: dict[str, str | bytes] = {
    "plain": PLAIN,
    "decimal comma": GERMAN,
    "decimal comma behind sep=": "sep=;\n" + GERMAN,
    "a title and a blank line": "Training of a small net\n\n" + PLAIN,
    "remarks": "# lr=0.1\n" + PLAIN + "# done\n",
    "byte-order mark": "\ufeff" + PLAIN,
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-be"),
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "old Macintosh line ends": PLAIN.replace("\n", "\r"),
    "header in quotes": PLAIN.replace("epoch,loss,val_loss", '"epoch","loss","val_loss"'),
    "separator at the end of rows": "epoch,loss,val_loss\n" + "".join(f"{row},\n" for row in ROWS),
    "tensors": rows("epoch,loss,val_loss", "{epoch},\"tensor({loss}, device='cuda:0')\",1"),
    "tensors without quotes": rows("epoch,loss,val_loss", "{epoch},tensor({loss}, device='cuda:0'),1"),
    "tensors with a gradient": rows("epoch,loss,val_loss", '{epoch},"tensor({loss}, grad_fn=<MeanBackward0>)",1'),
    "scientific": rows("epoch,loss,val_loss", "{epoch},{loss:.4e},1E0"),
    "fractions of epochs": rows("epoch,loss,val_loss", "{epoch}/12,{loss},1"),
    "Windows-1252": rows("epoch;loss;précision", "{epoch};{loss};0,5").encode("cp1252"),
}


def read(folder: Path, content: str | bytes) -> tuple[History, ...]:
    path = folder / "log.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_runs(path)


def values(run: History, role: str) -> list[float]:
    series = run.get(role)
    assert series is not None, run.summary
    return [float(value) for value in series.values]


def positions(run: History, role: str) -> list[float]:
    series = run.get(role)
    assert series is not None, run.summary
    return [float(value) for value in series.at]


@pytest.mark.parametrize("kind", SAME)
def test_the_same_numbers_in_other_clothes(kind: str, tmp_path: Path) -> None:
    (run,) = read(tmp_path, SAME[kind])
    assert values(run, "train.loss") == pytest.approx(LOSSES)
    assert positions(run, "train.loss") == list(EPOCHS)


@pytest.mark.parametrize(
    ("written", "separator"),
    [("{:,}", "\t"), ('"{:,}"', ","), ("{: }", ","), ("{:'}", ";"), ("{:.}", ";"), ("{:_}", ",")],
)
def test_grouped_thousands(written: str, separator: str, tmp_path: Path) -> None:
    group, comma = written.strip('"')[2], written == "{:.}"
    lines = [f"step{separator}loss"]
    for epoch, loss in enumerate(LOSSES):
        step = f"{1000 * epoch + 500:,}".replace(",", group)
        cell = f'"{step}"' if '"' in written else step
        lines.append(f"{cell}{separator}{str(loss).replace('.', ',' if comma else '.')}")
    (run,) = read(tmp_path, "\n".join(lines) + "\n")
    assert positions(run, "train.loss") == [1000 * epoch + 500 for epoch in EPOCHS]
    assert values(run, "train.loss") == LOSSES


def test_units_in_cells(tmp_path: Path) -> None:
    (run,) = read(tmp_path, rows("epoch,loss,acc,time,mem", "{epoch},{loss},{epoch}%,1{epoch} s,{epoch}GB"))
    assert values(run, "train.accuracy")[-1] == pytest.approx(0.11)
    assert values(run, "time.epoch_seconds")[-1] == 111
    assert "In percent, and divided by 100: 'acc'." in run.notes


@pytest.mark.parametrize(
    ("content", "count", "note"),
    [
        (PLAIN[:-9], 11, "last line is cut off"),
        (PLAIN[:-3], 11, "last line is cut off"),
        (PLAIN[:-1], 12, None),
        (PLAIN + "12,0.1,0.2,0.3\n", 12, "1 row does not fit the header (3 columns)"),
        (PLAIN.encode() + b"\0" * 900, 12, "Line 14 holds NUL bytes"),
        (PLAIN.encode() + b"\0\0\n\0\0\n12,0.05,0.1\n", 13, "2 lines from line 14 on hold NUL bytes"),
        (PLAIN + "<<<<<<< HEAD\n12,9,9\n", 12, "mark of an unresolved merge"),
        (PLAIN + "12," + "9" * (1 << 22) + "\n", 12, "longer than 4,194,304 characters"),
    ],
    ids=["line cut", "number cut", "no last line end", "long row", "zeros", "zeros and more", "merge", "huge line"],
)
def test_damage_costs_what_is_damaged(content: str | bytes, count: int, note: str | None, tmp_path: Path) -> None:
    (run,) = read(tmp_path, content)
    assert values(run, "train.loss")[:11] == pytest.approx(LOSSES[:11])
    assert len(values(run, "train.loss")) == count
    assert any(note in one for one in run.notes) if note else run.notes == ()


def test_names_given_twice_stay_apart(tmp_path: Path) -> None:
    (run,) = read(tmp_path, PLAIN.replace("val_loss", "loss"))
    assert values(run, "train.loss") == pytest.approx(LOSSES)
    assert "loss (2)" in {series.name for series in run.series}


def test_a_table_that_has_just_begun(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="but no row of numbers"):
        read(tmp_path, "epoch,loss,val_loss\n")


PHASES = "epoch,split,loss\n" + "".join(f"{e},train,{x}\n{e},valid,{x + 1}\n" for e, x in enumerate(LOSSES))
PHASES_APART = "epoch,split,loss\n" + "".join(
    f"{epoch},{word},{loss + (word == 'valid')}\n" for word in ("train", "valid") for epoch, loss in enumerate(LOSSES)
)


@pytest.mark.parametrize("text", [PHASES, PHASES_APART], ids=["in turns", "one after the other"])
@pytest.mark.parametrize("form", ["file", "frame", "lists"])
def test_a_column_that_names_the_phase(text: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    frame = pd.read_csv(path)
    source = {"file": path, "frame": frame, "lists": frame.to_dict("list")}[form]
    (run,) = read_runs(source)
    assert values(run, "train.loss") == pytest.approx(LOSSES)
    assert values(run, "val.loss") == pytest.approx([loss + 1 for loss in LOSSES])
    assert positions(run, "val.loss") == list(EPOCHS)


def test_a_column_of_other_words_is_left_out(tmp_path: Path) -> None:
    (run,) = read(tmp_path, rows("epoch,mode,loss", "{epoch},fast,{loss}"))
    assert values(run, "train.loss") == pytest.approx(LOSSES)
    assert [(one.name, one.reason) for one in run.ignored] == [("mode", "holds 'fast', which is no number")]


RANKS = [{"step": step, "rank": rank, "loss": loss + rank} for step, loss in enumerate(LOSSES) for rank in (1, 0)]


@pytest.mark.parametrize("form", ["csv", "jsonl", "records"])
def test_the_rows_of_one_rank_count(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"log.{form}"
    if form == "csv":
        pd.DataFrame(RANKS).to_csv(path, index=False)
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in RANKS))
    (run,) = read_runs(RANKS if form == "records" else path)
    assert values(run, "train.loss") == pytest.approx(LOSSES)
    assert "2 ranks write to this log ('rank'); only the rows of rank 0 are used." in run.notes


def test_writers_that_take_turns_are_one_run() -> None:
    turns = [(step + ahead, writer) for step in range(0, 40, 2) for writer in (0, 1) for ahead in (0, 1)]
    (run,) = read_runs([{"step": step, "loss": 1 / (step + 1) + writer} for step, writer in turns])
    assert values(run, "train.loss") == pytest.approx([1 / (step + 1) for step in range(40)])
    assert any("only the first row of each step is used" in note for note in run.notes)


def test_runs_one_after_the_other_are_no_writers_in_turns() -> None:
    runs = read_runs([{"step": step, "loss": 1 / (step + 1)} for _ in range(6) for step in range(5)])
    assert len(runs) == 6


@pytest.mark.parametrize("grows", [True, False])
def test_another_header_goes_on_with_the_table(grows: bool, tmp_path: Path) -> None:
    short = "epoch,loss\n" + "".join(f"{epoch},{LOSSES[epoch]}\n" for epoch in range(6))
    long = "epoch,val_loss,loss\n" + "".join(f"{epoch},2,{LOSSES[epoch]}\n" for epoch in range(6, 12))
    if not grows:
        short = "epoch,val_loss,loss\n" + "".join(f"{epoch},2,{LOSSES[epoch]}\n" for epoch in range(6))
        long = "epoch,loss\n" + "".join(f"{epoch},{LOSSES[epoch]}\n" for epoch in range(6, 12))
    (run,) = read(tmp_path, short + long)
    assert values(run, "train.loss") == LOSSES
    assert positions(run, "val.loss") == list(range(6, 12) if grows else range(6))
