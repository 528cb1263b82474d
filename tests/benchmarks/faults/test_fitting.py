"""How sure causes may be: what is fitted to causes whose truth is known, and that it is kept out of its own test."""

from __future__ import annotations

import math
import random

import pytest

from expert.calibration import Calibration, Line
from expert.knowledge import load

from . import calibration
from .fitting import FILE, Cause, crossed, fitted, table

PROBLEMS = ("one", "two", "three", "four")


def drawn(slope: float, offset: float, count: int = 4000, grade: str = "internal") -> list[Cause]:
    """Causes that come true as often as a line says of their sums."""
    chooser = random.Random(7)
    causes = []
    for number in range(count):
        total = chooser.uniform(-2.0, 4.0)
        right = chooser.random() < 1.0 / (1.0 + math.exp(-(slope * total + offset)))
        problem = PROBLEMS[number % 4]
        causes.append(Cause("OPT101", problem, f"{problem}/{number}", "internals", grade, total, right))  # type: ignore[arg-type]
    return causes


def test_the_line_that_causes_come_true_by_is_found() -> None:
    line = fitted(drawn(0.6, 0.8))["internal"]
    assert line.slope == pytest.approx(0.6, abs=0.08)
    assert line.offset == pytest.approx(0.8, abs=0.12)


def test_a_few_causes_move_little_and_the_order_is_never_turned_round() -> None:
    assert fitted([]) == {}
    few = fitted(drawn(3.0, 3.0, count=4))["internal"]
    assert few.slope == pytest.approx(1.0, abs=0.3)
    assert few.offset == pytest.approx(0.0, abs=0.7)
    assert fitted(drawn(-2.0, 0.0))["internal"].slope > 0.0


def test_a_cause_that_several_levels_name_alike_counts_once() -> None:
    causes = drawn(0.6, 0.8, count=200)
    again = [
        Cause(one.rule, one.problem, one.run, "configuration", one.grade, one.log_odds, one.right) for one in causes
    ]
    assert fitted([*causes, *again]) == fitted(causes)


def test_a_problem_has_no_say_in_what_is_said_of_it() -> None:
    """One problem where nothing is ever right must not make its own causes less sure."""
    causes = drawn(1.0, 0.0)
    lone = [Cause("OPT101", "lone", f"lone/{number}", "internals", "internal", 3.0, False) for number in range(400)]
    believed = crossed([*causes, *lone])
    without = fitted(causes)
    assert {one.confidence for one in believed[-400:]} == {lone[0].believed(without).confidence}
    assert believed[0].confidence < causes[0].believed(without).confidence


def test_what_is_fitted_is_better_calibrated_than_the_caps() -> None:
    causes = [one for one in drawn(1.5, 1.0, grade="config") if one.log_odds >= 0.0]
    errors = [
        calibration.expected_error(calibration.buckets(way))
        for way in (crossed(causes), [one.believed(None) for one in causes])
    ]
    assert errors[0] < 0.03 < errors[1]
    assert f"| config | {len(causes)} |" in "\n".join(table(causes))


def test_what_is_shipped_is_in_force_for_our_causes_alone() -> None:
    shipped = Calibration.model_validate_json(FILE.read_bytes())
    assert set(shipped.lines) == {"proof", "internal", "config", "curve"}
    assert shipped.programs >= calibration.LEAST_PROBLEMS
    knowledge = load(frozenset({"rules"}))[1]
    causes = {rule.id for rule in knowledge.catalogue.rules.values() if rule.kind == "cause"}
    assert set(knowledge.calibrations) == causes
    assert set(map(id, knowledge.calibrations.values())) == {id(next(iter(knowledge.calibrations.values())))}
    assert next(iter(knowledge.calibrations.values())) == shipped
    assert all(isinstance(line, Line) for line in shipped.lines.values())
