"""Logs named in all the ways in which people name them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from expert import read_runs
from expert.errors import SourceError

TABLE = "epoch,loss\n" + "".join(f"{epoch},{2 / (epoch + 1):.4f}\n" for epoch in range(8))


class Named:
    def __init__(self, path: str | bytes) -> None:
        self.path = path

    def __fspath__(self) -> str | bytes:
        return self.path

    def __str__(self) -> str:  # the same in every process that collects the tests
        return f"Named({self.path!r})"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "log.csv").write_text(TABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "source",
    [
        *("log.csv", "./log.csv", "~/log.csv", ".", "~"),
        *(Path("log.csv"), Path("~/log.csv"), Path("~"), Named("log.csv"), Named(b"log.csv")),
    ],
    ids=str,
)
def test_paths(home: Path, source: object) -> None:
    (run,) = read_runs(source)
    assert len(run.get("train.loss") or ()) == 8


def test_a_folder_of_runs_below_home(home: Path) -> None:
    for name in ("one", "two"):
        (home / "runs" / name).mkdir(parents=True)
        (home / "runs" / name / "metrics.csv").write_text(TABLE)
    for source in ("~/runs", Path("~/runs"), Named(b"runs")):
        assert len(read_runs(source)) == 2


@pytest.mark.parametrize("name", [b"l\xf6g.csv", b"a\nb.csv", "训练.csv".encode(), b"https:"])
def test_names_of_files(home: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(home) + b"/" + name))
    path.write_text(TABLE)
    assert read_runs(path)
    for expected in (b"", b"missing-"):
        if expected:
            with pytest.raises(SourceError):
                read_runs(Path(os.fsdecode(os.fsencode(home) + b"/" + expected + name)))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("file:///logs/a%20b.csv", "give the path itself: '/logs/a b.csv'"),
        ("sqlite:///mlflow.db", "is an address and no path"),
        ("https://wandb.ai/me/project/runs/abc", "nothing is fetched from a network"),
        (Path("http://localhost:6006/"), "download the log first"),
        ("s3://bucket/metrics.csv", "download the log first"),
        ("epoch,loss\n0,1\n", "This text of 2 lines is no path"),
        ("x" * 5000, "5,000 characters"),
        ("C:/runs/log.csv", "There is no file or folder"),
        ("", "There is no file or folder"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_is_no_path_is_refused(home: Path, source: object, words: str) -> None:
    with pytest.raises(SourceError) as refused:
        read_runs(source)
    assert words in str(refused.value)


def test_a_locale_without_letters(home: Path) -> None:
    path = os.fsencode(home) + b"/l\xf6g.csv"
    Path(os.fsdecode(path)).write_text(TABLE)
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for name in (path, path + b"x"):
        done = subprocess.run(
            [sys.executable, "-m", "expert", "advise", name], env=environment, capture_output=True, check=False
        )
        assert b"Traceback" not in done.stderr
        assert done.returncode in ((0, 1) if name == path else (2,))
