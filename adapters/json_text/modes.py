"""Validation lines of MMEngine and mmcv, which name no phase and count another clock than the training lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SKIPPED = frozenset({"step", "iter", "epoch", "mode", "lr", "time", "data_time", "memory"})


class Modes:
    """Puts validation lines in their place; ``notes`` says so."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.named: dict[str, str] = {}
        """Name given to a score of a validation line → name as logged."""
        self._last: Mapping[str, Any] = {}
        """The last training line of a framework that writes so."""

    def placed(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record; of a validation line, with the clocks of the training line before it."""
        if record.get("mode") in ("val", "test") and (self._last or "iter" in record):
            return self._validation(record)
        counted = "iter" in record or "step" in record
        if "loss" in record and counted and ("data_time" in record or "memory" in record):
            self._last = record
        elif self._last and "loss" not in record and "epoch" not in record and "step" in record:
            return self._validation(record)
        return record

    def _validation(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The line stands behind the training lines it belongs to, which is more than its own count can tell."""
        if not self.notes:
            self.notes.append(
                "Validation lines count epochs where training lines count steps; they are placed where they "
                "stand in the file."
            )
        clocks = {name: self._last[name] for name in ("step", "iter", "epoch") if name in self._last}
        scores = {f"val/{name}": value for name, value in record.items() if name not in SKIPPED}
        self.named |= {name: name.removeprefix("val/") for name in scores}
        return scores | (clocks or {name: record[name] for name in ("step", "epoch") if name in record})
