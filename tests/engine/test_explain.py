"""``expert explain``: the page of a rule or remedy in the terminal, as Markdown, HTML and JSON, and in the browser."""

from __future__ import annotations

import json
import stat
import sys
import webbrowser
from pathlib import Path

import pytest

from expert.cli import main

RULES = """
from expert.authoring import Rule, case, config, curve, facts, limit, run, signal, train, zigzag

TURNS = signal.direction_changes(train.loss)
RULE = Rule(
    id="OSC990", name="restless", kind="cause", family="oscillation", level="optimization", severity="warning",
    prior=0.5, symptom="it is restless", cause="something", when=TURNS > 0.6, meaning="m", mechanism="w",
    false_alarms="f", source=("s",),
    fires=(case("a zigzag", run(curve(train.loss, zigzag(0.5, 1.5, 24)))),),
    quiet=(case("just below", facts(TURNS.of(0.55))),),
)
"""


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("word", ["OSC101", "oscillating-loss", "FX301", "lower-learning-rate"])
def test_a_rule_or_a_remedy_is_found_by_id_and_name(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = explained(capsys, word).splitlines()[:2]
    assert word in first
    assert second == "═" * len(first)


def test_the_nearest_name_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "oscilating-loss"]) == 2
    assert "Did you mean 'oscillating-loss'" in capsys.readouterr().err


def test_the_plain_form_shows_the_run_and_what_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(capsys, "GEN101")
    assert "warning: overfitting (GEN101, confidence " in text
    assert "epoch 1 to 40" in text
    assert "healthy generated runs" in text


def test_markdown_is_a_page_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(capsys, "GRD101", "--format", "markdown")
    assert text.startswith("# GRD101 vanishing-gradient\n")
    assert "![" not in text


def test_html_holds_the_remedies_it_leads_to(capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(capsys, "GRD101", "--format", "html")
    assert text.startswith("<!DOCTYPE html>")
    assert 'href="#FX402"' in text
    assert 'id="FX402"' in text
    assert "<svg" in text


@pytest.mark.parametrize(("word", "kind"), [("GRD101", "rule"), ("FX301", "remedy")])
def test_json_holds_the_sections_and_the_record(word: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(explained(capsys, word, "--format", "json"))
    assert (told["kind"], told["id"], told["record"]["id"]) == (kind, word, word)
    assert "What to do" in [one["title"] for one in told["sections"]]


def test_open_writes_a_private_file_and_hands_it_to_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    file = Path(explained(capsys, "vanishing-gradient", "--open").strip())
    assert opened == [file.as_uri()]
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_without_a_browser_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert explained(capsys, "FX301", "--open").startswith("no browser could be opened; the page is ")


def test_a_folder_of_someone_else_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("expert.commands.pages.folder_name", lambda: "taken")
    (tmp_path / "taken").symlink_to(elsewhere)
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    file = Path(explained(capsys, "FX301", "--open").strip())
    assert list(elsewhere.iterdir()) == []
    assert file.exists()


def test_rules_of_a_plugin_have_the_same_pages_with_what_lies_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "restless.py"
    plugin.write_text(RULES)
    text = explained(capsys, "restless", "--plugin", str(plugin))
    assert "OSC990 restless\n" in text
    assert "Not measured." in text
    beside = tmp_path / "measured.json"
    beside.write_text(json.dumps({"rules": {"OSC990": {"false_alarms": [{"what": "x", "runs": 9, "raised": 0}]}}}))
    assert "raised on 0 of 9 x" in explained(capsys, "restless", "--plugin", str(plugin))
    beside.write_text(json.dumps({"rules": {"OSC990": {"false_alarm": []}}}))
    assert main(["explain", "restless", "--plugin", str(plugin)]) == 0
    told = capsys.readouterr()
    assert "does not hold what is measured of rules" in told.err
    assert "Not measured." in told.out
