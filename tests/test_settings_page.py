"""What `docs/guide/settings.md` shows outside Python: its files are read, its commands run and print what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from expert import advise
from expert.cli import main
from expert.settings import Settings, settings_from

PAGE = (Path(__file__).parent.parent / "docs" / "guide" / "settings.md").read_text(encoding="utf-8")
SWINGS = "epoch,loss\n" + "".join(f"{k},{0.5 + k % 2}\n" for k in range(30))


def blocks(kind: str) -> list[tuple[str, str]]:
    """The name behind the language, and the text, of each block in a language."""
    return re.findall(rf"^```{kind} ?(\S*)\n(.*?)^```", PAGE, flags=re.M | re.S)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the logs that the page names."""
    for name in ("EXPERT_SETTINGS", "EXPERT_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    for log in ("runs/first.csv", "runs/second.csv", "runs/gan/a.csv"):
        (tmp_path / log).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / log).write_text(SWINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files() -> dict[str, str]:
    return {name: text for name, text in blocks("toml") if name}


def test_both_files_say_the_same(project: Path) -> None:
    read = {}
    for name, text in files().items():
        (project / name).write_text(text)
        settings = settings_from(name)
        read[name] = settings.model_dump()
        assert [one.finding.name for one in advise("runs/gan/a.csv", settings=settings).suppressed] == [
            "oscillating-loss"
        ]
        assert advise("runs/first.csv", settings=settings).suppressed == ()
    assert set(read) == {"pyproject.toml", "expert.toml"}
    assert read["pyproject.toml"] == read["expert.toml"]


def test_the_suppression_shown_by_itself_holds(project: Path) -> None:
    (block,) = [text for name, text in blocks("toml") if not name]
    (project / "pyproject.toml").write_text(block)
    for log in ("runs/gan/a.csv", "runs/first.csv"):
        hidden = advise(log, settings="pyproject.toml").suppressed
        assert bool(hidden) is (log != "runs/first.csv")


def test_the_commands_run_and_print_what_is_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "expert.toml").write_text(files()["expert.toml"])
    (project / "pyproject.toml").write_text(files()["pyproject.toml"])
    shown = [text for _, text in blocks("text")]
    commands = [line for _, block in blocks("sh") for line in block.splitlines()]
    assert len(commands) >= 7
    outputs = []
    for command in commands:
        name, *arguments = shlex.split(command.replace("--settings expert.toml", "--settings elsewhere/expert.toml"))
        assert name == "expert"
        assert main(arguments) in (0, 1), command
        outputs.append(capsys.readouterr().out)
    assert shown[1] in outputs
    assert main(shlex.split(commands[-1])[1:]) == 0, "all that is found is in the baseline"
    (project / "pyproject.toml").write_text(files()["pyproject.toml"].replace('"warning"', '"warn"'))
    assert main(["settings"]) == 2
    assert capsys.readouterr().err == shown[0]


def test_the_table_names_every_key() -> None:
    keys = re.findall(r"^\| `([\w-]+)` \|", PAGE, flags=re.M)
    assert keys == [name.replace("_", "-") for name in Settings.model_fields]
