"""The parts of records that have a spelling of their own: conditions, evidence, cases and others. Both ways, side by
side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from expert.language.nodes import ConditionNode, FieldTerm, Known
from expert.remedy import Change, Contraindication, Operation, Snippet
from expert.rule import SEVERITIES, Escalation, Evidence, Weight
from expert.rulefiles.cases import read_case, write_case
from expert.rulefiles.conditions import read_condition, write_condition
from expert.rulefiles.names import Names, number
from expert.rulefiles.sheet import Sheet
from expert.rulefiles.values import Value

WEIGHTS: tuple[Weight, ...] = get_args(Weight)
SIDES = ("supports", "against")
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
FRAMEWORKS: tuple[str, ...] = get_args(Snippet.model_fields["framework"].annotation)
UNREAD: ConditionNode = Known(term=FieldTerm(record="config", name="shuffle"))
"""Stands in for a condition that was complained of, so that the rest of its record is looked at too."""


@dataclass(frozen=True, slots=True)
class Part:
    """How a part is read, and how it is written so."""

    read: Callable[[Sheet, Value], object]
    write: Callable[[Any, Names], object]


def _read_when(sheet: Sheet, value: Value) -> ConditionNode:
    return read_condition(sheet, value) or UNREAD


def _when_in(sheet: Sheet, keys: Mapping[str, Value]) -> ConditionNode:
    return _read_when(sheet, keys["when"]) if "when" in keys else UNREAD


def _text_in(sheet: Sheet, keys: Mapping[str, Value], name: str) -> str:
    return (sheet.text(keys[name], f"'{name}'") if name in keys else None) or ""


def _read_evidence(sheet: Sheet, value: Value) -> dict[str, object]:
    keys = sheet.mapping(value, "evidence", (*SIDES, "when", "text", "group"), ("when", "text"))
    sides = [side for side in SIDES if side in keys]
    if len(sides) != 1 and (sides or not sheet.is_misspelled(value, keys)):
        sheet.wrong(value, f"evidence has either 'supports' or 'against', with {', '.join(WEIGHTS)}.")
    weights = [sheet.choice(keys[side], f"'{side}'", WEIGHTS) for side in sides]
    return {
        "condition": _when_in(sheet, keys),
        "weight": next(filter(None, weights), WEIGHTS[0]),
        "supports": sides != ["against"],
        "text": (sheet.template(keys["text"], "'text'") if "text" in keys else None) or "",
        "group": _text_in(sheet, keys, "group"),
    }


def _write_evidence(item: Evidence, names: Names) -> dict[str, object]:
    group = {"group": item.group} if item.group else {}
    side = "supports" if item.supports else "against"
    return {side: item.weight, "when": write_condition(item.condition, names), "text": item.text, **group}


def _read_escalation(sheet: Sheet, value: Value) -> dict[str, object]:
    keys = sheet.mapping(value, "an escalation", ("severity", "when"), ("severity", "when"))
    severity = sheet.choice(keys["severity"], "'severity'", SEVERITIES) if "severity" in keys else None
    return {"condition": _when_in(sheet, keys), "severity": severity or SEVERITIES[0]}


def _write_escalation(item: Escalation, names: Names) -> dict[str, object]:
    return {"severity": item.severity, "when": write_condition(item.condition, names)}


def _read_not_when(sheet: Sheet, value: Value) -> dict[str, object]:
    keys = sheet.mapping(value, "a contra-indication", ("when", "reason"), ("when", "reason"))
    return {"condition": _when_in(sheet, keys), "reason": _text_in(sheet, keys, "reason")}


def _write_not_when(item: Contraindication, names: Names) -> dict[str, object]:
    return {"when": write_condition(item.condition, names), "reason": item.reason}


def _read_change(sheet: Sheet, value: Value) -> dict[str, object]:
    keys = sheet.mapping(value, "a change", ("target", *OPERATIONS, "when"), ("target",))
    made = [name for name in OPERATIONS if name in keys]
    if len(made) != 1 and (made or not sheet.is_misspelled(value, keys)):
        sheet.wrong(value, f"a change has either {' or '.join(repr(name) for name in OPERATIONS)}.")
    target = _text_in(sheet, keys, "target")
    operation = made[0] if made else OPERATIONS[0]
    if "multiply" in keys:
        changed: object = sheet.number(keys["multiply"], "'multiply'")
    else:
        changed = keys["set"].plain() if "set" in keys else None
    when = {"when": _read_when(sheet, keys["when"])} if "when" in keys else {}
    return {"target": target, "operation": operation, "value": 0.0 if changed is None else changed, **when}


def _write_change(item: Change, names: Names) -> dict[str, object]:
    value = number(item.value) if isinstance(item.value, float) else item.value
    when = {} if item.when is None else {"when": write_condition(item.when, names)}
    return {"target": item.target, item.operation: value, **when}


def _read_snippet(sheet: Sheet, value: Value) -> dict[str, object]:
    keys = sheet.mapping(value, "a snippet", FRAMEWORKS)
    if len(keys) != 1:
        if keys or not sheet.is_misspelled(value, keys):
            sheet.wrong(
                value, f"a snippet is for one of {', '.join(FRAMEWORKS)}, not for {' and '.join(keys) or 'none'}."
            )
        return {"framework": FRAMEWORKS[0], "code": ""}
    ((framework, code),) = keys.items()
    return {"framework": framework, "code": sheet.template(code, f"'{framework}'") or ""}


def _write_snippet(item: Snippet, names: Names) -> dict[str, object]:
    return {item.framework: item.code}


def _list_of(what: str, read: Callable[[Sheet, Value], object], write: Callable[[Any, Names], object]) -> Part:
    return Part(
        lambda sheet, value: [read(sheet, item) for item in sheet.items(value, f"'{what}'")],
        lambda items, names: [write(item, names) for item in items],
    )


PARTS: Mapping[str, Part] = {
    "when": Part(_read_when, write_condition),
    "evidence": _list_of("evidence", _read_evidence, _write_evidence),
    "escalate": _list_of("escalate", _read_escalation, _write_escalation),
    "fires": _list_of("fires", read_case, write_case),
    "quiet": _list_of("quiet", read_case, write_case),
    "not_when": _list_of("not_when", _read_not_when, _write_not_when),
    "changes": _list_of("changes", _read_change, _write_change),
    "worked": Part(_read_when, write_condition),
    "snippets": _list_of("snippets", _read_snippet, _write_snippet),
}
