"""Which value of a limit is in force: a project's own, a named profile's, a recognized one's, or the default."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expert import History, advise
from expert.advice import Advice
from expert.assembling import conditions
from expert.authoring import config, for_profile, limit
from expert.commands.settings import RECOGNIZED
from expert.errors import SettingsError
from expert.facts import Facts
from expert.inference import Limits, judge
from expert.knowledge import load
from expert.language.nodes import Compare, leaves
from expert.limits import ForProfile, Limit
from expert.pipeline import judge_history
from expert.recognizing import ASPECT_OF, ASPECTS
from expert.settings import Settings
from tests.engine.knowledge import known, rule

SMALL = limit(
    "small-batch",
    32.0,
    source="test",
    profiles=(
        for_profile("transformer", 8.0, source="a paper", healthy="8 to 64"),
        for_profile("language-model", 4.0, source="another paper"),
        for_profile("fine-tuning", 2.0, source="a third"),
        ("protein-model", 16.0),
    ),
)
OTHER = limit("large-batch", 512.0, source="test")
KNOWLEDGE = known([rule("OPT901", "tiny-batch", (config.batch_size < SMALL) | (config.batch_size > OTHER))])
TUNED = {"config": {"batch_size": 1, "task": "language_model", "pretrained": True}, "model": {"transformer": True}}
LANGUAGE = {"config": {"batch_size": 1, "task": "language_model"}, "model": {"transformer": True}}
NETWORK = {"config": {"batch_size": 1}, "model": {"transformer": True}}


def advice(run: dict[str, Any], profile: Any = None, settings: dict[str, Any] | None = None) -> Advice:
    return judge_history(History.model_validate(run), KNOWLEDGE, Settings(**settings or {}), profile)


def bound(given: Advice) -> str:
    """The value of the limit, as the tree of the verdict shows it."""
    return given.why("tiny-batch").partition("small-batch (")[2].partition(")")[0]


@pytest.mark.parametrize(
    ("run", "profile", "settings", "value"),
    [
        ({"config": {"batch_size": 1}}, None, {}, "32"),
        (NETWORK, None, {}, "8"),
        (LANGUAGE, None, {}, "4"),
        (TUNED, None, {}, "2"),
        (TUNED, "transformer", {}, "8"),
        (TUNED, ("transformer", "fine-tuning"), {}, "8"),
        (TUNED, ("fine-tuning", "transformer"), {}, "2"),
        (TUNED, "protein-model", {}, "16"),
        (NETWORK, "cnn", {}, "32"),
        (LANGUAGE, "cnn", {}, "4"),
        (TUNED, "none", {}, "32"),
        (TUNED, ("none", "transformer"), {}, "8"),
        (TUNED, (), {}, "2"),
        (TUNED, None, {"profile": "transformer"}, "8"),
        (TUNED, None, {"profile": ["none"]}, "32"),
        (TUNED, "protein-model", {"profile": "transformer"}, "16"),
        (TUNED, "transformer", {"limits": {"small-batch": 3.0}}, "3"),
        (TUNED, None, {"limits": {"small-batch": 3.0}}, "3"),
    ],
)
def test_the_law(run: dict[str, Any], profile: Any, settings: dict[str, Any], value: str) -> None:
    assert bound(advice(run, profile, settings)) == value


@pytest.mark.parametrize("word", ["language model", "Language_Model", "language-model"])
def test_names_are_taken_as_people_write_them(word: str) -> None:
    assert bound(advice(TUNED, word)) == "4"


def test_what_is_in_force_is_told_with_its_reason() -> None:
    tuned, language, network = advice(TUNED).profiles
    assert (tuned.name, tuned.named, tuned.sign, tuned.limits) == (
        "fine-tuning",
        False,
        "pre-trained weights",
        ("small-batch",),
    )
    assert (language.name, language.limits) == ("language-model", ())
    assert network.name == "transformer"
    told = json.loads(advice(TUNED).to_json())["profiles"]
    assert told[0] == {"name": "fine-tuning", "named": False, "sign": "pre-trained weights", "limits": ["small-batch"]}


def test_a_line_says_it_where_it_matters() -> None:
    assert (
        "Profile: fine-tuning, language-model, transformer (recognized from pre-trained weights; the task\n"
        "language_model; a transformer)."
    ) in str(advice(TUNED))
    assert "Profile: cnn (named), language-model (recognized from the task language_model)." in str(
        advice(LANGUAGE, "CNN")
    )
    assert "Profile" not in str(advice({"config": {"batch_size": 1}, "model": {"convolutional": True}}))
    assert "Profile" not in str(advice(TUNED, settings={"limits": {"small-batch": 3.0}}))


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("transfomer", r"^There is no profile 'transfomer'; known are .*none\. Did you mean 'transformer'\?$"),
        ("protein_modl", r"Did you mean 'protein-model'\?$"),
        (("cnn", "tabulr"), r"no profile 'tabulr'.*Did you mean 'tabular'\?$"),
        (7, r"^profile: expected a list of words, .*, not 7\.$"),
        ("", r"^profile: expected a text, not ''\.$"),
    ],
)
def test_wrong_names_are_one_sentence(profile: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        advice(TUNED, profile)


def test_every_profile_that_can_be_recognized_can_be_named() -> None:
    falling = {"loss": [0.8**epoch for epoch in range(20)]}
    for names in ASPECTS.values():
        for name in names:
            assert advise(falling, profile=name).profiles[0].named


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        ((("none", 1.0),), "other than 'none'"),
        ((("Protein Model", 1.0),), "a word in lower case"),
        ((("cnn", 1.0), ("cnn", 2.0)), "'small' has two values for the profile 'cnn'"),
    ],
)
def test_wrong_values_for_profiles_are_refused(profiles: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        limit("small", 1.0, source="test", profiles=profiles)


def test_a_limit_with_profiles_comes_back_from_json() -> None:
    assert Limit.model_validate_json(SMALL.model_dump_json()) == SMALL


def test_the_command_shows_the_limits_of_a_profile_that_is_named(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from expert.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EXPERT_SETTINGS", raising=False)
    (tmp_path / "mine.yaml").write_text(
        """\
