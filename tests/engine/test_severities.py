"""Severities that a project sets for itself."""

from __future__ import annotations

import pytest

from expert import Advice, History
from expert.authoring import config, escalates
from expert.errors import SettingsError
from expert.pipeline import judge_history
from expert.settings import Settings
from tests.engine.knowledge import known, rule

ROOT = rule("OPT910", "root", config.shuffle, kind="cause", explains=("effect",))
EFFECT = rule("OPT930", "effect", config.shuffle, severity="error")
OTHER = rule("OPT950", "other", config.shuffle)
RUN = History.model_validate({"config": {"shuffle": True}})


def judged(**severity: str) -> Advice:
    return judge_history(RUN, known([ROOT, EFFECT, OTHER]), Settings.model_validate({"severity": severity}))


def test_they_act_before_ranking_and_the_narrowest_word_decides() -> None:
    assert [one.name for one in judged().findings] == ["root", "other", "effect"]
    assert [one.name for one in judged(OPT95="fatal").findings] == ["other", "root", "effect"]
    chosen = judged(optimization="info", effect="fatal", OPT91="warning")
    assert {one.name: one.severity for one in chosen.findings} == {
        "root": "warning",
        "other": "info",
        "effect": "fatal",
    }


def test_notes_are_no_findings_that_count() -> None:
    advice = judged(OPT9="info")
    assert advice.verdict == "ready"
    assert not advice
    assert not advice.fails("warning")
    assert advice.fails("info")


def test_they_stand_above_escalations() -> None:
    worse = rule("OPT910", "worse", config.shuffle, escalate=(escalates(config.shuffle, "fatal"),))
    assert judge_history(RUN, known([worse])).worst() == "fatal"
    assert judge_history(RUN, known([worse]), Settings(severity={"worse": "warning"})).worst() == "warning"


def test_words_that_disagree_about_one_rule_are_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"^settings\.severity\.effect: it sets OPT930 effect to fatal, but 'OPT930' "
    ):
        judged(OPT930="info", effect="fatal")
    assert judged(OPT930="info", effect="info").finding("effect") is not None
