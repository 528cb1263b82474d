"""The problems of the evaluation are fair: sound trainings learn them alike, and what is called healthy is so on them.

Only losses and qualities are looked at. What the expert says of these problems is for an evaluation to find out.
"""

from __future__ import annotations

from functools import cache
from statistics import mean, stdev

import pytest

from .healthy import VARIANTS, Variant
from .outcome import Outcome
from .problems import EVALUATION
from .problems.problem import Problem
from .training import train

BY_NAME = {problem.name: problem for problem in EVALUATION}


@cache
def twins(name: str) -> list[Outcome]:
    """The sound trainings that the runs of an evaluation are compared with."""
    problem = BY_NAME[name]
    return [train(problem, problem.sound, seed) for seed in range(900, 904)]


def learned(problem: Problem) -> float:
    """What the sound trainings have learned, on average."""
    return mean(run.quality for run in twins(problem.name)) - problem.ignorant


@pytest.mark.slow
@pytest.mark.parametrize("problem", EVALUATION, ids=lambda one: one.name)
def test_sound_trainings_learn_much_and_alike_and_do_not_overfit(problem: Problem) -> None:
    assert learned(problem) > 0.3
    assert stdev(run.quality for run in twins(problem.name)) < 0.1 * learned(problem)
    for run in twins(problem.name):
        losses = run.history.get("val.loss")
        assert losses is not None
        assert losses.values[-1] < losses.values[0]
        assert losses.values[-1] < 1.15 * min(losses.values)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "variant"),
    [(problem, variant) for problem in EVALUATION for variant in VARIANTS if variant.fits(problem)],
    ids=lambda one: one.name if isinstance(one, Problem) else one.id,
)
def test_what_is_called_healthy_is_about_as_good(problem: Problem, variant: Variant) -> None:
    spread = stdev(run.quality for run in twins(problem.name))
    worse = problem.ignorant + learned(problem) - train(problem, variant.apply(problem.sound), 17).quality
    assert worse < max(3.0 * spread, 0.1 * learned(problem))
