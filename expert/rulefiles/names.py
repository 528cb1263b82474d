"""What a file defines by name and what a condition names: limits, signals over series, profile fields, values."""

from __future__ import annotations

from collections.abc import Mapping

from expert.errors import nearest
from expert.language.nodes import FieldTerm, Scalar, SignalTerm
from expert.language.spelling import all_fields, field_fault, series_fault, value_fault
from expert.limits import ForProfile, Limit, profile_fault
from expert.rulefiles.sheet import Sheet
from expert.rulefiles.values import Value

PROFILE_KEYS = tuple(name for name in ForProfile.model_fields if name != "profile")
LIMIT_KEYS = tuple(name for name in Limit.model_fields if name != "name")

Names = Mapping[SignalTerm, str]
"""How a file calls the signals it has defined under ``terms``."""


def read_limit(sheet: Sheet, name: str, value: Value) -> Limit | None:
    """``swings: {value: 0.6, unit: share, source: our own runs}``."""
    before = len(sheet.complaints)
    keys = sheet.mapping(value, f"limit '{name}'", LIMIT_KEYS, ("value", "source"))
    given: dict[str, object] = {
        key: sheet.text(item, f"'{key}'") for key, item in keys.items() if key not in ("value", "profiles")
    }
    if "value" in keys:
        given["value"] = sheet.number(keys["value"], "the value of a limit")
    if "profiles" in keys:
        profiles = sheet.named(keys["profiles"], "'profiles' is a mapping of kinds of run to values").items()
        for kind in (kind for kind, _ in profiles if profile_fault(kind)):
            sheet.wrong(keys["profiles"].keys[kind], f"{profile_fault(kind)}.")
        given["profiles"] = [_read_profile(sheet, kind, item) for kind, item in profiles]
    return None if len(sheet.complaints) > before else Limit.model_validate({"name": name, **given})


def _read_profile(sheet: Sheet, kind: str, value: Value) -> dict[str, object]:
    """``transformer: 0.8``, or ``transformer: {value: 0.8, source: our own runs}``."""
    if not isinstance(value.data, dict):
        return {"profile": kind, "value": sheet.number(value, "the value of a limit")}
    keys = sheet.mapping(value, f"the value for '{kind}'", PROFILE_KEYS, ("value",))
    given: dict[str, object] = {key: sheet.text(item, f"'{key}'") for key, item in keys.items() if key != "value"}
    if "value" in keys:
        given["value"] = sheet.number(keys["value"], "the value of a limit")
    return {"profile": kind, **given}


def write_limit(limit: Limit) -> dict[str, object]:
    """As `read_limit` reads it."""
    kept = limit.model_dump(exclude_defaults=True, exclude={"name", "profiles"})
    profiles = {one.profile: _write_profile(one) for one in limit.profiles}
    return kept | {"value": number(limit.value)} | ({"profiles": profiles} if profiles else {})


def _write_profile(value: ForProfile) -> object:
    said = value.model_dump(exclude_defaults=True, exclude={"profile", "value"})
    return {"value": number(value.value), **said} if said else number(value.value)


def read_term(sheet: Sheet, what: str, keys: Mapping[str, Value]) -> SignalTerm | None:
    """``{signal: relative_gap, of: [val.loss, train.loss]}``: a signal over series."""
    signal = sheet.text(keys["signal"], f"the signal of {what}")
    roles = []
    for item in sheet.one_or_more(keys["of"]) if "of" in keys else ():
        role = sheet.text(item, "a series")
        if role is None:
            signal = None
        elif fault := series_fault(role):
            sheet.wrong(item, fault)
            signal = None
        else:
            roles.append(role)
    return None if signal is None else SignalTerm(signal=signal, of=tuple(roles))


def write_term(term: SignalTerm) -> dict[str, object]:
    """As `read_term` reads it."""
    of = {"of": term.of[0] if len(term.of) == 1 else list(term.of)} if term.of else {}
    return {"signal": term.signal, **of}


def look_up(sheet: Sheet, at: Value, word: str, kind: str) -> SignalTerm | FieldTerm | None:
    """The field or the term of the file with this name."""
    if kind == "field":
        if fault := field_fault(word):
            sheet.wrong(at, fault)
            return None
        record, _, name = word.partition(".")
        return FieldTerm.model_validate({"record": record, "name": name})
    if word not in sheet.terms:
        hint = f" Write field: {word}." if word in all_fields() else nearest(word, sheet.terms)
        sheet.wrong(at, f"no term '{word}' is defined under 'terms'.{hint}")
    return sheet.terms.get(word)


def read_scalar(sheet: Sheet, value: Value, term: SignalTerm | FieldTerm | None) -> Scalar | None:
    """A value that a term is asked for, or is said to have."""
    if isinstance(value.data, bool | str):
        scalar: Scalar | None = value.data
    else:
        scalar = sheet.number(value, "a value", "true, false, a word or a finite number")
    if scalar is not None and isinstance(term, FieldTerm) and (fault := value_fault(str(term), scalar)):
        sheet.wrong(value, fault)
        return None
    return scalar


def number(value: Scalar) -> Scalar | int:
    """A whole number without its point, as a person writes it."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return int(value) if whole else value
