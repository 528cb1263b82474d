"""Records that say in a field of their own what their numbers are: ``{"split": "val", "loss": ...}``, or a name and a
value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expert.history.role_table import PHASES
from expert.history.roles import match_columns, snake

PHASE_FIELDS = ("phase", "split", "mode", "stage", "subset", "set", "dataset", "kind", "type", "event")
_FIELDS = frozenset(PHASE_FIELDS)
NAME_FIELDS = ("name", "metric", "metric_name", "key", "tag")
VALUE_FIELD = "value"


class Spoken:
    """Gives the numbers of such records names that say the same; remembers which names it made of which."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        """Name given → name as logged."""

    def record(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record with names that stand for themselves; most are returned as they are."""
        if VALUE_FIELD in record:
            record = _named_value(record)
        if _FIELDS.isdisjoint(record):
            return record
        for field in PHASE_FIELDS:
            word = record.get(field)
            if isinstance(word, str):
                phase = PHASES.get(word.lower())
                if phase is not None:
                    rest = {name: value for name, value in record.items() if name != field}
                    # Names without a phase are those of the training where the others have one.
                    return rest if phase == "train" else {self._name(word, name): rest[name] for name in rest}
        return record

    def _name(self, phase: str, name: str) -> str:
        match = match_columns([name])[name]
        if match.clock_column is not None or set(snake(name).split("_")) & PHASES.keys():
            return name
        given = f"{phase.lower()}/{name}"
        self.named[given] = name
        return given


def _named_value(record: Mapping[str, Any]) -> Mapping[str, Any]:
    for field in NAME_FIELDS:
        name = record.get(field)
        if isinstance(name, str) and name:
            rest = {key: value for key, value in record.items() if key not in (field, VALUE_FIELD)}
            return {**rest, name: record[VALUE_FIELD]}
    return record
