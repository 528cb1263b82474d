"""Which file of settings a command reads, and what comes before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expert.cli import main
from expert.errors import SettingsError
from expert.settings.discovery import nearest_file

SWINGS = "epoch,loss\n" + "".join(f"{k},{0.5 + k % 2}\n" for k in range(30))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a folder two levels down, in which the command runs."""
    monkeypatch.delenv("EXPERT_SETTINGS", raising=False)
    inner = tmp_path / "project" / "src" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    return tmp_path / "project"


def write(path: Path, text: str = "") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_the_nearest_file_upwards_is_taken(project: Path) -> None:
    assert nearest_file() is None
    far = write(project / "pyproject.toml", "[tool.expert]\n")
    assert nearest_file() == far
    write(project / "src" / "pyproject.toml", "[tool.other]\n# no table of expert")
    assert nearest_file() == far
    near = write(project / "src" / "expert.toml")
    assert nearest_file() == near


def test_what_does_not_mention_us_is_not_parsed_and_what_does_is_told_when_broken(project: Path) -> None:
    write(project / "src" / "pyproject.toml", "[tool.other\n")
    assert nearest_file() is None
    write(project / "src" / "pyproject.toml", "[tool.expert\n")
    with pytest.raises(SettingsError, match=r"pyproject\.toml:1:13: this is no TOML"):
        nearest_file()


def test_a_current_folder_that_is_gone_has_no_settings(project: Path) -> None:
    write(project / "expert.toml")
    Path.cwd().rmdir()
    assert nearest_file() is None


@pytest.mark.parametrize("mark", [".git", ".hg"])
def test_the_search_ends_at_the_top_of_a_project(project: Path, mark: str) -> None:
    write(project / "expert.toml")
    write(project / "src" / mark)  # a file, as in a worktree
    assert nearest_file() is None
    own = write(project / "src" / "expert.toml")
    assert nearest_file() == own


def test_the_search_ends_at_home(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project.parent / "expert.toml")
    monkeypatch.setenv("HOME", str(project))
    assert nearest_file() is None
    own = write(project / "expert.toml")
    assert nearest_file() == own


def test_a_folder_where_everybody_may_put_files_is_not_searched(project: Path) -> None:
    write(project / "src" / "expert.toml")
    (project / "src").chmod(0o1777)
    assert nearest_file() is None


def test_two_files_in_one_folder_are_one_too_many(project: Path) -> None:
    write(project / "expert.toml")
    write(project / "pyproject.toml", "[tool.expert]\n")
    with pytest.raises(
        SettingsError, match=r"^Settings stand both in .*expert\.toml and in .*pyproject\.toml; keep one"
    ):
        nearest_file()


def test_the_folder_of_a_log_is_never_searched(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = write(project.parent / "strange" / "swings.csv", SWINGS)
    write(project.parent / "strange" / "expert.toml", 'ignore = ["OSC"]')
    main(["advise", log])
    assert "oscillating-loss" in capsys.readouterr().out


def test_the_option_comes_before_the_environment_and_that_before_the_nearest(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_on(*options: str) -> tuple[str, str]:
        assert main(["settings", "--format", "json", *options]) == 0
        rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)["settings"]}
        return rows["fail-on"]["value"], rows["fail-on"]["from"].rpartition("/")[2]

    assert fail_on() == ("error", "default")
    write(project / "expert.toml", 'fail-on = "info"')
    assert fail_on() == ("info", "expert.toml:1")
    monkeypatch.setenv("EXPERT_SETTINGS", write(project / "ci.toml", '\nfail-on = "fatal"'))
    assert fail_on() == ("fatal", "ci.toml:2")
    named = write(project / "mine.toml", 'fail-on = "warning"')
    assert fail_on("--settings", named) == ("warning", "mine.toml:1")
    assert fail_on("--settings", named, "--fail-on", "never") == ("never", "command line")
    assert fail_on("--settings", write(project / "none.toml")) == ("error", "default")
