"""Rules on trial: they are as if they did not exist until somebody asks for them, and what they say is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from expert import advise
from expert.authoring import config
from expert.cli import main
from expert.errors import SettingsError
from expert.knowledge import load
from expert.settings import Settings
from tests.engine.knowledge import advice, rule

TRIAL = rule("OPT901", "trial", config.batch_size < 8, status="experimental", explains=("OPT902",), prior=0.9)
PROVEN = rule("OPT902", "proven", config.batch_size < 8, prior=0.9)
RIVAL = rule("OPT903", "rival", config.batch_size < 8, prior=0.9, unless=("OPT901",))
RULES = [TRIAL, PROVEN, RIVAL]


def found(settings: Settings | None) -> set[str]:
    return {one.name for one in advice(RULES, settings=settings, batch_size=4).findings}


def test_a_rule_on_trial_is_neither_told_nor_heeded() -> None:
    told = advice(RULES, batch_size=4)
    assert {one.name for one in told.findings} == {"proven", "rival"}
    assert all(not one.explained_by and not one.preview for one in told.findings)
    assert told.coverage.rules == 2
    assert "on trial" in told.why_not("trial")


def test_preview_brings_it_in_with_its_relations_and_its_mark() -> None:
    told = advice(RULES, settings=Settings(preview=True), batch_size=4)
    assert {one.name for one in told.findings} == {"trial", "proven"}
    marked = {one.name: one.preview for one in told.findings}
    assert marked == {"trial": True, "proven": False}
    assert "trial (OPT901, confidence 80%, preview)" in str(told)
    proven = told.finding("proven")
    assert proven is not None
    assert proven.explained_by == ("OPT901",)


@pytest.mark.parametrize(
    ("select", "names"),
    [
        (("OPT901",), {"trial"}),
        (("trial",), {"trial"}),
        (("OPT",), {"proven", "rival"}),
        (("OPT9",), {"proven", "rival"}),
    ],
)
def test_its_own_name_asks_for_it_and_a_family_does_not(select: tuple[str, ...], names: set[str]) -> None:
    assert found(Settings(select=select)) == names


def test_what_is_ignored_stays_out_in_preview() -> None:
    assert found(Settings(preview=True, ignore=("trial",))) == {"proven", "rival"}


def test_a_note_of_a_rule_on_trial_is_marked_too() -> None:
    mild = rule("OPT904", "mild", config.batch_size < 8, status="experimental", severity="info")
    assert "(OPT904, preview)" in str(advice([mild], settings=Settings(preview=True), batch_size=4))


def test_preview_is_yes_or_no() -> None:
    with pytest.raises(SettingsError, match=r"settings\.preview: expected true or false, not 'yes'"):
        advise({"loss": [1.0] * 9}, settings={"preview": "yes"})


def test_the_command_and_the_file_ask_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text("epoch,loss\n" + "".join(f"{k},{1 / (k + 1)}\n" for k in range(20)))
    asked = [
        "advise",
        "log.csv",
        "--set",
        "precision=float16",
        "--set",
        "loss_scaling=no",
    ]
    assert main(asked) == 0
    assert "NUM202" not in capsys.readouterr().out
    main([*asked, "--preview"])
    assert "NUM202" in capsys.readouterr().out
    Path("expert.toml").write_text("preview = true\n")
    main(asked)
    assert "NUM202" in capsys.readouterr().out


def test_the_list_of_rules_marks_those_on_trial(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    on_trial = {one.id for one in load()[1].catalogue.rules.values() if one.status == "experimental"}
    assert {line[:6] for line in lines if line.endswith("(preview)")} == on_trial
    assert on_trial
