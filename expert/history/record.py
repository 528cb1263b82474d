"""The base of every record of a run: frozen, closed to unknown fields, comparable with arrays inside."""

from __future__ import annotations

import math
from typing import TypeVar, cast

import numpy as np
from pydantic import BaseModel, ConfigDict


class Record(BaseModel):  # noqa: PLW1641  (pydantic gives frozen models their hash)
    """A frozen pydantic model whose equality understands arrays and in which NaN equals NaN.

    Records that hold arrays cannot be hashed. In JSON non-finite numbers are the strings ``"NaN"``, ``"Infinity"``
    and ``"-Infinity"``, and reading them back gives an equal record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, ser_json_inf_nan="strings")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return all(same(getattr(self, name), getattr(other, name)) for name in type(self).model_fields)


Known = TypeVar("Known", bound=Record)


def nothing_known(kind: type[Known]) -> Known:
    """Return the record of this kind in which every field is its default: always the same one, as it is frozen."""
    record = _NOTHING_KNOWN.get(kind)
    if record is None:
        record = _NOTHING_KNOWN[kind] = kind.model_construct()
    return cast("Known", record)


_NOTHING_KNOWN: dict[type[Record], Record] = {}


def same(first: object, second: object) -> bool:
    """Whether two field values are equal, arrays element by element and NaN equal to NaN."""
    if first is second:
        return True
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second, equal_nan=True)
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, float) and isinstance(second, float) and math.isnan(first):
        return math.isnan(second)
    return bool(first == second)
