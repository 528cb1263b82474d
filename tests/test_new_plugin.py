"""`expert new-plugin`, followed as the guide says: written, installed from its wheel, tested, its rule explained."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from expert.cli import main


def ran(*command: str, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "team-rules"]) == 0
    plugin = tmp_path / "team-rules"
    assert (plugin / ".github" / "workflows" / "tests.yml").read_text().count("${{ matrix.python }}") == 1
    site = tmp_path / "site"
    ran("pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site), str(plugin), cwd=tmp_path)
    environment = {"PYTHONPATH": str(site)}
    assert "2 passed" in ran("pytest", "-q", "-p", "no:cacheprovider", cwd=plugin, environment=environment)
    told = ran("expert", "explain", "team-rules-noisy-validation", cwd=tmp_path, environment=environment)
    assert "TEA901" in told
    assert "1 rules: TEA901" in ran("expert", "plugins", cwd=tmp_path, environment=environment)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Team_Rules", "Did you mean 'team-rules'?"),
        ("9rules", "lower-case words joined by hyphens."),
        ("class", "lower-case words joined by hyphens."),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", name]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["new-plugin", "team-rules", "--folder", str(tmp_path)]) == 2
    assert "there is something already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
