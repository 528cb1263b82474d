"""Tells a user of new findings while the run goes on: each once, when it has become certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expert import Advice, Finding

CERTAIN = 0.8
"""From this confidence on a finding is told at once; a less certain one when two judgments in a row find it."""
LEVELS = ("info", "warning", "error", "fatal")


class FindingWatch:
    """Compares the advice of successive moments. ``stop_on`` is the severity from which on the run should stop."""

    def __init__(self, on_finding: Callable[[Finding], object] | None, stop_on: str | None) -> None:
        self._on_finding, self._stop_on = on_finding, stop_on
        self._told: set[str] = set()
        self._doubtful: set[str] = set()
        self.stop_reason: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody wants to know."""
        return self._on_finding is not None or self._stop_on is not None

    def take(self, advice: Advice) -> None:
        """Tell what is new and certain in this advice."""
        serious = [one for one in advice.findings if one.severity != "info" and not one.explained_by]
        certain = [one for one in serious if one.confidence >= CERTAIN or one.rule in self._doubtful]
        self._doubtful = {one.rule for one in serious}
        for one in certain:
            if one.rule in self._told:
                continue
            self._told.add(one.rule)
            if self._stop_on is not None and LEVELS.index(one.severity) >= LEVELS.index(self._stop_on):
                self.stop_reason = self.stop_reason or f"{one.rule} {one.name}: {one.symptom}"
            if self._on_finding is not None:
                self._on_finding(one)
