"""What each rule said of the runs of a half, with internals: right, true consequences, wrong, false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .judging import SERIOUS, Judged


@dataclass
class OfRule:
    """Runs, not findings. ``faulty`` is how many sick runs had a fault that the rule names, ``right`` on how many of
    them it did; on the other sick runs it was a true ``consequence`` or ``wrong``, the latter at warning or above.
    ``alarms`` are healthy runs on which it was raised at warning or above and should not have been.
    """

    faulty: int = 0
    right: int = 0
    consequence: int = 0
    wrong: int = 0
    alarms: int = 0


@dataclass
class Counted:
    """So many sick and healthy runs, and by id the rules of which there is anything to say on them."""

    sick: int
    healthy: int
    rules: Mapping[str, OfRule] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return asdict(self)


def counted(judged: Sequence[Judged]) -> Counted:
    """Count what was said with internals."""
    here = [one for one in judged if one.level == "internals"]
    rules: dict[str, OfRule] = {}
    for one in here:
        named = {finding.rule: finding.severity in SERIOUS for finding in one.findings}
        if one.sick:
            for rule in one.right:
                rules.setdefault(rule, OfRule()).faulty += 1
            for rule, serious in named.items():
                _count_on_sick(rules.setdefault(rule, OfRule()), rule, one, serious=serious)
        elif one.case.healthy:
            for finding in one.alarms:
                rules.setdefault(finding.rule, OfRule()).alarms += 1
    told = {rule: counts for rule, counts in sorted(rules.items()) if counts != OfRule()}
    return Counted(sum(one.sick for one in here), sum(one.case.healthy for one in here), told)


def _count_on_sick(counts: OfRule, rule: str, one: Judged, *, serious: bool) -> None:
    if rule in one.right:
        counts.right += 1
    elif rule in one.accepted:
        counts.consequence += 1
    elif serious:
        counts.wrong += 1