limits:
  few:
    value: 8
    source: our own runs
    profiles: {protein-model: {value: 2, source: a paper, healthy: 2 to 4}, transformer: 3}
rules:
  - id: PRO101
    name: few-proteins
    kind: cause
    family: data
    level: data
    severity: warning
    prior: 0.6
    symptom: there are few proteins
    cause: few proteins were given
    meaning: A model needs proteins to learn of.
    mechanism: What was not seen is not learned.
    false_alarms: Where few are enough.
    source: our own runs
    when: {field: config.batch_size, below: few}
    fires:
      - {case: one, run: {config: {batch_size: 1}}}
    quiet:
      - {case: nine, facts: {config.batch_size: 9}}
"""
    )
    (tmp_path / "expert.toml").write_text('plugins = ["mine.yaml"]\n')
    assert main(["settings"]) == 0
    assert RECOGNIZED in capsys.readouterr().out
    assert main(["settings", "--profile", "protein-model", "--profile", "rnn", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["settings"]
    assert {"key": "profile", "value": ["protein-model", "rnn"], "from": "command line"} in rows
    assert {"key": "limits", "value": {"few": 2.0}, "from": "command line"} in rows


KNOWN = load()[1]
OWN_VALUES = [(one.name, own) for one in KNOWN.limits.values() for own in one.profiles]


@pytest.mark.parametrize(("name", "own"), OWN_VALUES, ids=[f"{name}-{own.profile}" for name, own in OWN_VALUES])
def test_each_built_in_value_is_recognized_has_a_source_and_changes_a_verdict(name: str, own: ForProfile) -> None:
    assert own.profile in ASPECT_OF
    assert own.source
    assert own.healthy
    changed = Limits({name: own.value})
    assert any(
        judge(condition, facts, Limits()).truth != judge(condition, facts, changed).truth
        for one in KNOWN.catalogue.rules.values()
        for condition in conditions(one)
        if any(isinstance(leaf, Compare) and leaf.bound == KNOWN.limits[name] for leaf in leaves(condition))
        for facts in (
            Facts(case.run.history() if case.run else History(), KNOWN.signals, case.given)
            for case in (*one.fires, *one.quiet)
        )
    )
