from __future__ import annotations

import json

import pytest

from expert.cli import main


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--format", "json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_rules_are_chosen_by_family_kind_severity_and_blame(capsys: pytest.CaptureFixture[str]) -> None:
    everything = listed(capsys, "rules")
    for option, value in (("family", "gradients"), ("kind", "symptom"), ("severity", "fatal")):
        chosen = listed(capsys, "rules", f"--{option}", value)
        assert chosen == [row for row in everything if row[option] == value]
        assert 0 < len(chosen) < len(everything)
    blaming = listed(capsys, "rules", "--blames", "learning-rate")
    assert all("learning-rate" in row["blames"] for row in blaming)  # type: ignore[operator]
    assert blaming


def test_rules_are_chosen_by_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["id"] for row in listed(capsys, "rules", "vanishing-gradient")] == ["GRD101"]
    assert {str(row["id"])[:4] for row in listed(capsys, "rules", "GRD2", "OSC1")} == {"GRD2", "OSC1"}
    assert main(["rules", "vanishing-gradeint"]) == 2
    assert "Did you mean 'vanishing-gradient'?" in capsys.readouterr().err


def test_an_unknown_family_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["rules", "--family", "gradient"])
    assert stopped.value.code == 2
    assert "gradients" in capsys.readouterr().err


@pytest.mark.parametrize(("what", "known"), [("remedies", "FX301"), ("signals", "gradient_cosine")])
def test_remedies_and_signals_are_listed(what: str, known: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert known in {row["id"] for row in listed(capsys, what)}
    assert main([what]) == 0
    assert known in capsys.readouterr().out


def test_plugins_say_what_they_contribute_and_where_they_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in listed(capsys, "plugins")}
    assert "GRD101" in rows["rules"]["contributes"]["rules"]  # type: ignore[index]
    assert str(rows["adapters"]["place"]).endswith("plugin.py")
    assert main(["plugins"]) == 0
    assert "rules: ACT101, ACT102" in capsys.readouterr().out
