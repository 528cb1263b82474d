"""What of one advice after the other is new: each finding is told once, and once more when it is no longer found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from expert.advice import Advice, Finding

CERTAIN = 0.8
"""From this confidence on a finding is told at once; a less certain one when the next reading finds it, too."""

What = Literal["found", "gone"]


class Change(NamedTuple):
    """A finding that is new or more severe than it was, or one that is no longer there."""

    what: What
    finding: Finding


class Telling:
    """Compares the advice of successive readings of one run."""

    def __init__(self) -> None:
        self._told: dict[str, Finding] = {}
        self._waiting: set[tuple[str, What]] = set()
        """Rules whose change is told if the next reading shows it, too: a file may be read half written."""
        self._first = True

    def take(self, advice: Advice, *, settled: bool = False) -> list[Change]:
        """What is to be told; all of it at the first reading, and where the log is ``settled``: it does not change."""
        at_once = settled or self._first
        self._first = False
        there = {one.rule: one for one in advice.findings}
        changes = [Change("found", one) for one in advice.findings if self._is_new(one)]
        changes += [Change("gone", one) for rule, one in self._told.items() if rule not in there]
        now = {(one.finding.rule, one.what) for one in changes}
        told = [
            one
            for one in changes
            if at_once
            or (one.finding.rule, one.what) in self._waiting
            or (one.what == "found" and one.finding.confidence >= CERTAIN)
        ]
        for change in told:
            now.discard((change.finding.rule, change.what))
            if change.what == "found":
                self._told[change.finding.rule] = change.finding
            else:
                del self._told[change.finding.rule]
        self._waiting = now
        return told

    def _is_new(self, finding: Finding) -> bool:
        from expert.rule import SEVERITIES, is_serious

        if not is_serious(finding.severity) or finding.explained_by or finding.known:
            return False
        before = self._told.get(finding.rule)
        return before is None or SEVERITIES.index(finding.severity) > SEVERITIES.index(before.severity)
