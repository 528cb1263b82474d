"""Whether the names and values in a condition are ones that a run can ever show; each fault is one clause with the
nearest spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from types import NoneType
from typing import Literal, get_args, get_origin

from expert.errors import nearest
from expert.history.role_table import FIXED_ROLES, PHASE_SUBJECTS, QUANTITIES
from expert.language.handles import profile_fields, profile_record
from expert.language.nodes import Leaf, Scalar

ValueKind = Literal["flag", "word", "number"]
RECORDS = ("config", "model", "data")
_SPELLINGS = {spelling: quantity for quantity, spellings in QUANTITIES.items() for spelling in spellings}
_LONG = ("loss", "accuracy", "perplexity")
_USUAL = [f"{subject}.{quantity}" for subject in PHASE_SUBJECTS for quantity in (*QUANTITIES, "score")]


@lru_cache(maxsize=1024)
def series_fault(role: str) -> str:
    """What is wrong with the name of a series; empty where it is one that runs are read into."""
    if role in FIXED_ROLES:
        return ""
    subject, _, quantity = role.partition(".")
    if subject in PHASE_SUBJECTS and re.fullmatch(r"[a-z][a-z0-9_]*", quantity):
        known = _SPELLINGS.get(quantity) or _misspelled(quantity)
        if known is None or known == quantity:
            return ""
        return f"unknown series '{role}': whatever a log calls it, it is read as '{subject}.{known}'."
    if role in _SPELLINGS:
        return f"unknown series '{role}'. Did you mean 'train.{_SPELLINGS[role]}' or 'val.{_SPELLINGS[role]}'?"
    if hint := nearest(role, [*FIXED_ROLES, *_USUAL]):
        return f"unknown series '{role}'.{hint}"
    return (
        f"unknown series '{role}'; a series is {', '.join(PHASE_SUBJECTS[:-1])} or {PHASE_SUBJECTS[-1]} with a "
        f"quantity, such as 'train.loss', or one of {', '.join(sorted(FIXED_ROLES))}."
    )


def _misspelled(quantity: str) -> str | None:
    """The quantity meant by a word that is nearly it; metrics of one's own, such as ``mape`` or ``loss2``, are left."""
    if quantity == "score" or not quantity.isalpha() or quantity.startswith(_LONG):
        return None
    from difflib import get_close_matches  # rare: a metric of one's own

    return next(iter(get_close_matches(quantity, _LONG, n=1, cutoff=0.85)), None)


@lru_cache(maxsize=1024)
def field_fault(text: str) -> str:
    """What is wrong with the name of a profile field, such as ``config.optimizer``; empty where it exists."""
    record, _, name = text.partition(".")
    if record in RECORDS and name in profile_fields(record):
        return ""
    return f"unknown field '{text}'.{nearest(text, all_fields())}"


@cache
def all_fields() -> tuple[str, ...]:
    """Every profile field with the record before it: ``config.optimizer``."""
    return tuple(f"{record}.{name}" for record in RECORDS for name in profile_fields(record))


@cache
def field_kind(field: str) -> tuple[ValueKind, tuple[str, ...]]:
    """Which values a profile field has, and its words where they are a closed list. Of a list the length is read."""
    record, _, name = field.partition(".")
    annotation = profile_record(record).model_fields[name].annotation
    (kind,) = (part for part in get_args(annotation) if part is not NoneType)
    if get_origin(kind) is Literal:
        return "word", get_args(kind)
    return ("flag" if kind is bool else "word" if kind is str else "number"), ()


def value_fault(field: str, value: Scalar) -> str:
    """What is wrong with a value that a profile field is said to have; empty where it can have it."""
    kind, words = field_kind(field)
    shown = (
        str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else f"'{value}'"
    )
    if kind == "flag" and not isinstance(value, bool):
        return f"{field} is true or false, never {shown}."
    if kind == "number" and (isinstance(value, bool | str)):
        return f"{field} is a number, never {shown}."
    if kind == "word" and not isinstance(value, str):
        return f"{field} is a word, never {shown}."
    if words and value not in words:
        return f"{field} is one of {', '.join(words)}, never {shown}.{nearest(str(value), words)}"
    return ""


def leaf_faults(leaf: Leaf) -> Iterator[str]:
    """What keeps a leaf from ever holding, apart from its signal's id, which plugins may add to."""
    term = leaf.term
    if term.kind == "signal":
        yield from filter(None, map(series_fault, term.of))
    else:
        yield from filter(None, _field_faults(f"{term.record}.{term.name}", leaf))


def _field_faults(field: str, leaf: Leaf) -> Iterator[str]:
    """What is wrong with a leaf about a profile field; an empty text where nothing is."""
    if fault := field_fault(field):
        yield fault
    elif leaf.kind == "one_of":
        yield from (value_fault(field, value) for value in leaf.values)
    elif leaf.kind == "compare" and (kind := field_kind(field)[0]) != "number":
        yield f"{field} is {'true or false' if kind == 'flag' else 'a word'} and cannot be compared with a number."
