"""The JSON Schema of rule files, from which editors complete and check them. It names what is known: signals, series,
fields, remedies, rules; where plugins may add more, their words are allowed, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import BaseModel

from expert.history.role_table import FIXED_ROLES, PHASE_SUBJECTS, QUANTITIES
from expert.language.spelling import all_fields
from expert.remedy import Remedy
from expert.rule import Rule
from expert.rulefiles.parts import PARTS
from expert.rulefiles.records import needed, takes_words
from expert.rulefiles.schema_parts import (
    NUMBER,
    TEXT,
    Schema,
    cases,
    conditions,
    inlined,
    mapping,
    one_or_more,
    parts,
    ref,
)

if TYPE_CHECKING:
    from expert.knowledge import Knowledge


def schema_of(knowledge: Knowledge) -> Schema:
    """The schema, with the words of this body of knowledge."""
    sections: dict[str, Schema] = {
        "expert_api": {"type": ["integer", "string"]},
        "limits": {"type": "object", "additionalProperties": ref("limit")},
        "terms": {"type": "object", "additionalProperties": ref("term")},
        "remedies": {"type": "array", "items": ref("remedy")},
        "rules": {"type": "array", "items": ref("rule")},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules and remedies of training-expert",
        **mapping(sections),
        "anyOf": [{"required": ["remedies"]}, {"required": ["rules"]}],
        "definitions": _words(knowledge) | conditions() | parts() | cases() | _records(),
    }


def _suggested(words: Iterable[str]) -> Schema:
    """Words to complete; others are allowed, as plugins have them."""
    return {"anyOf": [{"enum": sorted(words)}, TEXT]}


def _words(knowledge: Knowledge) -> Schema:
    rules = knowledge.catalogue.rules.values()
    usual = [f"{subject}.{quantity}" for subject in PHASE_SUBJECTS for quantity in (*QUANTITIES, "score")]
    return {
        "signal": _suggested(knowledge.signals),
        "series": {
            "anyOf": [
                {"enum": sorted([*FIXED_ROLES, *usual])},
                {"type": "string", "pattern": rf"^({'|'.join(PHASE_SUBJECTS)})\.[a-z][a-z0-9_]*$"},
            ]
        },
        "field": {"enum": list(all_fields())},
        "rule_name": _suggested([word for rule in rules for word in (rule.id, rule.name)]),
        "remedy_name": _suggested(one.name for one in knowledge.remedies.values()),
        "term": mapping({"signal": ref("signal"), "of": one_or_more(ref("series"))}, ("signal",)),
        "for_profile": mapping({"value": NUMBER, "source": TEXT, "healthy": TEXT}, ("value",)),
        "limit": mapping(
            {
                "value": NUMBER,
                "unit": TEXT,
                "source": TEXT,
                "healthy": TEXT,
                "profiles": {"type": "object", "additionalProperties": {"anyOf": [NUMBER, ref("for_profile")]}},
            },
            ("value", "source"),
        ),
    }


def _records() -> Schema:
    return {model.__name__.lower(): _record(model) for model in (Rule, Remedy)}


REFERENCES = {
    "explains": "rule_name",
    "unless": "rule_name",
    "silences": "rule_name",
    "remedies": "remedy_name",
    "invalidates": "series",
}


CONDITIONS = ("when", "worked")
"""The parts of a record that are a condition; the others are lists."""


def _record(model: type[BaseModel]) -> Schema:
    special = {**dict.fromkeys(CONDITIONS, ref("condition")), "fires": ref("case"), "quiet": ref("case")}
    whole = model.model_json_schema()
    properties: dict[str, Schema] = {}
    for name in model.model_fields:
        if name in PARTS:
            part = special.get(name, ref(name))
            properties[name] = part if name in CONDITIONS else {"type": "array", "items": part}
        elif takes_words(model, name):
            words = inlined(whole["properties"][name]["items"], whole)
            properties[name] = one_or_more(ref(REFERENCES[name]) if name in REFERENCES else words)
            properties[name]["anyOf"][1].pop("minItems")
        else:
            properties[name] = inlined(whole["properties"][name], whole)
    return mapping(properties, needed(model))
