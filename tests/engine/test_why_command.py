from __future__ import annotations

from pathlib import Path

import pytest

from expert.cli import main

STUCK = str(Path(__file__).parents[2] / "docs" / "examples" / "stuck_at_79_percent.csv")


def test_why_shows_the_condition_as_a_tree_with_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", STUCK, "plateau"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("PLT101 plateau: found, confidence 0.")
    assert "✓ recent_pace(train.loss) > standing-pace-down" in out


def test_why_not_shows_what_says_no_and_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why-not", STUCK, "GRD101"]) == 0
    assert "? first_to_last_gradient()" in capsys.readouterr().out


@pytest.mark.parametrize(("asked", "rule"), [("why", "GRD101"), ("why-not", "PLT101")])
def test_a_question_the_wrong_way_round_is_answered_and_tells_by_its_status(
    asked: str, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([asked, STUCK, rule]) == 1
    assert rule in capsys.readouterr().out


def test_an_unknown_rule_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", STUCK, "plato"]) == 2
    assert "Did you mean 'plateau'?" in capsys.readouterr().err


def test_what_the_log_does_not_say_can_be_added(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why-not", STUCK, "CFG102", "--set", "optimizer=adadelta", "--set", "learning_rate=0.001"]) == 1
    assert "found" in capsys.readouterr().out
