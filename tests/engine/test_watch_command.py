"""``expert watch``: a real process follows a file that really grows."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from expert import advise
from expert.commands.following import Pace, stamp
from expert.commands.telling import Telling
from expert.commands.watch import EVERY
from tests.engine.test_cli import FALLING, SWINGS

HEADER = "epoch,loss\n"
PATIENCE = 240.0
"""Seconds after which a test gives up waiting."""
IDLE = "5"
"""Seconds without a change after which a watcher ends where more is still written: no machine is busy for so long."""


def falling(first: int, count: int) -> str:
    return "".join(f"{k},{2.0 * 0.9**k + 0.1:.5f}\n" for k in range(first, first + count))


class Watcher:
    """A process that watches a file, and what it has written so far."""

    def __init__(self, path: Path, *arguments: str, every: str = "0.1") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "expert", "watch", str(path), "--every", every, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # as from a terminal, also where the tests themselves run in the background and ignore Ctrl-C
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads run here
        )
        self.out = ""

    def until(self, words: str) -> None:
        """Wait until it has written something."""
        assert self.process.stdout is not None
        wait_for(lambda: words in self._more(), lambda: f"{words!r} was not written:\n{self.out}")

    def _more(self) -> str:
        assert self.process.stdout is not None
        if select.select([self.process.stdout], [], [], 0.05)[0]:
            self.out += os.read(self.process.stdout.fileno(), 65536).decode()
        return self.out

    def end(self) -> tuple[int, str]:
        """Wait until it ends; its exit status and what it wrote on the error stream."""
        out, error = self.process.communicate(timeout=PATIENCE)
        self.out += out.decode()
        return self.process.returncode, error.decode()


def wait_for(condition: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, otherwise()


@pytest.fixture
def watch() -> Iterator[Callable[..., Watcher]]:
    """Start watchers, and end those that a failing test left."""
    started: list[Watcher] = []

    def start(path: Path, *arguments: str, every: str = "0.1") -> Watcher:
        started.append(Watcher(path, *arguments, every=every))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def append(file: Path, text: str) -> None:
    with file.open("a") as stream:
        stream.write(text)


Start = Callable[..., Watcher]


def test_a_finding_is_told_once_while_the_log_grows(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text(HEADER + falling(0, 20))
    watcher = watch(log, "--until-idle", "2")
    append(log, falling(20, 5))
    append(log, "25,nan\n26,nan\n")
    watcher.until("non-finite-loss")
    for k in range(27, 40):
        append(log, f"{k},nan\n")
        time.sleep(0.05)
    status, error = watcher.end()
    assert status == 1
    assert error == ""
    assert watcher.out.count("non-finite-loss") == 1
    assert re.search(
        r"^\d\d:\d\d:\d\d at epoch 2\d\nfatal: non-finite-loss \(NUM101.*first seen at epoch 25\)", watcher.out
    )
    assert "First: " in watcher.out


def test_a_healthy_run_is_met_with_silence(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text("")
    watcher = watch(log, "--until-idle", IDLE)
    append(log, HEADER)
    for k in range(40):
        append(log, falling(k, 1))
        time.sleep(0.02)
    assert watcher.end() == (0, "")
    assert watcher.out == ""


def test_a_finding_that_disappears_is_told_once(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text(SWINGS)
    watcher = watch(log, "--until-idle", IDLE)
    watcher.until("oscillating-loss")
    append(log, "".join(f"{k},{0.5 * 0.97 ** (k - 30) + 0.1:.5f}\n" for k in range(30, 400)))
    watcher.until("no longer found: oscillating-loss (OSC101)")
    watcher.end()
    assert watcher.out.count("no longer found") == 1


def test_a_log_that_is_not_there_yet(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "runs" / "log.csv"
    watcher = watch(log, "--until-found", "--fail-on", "fatal")
    time.sleep(0.5)
    assert watcher.process.poll() is None, "it waits"
    log.parent.mkdir()
    log.write_text(HEADER + falling(0, 20) + "20,nan\n21,nan\n")
    assert watcher.end() == (1, "")
    assert "non-finite-loss" in watcher.out


def test_a_log_that_never_comes_or_is_none(tmp_path: Path, watch: Start) -> None:
    status, error = watch(tmp_path / "log.csv", "--until-idle", "0.3").end()
    assert status == 2
    assert error.startswith("expert: There is no file or folder")
    (tmp_path / "notes.txt").write_text("milk and bread\n")
    status, error = watch(tmp_path / "notes.txt", "--until-idle", "0.5").end()
    assert status == 2
    assert error.startswith("expert: ")
    assert "is text, but" in error
    assert len(error.splitlines()) == 1, "it is said once"


@pytest.mark.parametrize("how", ["truncated", "replaced", "appended"])
def test_another_run_begins(how: str, tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text(SWINGS)
    watcher = watch(log, "--until-idle", IDLE)
    watcher.until("oscillating-loss")
    following = "".join(f"{k},{3.0 if k % 2 else 4.0}\n" for k in range(29))
    if how == "truncated":
        log.write_text(HEADER + following)
    elif how == "replaced":
        other = tmp_path / "other.csv"
        other.write_text(HEADER + "".join(f"{k},{3.0 if k % 2 else 4.0}\n" for k in range(60)))
        other.replace(log)
    else:
        append(log, "0,9\n1,8\n" + "".join(f"{k},{3.0 if k % 2 else 4.0}\n" for k in range(2, 30)))
    watcher.until("another run begins")
    wait_for(lambda: watcher._more().count("oscillating-loss") == 2, lambda: watcher.out)
    watcher.end()
    assert watcher.out.count("another run begins") == 1


def test_a_file_that_is_written_anew_with_the_same_run_is_the_same_run(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text(SWINGS)
    watcher = watch(log, "--until-idle", "1")
    watcher.until("oscillating-loss")
    for k in range(30, 36):
        other = tmp_path / "other.csv"
        other.write_text(SWINGS + "".join(f"{j},{0.5 + j % 2}\n" for j in range(30, k + 1)))
        other.replace(log)
        time.sleep(0.1)
    watcher.end()
    assert "another run" not in watcher.out
    assert watcher.out.count("oscillating-loss") == 1


def test_a_folder_is_followed(tmp_path: Path, watch: Start) -> None:
    run = tmp_path / "lightning_logs" / "version_0"
    run.mkdir(parents=True)
    (run / "metrics.csv").write_text(HEADER + falling(0, 20))
    watcher = watch(tmp_path, "--until-found")
    time.sleep(0.5)
    append(run / "metrics.csv", "20,nan\n21,nan\n")
    assert watcher.end()[0] == 1
    assert "non-finite-loss" in watcher.out


def test_interrupting_ends_it_clean(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text(SWINGS)
    watcher = watch(log)
    watcher.until("oscillating-loss")
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.end() == (130, "")
    assert watcher.out.count("oscillating-loss") == 1


def test_what_counts_is_set_as_for_advise(tmp_path: Path, watch: Start) -> None:
    log = tmp_path / "log.csv"
    log.write_text(SWINGS)
    assert watch(log, "--until-idle", "0.2", "--fail-on", "never").end()[0] == 0
    assert watch(log, "--until-idle", "0.2", "--fail-on", "warning").end()[0] == 1
    quiet = watch(log, "--until-idle", "0.2", "--select", "NUM101", "--fail-on", "warning")
    assert quiet.end()[0] == 0
    assert quiet.out == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-"], "expert watch follows a file"),
        (["x", "--every", "0"], "--every: invalid number of seconds above 0"),
        (["x", "--until-idle", "nan"], "--until-idle: invalid number of seconds above 0"),
        (["x", "--until-idle", "0.1", "--limit", "nonsense"], "expected NAME=VALUE"),
    ],
)
def test_wrong_usage(arguments: list[str], sentence: str) -> None:
    done = subprocess.run([sys.executable, "-m", "expert", "watch", *arguments], capture_output=True, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_progress_is_shown_on_one_line_of_a_terminal(terminal: str, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(FALLING)
    control, screen = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "expert", "watch", str(log), "--every", "0.1", "--until-idle", "0.5"],
        stdout=subprocess.PIPE,
        stderr=screen,
        env={**os.environ, "TERM": terminal, "NO_COLOR": "1", "COLUMNS": "100"},
    ) as process:
        os.close(screen)
        shown = b""
        while True:
            try:
                more = os.read(control, 4096)
            except OSError:  # the other side is closed
                break
            if not more:
                break
            shown += more
        os.close(control)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    if terminal == "dumb":
        assert shown == b""
    else:
        assert "\repoch 19 · train.loss 0.1288 · val.loss 0.1488 · healthy".encode() in shown
        assert b"\x1b" not in shown
        assert b"\n" not in shown
        assert shown.endswith(b"\r"), "the line is cleared at the end"


def test_reading_costs_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    pace = Pace()
    spent = 0.0
    for _ in range(10_000):
        if pace.may_read():
            with pace:
                now[0] += 3.0
                spent += 3.0
        now[0] += EVERY
    assert 0.03 < spent / (now[0] - 100.0) < 0.052


def test_stamps_tell_one_state_from_the_next(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    assert stamp(log) is None
    log.write_text("a")
    states = [stamp(log)]
    append(log, "b")
    states.append(stamp(log))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "log.csv").write_text("c")
    states.append(stamp(tmp_path))
    append(tmp_path / "more" / "log.csv", "d")
    states.append(stamp(tmp_path))
    os.utime(log, ns=(1, 1))
    states.append(stamp(log))
    assert len(set(states)) == len(states)
    assert stamp(log) == stamp(log)


def test_a_doubtful_finding_is_told_when_the_next_reading_finds_it_too() -> None:
    swings = advise({"loss": [0.5 + k % 2 for k in range(30)]})
    falls = advise({"loss": [2 * 0.9**k + 0.1 for k in range(30)]})
    telling = Telling()
    assert telling.take(falls) == []
    assert telling.take(swings) == []
    assert [change.what for change in telling.take(swings)] == ["found"]
    assert telling.take(falls) == []
    assert telling.take(swings) == [], "it was gone for one reading only"
    assert telling.take(falls) == []
    assert [change.what for change in telling.take(falls)] == ["gone"]
    assert [change.what for change in telling.take(swings, settled=True)] == ["found"], "nothing more will come"
