"""Terms, limits and conditions: the closed union of nodes, spelled as mappings with few keys. Both ways, side by side.

A leaf names a value (``signal`` and ``of``, a ``term`` of the file, or a ``field``) and one relation; ``all``, ``any``
and ``not`` join conditions. ``known: false`` is the only short form: it is ``not`` of ``known: true``.
"""

from __future__ import annotations

from collections.abc import Mapping

from expert.errors import nearest
from expert.language.nodes import (
    All,
    AnyOf,
    Compare,
    ConditionNode,
    FieldTerm,
    Known,
    Not,
    OneOf,
    Operator,
    SignalTerm,
)
from expert.language.spelling import field_kind
from expert.limits import Limit
from expert.rulefiles.names import Names, look_up, number, read_scalar, read_term, write_term
from expert.rulefiles.sheet import Sheet
from expert.rulefiles.values import Value

JOINS: Mapping[str, type[All] | type[AnyOf]] = {"all": All, "any": AnyOf}
SUBJECTS = ("signal", "term", "field")
OPERATORS: Mapping[str, Operator] = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}
RELATIONS = (*OPERATORS, "is", "known")
EXAMPLE = "{field: config.optimizer, is: adam}"
KEYS = (*JOINS, "not", "signal", "of", "term", "field", *RELATIONS)


def read_condition(sheet: Sheet, value: Value) -> ConditionNode | None:
    """A condition, or complaints and None."""
    if not isinstance(value.data, dict):
        sheet.wrong(value, f"a condition is a mapping, such as {EXAMPLE}, not {value}.")
        return None
    keys = sheet.mapping(value, "a condition", KEYS)
    misspelled = sheet.is_misspelled(value, keys)
    joins = [key for key in (*JOINS, "not") if key in keys]
    if joins:
        if len(keys) > 1:
            others = ", ".join(f"'{key}'" for key in keys if key != joins[0])
            sheet.wrong(
                value, f"'{joins[0]}' stands alone in its mapping; {others} must go into a condition of its own."
            )
        return _joined(sheet, joins[0], keys[joins[0]])
    relations = [key for key in RELATIONS if key in keys]
    subject = _subject(sheet, value, keys, misspelled)
    if len(relations) != 1:
        seen = f"two of them: {', '.join(relations)}; join two conditions with 'all'" if relations else "none"
        if relations or not misspelled:
            sheet.wrong(value, f"a condition has one of {', '.join(RELATIONS)}, and this has {seen}.")
        return None
    return _leaf(sheet, subject, relations[0], keys[relations[0]])


def _joined(sheet: Sheet, join: str, value: Value) -> ConditionNode | None:
    if join == "not":
        part = read_condition(sheet, value)
        return None if part is None else Not(part=part)
    items = sheet.items(value, f"'{join}'")
    if value.data == []:
        sheet.wrong(value, f"'{join}' lists at least one condition.")
    parts = [read_condition(sheet, item) for item in items]
    whole = tuple(part for part in parts if part is not None)
    return JOINS[join](parts=whole) if whole and len(whole) == len(parts) else None


def _subject(sheet: Sheet, value: Value, keys: Mapping[str, Value], misspelled: bool) -> SignalTerm | FieldTerm | None:
    """What a leaf is about."""
    named = [key for key in SUBJECTS if key in keys]
    if len(named) != 1:
        seen = f"has {' and '.join(named)}" if named else "has none of them"
        if named or not misspelled:
            sheet.wrong(value, f"a condition says what it is about with signal, term or field, and this {seen}.")
        return None
    if "of" in keys and "signal" not in keys:
        sheet.wrong(keys["of"], f"'of' names the series of a signal, and a {named[0]} has none.")
    if "signal" in keys:
        return read_term(sheet, "a condition", keys)
    word = sheet.text(keys[named[0]], f"a {named[0]}")
    return None if word is None else look_up(sheet, keys[named[0]], word, named[0])


def _leaf(sheet: Sheet, term: SignalTerm | FieldTerm | None, relation: str, value: Value) -> ConditionNode | None:
    if relation == "known":
        if not isinstance(value.data, bool):
            sheet.wrong(value, f"'known' is true or false, not {value}.")
        if term is None:
            return None
        return Known(term=term) if value.data else Not(part=Known(term=term))
    if relation == "is":
        values = [read_scalar(sheet, item, term) for item in sheet.one_or_more(value)]
        if not values:
            sheet.wrong(value, "'is' lists at least one value.")
        whole = tuple(item for item in values if item is not None)
        return OneOf(term=term, values=whole) if term and whole and len(whole) == len(values) else None
    if isinstance(term, FieldTerm) and (kind := field_kind(str(term))[0]) != "number":
        sheet.wrong(value, f"{term} is {'true or false' if kind == 'flag' else 'a word'}; ask for it with 'is'.")
        return None
    bound = _bound(sheet, relation, value)
    return None if term is None or bound is None else Compare(term=term, operator=OPERATORS[relation], bound=bound)


def _bound(sheet: Sheet, relation: str, value: Value) -> Limit | float | None:
    if not isinstance(value.data, str):
        return sheet.number(value, f"'{relation}'", "a finite number or the name of a limit")
    if value.data not in sheet.limits:
        sheet.wrong(value, f"no limit '{value.data}' is defined under 'limits'.{nearest(value.data, sheet.limits)}")
    return sheet.limits.get(value.data)


def write_condition(node: ConditionNode, names: Names) -> dict[str, object]:
    """As `read_condition` reads it."""
    if isinstance(node, All | AnyOf):
        return {"all" if isinstance(node, All) else "any": [write_condition(part, names) for part in node.parts]}
    if isinstance(node, Not):
        if isinstance(node.part, Known):
            return {**_about(node.part.term, names), "known": False}
        return {"not": write_condition(node.part, names)}
    about = _about(node.term, names)
    if isinstance(node, Known):
        return {**about, "known": True}
    if isinstance(node, OneOf):
        values = [number(value) for value in node.values]
        return {**about, "is": values[0] if len(values) == 1 else values}
    word = next(word for word, operator in OPERATORS.items() if operator == node.operator)
    return {**about, word: node.bound.name if isinstance(node.bound, Limit) else number(node.bound)}


def _about(term: SignalTerm | FieldTerm, names: Names) -> dict[str, object]:
    if isinstance(term, FieldTerm):
        return {"field": str(term)}
    return {"term": names[term]} if term in names else write_term(term)
