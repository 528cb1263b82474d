"""`expert new-plugin`: what it writes and what it refuses.

That the package is built, installed and passes its tests is proved in `tests/plugins`: beside four other plugins in
`test_together.py`, and by the hand of a newcomer who follows the guide in `test_guide.py`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from expert import advise
from expert.cli import main


def test_a_package_with_its_entry_point_and_its_workflow_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "team-rules"]) == 0
    plugin = tmp_path / "team-rules"
    assert (plugin / ".github" / "workflows" / "tests.yml").read_text().count("${{ matrix.python }}") == 1
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["expert"] == {"team-rules": "team_rules.plugin"}


def test_its_rule_is_a_plugin_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "team-rules"]) == 0
    file = tmp_path / "team-rules" / "team_rules" / "noisy_validation.py"
    assert main(["check", str(file)]) == 0
    advice = advise({"loss": [0.9**k for k in range(40)], "val_loss": [0.3, 1.7, 2.6, 0.2] * 10}, plugins=[file])
    assert advice.finding("team-rules-noisy-validation") is not None


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
