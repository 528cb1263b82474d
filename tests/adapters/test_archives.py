"""Archives and what else cannot be opened as a log: one sentence each, which says what to do."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from expert import History, read_runs
from expert.adapters.special_files import special_kind
from expert.errors import SourceError

LOG = "epoch,loss\n0,1\n1,0.5\n"


def zipped(names: Iterable[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, LOG)
    return stream.getvalue()


def tarred(mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo("metrics.csv")
        member.size = len(LOG)
        archive.addfile(member, io.BytesIO(LOG.encode()))
    return stream.getvalue()


CASES = {
    "logs.zip": (zipped(["a/log.csv", "b.json", "c.csv", "d.csv", "e.png"]), "a/log.csv, b.json, c.csv and 1 more"),
    "pictures.zip": (zipped(["a.png", "b.png"]), "a zip archive of 2 files, none of them named like a log"),
    "model.keras": (zipped(["metadata.json", "config.json", "model.weights.h5"]), "a model of Keras"),
    "model.pt": (zipped(["archive/data.pkl", "archive/data/0"]), "a PyTorch checkpoint"),
    "cut.zip": (zipped(["metrics.csv"])[:60], "a zip archive that is damaged or cut off"),
    "logs.tar": (tarred("w"), "a tar archive; unpack it"),
    "logs.tar.gz": (tarred("w:gz"), "a tar archive; unpack it"),
    "log.csv.xz": (lzma.compress(LOG.encode()), "compressed with xz"),
    "log.csv.bz2": (bz2.compress(LOG.encode()), "compressed with bzip2"),
    "log.csv.zst": (b"\x28\xb5\x2f\xfd" + bytes(20), "compressed with zstd"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_archives_are_told_and_not_read(name: str, tmp_path: Path) -> None:
    content, sentence = CASES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=sentence) as refused:
        read_runs(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_table_of_excel_is_told_how_to_pass_it(tmp_path: Path) -> None:
    (tmp_path / "log.xlsx").write_bytes(zipped(["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"]))
    with pytest.raises(SourceError, match=r"pandas.read_excel\(path\)"):
        read_runs(tmp_path / "log.xlsx")


def test_a_saved_history_is_a_zip_that_is_read(tmp_path: Path) -> None:
    History.from_columns({"loss": [3.0, 2.0, 1.0]}).save(tmp_path / "run.expert")
    assert read_runs(tmp_path / "run.expert")[0].roles == ("train.loss",)


def test_what_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LOG)
    assert special_kind(file) is None
    assert special_kind(tmp_path) is None
    assert special_kind(tmp_path / "nothing") is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert special_kind(file) == "may not be read: permission denied."
