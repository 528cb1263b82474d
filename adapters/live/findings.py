"""Tells a user of new findings while the run goes on: each once, when it has become certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expert import Advice, Finding

CERTAIN = 0.8
"""From this confidence on a finding is told at once; a less certain one when it has stood for a while."""
LEAST_STANDING = 2
"""A doubtful finding is told when it has stood for so many judgments more, and for as many as came before it: a plateau
at the beginning is nothing yet, one that lasts as long as the run before it is."""
LEVELS = ("info", "warning", "error", "fatal")


class FindingWatch:
    """Compares the advice of successive moments. ``stop_on`` is the severity from which on the run should stop."""

    def __init__(self, on_finding: Callable[[Finding], object] | None, stop_on: str | None) -> None:
        self._on_finding, self._stop_on = on_finding, stop_on
        self._told: set[str] = set()
        self._judgments = 0
        self._since: dict[str, int] = {}
        """The judgment, counted from 1, since which a rule has been found without a break."""
        self.stop_reason: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody wants to know."""
        return self._on_finding is not None or self._stop_on is not None

    def take(self, advice: Advice) -> None:
        """Tell what is new and certain in this advice."""
        self._judgments += 1
        serious = [one for one in advice.findings if one.severity != "info" and not one.explained_by]
        self._since = {one.rule: self._since.get(one.rule, self._judgments) for one in serious}
        for one in serious:
            if one.rule in self._told or not self._is_certain(one):
                continue
            self._told.add(one.rule)
            if self._stop_on is not None and LEVELS.index(one.severity) >= LEVELS.index(self._stop_on):
                self.stop_reason = self.stop_reason or f"{one.rule} {one.name}: {one.symptom}"
            if self._on_finding is not None:
                self._on_finding(one)

    def _is_certain(self, finding: Finding) -> bool:
        since = self._since[finding.rule]
        return finding.confidence >= CERTAIN or self._judgments - since >= max(LEAST_STANDING, since - 1)
