"""The numbers that say how sure a cause may be: a slope and an offset for each grade of evidence, fitted on the tuning
half and shipped with the rules.

A rule's prior and the words of its evidence stay as its author wrote them; only what their sum stands for is fitted.
Each cause is counted once for a run, however many levels of evidence name it with the same sum. Causes are judged as if
nothing had been fitted before, so that fitting twice gives the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from expert.calibration import Calibration, Line
from expert.confidence import believed, log_odds
from expert.facts import GRADES, Facts
from expert.inference import Limits
from expert.judging import judge_all
from expert.knowledge import load
from expert.plugins import named_in_environment
from expert.reporting import is_short
from expert.signals.signal import Grade

from . import calibration, judging
from .calibration import Named
from .judging import LEVELS, Judged, Level

FILE = Path(__file__).resolve().parents[3] / "rules" / "calibration.json"
FITTED_ON = "the tuning half of docs/benchmarks-faults.md"
EXPECTED = np.array([1.0, 0.0])
"""Slope and offset where the sums are right as they are."""
SPREAD = np.array([0.3, 0.5])
"""Standard deviations of slope and offset about that: few causes of a grade move them little."""
LEAST_SLOPE = 0.2


@dataclass(frozen=True)
class Cause:
    """A cause that was named on a run, with what its prior and evidence add up to, and whether it was right."""

    rule: str
    problem: str
    run: str
    level: Level
    grade: Grade
    log_odds: float
    right: bool

    def believed(self, lines: Mapping[Grade, Line] | None) -> Named:
        """The cause with its confidence under these lines, or under the caps."""
        fitted = None if lines is None else Calibration(lines=lines, causes=0, programs=0, fitted_on="")
        confidence = believed(self.log_odds, self.grade, short=False, calibration=fitted)
        return Named(self.rule, self.problem, confidence, self.right)


def causes(judged: Iterable[Judged]) -> list[Cause]:
    """Every cause that the rules name on sick and healthy runs; where curves are short their cap stays, and theirs do
    not count.
    """
    knowledge = load(named_in_environment())[1]
    found = []
    for one in judged:
        facts = Facts(judging.seen(one.kept.history, one.level), knowledge.signals)
        if not (one.sick or one.case.healthy):
            continue
        short = is_short(facts)
        for judgment in judge_all(knowledge.catalogue, facts, Limits(), short=short).values():
            rule, grade = judgment.rule, judgment.grade
            if judgment.found and rule.kind == "cause" and rule.status == "stable" and not (short and grade == "curve"):
                total = log_odds(rule.prior, judgment.evidence)
                right = one.is_true(rule.id)
                found.append(Cause(rule.id, one.case.problem, one.case.key, one.level, grade, total, right))
    return found


def fitted(found: Iterable[Cause]) -> dict[Grade, Line]:
    """The line of each grade of which there are causes."""
    once = {(one.run, one.rule, one.grade, one.log_odds): one for one in found}
    lines = {}
    for grade in GRADES:
        mine = [one for one in once.values() if one.grade == grade]
        if mine:
            slope, offset = _most_likely(
                np.array([one.log_odds for one in mine]), np.array([float(one.right) for one in mine])
            )
            lines[grade] = Line(slope=round(max(slope, LEAST_SLOPE), 2), offset=round(offset, 2))
    return lines


def _most_likely(sums: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic curve that makes what was right most likely, about what is expected."""
    features = np.stack([sums, np.ones_like(sums)], axis=1)

    def cost(numbers: np.ndarray) -> float:
        believed = features @ numbers
        unlikely = np.logaddexp(0.0, believed).sum() - right @ believed
        return float(unlikely + (((numbers - EXPECTED) / SPREAD) ** 2).sum() / 2.0)

    numbers = EXPECTED.copy()
    for _ in range(100):  # Newton's method; the cost is convex, so a step that is too long is halved until it helps
        chance = np.exp(-np.logaddexp(0.0, -(features @ numbers)))
        gradient = features.T @ (right - chance) - (numbers - EXPECTED) / SPREAD**2
        curvature = (features * (chance * (1.0 - chance))[:, None]).T @ features + np.diag(SPREAD**-2)
        step = np.linalg.solve(curvature, gradient)
        while cost(numbers + step) > cost(numbers) and np.abs(step).max() > 1e-9:
            step = step / 2.0
        numbers = numbers + step
        if np.abs(step).max() <= 1e-9:
            break
    return float(numbers[0]), float(numbers[1])


def crossed(found: Sequence[Cause]) -> list[Named]:
    """Each cause with the confidence that the causes on all other problems give it, in the order given."""
    problems = dict.fromkeys(one.problem for one in found)
    lines = {name: fitted(one for one in found if one.problem != name) for name in problems}
    return [one.believed(lines[one.problem]) for one in found]


def table(found: Sequence[Cause]) -> list[str]:
    """What was fitted, and the expected calibration error under the caps, out of fold, and as it is shipped."""
    lines = fitted(found)
    out_of_fold = crossed(found)
    rows = ["| grade | causes | slope | offset |", "| --- | --- | --- | --- |"]
    for grade, line in lines.items():
        count = len({(one.run, one.rule, one.log_odds) for one in found if one.grade == grade})
        rows.append(f"| {grade} | {count} | {line.slope:g} | {line.offset:g} |")
    rows += [
        "",
        "| seen | causes | error under the caps | left one problem out | as shipped |",
        "| --- | --- | --- | --- | --- |",
    ]
    for level in LEVELS:
        here = [(one, left) for one, left in zip(found, out_of_fold, strict=True) if one.level == level]
        ways = (
            [one.believed(None) for one, _ in here],
            [left for _, left in here],
            [one.believed(lines) for one, _ in here],
        )
        errors = [f"{calibration.expected_error(calibration.buckets(way)):.3f}" for way in ways]
        rows.append(f"| {level} | {len(here)} | {' | '.join(errors)} |")
    internals = [left for one, left in zip(found, out_of_fold, strict=True) if one.level == "internals"]
    return [*rows, "", "With internals, left one problem out:", "", *calibration.table(internals)]


def ship(found: Sequence[Cause], commit: str) -> Calibration:
    """Write the file that the rules bring along."""
    made = Calibration(
        lines=fitted(found),
        causes=len({(one.run, one.rule, one.grade, one.log_odds) for one in found}),
        programs=len({one.problem for one in found}),
        fitted_on=FITTED_ON,
        commit=commit,
        date=date.today().isoformat(),
    )
    FILE.write_text(json.dumps(made.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    return made
