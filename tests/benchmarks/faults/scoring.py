"""The numbers of a half: detection, right causes, precision, false alarms, by level of evidence, fault and rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .judging import LEVELS, Judged, Level
from .rivals import RIVALS


def share(part: int, whole: int) -> str:
    """``12 of 20 (60.0%)``."""
    return f"{part} of {whole} ({part / whole:.1%})" if whole else "-"


def single_sick(judged: Iterable[Judged], level: Level) -> list[Judged]:
    """Sick runs with one fault."""
    return [one for one in judged if one.level == level and one.sick and len(one.faults) == 1]


def summary(judged: Sequence[Judged]) -> list[str]:
    """The table by level of evidence."""
    return [*head("seen"), *(row(level, [one for one in judged if one.level == level]) for level in LEVELS)]


def by_framework(judged: Sequence[Judged], level: Level) -> list[str]:
    """The table by the framework of the training and its collector."""
    here = [one for one in judged if one.level == level]
    names = dict.fromkeys(one.case.framework for one in here)
    groups = {name: [one for one in here if one.case.framework == name] for name in names}
    return [*head("framework"), *(row(name, runs) for name, runs in groups.items())]


def head(about: str) -> list[str]:
    """The head of a table with a row for each group of runs."""
    return [
        f"| {about} | sick runs | found | right at 1 | right within 3 | precision | both of two within 4 "
        "| false alarms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]


def row(name: str, here: Sequence[Judged]) -> str:
    """The row of a group of runs, judged at one level."""
    sick = [one for one in here if one.sick and len(one.faults) == 1]
    pairs = [one for one in here if one.sick and len(one.faults) == 2]
    healthy = [one for one in here if one.case.healthy]
    named = [(finding.rule in one.accepted) for one in here if one.sick for finding in one.serious]
    return (
        f"| {name} | {len(sick)} | {share(sum(bool(one.serious) for one in sick), len(sick))} "
        f"| {share(sum(one.rank(one.right) == 1 for one in sick), len(sick))} "
        f"| {share(sum(one.named_within(3) for one in sick), len(sick))} "
        f"| {share(sum(named), len(named))} "
        f"| {share(sum(one.named_within(4) for one in pairs), len(pairs))} "
        f"| {share(sum(bool(one.alarms) for one in healthy), len(healthy))} |"
    )


def by_fault(judged: Sequence[Judged], level: Level) -> list[str]:
    """One row for each fault: how often it was named, and what stood first where it was not."""
    rows = ["| fault | sick | right at 1 | within 3 | instead | wrong |", "| --- | --- | --- | --- | --- | --- |"]
    runs: dict[str, list[Judged]] = {}
    for one in single_sick(judged, level):
        runs.setdefault(one.faults[0].id, []).append(one)
    for fault, mine in sorted(runs.items()):
        missed = Counter(
            one.findings[0].rule if one.findings else one.verdict for one in mine if not one.named_within(3)
        )
        wrong = Counter(finding.rule for one in mine for finding in one.serious if finding.rule not in one.accepted)
        rows.append(
            f"| {fault} | {len(mine)} | {sum(one.rank(one.right) == 1 for one in mine)} "
            f"| {sum(one.named_within(3) for one in mine)} | {listed(missed)} | {listed(wrong)} |"
        )
    return rows


def false_alarms(judged: Sequence[Judged], level: Level) -> list[str]:
    """One line for each healthy run that was not met with silence."""
    return [
        f"{one.case.key}: "
        + ", ".join(f"{finding.rule} {finding.name} {finding.confidence:.2f}" for finding in one.alarms)
        for one in judged
        if one.level == level and one.case.healthy and one.alarms
    ]


def listed(counts: Counter[str]) -> str:
    """The five most frequent with their counts."""
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(5)) or "-"


def rivals(judged: Sequence[Judged]) -> list[str]:
    """Thresholds of the literature on the same runs: they give a set and no order, so a hit anywhere counts."""
    rows = [
        "| thresholds of | sick runs found | fault named | precision | false alarms |",
        "| --- | --- | --- | --- | --- |",
    ]
    here = [one for one in judged if one.level == "internals"]
    for name, reports in RIVALS.items():
        said = {one.case.key: reports(one.kept.history) for one in here}
        sick = single_sick(here, "internals")
        healthy = [one for one in here if one.case.healthy]
        named = [rule in one.accepted for one in sick for rule in said[one.case.key]]
        rows.append(
            f"| {name} | {share(sum(bool(said[one.case.key]) for one in sick), len(sick))} "
            f"| {share(sum(bool(said[one.case.key] & one.right) for one in sick), len(sick))} "
            f"| {share(sum(named), len(named))} "
            f"| {share(sum(bool(said[one.case.key]) for one in healthy), len(healthy))} |"
        )
    return rows
