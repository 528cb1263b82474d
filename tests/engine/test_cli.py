from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from expert.cli import main
from expert.render.color import colored

SWINGS = "epoch,loss\n" + "".join(f"{k},{0.5 + k % 2}\n" for k in range(30))
FALLING = "epoch,loss,val_loss\n" + "".join(
    f"{k},{2.0 * 0.8**k + 0.1:.4f},{2.0 * 0.8**k + 0.12:.4f}\n" for k in range(20)
)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "swings.csv").write_text(SWINGS)
    (tmp_path / "falling.csv").write_text(FALLING)
    (tmp_path / "notes.txt").write_text("milk, bread and butter\n")
    return tmp_path


def run(*arguments: object) -> int:
    return main([str(one) for one in arguments])


def test_exit_codes_tell_findings_from_silence(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("advise", logs / "falling.csv") == 0
    assert run("advise", logs / "swings.csv", "--fail-on", "warning") == 1
    assert run("advise", logs / "swings.csv", "--fail-on", "never") == 0
    assert "oscillating-loss" in capsys.readouterr().out


def test_what_cannot_be_read_is_one_sentence_and_exit_code_2(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("advise", logs / "nowhere.csv") == 2
    error = capsys.readouterr().err
    assert error.startswith("expert: There is no file or folder")
    assert len(error.splitlines()) == 1
    assert run("advise", logs / "notes.txt", logs / "falling.csv") == 2
    out, error = capsys.readouterr()
    assert "Healthy" in out, "the other file is still advised on"
    assert "notes.txt" in error


@pytest.mark.parametrize(
    "arguments",
    [[], ["bogus"], ["advise", "x", "--format", "xml"], ["advise", "x", "--fail-on", "sometimes"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_json_is_one_document_for_one_file_and_a_list_for_several(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("advise", logs / "swings.csv", "--format", "json")
    assert json.loads(capsys.readouterr().out)["verdict"] == "findings"
    run("advise", logs / "swings.csv", logs / "falling.csv", "--format", "json")
    assert [one["verdict"] for one in json.loads(capsys.readouterr().out)] == ["findings", "healthy"]


def test_set_fills_the_snippets_and_refuses_what_it_does_not_know(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(
        "advise",
        logs / "swings.csv",
        "--set",
        "learning_rate=0.5",
        "--set",
        "config.optimizer=sgd",
        "--set",
        "data.classes=4",
    )
    assert "was 0.5" in capsys.readouterr().out
    assert run("advise", logs / "swings.csv", "--set", "lerning_rate=1") == 2
    assert "Did you mean 'learning_rate'" in capsys.readouterr().err
    assert run("advise", logs / "swings.csv", "--set", "learning_rate") == 2
    assert "expected NAME=VALUE" in capsys.readouterr().err
    assert run("advise", logs / "swings.csv", "--set", "learning_rate=fast") == 2
    assert "learning_rate" in capsys.readouterr().err


def test_set_values_are_read_as_numbers_and_yes_or_no(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("advise", logs / "falling.csv", "--set", "adversarial=true", "--format", "json")
    assert json.loads(capsys.readouterr().out)["coverage"]["silenced"] > 0
    run("advise", logs / "falling.csv", "--set", "adversarial=no", "--format", "json")
    assert json.loads(capsys.readouterr().out)["coverage"]["silenced"] == 0
    assert run("advise", logs / "falling.csv", "--set", "adversarial=perhaps") == 2
    assert "adversarial" in capsys.readouterr().err


def test_interrupting_is_told_to_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("expert.commands.listing.loaded", interrupted)
    assert run("rules") == 130


def test_a_terminal_that_knows_few_signs_gets_the_others_replaced(logs: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expert", "rules"],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_column_corrects_a_guess(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "odd.csv"
    log.write_text(SWINGS.replace("loss", "energy"))
    run("advise", log, "--column", "train.loss=energy")
    assert "oscillating-loss" in capsys.readouterr().out


def test_run_chooses_one_of_several_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "twice.csv"
    log.write_text(SWINGS + "".join(f"{k},{3.0 * 0.8**k + 0.1}\n" for k in range(20)))
    assert run("advise", log) == 0
    assert "--run 1 on the command line" in " ".join(capsys.readouterr().out.split())
    assert run("advise", log, "--run", 1, "--fail-on", "warning") == 1
    assert "oscillating-loss" in capsys.readouterr().out
    assert run("advise", log, "--run", 3) == 2
    assert "holds 2 run(s)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "shown"), [("rules", "OSC101"), ("remedies", "FX301"), ("plugins", "training-expert")]
)
def test_lists(command: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 0
    assert shown in capsys.readouterr().out


def test_the_installed_command_and_module_work(logs: Path) -> None:
    seen = subprocess.run(
        [sys.executable, "-m", "expert", "advise", str(logs / "swings.csv")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert seen.returncode in (0, 1)
    assert "oscillating-loss" in seen.stdout
    assert "\x1b[" not in seen.stdout, "a pipe gets no colors"


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "expert", "rules"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
        assert running.wait() == 0


def test_colors_are_for_severities_and_only_where_wanted() -> None:
    text = "warning: a thing (X)\n  1. Do it (FX)\nNotes"
    assert colored(text, False) == text
    assert colored(text, True).count("\x1b[0m") == 3


def test_no_color_and_dumb_terminals_are_honored(monkeypatch: pytest.MonkeyPatch) -> None:
    from expert.render.color import wants_color

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_color(Terminal())  # type: ignore[arg-type]
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_color(Terminal())  # type: ignore[arg-type]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Terminal())  # type: ignore[arg-type]
