"""The laws on every built-in rule, and what holds of all of them together."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from expert.knowledge import load
from expert.rule import Rule
from expert.testing import check_rule

ROOT = Path(__file__).parents[2] / "rules"
_, KNOWLEDGE = load()
RULES = list(KNOWLEDGE.catalogue.rules.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_rule_keeps_the_laws(rule: Rule) -> None:
    check_rule(rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_file_is_named_after_the_rule(rule: Rule) -> None:
    path = ROOT / rule.family / f"{rule.name.replace('-', '_')}.py"
    assert path.exists()
    assert rule == importlib.import_module(f"expert.rules.{rule.family}.{path.stem}").RULE


def test_no_rule_file_is_left_out() -> None:
    files = {path.stem for path in ROOT.glob("*/*.py") if path.parent.name != "remedies" and path.stem != "__init__"}
    assert files == {rule.name.replace("-", "_") for rule in RULES}


def test_nothing_is_wrong_with_the_built_in_knowledge() -> None:
    assert KNOWLEDGE.problems == ()


def test_the_core_symptoms_are_those_that_health_is_judged_by() -> None:
    assert {rule.id for rule in RULES if rule.core} == {"NUM101", "OPT106", "OSC101", "PLT104", "PLT106", "GEN101"}


def test_names_and_aliases_are_unique() -> None:
    words = [word for rule in RULES for word in (rule.id, rule.name, *rule.aliases)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_serious_rule_says_what_to_do(rule: Rule) -> None:
    assert rule.kind == "guard" or rule.remedies
