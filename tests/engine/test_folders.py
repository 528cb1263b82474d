"""A folder of many runs: what is read in it, what is not, and what is said of both."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from expert import History, advise, folders, read_runs
from expert.cli import main
from expert.errors import SourceError
from tests.engine.test_cli import FALLING, SWINGS

BROKEN = "epoch,loss\n" + "".join(f"{k},{1.0 / (k + 1) if k < 20 else 'nan'}\n" for k in range(30))


def write(file: Path, text: str = FALLING) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Three runs, one of each kind of trouble, and things that are no logs."""
    for number, text in ((2, FALLING), (10, BROKEN), (1, SWINGS)):
        write(tmp_path / f"version_{number}" / "metrics.csv", text)
    write(tmp_path / "version_2" / "hparams.yaml", "lr: 0.1\n")
    write(tmp_path / "version_2" / "checkpoints" / "last.ckpt", "weights")
    write(tmp_path / "README.md", "# Runs\n")
    return tmp_path


def sources(folder: Path) -> list[str]:
    return [Path(run.source or "").relative_to(folder).as_posix() for run in read_runs(folder)]


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as refused:
        read_runs(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def notes(folder: Path) -> str:
    return " ".join(read_runs(folder)[-1].notes)


def test_runs_come_in_the_natural_order_of_their_paths(sweep: Path) -> None:
    assert sources(sweep) == ["version_1/metrics.csv", "version_2/metrics.csv", "version_10/metrics.csv"]


def test_each_run_says_where_it_lies(sweep: Path) -> None:
    told = [run.notes[0] for run in read_runs(sweep)]
    assert told[1] == f"This is run 2 of 3 in the folder {sweep}: version_2/metrics.csv."
    assert "The source holds 3 runs; this advice is about the last one" in advise(sweep).notes[0]


def test_a_folder_that_is_one_log_is_read_as_one(sweep: Path) -> None:
    run = read_runs(sweep / "version_10")
    assert len(run) == 1
    assert not any("folder" in note for note in run[0].notes)


def test_logs_of_any_kind_are_read_wherever_they_lie(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "c" / "history.json", json.dumps({"loss": [3, 2, 1], "val_loss": [3, 2, 2]}))
    write(tmp_path / "b" / "run.jsonl", "".join(f'{{"step": {k}, "loss": {3 - k / 9}}}\n' for k in range(9)))
    state = {"log_history": [{"step": k, "loss": 3 - k / 9} for k in range(9)]}
    write(tmp_path / "c" / "checkpoint-8" / "trainer_state.json", json.dumps(state))
    assert sources(tmp_path) == ["a/b/c/history.json", "b/run.jsonl", "c/checkpoint-8/trainer_state.json"]


def test_a_run_whose_file_says_another_source_is_named_by_its_path(sweep: Path) -> None:
    for name in ("first.expert", "second.expert"):
        History.from_columns({"loss": [3.0, 2.0, 1.0]}, source="the watched run").save(sweep / name)
    assert {"first.expert", "second.expert"} < set(sources(sweep))


def test_a_table_of_the_folder_itself_does_not_hide_the_runs_below(sweep: Path) -> None:
    write(sweep / "results.csv", "name,seconds\nversion_1,12\nversion_2,14\n")
    assert len(sources(sweep)) == 3
    assert "results.csv (no column is a loss" in notes(sweep)


def test_what_looks_like_a_log_and_is_none_is_named_with_the_reason(sweep: Path) -> None:
    write(sweep / "a" / "empty.csv", "")
    write(sweep / "b" / "metrics.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 4821300\n")
    told = notes(sweep)
    assert (
        "Not read in this folder: a/empty.csv (is empty: it has 0 bytes); b/metrics.csv (is a Git LFS pointer" in told
    )
    assert "hparams.yaml" not in told
    assert "README.md" not in told


def test_hidden_folders_packages_and_environments_are_passed_over(sweep: Path) -> None:
    for place in (".git", "node_modules/x", "project/venv"):
        write(sweep / place / "metrics.csv")
    write(sweep / "project" / "venv" / "pyvenv.cfg", "")
    assert len(sources(sweep)) == 3
    assert "Passed over in this folder: .git, node_modules, project/venv." in notes(sweep)


def test_links_are_followed_once_and_circles_end(sweep: Path) -> None:
    (sweep / "latest").symlink_to(sweep / "version_10", target_is_directory=True)
    (sweep / "version_2" / "up").symlink_to(sweep, target_is_directory=True)
    (sweep / "self").symlink_to(sweep / "self")
    (sweep / "gone.csv").symlink_to(sweep / "nowhere.csv")
    assert sources(sweep) == ["version_1/metrics.csv", "version_2/metrics.csv", "version_10/metrics.csv"]


def test_pipes_and_sockets_are_never_opened(sweep: Path) -> None:
    os.mkfifo(sweep / "pipe.csv")  # to open it would wait forever
    (sweep / "version_0").mkdir()
    os.mkfifo(sweep / "version_0" / "metrics.csv")
    with socket.socket(socket.AF_UNIX) as server:
        place = os.getcwd()
        os.chdir(sweep)  # the name of a socket must be short
        try:
            server.bind("socket.csv")
        finally:
            os.chdir(place)
        assert len(sources(sweep)) == 3


def test_a_folder_that_may_not_be_entered_is_named(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sweep / "private").mkdir()
    scandir = os.scandir

    def guarded(path: str | Path) -> object:
        if Path(path).name == "private":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(folders.os, "scandir", guarded)
    assert len(sources(sweep)) == 3
    assert "private (Permission denied)" in notes(sweep)


@pytest.mark.parametrize(
    ("bound", "value", "sentence"),
    [
        ("MOST_RUNS", 2, "more than 2 runs; only the first are read"),
        ("MOST_ASKED", 1, "more than 1 files; only the first are looked at"),
        ("MOST_ENTRIES", 5, "more than 5 entries; only the first are looked at"),
        ("DEEPEST", 1, "Folders more than 1 levels deep are not looked at"),
    ],
)
def test_bounds_are_said(bound: str, value: int, sentence: str, sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(sweep / "a.csv")
    write(sweep / "deep" / "er" / "still" / "metrics.txt", "nothing")
    monkeypatch.setattr(folders, bound, value)
    assert sentence in notes(sweep)


def test_a_folder_without_logs_is_refused_and_says_what_it_holds(tmp_path: Path) -> None:
    assert "it holds nothing" in refusal(tmp_path)
    write(tmp_path / "data" / "weather.csv", "date,temperature\n2031-01-01,3.5\n2031-01-02,4.5\n")
    assert "data/weather.csv (no column is a loss" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("circle", "is a link that leads in a circle"),
        ("gone", "is a link to 'nowhere', which does not exist"),
        ("pipe", "is a pipe, which can be read only once"),
        ("version_3", "There is no file or folder .*version_3.* Did you mean 'version_"),
    ],
)
def test_paths_that_lead_to_no_file_are_refused_in_a_sentence(name: str, sentence: str, sweep: Path) -> None:
    (sweep / "circle").symlink_to("circle")
    (sweep / "gone").symlink_to("nowhere")
    os.mkfifo(sweep / "pipe")
    with pytest.raises(SourceError, match=sentence):
        read_runs(sweep / name)


