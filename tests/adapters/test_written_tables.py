"""Tables in text: many rows at once come out as row by row, and damage costs what is damaged and nothing else."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expert.adapters.tables import written
from expert.adapters.tables.cells import Cells
from expert.adapters.tables.growing import GrowingColumn
from expert.adapters.tables.plain_blocks import Layout, columns_of
from expert.adapters.tables.table import Table
from expert.adapters.tables.words import Words, numbered
from expert.adapters.text import lines as text_lines
from expert.adapters.text import opening
from expert.errors import SourceError

NUMBERS = st.floats().map(repr) | st.integers(-(10**20), 10**20).map(str) | st.floats(0, 1).map(lambda x: f"{x:.4f}")
ODD_CELLS = (
    "|NA|None|nan|NaN|-nan|inf|-Infinity|1_000|+5|.5|5.|1e400|9999999999999999999999999|0x1F|5.91%|00:14|12/299|6.87G"
    "|tensor(0.5)|True|adam| 1.5|2.5 |  |n/a|<NA>|-|'7'"
)
ODD = st.sampled_from(ODD_CELLS.split("|"))
QUOTED = st.sampled_from(['"1.5"', '"1,234"', '"a ""b"""', '"0.5\n0.6"', "#5"])
CELLS = st.one_of(NUMBERS, NUMBERS, NUMBERS, ODD)
DECIMAL_COMMAS = NUMBERS.filter(lambda cell: not re.search(r"\d,", cell)).map(lambda cell: cell.replace(".", ","))
ODD_CELLS_WITH_COMMA = (
    "|NA|nan|-inf|,5|5,|+1,5|1,5e-3|1,|-,5|1,234|1,234,567|1.234,5|1 234,5|5,91%|0x1F|1,5,5|1_0| 1,5|2,5 |adam|a,b"
    "|6,87G|tensor(0.5, device='cuda:0')|n/a"
)
ODD_WITH_COMMA = st.sampled_from(ODD_CELLS_WITH_COMMA.split("|"))
WORDS = st.sampled_from(["train", "train", "val", "Val", " test", "eval ", "nan", "NA", "", "1", "2.5%", "None", "a b"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """A table as text with its separator: mostly regular, with some of what real files have."""
    separator = draw(st.sampled_from([",", ";", "\t"]))
    with_comma = separator != "," and draw(st.booleans())
    numbers = DECIMAL_COMMAS if with_comma else NUMBERS
    cells = st.one_of(numbers, numbers, numbers, ODD_WITH_COMMA) if with_comma else CELLS
    names = ["epoch", "loss", draw(st.sampled_from(["val_loss", "phase"])), "note"][: draw(st.integers(2, 4))]
    of_column = [WORDS if name == "phase" else numbers for name in names]
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    rows = [separator.join(names)]
    if "phase" in names:  # a column of that name that begins with numbers is one of numbers
        rows.append(separator.join("train" if name == "phase" else "1" for name in names))
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.integers(0, 30))
        if kind == 0:
            rows.append(separator.join(names))
        elif kind == 1:
            rows.append(
                draw(st.sampled_from(["", "# a remark", separator * (len(names) - 1), "<<<<<<< HEAD", "\0\0\0"]))
            )
        elif kind == 2:
            rows.append(separator.join(draw(st.lists(cells, min_size=1, max_size=6))))
        elif kind == 3:
            rows.append(separator.join(["step", "train_loss"]))
        elif kind == 4:
            rows.append(separator.join(draw(st.tuples(*[cells if with_comma else cells | QUOTED] * len(names)))))
        else:
            rows.append(separator.join(draw(st.tuples(*[cells] * len(names) if kind == 5 else of_column))))
    return line_end.join(rows) + draw(st.sampled_from(["", line_end])), separator


def described(path: Path, separator: str) -> list[object]:
    """Everything that is read of a file, comparable."""
    try:
        return [_described(table) for table in written.read_tables(path, separator)]
    except SourceError as error:
        return [str(error)]


def _described(table: Table) -> object:
    columns = {name: (cells.values.tolist(), cells.recorded.tolist()) for name, cells in table.columns.items()}
    return repr((columns, table.length, sorted(table.percent), table.starts, table.words, table.ignored, table.notes))


@settings(max_examples=200)
@given(table=texts(), block=st.integers(20, 120))
@example(table=("epoch,loss\nepoch,loss\n0,adam\n1,0.5\n", ","), block=1)
@example(table=("epoch,loss\n0,1.5\n1,NA\n2,nan\n", ","), block=10)
@example(table=("epoch,loss\n0,1.5\n,\n2,0.5\n", ","), block=100)
@example(table=("epoch,loss,note\n0,1.5,True\n1,0.5,False\n2,1,True\n", ","), block=20)
@example(table=("epoch,phase\n0,\n1,train\n2,train\n", ","), block=10)
@example(table=('epoch;loss\n0;"1,234"\n1;0.5\n', ";"), block=10)
@example(table=("epoch,loss\n0,1,5\n1\n2,0.5\n", ","), block=100)
def test_blocks_come_out_as_rows_do(
    table: tuple[str, str], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, separator = table
    path = tmp_path_factory.getbasetemp() / "blocks.csv"
    path.write_bytes(text.encode())
    row_by_row = described(path, separator)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(written, "LARGE", 0)
        patched.setattr(text_lines, "BLOCK", block)
        opening._beginning.cache_clear()
        assert described(path, separator) == row_by_row
    opening._beginning.cache_clear()


def test_well_formed_rows_are_taken_in_blocks() -> None:
    columns = columns_of(b"1,0.5,,a\n2,0.25,3,b\n", Layout(",", 4, skipped=[3]))
    assert columns is not None
    assert sorted(columns) == [0, 1, 2]
    step, loss, sparse = (columns[place] for place in range(3))
    assert isinstance(step, tuple)
    assert isinstance(loss, tuple)
    assert isinstance(sparse, tuple)
    assert (step[0].tolist(), step[1]) == ([1.0, 2.0], None)
    assert (loss[0].tolist(), loss[1]) == ([0.5, 0.25], None)
    assert sparse[1] is not None
    assert sparse[1].tolist() == [False, True]


@pytest.mark.parametrize(
    "block", [b'1,"2"\n', b"1,2,3\n4\n", b"1,2\n#,4\n", b"1,2\n,\n", b"1,2\r3,4\n", b"1,True\n2,False\n"]
)
def test_other_rows_are_left_to_those_who_look_closer(block: bytes) -> None:
    assert columns_of(block, Layout(",", 2)) is None


def test_words_that_say_what_a_row_holds_are_taken_as_their_numbers() -> None:
    columns = columns_of(b"1,val,0.5\n2,train,0.25\n3,,0.5\n4,train,1\n", Layout(",", 3, spoken=[1]))
    assert columns is not None
    words = columns[1]
    assert isinstance(words, Words)
    codes: dict[str, int] = {"test": 0}
    found = numbered(words, codes)
    assert found is not None
    assert list(codes) == ["test", "val", "train"], "as they come, not by the alphabet"
    assert found[0][[0, 1, 3]].tolist() == [1, 2, 2]
    assert found[1].tolist() == [True, True, False, True]


def test_decimal_commas_are_taken_in_blocks_to_the_last_digit() -> None:
    losses = np.exp(np.random.default_rng(7).normal(size=2_000))
    rows = [f"{step};{loss!r};1.1.2030\n".replace(".", ",", 1) for step, loss in enumerate(losses.tolist())]
    layout = Layout(";", 3, skipped=[2], decimal_comma=True)
    columns = columns_of("".join(rows).encode(), layout)
    assert columns is not None
    found = columns[1]
    assert isinstance(found, tuple)
    assert np.array_equal(found[0], losses)


@pytest.mark.parametrize("row", ["1;1.234", "1;,5", "1;5,", "1;-,5", "1;a,b", "1,;5"])
def test_commas_and_points_that_mean_something_else_are_left_to_those_who_look_closer(row: str) -> None:
    assert columns_of(f"0;0,5\n{row}\n".encode(), Layout(";", 2, decimal_comma=True)) is None


@pytest.mark.parametrize("cell", ["0,5", "0.5"])
def test_before_it_is_certain_what_commas_are_cells_are_looked_at_one_by_one(cell: str) -> None:
    assert columns_of(f"0;{cell}\n".encode(), Layout(";", 2, decimal_comma=None)) is None


def test_a_large_file_is_read_in_blocks_to_the_last_digit(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    losses = np.exp(generator.normal(size=30_000)).tolist()
    lines = [f"{step},{loss!r}," for step, loss in enumerate(losses)]
    lines[20_000] = "20000,nan,0.25"
    path = tmp_path / "log.csv"
    path.write_text("step,loss,val_loss\n" + "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(written, "LARGE", 0)
        patched.setattr(text_lines, "BLOCK", 10_000)
        taken: list[int] = []
        patched.setattr(written, "columns_of", lambda *given: taken.append(1) or columns_of(*given))
        (table,) = written.read_tables(path, ",")
    assert len(taken) > 50
    found = table.columns["loss"]
    assert found.recorded.all()
    assert math.isnan(found.values[20_000])
    losses[20_000] = math.nan
    assert np.array_equal(found.values, losses, equal_nan=True)
    assert np.flatnonzero(table.columns["val_loss"].recorded).tolist() == [20_000]


def test_a_growing_column_keeps_what_is_recorded_when_room_runs_out() -> None:
    column = GrowingColumn()
    column.append((np.array([1.0, 2.0]), None), 2)
    column.append((np.array([np.nan, 4.0]), np.array([False, True])), 3)
    column.append((np.arange(5.0), None), 3)
    cells = column.cells()
    assert cells.recorded.tolist() == [True, True, False, True, True, True, True, True, True]
    assert cells.known.tolist() == [1.0, 2.0, 4.0, 0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("large", [False, True])
def test_pandas_is_loaded_for_large_files_only(large: bool, tmp_path: Path) -> None:
    path = tmp_path / "training_log.csv"
    path.write_text("epoch,loss,val_loss\n" + "".join(f"{epoch},{1 / (epoch + 1)},0.5\n" for epoch in range(50)))
    program = (
        f"import sys; from expert.adapters.tables import written; written.LARGE = {0 if large else written.LARGE}\n"
        "from expert.advising import read_runs; run = read_runs(sys.argv[1]); print('pandas' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == str(large)


def test_a_column_that_is_mostly_empty_takes_room_for_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    lines = [f"{step},{step / 7 if step % 100 == 0 else ''},0.5" for step in range(20_000)]
    path.write_text("step,val_loss,train_loss\n" + "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(written, "LARGE", 0)
        patched.setattr(text_lines, "BLOCK", 10_000)
        (table,) = written.read_tables(path, ",")
    cells = table.columns["val_loss"]
    assert (cells.length, len(cells.known)) == (20_000, 200)
    assert cells.rows is not None
    assert cells.rows.tolist() == list(range(0, 20_000, 100))
    assert cells[50:250].known.tolist() == [100 / 7, 200 / 7]
    assert cells[50:250].recorded.nonzero()[0].tolist() == [50, 150]
    assert table.columns["train_loss"].rows is None


@given(
    recorded=st.lists(st.booleans(), max_size=8),
    order=st.randoms(use_true_random=False),
    start=st.integers(0, 8),
    stop=st.integers(0, 8),
)
def test_cells_are_what_values_and_flags_say(recorded: list[bool], order: Random, start: int, stop: int) -> None:
    flags = np.array(recorded, dtype=np.bool_)
    values = np.where(flags, np.arange(1.0, len(flags) + 1), np.nan)
    cells = Cells(values, flags)
    rows = np.array(order.sample(range(len(flags)), order.randint(0, len(flags))), dtype=np.intp)
    mask = np.array([order.random() < 0.5 for _ in recorded], dtype=np.bool_)
    for found, kept, of in (
        (cells, flags, values),
        (cells[start:stop], flags[start:stop], values[start:stop]),
        (cells.at(rows), flags[rows], values[rows]),
        (cells.where(mask), flags & mask, values),
    ):
        assert found.length == len(kept)
        assert found.count == np.count_nonzero(kept)
        assert found.recorded.tolist() == kept.tolist()
        assert found.known.tolist() == of[kept].tolist()
        assert np.array_equal(found.values, np.where(kept, of, np.nan), equal_nan=True)
