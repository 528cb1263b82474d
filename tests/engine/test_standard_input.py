"""``expert advise -``: a log through a pipe, as a real process gets it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from expert.commands import standard_input
from tests.engine.test_cli import FALLING, SWINGS

LINES = "".join(json.dumps({"step": k, "loss": 2.0 * 0.9**k + 0.1}) + "\n" for k in range(80))


def piped(content: bytes | str, *arguments: str, command: str = "advise") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "expert", command, "-", *arguments],
        input=content.encode() if isinstance(content, str) else content,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("content", [FALLING, LINES, FALLING.encode("utf-16"), json.dumps({"loss": [3, 2, 1] * 9})])
def test_any_text_format_is_read(content: str | bytes) -> None:
    done = piped(content, "--fail-on", "never")
    assert done.returncode == 0, done.stderr
    assert b"rules judged" in done.stdout


def test_findings_are_told_and_counted() -> None:
    done = piped(SWINGS, "--fail-on", "warning")
    assert done.returncode == 1
    assert b"oscillating-loss" in done.stdout


def test_what_cannot_be_read_is_one_sentence_about_standard_input() -> None:
    for content, sentence in ((b"", b"standard input is empty"), (b"milk and bread\n", b"standard input")):
        done = piped(content)
        assert done.returncode == 2
        assert done.stdout == b""
        assert done.stderr.startswith(b"expert: " + sentence)
        assert len(done.stderr.splitlines()) == 1


def test_no_trace_of_the_file_it_was_kept_in(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expert", "advise", "-", "--format", "json"],
        input=(FALLING + SWINGS.removeprefix("epoch,loss\n")).encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert str(tmp_path).encode() not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_several_runs_columns_and_other_commands() -> None:
    twice = SWINGS + "".join(f"{k},{3.0 * 0.8**k + 0.1}\n" for k in range(20))
    assert b"The source holds 2 runs" in piped(twice, "--fail-on", "never").stdout
    assert piped(twice, "--run", "1", "--fail-on", "warning").returncode == 1
    assert b"standard input holds 2 run(s)" in piped(twice, "--run", "3").stderr
    odd = SWINGS.replace("loss", "energy")
    assert b"oscillating-loss" in piped(odd, "--column", "train.loss=energy", "--fail-on", "never").stdout
    assert b"found" in piped(SWINGS, "oscillating-loss", command="why").stdout


def test_what_is_too_long_is_used_up_to_the_bound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from expert.cli import main

    monkeypatch.setattr(standard_input, "LARGEST", 200)
    reading, writing = os.pipe()
    os.write(writing, FALLING.encode())
    os.close(writing)
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        main(["advise", "-"])
    assert "only its first 200 bytes are used" in " ".join(capsys.readouterr().out.split())


def test_a_reader_that_is_gone_ends_it_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "expert", "advise", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        running.stdin.write(SWINGS.encode())
        running.stdin.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_compressed_logs_come_through_a_pipe_as_they_are() -> None:
    assert b"oscillating-loss" in piped(gzip.compress(SWINGS.encode()), "--fail-on", "never").stdout
