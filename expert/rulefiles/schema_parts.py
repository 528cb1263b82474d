"""The JSON Schema of conditions, cases and the other parts of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel

from expert.language.handles import profile_record
from expert.language.spelling import RECORDS, all_fields, field_kind
from expert.rule import SEVERITIES
from expert.rulefiles.cases import FORMS
from expert.rulefiles.conditions import KEYS, OPERATORS, RELATIONS, SUBJECTS
from expert.rulefiles.described import DESCRIBED
from expert.rulefiles.parts import FRAMEWORKS, OPERATIONS, SIDES, WEIGHTS
from expert.rulefiles.sheet import MOST_POINTS

Schema: TypeAlias = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_POINTS}
SCALAR: Schema = {"type": ["boolean", "number", "string"]}


def ref(name: str) -> Schema:
    """A definition, by name."""
    return {"$ref": f"#/definitions/{name}"}


def mapping(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """An object that has these keys and no others, each with what is said of it."""
    described = {
        key: {"description": DESCRIBED[key], **value} if key in DESCRIBED and "$ref" not in value else value
        for key, value in properties.items()
    }
    return {"type": "object", "additionalProperties": False, "properties": described, "required": list(required)}


def one_or_more(items: Schema) -> Schema:
    """A list; one item may stand for it."""
    return {"anyOf": [items, {"type": "array", "items": items, "minItems": 1}]}


def conditions() -> Schema:
    """The definition of conditions."""
    several = {"type": "array", "items": ref("condition"), "minItems": 1}
    values: dict[str, Schema] = {
        "all": several,
        "any": several,
        "not": ref("condition"),
        "signal": ref("signal"),
        "of": one_or_more(ref("series")),
        "term": TEXT,
        "field": ref("field"),
        **{key: {"type": ["number", "string"]} for key in OPERATORS},
        "is": one_or_more(SCALAR),
        "known": {"type": "boolean"},
    }
    alone = [{"required": [key], "maxProperties": 1} for key in ("all", "any", "not")]
    leaf = {"allOf": [{"oneOf": [{"required": [key]} for key in keys]} for keys in (SUBJECTS, RELATIONS)]}
    return {
        "condition": {
            **mapping({key: values[key] for key in KEYS}),
            "oneOf": [*alone, leaf],
            "dependencies": {"of": ["signal"]},
            "allOf": [_where(names, {"properties": fitting}) for names, fitting in _fitting_values()],
        }
    }


def _fitting_values() -> Iterable[tuple[Sequence[str], Schema]]:
    """Fields with the relations that fit them."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for field in all_fields():
        groups.setdefault(field_kind(field), []).append(field)
    for (kind, words), names in sorted(groups.items()):
        allowed: Schema = (
            {"enum": list(words)} if words else {"type": {"flag": "boolean", "word": "string"}.get(kind, kind)}
        )
        yield names, {"is": one_or_more(allowed)} | ({} if kind == "number" else dict.fromkeys(OPERATORS, False))


def _where(names: Sequence[str], then: Schema) -> Schema:
    return {"if": {"properties": {"field": {"enum": list(names)}}, "required": ["field"]}, "then": then}


def parts() -> Schema:
    """The definitions of the parts of records, apart from conditions and cases."""
    when = {"when": ref("condition")}
    sides = {side: {"enum": list(WEIGHTS)} for side in SIDES}
    evidence = mapping({**sides, **when, "text": TEXT, "group": TEXT}, ("when", "text"))
    return {
        "evidence": evidence | {"oneOf": [{"required": [side]} for side in SIDES]},
        "escalate": mapping({"severity": {"enum": list(SEVERITIES)}, **when}, ("severity", "when")),
        "not_when": mapping({**when, "reason": TEXT}, ("when", "reason")),
        "changes": mapping({"target": ref("field"), "multiply": NUMBER, "set": SCALAR, **when}, ("target",))
        | {"oneOf": [{"required": [operation]} for operation in OPERATIONS]},
        "snippets": mapping(dict.fromkeys(FRAMEWORKS, TEXT)) | {"minProperties": 1, "maxProperties": 1},
    }


def cases() -> Schema:
    """The definitions of cases and what they are made of."""
    ends = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
    drawn = {**dict.fromkeys(FORMS, ends), "flat": NUMBER, "count": COUNT, "noise": NUMBER}
    strokes = {"type": "array", "items": ref("stroke"), "minItems": 1}
    unknown = {"type": "object", "properties": {"known": {"const": False}}, "required": ["known"], "maxProperties": 1}
    levels = {"type": "object", "additionalProperties": NUMBER}
    run = {
        "curves": {"type": "object", "propertyNames": ref("series"), "additionalProperties": ref("curve")},
        "layers": {"type": "object", "additionalProperties": levels},
        **{record: _profile(profile_record(record)) for record in RECORDS},
    }
    return {
        "stroke": {
            "anyOf": [
                mapping(drawn, ("count",)) | {"oneOf": [{"required": [form]} for form in (*FORMS, "flat")]},
                mapping({"broken": COUNT}, ("broken",)),
            ]
        },
        "curve": {"anyOf": [strokes, mapping({"per_epoch": COUNT, "strokes": strokes}, ("per_epoch", "strokes"))]},
        "run": mapping(run),
        "case": mapping(
            {
                "case": TEXT,
                "facts": {"type": "object", "additionalProperties": {"anyOf": [SCALAR, unknown]}},
                "run": ref("run"),
            },
            ("case",),
        )
        | {"anyOf": [{"required": ["facts"]}, {"required": ["run"]}]},
    }


def _profile(model: type[BaseModel]) -> Schema:
    """A profile's own schema, its parts in place; what is unknown is left out and not written as null."""
    schema = model.model_json_schema()
    return {"type": "object", "additionalProperties": False, "properties": inlined(schema["properties"], schema)}


def inlined(part: Any, whole: Schema) -> Any:
    """A part of a schema of pydantic's, with what it refers to in place."""
    if isinstance(part, dict):
        if "$ref" in part:
            return inlined(whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
        return {key: inlined(value, whole) for key, value in part.items() if key not in ("default", "title")}
    return [inlined(item, whole) for item in part] if isinstance(part, list) else part
