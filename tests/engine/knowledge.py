"""A small body of knowledge for tests of the engine: rules over profile fields, so that facts are simply given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expert.advice import Advice
from expert.authoring import Remedy, Rule, case, config, facts
from expert.history import History
from expert.knowledge import Knowledge, assemble
from expert.pipeline import judge_history
from expert.settings import Settings

DEFAULTS: Mapping[str, Any] = {
    "kind": "symptom",
    "family": "optimization",
    "level": "optimization",
    "severity": "warning",
    "prior": 0.6,
    "symptom": "something is seen to happen",
    "cause": "something makes it happen",
    "meaning": "It means what it says.",
    "mechanism": "It happens as it happens.",
    "false_alarms": "Where it is meant to be so.",
    "source": ("test",),
}


def rule(identity: str, name: str, when: Any, **fields: Any) -> Rule:
    """A rule with everything a test does not care about filled in."""
    cases = {
        "fires": (case("fires", facts(config.batch_size.of(1.0))),),
        "quiet": (case("quiet", facts(config.batch_size.of(9.0))),),
    }
    return Rule.model_validate({"id": identity, "name": name, "when": when, **DEFAULTS, **cases, **fields})


def remedy(identity: str, name: str, **fields: Any) -> Remedy:
    """A remedy with everything a test does not care about filled in."""
    filled = {"title": name, "do": "Do it.", "cost": "config line", "risk": "low", "watch": "it", "source": ("test",)}
    return Remedy.model_validate({"id": identity, "name": name, **filled, **fields})


def advice(
    rules: list[Rule], remedies: list[Remedy] | None = None, settings: Settings | None = None, **fields: Any
) -> Advice:
    """Advice of these rules on a run that has only a configuration."""
    return judge_history(History.model_validate({"config": fields}), known(rules, remedies), settings)


def known(rules: list[Rule], remedies: list[Remedy] | None = None) -> Knowledge:
    """The knowledge these rules and remedies make; a problem in them fails the test."""
    knowledge = assemble(rules, remedies or [])
    assert not knowledge.problems
    return knowledge
