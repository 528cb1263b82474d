"""What is in force and where it comes from, and options that come before a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expert.cli import main

SWINGS = "epoch,loss\n" + "".join(f"{k},{0.5 + k % 2}\n" for k in range(30))
FALLING = "epoch,loss,val_loss\n" + "".join(
    f"{k},{2.0 * 0.8**k + 0.1:.4f},{2.0 * 0.8**k + 0.12:.4f}\n" for k in range(20)
)
FILE = """\
ignore = ["GEN"]
fail-on = "warning"

[limits]
loss-climb-ratio = 3

[severity]
PLT = "info"

[[suppress]]
rule = "OSC101"
reason = "a GAN"
source = "runs/*.csv"
until = 2020-01-01
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EXPERT_SETTINGS", raising=False)
    monkeypatch.delenv("EXPERT_PLUGINS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swings.csv").write_text(SWINGS)
    (tmp_path / "falling.csv").write_text(FALLING)
    return tmp_path


def a_limit() -> tuple[str, float]:
    from expert.knowledge import load

    limit = next(iter(load()[1].limits.values()))
    return limit.name, limit.value


def test_every_value_is_shown_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, default = a_limit()
    (folder / "expert.toml").write_text(FILE.replace("loss-climb-ratio", name))
    assert main(["settings", "--severity", "OSC101=error", "--select", "OSC,PLT", "--select", "GEN"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["settings", "in expert.toml (the nearest)"],
        ["select", "command line    OSC, PLT, GEN"],
        ["ignore", "expert.toml:1   GEN"],
        ["preview", "default         off"],
        ["limits", f"expert.toml:5   {name} = 3 (default {default:g})"],
        ["severity", "expert.toml:8   PLT = info"],
        ["severity", "command line    OSC101 = error"],
        ["profile", "default         as each run is recognized"],
        ["fail-on", "expert.toml:2   warning"],
        ["baseline", "default         none"],
        ["plugins", "default         none"],
        ["suppress", "expert.toml:10  OSC101 until 2020-01-01 (expired) in runs/*.csv: a GAN"],
        ["installed", "plugins  default         all"],
    ]


def test_as_json_they_keep_their_types(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPERT_PLUGINS", "rules, adapters")
    (folder / "expert.toml").write_text(FILE.replace("loss-climb-ratio", a_limit()[0]))
    assert main(["settings", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["file"] == {"path": str(folder / "expert.toml"), "from": "the nearest"}
    rows = {row["key"]: row for row in shown["settings"]}
    assert rows["limits"] == {"key": "limits", "value": {a_limit()[0]: 3.0}, "from": "expert.toml:5"}
    assert rows["select"] == {"key": "select", "value": [], "from": "default"}
    assert rows["suppress"]["value"]["until"] == "2020-01-01"
    assert rows["installed plugins"]["value"] == ["adapters", "rules"]
    assert rows["installed plugins"]["from"] == "environment EXPERT_PLUGINS"


def test_without_a_file_all_are_defaults(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "no file of settings was found"
    assert all(" default " in line for line in out[1:])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "x=1"], "--limit x: there is no limit 'x'."),
        (["--limit", "x"], "--limit x: expected NAME=VALUE."),
        (["--limit", "x=much"], "--limit x: expected a finite number, not 'much'."),
        (["--limit", "x=nan"], "--limit x: expected a finite number, not nan."),
        (["--severity", "OSC101=bad"], "--severity OSC101: expected one of info, warning, error, fatal, not 'bad'."),
        (["--select", "OSC,"], "--select: expected a text, not ''."),
        (["--ignore", "oscillating-los"], "Did you mean 'oscillating-loss'?"),
        (["--profile", "cnn,rn"], "--profile: there is no profile 'rn'; known are fine-tuning, "),
        (["--settings", "nowhere.toml"], "The settings 'nowhere.toml' cannot be read: No such file or directory."),
        (["--baseline", "nowhere.json"], "--baseline 'nowhere.json' cannot be read: No such file or directory;"),
    ],
)
def test_wrong_options_are_one_sentence_for_all_logs(
    folder: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["settings"], ["advise", "swings.csv", "falling.csv"]):
        assert main([*command, *options]) == 2
        out, error = capsys.readouterr()
        assert out == ""
        assert message in error
        assert len(error.splitlines()) == 1


def test_options_come_before_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "expert.toml").write_text('fail-on = "warning"\n')
    assert main(["advise", "swings.csv"]) == 1
    assert main(["advise", "swings.csv", "--fail-on", "error"]) == 0
    assert main(["advise", "swings.csv", "--fail-on", "never"]) == 0
    assert main(["advise", "swings.csv", "--ignore", "OSC,PLT"]) == 0
    assert main(["advise", "swings.csv", "--severity", "OSC=info"]) == 0
    (folder / "expert.toml").write_text('ignore = ["OSC", "PLT"]\nfail-on = "warning"\n')
    assert main(["advise", "swings.csv"]) == 0
    assert main(["advise", "swings.csv", "--ignore", "GEN"]) == 1, "lists replace"


def test_of_many_logs_only_what_no_log_needs_is_told_as_unused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "expert.toml").write_text(
        '[[suppress]]\nrule = "OSC101"\nreason = "a"\n[[suppress]]\nrule = "diverging-loss"\nreason = "b"\n'
    )
    assert main(["advise", "swings.csv", "falling.csv"]) == 0
    out, error = capsys.readouterr()
    assert "hides nothing" not in out
    (line,) = error.splitlines()
    assert line.startswith("expert: The suppression of 'diverging-loss' (expert.toml:4) hides nothing here")
    main(["advise", "falling.csv"])
    assert capsys.readouterr().out.count("hides nothing here") == 2
    main(["advise", "swings.csv", "falling.csv", "--format", "json"])
    out, error = capsys.readouterr()
    assert [len(one["unused"]) for one in json.loads(out)] == [1, 2]
    assert error == ""


def test_what_a_file_says_does_not_steer_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "expert.toml").write_text('[[suppress]]\nrule = "OSC101"\nreason = "\\u001b[2J"\n')
    main(["settings"])
    main(["settings", "--format", "json"])
    main(["advise", "swings.csv"])
    out, error = capsys.readouterr()
    assert "\x1b" not in out + error
    assert "\\x1b[2J" in out
