"""The benchmark itself: its tables name what exists, its halves share nothing, its trainings can be repeated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from expert.knowledge import load
from expert.plugins import named_in_environment

from . import sampling
from .carrying_out import BY_HAND
from .experiments import EXPERIMENTS
from .faults import FAULTS
from .judging import LEVELS, seen
from .problems import EVALUATION, PROBLEMS, TUNING
from .sampling import PAIRS
from .setup import Setup, setup_from
from .training import train

KNOWLEDGE = load(named_in_environment(), ())[1]


def test_tables_name_rules_and_remedies_that_exist() -> None:
    rules = set(KNOWLEDGE.catalogue.rules)
    named = {rule for fault in FAULTS for rule in (*fault.right, *fault.follows)}
    assert not named - rules
    assert not {*BY_HAND, *EXPERIMENTS} - {remedy.id for remedy in KNOWLEDGE.remedies.values()}


def test_the_halves_have_no_problem_in_common_and_pairs_name_faults() -> None:
    tuning = {case.problem for case in sampling.tuning()}
    evaluated = {case.problem for case in sampling.evaluation("a commit")}
    assert tuning == {problem.name for problem in TUNING}
    assert evaluated == {problem.name for problem in EVALUATION}
    assert {name for pair in PAIRS for name in pair} <= {fault.id for fault in FAULTS}


def test_an_evaluation_is_drawn_from_its_commit() -> None:
    once, again, other = (sampling.evaluation(commit, 0.3) for commit in ("one", "one", "two"))
    assert once == again
    assert {case.key for case in once} & {case.key for case in other} == set()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_every_fault_changes_some_training_of_both_halves(fault) -> None:  # type: ignore[no-untyped-def]
    for half in (TUNING, EVALUATION):
        problems = [problem for problem in half if fault.fits(problem)]
        assert problems
        changed = [fault.apply(problem.sound, severity) for problem in problems for severity in fault.severities]
        assert all(
            setup != problem.sound for problem, setup in zip(problems * len(fault.severities), changed, strict=True)
        )
        assert all(setup_from(setup.as_record()) == setup for setup in changed)


def test_a_training_can_be_repeated_and_less_is_seen_at_lower_levels() -> None:
    problem = PROBLEMS["topics-embedding"]
    setup: Setup = problem.sound.but(samples=200, validation_samples=60, epochs=2)
    once, again = train(problem, setup, 3), train(problem, setup, 3)
    assert once.quality == again.quality
    for first, second in zip(once.history.series, again.history.series, strict=True):
        assert first.role.startswith("time.") or np.array_equal(first.values, second.values, equal_nan=True)
    sizes = [len(seen(once.history, level).series) + len(seen(once.history, level).layers) for level in LEVELS]
    assert sizes[0] > sizes[1] > sizes[2] > 0
    assert seen(once.history, "curves").config.optimizer is None


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.name)
def test_every_problem_can_be_learned(problem) -> None:  # type: ignore[no-untyped-def]
    classes = max(2, problem.classes)
    chance = {"classification": 1.0 / classes, "binary": 0.7, "language_model": -math.log(classes)}
    for seed in (900, 901):
        assert train(problem, problem.sound, seed).quality > chance.get(problem.task, 0.0) + 0.2
