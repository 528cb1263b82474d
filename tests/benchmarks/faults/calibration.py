"""Whether a confidence of 0.8 means eight in ten: the reliability of the causes named, and the expected error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .judging import Judged
from .scoring import share

EDGES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
LEAST_FINDINGS = 30
LEAST_PROBLEMS = 4
SURE_OF_CURVES = 0.6
"""A cause that is wrong should not be said with more than this."""


@dataclass(frozen=True)
class Named:
    """A cause that was named, with its confidence, and whether it was right."""

    rule: str
    problem: str
    confidence: float
    right: bool


@dataclass(frozen=True)
class Bucket:
    """Causes of about the same confidence."""

    low: float
    high: float
    said: float
    """Mean confidence."""
    true: float
    """Share that was right."""
    count: int
    problems: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        z, n, p = 1.96, self.count, self.true
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return middle - half, middle + half

    @property
    def counts(self) -> bool:
        """Whether it has findings enough, from problems enough, to be judged."""
        return self.count >= LEAST_FINDINGS and self.problems >= LEAST_PROBLEMS


def causes(judged: Iterable[Judged]) -> list[Named]:
    """Every cause that was named, on sick and on healthy runs; of near misses nothing is known for sure."""
    return [
        Named(finding.rule, one.case.problem, finding.confidence, one.is_true(finding.rule))
        for one in judged
        if one.sick or one.case.healthy
        for finding in one.findings
        if finding.kind == "cause"
    ]


def buckets(named: Sequence[Named]) -> list[Bucket]:
    """The reliability table; empty buckets are left out."""
    found = []
    for low, high in pairwise(EDGES):
        mine = [one for one in named if low < one.confidence <= high]
        if mine:
            said = sum(one.confidence for one in mine) / len(mine)
            true = sum(one.right for one in mine) / len(mine)
            found.append(Bucket(low, high, said, true, len(mine), len({one.problem for one in mine})))
    return found


def expected_error(found: Sequence[Bucket]) -> float:
    """Mean distance between what was said and what was true, weighted by the number of findings."""
    total = sum(bucket.count for bucket in found)
    return sum(bucket.count * abs(bucket.said - bucket.true) for bucket in found) / max(1, total)


def table(named: Sequence[Named]) -> list[str]:
    """The reliability table for people."""
    rows = [
        "| confidence | causes | problems | said | right | 95 % interval |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    found = buckets(named)
    for bucket in found:
        low, high = bucket.interval
        note = "" if bucket.counts else " (too few to judge)"
        rows.append(
            f"| {bucket.low:.1f} to {bucket.high:.1f} | {bucket.count}{note} | {bucket.problems} | {bucket.said:.2f} "
            f"| {bucket.true:.2f} | {low:.2f} to {high:.2f} |"
        )
    return [*rows, "", f"Expected calibration error: {expected_error(found):.3f} over {len(named)} causes."]


def sure_and_wrong(judged: Iterable[Judged]) -> str:
    """On how many runs a cause that is wrong is said with more than 0.6."""
    told = [one for one in judged if one.sick or one.case.healthy]
    wrong = sum(
        any(
            finding.kind == "cause" and finding.confidence > SURE_OF_CURVES and not one.is_true(finding.rule)
            for finding in one.findings
        )
        for one in told
    )
    return f"Runs with a wrong cause above {SURE_OF_CURVES}: {share(wrong, len(told))}."
