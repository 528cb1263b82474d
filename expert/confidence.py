"""Confidence: the prior's log-odds plus the strongest evidence of each group; how far to believe the sum is measured,
or capped by the grade of the evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from expert.calibration import Calibration
from expert.facts import GRADES
from expert.inference import Verdict
from expert.rule import Evidence, Weight
from expert.signals.signal import Grade

NATS: Mapping[Weight, float] = {"weak": 0.5, "moderate": 1.1, "strong": 2.2, "decisive": 4.6}
"""What a word of evidence adds to the log-odds."""

CAPS: Mapping[Grade, float] = {"proof": 0.99, "internal": 0.9, "config": 0.8, "curve": 0.6}
"""The most that is said on evidence of a grade; what was measured takes the place of all but that of curves."""
MOST_SURE = 0.99
"""Nothing that is measured is said with more."""
SURE = 0.8
"""From this confidence on a cause is spoken of as known, and its remedies need no experiment first."""
CLOSE = 0.15
"""Confidences no farther apart than this do not decide between rivals."""
SHORT_RECORD_CAP = 0.4
"""Fewer than 6 epochs and fewer than 60 steps of curves alone never say more than this."""


@dataclass(slots=True, eq=False)  # not frozen, for the same reason as a verdict
class Weighed:
    """An item of evidence and the verdict on its condition; ``counts`` is whether it entered the sum."""

    evidence: Evidence
    verdict: Verdict
    counts: bool

    @property
    def nats(self) -> float:
        """What it adds to the log-odds where it counts."""
        size = NATS[self.evidence.weight]
        return size if self.evidence.supports else -size


def weigh(items: Iterable[tuple[Evidence, Verdict]]) -> tuple[Weighed, ...]:
    """Mark the evidence that counts: it holds, and it is the strongest of its group. Unknown adds nothing."""
    weighed = tuple([Weighed(evidence, verdict, verdict.truth == "yes") for evidence, verdict in items])
    best: dict[str, Weighed] = {}
    for item in weighed:
        group = item.evidence.group
        if item.counts and group:
            other = best.get(group)
            if other is None or NATS[item.evidence.weight] > NATS[other.evidence.weight]:
                best[group] = item
            item.counts = False
    for item in best.values():
        item.counts = True
    return weighed


def log_odds(prior: float, weighed: Iterable[Weighed]) -> float:
    """What prior and evidence add up to."""
    return math.log(prior / (1.0 - prior)) + sum(item.nats for item in weighed if item.counts)


def best_grade(when: Verdict, weighed: Iterable[Weighed]) -> Grade:
    """The best grade among the facts that support the finding."""
    facts = [*when.grounds()]
    for item in weighed:
        if item.counts and item.evidence.supports:
            facts += item.verdict.grounds()
    grades = {fact.grade for fact in facts if fact.value is not None}  # not knowing proves nothing
    for grade in GRADES:
        if grade in grades:
            return grade
    return "curve"


def confidence(
    prior: float, weighed: Iterable[Weighed], grade: Grade, *, short: bool, calibration: Calibration | None = None
) -> float:
    """The probability that the finding is right."""
    return believed(log_odds(prior, weighed), grade, short=short, calibration=calibration)


def believed(log_odds: float, grade: Grade, *, short: bool, calibration: Calibration | None = None) -> float:
    """The probability that log-odds stand for: as it was measured for the grade, else up to the grade's cap.

    How often a cause is true depends on what else there is among the runs measured, which are not anybody else's. So
    curves, in which many causes look alike, keep their cap, and what prior and evidence leave less likely than not is
    not made more likely by having been measured.
    """
    line = None if calibration is None else calibration.lines.get(grade)
    most = SHORT_RECORD_CAP if short and grade == "curve" else CAPS[grade]
    if line is None:
        return min(most, probability(log_odds))
    if grade != "curve":
        most = MOST_SURE
    if log_odds < 0.0:
        most = min(most, probability(log_odds))
    return min(most, probability(line.come_true(log_odds)))


def probability(log_odds: float) -> float:
    """The probability that log-odds are of."""
    return 1.0 / (1.0 + math.exp(-log_odds))
