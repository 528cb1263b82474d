"""Whether the same training under another seed is told the same: some of the tuning half, made again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from . import judging
from .judging import LEVELS, Judged, Level
from .sampling import Case
from .scoring import share


def table(groups: Sequence[Sequence[Case]]) -> list[str]:
    """By level of evidence: how often two runs that differ in their seed alone, both sick, are told the same."""
    judged = judging.judged([case for group in groups for case in group])
    rows = [
        "| seen | faults | pairs of runs | same finding first | fault named within 3 in both, or in neither |",
        "| --- | --- | --- | --- | --- |",
    ]
    for level in LEVELS:
        sick = [_sick(group, judged, level) for group in groups]
        pairs = [pair for runs in sick for pair in combinations(runs, 2)]
        rows.append(
            f"| {level} | {sum(len(runs) > 1 for runs in sick)} | {len(pairs)} "
            f"| {share(sum(_first(one) == _first(other) for one, other in pairs), len(pairs))} "
            f"| {share(sum(one.named_within(3) == other.named_within(3) for one, other in pairs), len(pairs))} |"
        )
    return rows


def _sick(group: Sequence[Case], judged: Sequence[Judged], level: Level) -> list[Judged]:
    return [one for one in judged if one.case in group and one.level == level and one.sick]


def _first(one: Judged) -> str:
    """The rule that stands first, else the verdict."""
    return one.findings[0].rule if one.findings else one.verdict
