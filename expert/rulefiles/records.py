"""Rules and remedies: their plain fields are those of the models, the others are `PARTS`. Both ways, side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from expert.errors import nearest
from expert.language.spelling import series_fault
from expert.remedy import Remedy
from expert.rule import Rule
from expert.rulefiles.names import Names, number
from expert.rulefiles.parts import PARTS
from expert.rulefiles.sheet import Sheet
from expert.rulefiles.values import Value

Record = TypeVar("Record", Rule, Remedy)
IDS: Mapping[type[BaseModel], str] = {
    Rule: "three capital letters, a family's or your own, and three digits, such as 'OPT990'",
    Remedy: "two capital letters and three digits, such as 'ZX990'",
}
A_NAME = "lower-case words joined by hyphens, such as 'restless-loss'"


def needed(model: type[BaseModel]) -> list[str]:
    """The fields that have no default."""
    return [name for name, field in model.model_fields.items() if field.is_required()]


def takes_words(model: type[BaseModel], name: str) -> bool:
    """Whether a plain field is a list of words; a single word may stand for it."""
    return name == "invalidates" or get_origin(model.model_fields[name].annotation) is tuple


def read_record(sheet: Sheet, value: Value, model: type[Record]) -> Record | None:
    """A rule or a remedy, or complaints and None."""
    before = len(sheet.complaints)
    keys = sheet.mapping(value, _called(model, value), model.model_fields, needed(model))
    made: dict[str, object] = {}
    for name, item in keys.items():
        if name in PARTS:
            made[name] = PARTS[name].read(sheet, item)
        else:
            single = isinstance(item.data, str) and takes_words(model, name)
            made[name] = (item.plain(),) if single else item.plain()
    for item in sheet.one_or_more(keys["invalidates"]) if "invalidates" in keys else ():
        if isinstance(item.data, str) and (fault := series_fault(item.data)):
            sheet.wrong(item, fault)
    try:
        record = model.model_validate(made)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            if found["type"] != "missing":  # that was told of the whole record
                sheet.wrong(value.place_of(found["loc"]), _said(dict(found), model))
        return None
    return record if len(sheet.complaints) == before else None


def write_record(record: Rule | Remedy, names: Names) -> dict[str, object]:
    """As `read_record` reads it: the fields in the order of the model, without those at their default."""
    made: dict[str, object] = {}
    for name, field in type(record).model_fields.items():
        value = getattr(record, name)
        if field.is_required() or value != field.default:
            made[name] = PARTS[name].write(value, names) if name in PARTS else _written(value)
    return made


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return number(value) if isinstance(value, float) else value


def _called(model: type[BaseModel], value: Value) -> str:
    """A record as complaints call it: by its id and name where it has them."""
    kind, entries = model.__name__.lower(), value.data if isinstance(value.data, dict) else {}
    names = [str(entries[key].data) for key in ("id", "name") if key in entries]
    return " ".join((kind, *names)) if names else f"a {kind}"


def _said(found: Mapping[str, Any], model: type[BaseModel]) -> str:
    """A complaint of pydantic's in our words: where, what was seen, what is allowed, the nearest spelling."""
    message = str(found["msg"]).removeprefix("Value error, ")
    path = [str(part) for part in found["loc"] if not isinstance(part, int)]
    if not path or found["type"] == "value_error":
        return message
    seen = found["input"]
    shown = repr(seen) if isinstance(seen, str | int | float) else "this"
    if found["type"] == "literal_error":
        choices = re.findall(r"'([^']*)'", found["ctx"]["expected"])
        return f"'{path[-1]}' is one of {', '.join(choices)}, not {shown}.{nearest(str(seen), choices)}"
    if found["type"] == "string_pattern_mismatch":
        return f"'{path[-1]}' is {IDS[model] if path[-1] == 'id' else A_NAME}, not {shown}."
    if found["type"] == "string_type":
        return f"'{path[-1]}' is a text, not {shown}; put it in quotes."
    if found["type"] == "tuple_type":
        return f"'{path[-1]}' is a list, not {shown}."
    return f"'{path[-1]}': {message[:1].lower()}{message[1:]}, not {shown}."
