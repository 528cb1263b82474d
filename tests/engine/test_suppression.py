"""Findings that are accepted: hidden with a reason, never lost, and told when the suppression is of no more use."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from expert import Advice, History, advise
from expert.authoring import config, signal, train
from expert.pipeline import judge_history
from expert.settings import settings_from
from expert.settings.paths import matches, pattern_in
from tests.engine.knowledge import known, remedy, rule

ROOT = rule("OPT910", "root", config.shuffle, kind="cause", explains=("middle",), remedies=("help-root",))
MIDDLE = rule("OPT920", "middle", config.shuffle, kind="cause", explains=("effect",), remedies=("help-middle",))
EFFECT = rule("OPT930", "effect", config.shuffle, severity="error", remedies=("help-effect",))
RIVAL = rule("OPT940", "rival", config.shuffle, unless=("middle",))
ABSENT = rule("OPT950", "absent", config.nesterov)
UNKNOWN = rule("OPT960", "unknown", config.momentum > 0.5)
RULES = [ROOT, MIDDLE, EFFECT, RIVAL, ABSENT, UNKNOWN]
REMEDIES = [remedy(f"FX90{n}", f"help-{name}") for n, name in enumerate(("root", "middle", "effect"))]
LONG_AGO, FAR = datetime.date(2020, 1, 1), datetime.date(2999, 1, 1)


def judged(*suppress: dict[str, Any], source: str = "", **settings: Any) -> Advice:
    given = settings_from({"suppress": [{"reason": "we know", **one} for one in suppress], **settings})
    run = History.model_validate({"config": {"shuffle": True, "nesterov": False}})
    return judge_history(run, known(RULES, REMEDIES), given, source=source)


def names(advice: Advice) -> list[str]:
    return [one.name for one in advice.findings]


def test_what_is_suppressed_is_listed_with_its_reason_and_counts_for_nothing() -> None:
    assert set(names(judged())) == {"root", "middle", "effect"}
    advice = judged({"rule": "OPT9", "until": FAR})
    assert advice.findings == advice.recommendations == ()
    assert advice.verdict == "cannot_judge"
    assert not advice
    assert not advice.fails("info")
    assert [one.finding.name for one in advice.suppressed] == ["effect", "root", "middle"], "the most severe first"
    first = advice.suppressed[0]
    assert (first.by, first.reason, first.until) == ("OPT9", "we know", FAR)
    assert first.where == "settings.suppress[0]"
    assert advice.coverage.judged == judged().coverage.judged
    assert Advice.from_json(advice.to_json()) == advice


def test_why_still_answers_and_why_not_says_that_it_is_suppressed() -> None:
    advice = judged({"rule": "effect"})
    assert advice.why("effect").startswith("OPT930 effect: found, confidence")
    assert "it was found, but the settings suppress it" in advice.why_not("effect")


def test_a_suppressed_explainer_still_explains_and_rules_out() -> None:
    advice = judged({"rule": "middle"})
    assert "rival" not in names(advice)
    effect = advice.finding("effect")
    assert effect is not None
    assert effect.explained_by == ("OPT920", "OPT910"), "and so does what explains the explainer"
    assert "Also seen, and explained by this: effect" in str(advice)
    assert [one.name for one in advice.recommendations] == ["help-root"], "no remedy serves what is suppressed"


def test_what_only_the_suppressed_explain_is_a_finding_of_its_own_and_says_so() -> None:
    advice = judged({"rule": "root"}, {"rule": "middle"})
    assert names(advice) == ["effect"]
    assert advice.verdict == "findings"
    assert advice.headline == "Something is seen to happen; probable cause: something makes it happen."
    assert "Explained by what the settings suppress: root, middle." in str(advice)
    assert [one.name for one in advice.recommendations] == ["help-effect"]


def test_an_ignored_rule_is_as_if_it_were_not_there() -> None:
    advice = judged({"rule": "middle"}, ignore=["middle"])
    assert "rival" in names(advice)
    assert advice.suppressed == ()
    assert advice.unused == ()


def test_an_expired_suppression_hides_nothing_and_is_told() -> None:
    advice = judged({"rule": "effect", "until": LONG_AGO})
    assert "effect" in names(advice)
    (told,) = advice.unused
    assert told.note == (
        "The suppression of 'effect' (settings.suppress[0]) expired on 2020-01-01 and hides nothing; its reason was: "
        "we know"
    )
    assert "expired on 2020-01-01" in str(advice)
    assert judged({"rule": "effect", "until": datetime.date.today()}).unused == (), "the last day counts"


def test_a_suppression_that_hides_nothing_is_told_where_its_rules_were_judged() -> None:
    (told,) = judged({"rule": "absent"}).unused
    assert told.note == (
        "The suppression of 'absent' (settings.suppress[0]) hides nothing here; take it out, or name the logs it is "
        "meant for under source."
    )
    assert "(settings.suppress[0]) hides nothing here" in str(judged({"rule": "absent"}))
    assert judged({"rule": "unknown"}).unused == (), "what could not be judged may still need it"
    (told,) = judged({"rule": "absent", "source": "*.csv"}, source="a.csv").unused
    assert told.note.endswith("hides nothing here; take it out.")


def test_a_suppression_with_a_source_holds_for_its_logs_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ours = {"rule": "effect", "source": ["gan/*.csv", "odd.csv"]}
    for source in ("gan/a.csv", "./gan/b.csv", str(tmp_path / "gan" / "c.csv"), "x/y/odd.csv", "gan/a.csv, run 2"):
        assert "effect" not in names(judged(ours, source=source)), source
    for source in ("", "a.csv", "gan/x/a.csv", "other/gan/a.csv"):
        advice = judged(ours, source=source)
        assert "effect" in names(advice), source
        assert advice.unused == (), "it is not meant for this log"


@pytest.mark.parametrize(
    ("pattern", "path", "meant"),
    [
        ("runs/*.csv", "runs/a.csv", True),
        ("runs/*.csv", "runs/deep/a.csv", False),
        ("runs/**/*.csv", "runs/a.csv", True),
        ("runs/**/*.csv", "runs/deep/deeper/a.csv", True),
        ("runs/**", "runs/deep/a.csv", True),
        ("**/a.csv", "a.csv", True),
        ("a?[0-9].csv", "elsewhere/ab1.csv", True),
        ("../b/*.csv", "../b/x.csv", True),
        ("./runs/a.csv", "runs/a.csv", True),
        ("runs/a.csv", "Runs/a.csv", False),
    ],
)
def test_patterns_are_those_of_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, path: str, meant: bool
) -> None:
    folder = tmp_path / "odd [name]*"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert matches(path, pattern) is meant
    assert matches(path, pattern_in(str(folder), pattern)) is meant


def test_a_healthy_run_is_not_passed_for_healthy_while_a_core_symptom_is_suppressed() -> None:
    rises = rule("OPT970", "rises", signal.last_value(train.loss) > 5.0, core=True, severity="error")
    run = History.from_columns({"loss": [6.0 + k for k in range(12)]})
    for settings in ({"suppress": [{"rule": "rises", "reason": "by design"}]}, {"severity": {"rises": "info"}}):
        advice = judge_history(run, known([rises]), settings_from(settings))
        assert advice.verdict == "cannot_judge"
        assert advice.headline.startswith(
            "Nothing that counts was found, but I do not call the run healthy: rises is there"
        )
    assert not advice.suppressed


def test_the_text_has_one_line_for_what_is_hidden_however_much_it_is() -> None:
    many = [rule(f"OPT{900 + k}", f"rule-{k}", config.shuffle) for k in range(6)]
    settings = settings_from({"suppress": [{"rule": "OPT", "reason": "a reason " * 30}]})
    text = str(judge_history(History.model_validate({"config": {"shuffle": True}}), known(many), settings))
    (paragraph,) = [
        part for part in text.split("\n\n") if part.startswith("Suppressed by the settings: rule-0 (a reason")
    ]
    assert "rule-2" in paragraph
    assert "rule-3" not in paragraph
    assert paragraph.endswith("3 more.")


def test_built_in_rules_are_suppressed_by_what_they_are_called(tmp_path: Path) -> None:
    log = tmp_path / "swings.csv"
    log.write_text("epoch,loss\n" + "".join(f"{k},{0.5 + k % 2}\n" for k in range(30)))
    for word in ("OSC101", "oscillating-loss", "oscillation", "OSC", "OSC1"):
        settings = {"suppress": [{"rule": word, "reason": "a GAN", "source": "swings.*"}]}
        advice = advise(log, settings=settings)
        assert [one.finding.rule for one in advice.suppressed] == ["OSC101"]
        assert "Suppressed by the settings: oscillating-loss (a GAN)." in str(advice)


@pytest.mark.parametrize(
    "columns",
    [
        {"loss": [1.5, 0.5] * 15, "val_loss": [1.4, 0.6] * 15},
        {"loss": [2.0 * 0.9**k for k in range(40)], "val_loss": [0.5 + 0.02 * k for k in range(40)]},
        {"loss": [1.0] * 40, "accuracy": [0.1] * 40},
    ],
)
def test_suppressing_changes_nothing_about_what_else_is_found(columns: dict[str, list[float]]) -> None:
    whole = advise(columns)
    assert whole.findings
    for hidden in whole.findings:
        advice = advise(columns, settings={"suppress": [{"rule": hidden.rule, "reason": "by design"}]})
        assert [one.finding.rule for one in advice.suppressed] == [hidden.rule]
        others = {one.rule: (one.severity, one.confidence) for one in whole.findings if one.rule != hidden.rule}
        assert {one.rule: (one.severity, one.confidence) for one in advice.findings} == others
        assert all(hidden.rule not in one.serves for one in advice.recommendations)
        assert (advice.coverage.judged, advice.not_judged) == (whole.coverage.judged, whole.not_judged)
