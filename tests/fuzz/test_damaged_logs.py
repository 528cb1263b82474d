"""Damaged logs of every format are read, or refused in one sentence; `make fuzz-readers` reads very many."""

from __future__ import annotations

from pathlib import Path

import pytest

from expert.errors import SourceError
from tests.fuzz.attempt import complaint
from tests.fuzz.cases import case, samples

CASES = 360
PARTS = 12


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_logs_give_runs_or_one_sentence(part: int, tmp_path: Path) -> None:
    wrong = {}
    for number in range(part, CASES, PARTS):
        what = complaint(case(number).lay_out(tmp_path / str(number)))
        if what is not None:
            wrong[number] = what
    assert wrong == {}


def test_a_number_makes_the_same_files() -> None:
    assert [case(number) for number in range(50)] == [case(number) for number in range(50)]
    assert len({case(number).read for number in range(2000)}) > len({path.name for path in samples()}) / 2


def test_a_reader_that_breaks_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,1.0\n1,0.5\n")
    assert complaint(path) is None

    def breaks(*_arguments: object, **_named: object) -> None:
        raise IndexError("row 7")

    monkeypatch.setattr("expert.adapters.delimited.histories", breaks)
    assert "IndexError: row 7" in (complaint(path) or "")

    def rambles(*_arguments: object, **_named: object) -> None:
        raise SourceError(" ")

    monkeypatch.setattr("expert.adapters.delimited.histories", rambles)
    assert "not one sentence" in (complaint(path) or "")