def test_a_device_is_refused_without_being_read() -> None:
    assert "is a device" in refusal(Path("/dev/zero"))


def test_the_overview_has_a_line_for_each_run_the_worst_first(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(sweep / "short" / "metrics.csv", "epoch,loss\n0,3\n1,2\n")
    write(sweep / "short" / "other.csv", "")
    assert main(["advise", str(sweep)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"4 runs in {sweep}: 1 fatal, 1 warning, 1 too short, 1 healthy; the worst first"
    assert [line.split()[:2] for line in lines[1:5]] == [
        ["4", "fatal"],
        ["2", "warning"],
        ["1", "too"],
        ["3", "healthy"],
    ]
    assert "version_10/metrics.csv  The loss stops being a number." in lines[1]
    assert f"expert advise {sweep} --run 4" in "\n".join(lines)


def test_the_number_in_the_overview_is_that_of_run(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", str(sweep), "--run", "3"]) == 1
    assert "non-finite-loss" in capsys.readouterr().out
    assert main(["advise", str(sweep), "--run", "2"]) == 0
    assert main(["advise", str(sweep), "--run", "4"]) == 2
    assert "holds 3 run(s)" in capsys.readouterr().err


def test_the_overview_as_json_is_a_list_in_the_order_of_the_numbers(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", str(sweep), "--format", "json"]) == 1
    documents = json.loads(capsys.readouterr().out)
    assert [one["verdict"] for one in documents] == ["findings", "healthy", "findings"]
    assert "version_1/metrics.csv" in documents[0]["notes"][0]


def test_a_folder_and_a_file_are_told_one_after_the_other(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(sweep / "other.csv")
    assert main(["advise", str(file), str(sweep), "--fail-on", "never"]) == 0
    out = capsys.readouterr().out
    assert out.index(str(file)) < out.index("runs in")


def test_what_counts_and_a_baseline_hold_for_every_run(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = sweep / "known.json"
    assert main(["advise", str(sweep), "--write-baseline", str(known)]) == 0
    assert "of 3 log(s)" in capsys.readouterr().out
    assert main(["advise", str(sweep), "--baseline", str(known)]) == 0
