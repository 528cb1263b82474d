"""Every statement of the article on real trainings: the right cause, its first remedy, and silence when healthy.

One seed of every scenario runs in the suite; the other two run with the slow tests.
"""

from __future__ import annotations

import pytest

from expert import advise

from .case import Case
from .cases import CASES
from .judging import NAMED_WITHIN, check_named, serious
from .loading import load

SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
SICK = [case for case in CASES.values() if not case.healthy]
HEALTHY = [case for case in CASES.values() if case.healthy]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", SICK, ids=lambda case: case.id)
def test_the_right_cause_is_named_above_the_wrong_ones(case: Case, seed: int) -> None:
    check_named(case, advise(load(case, seed).history()))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", SICK, ids=lambda case: case.id)
def test_the_first_recommendation_is_one_that_helps(case: Case, seed: int) -> None:
    advice = advise(load(case, seed).history())
    helpful = {cure.remedy for cure in case.cures if cure.helps}
    changes = [one for one in advice.recommendations if one.kind == "change"]
    checks = [one for one in advice.recommendations[:1] if one.kind != "change"]
    first = (checks or changes)[0].remedy
    told = [f"{one.remedy} {one.name}" for one in advice.recommendations[:4]]
    assert first in helpful or (checks and changes and changes[0].remedy in helpful), (
        f"{helpful} help, but first comes {told}"
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("case", "number"),
    [
        pytest.param(case, number, id=f"{case.id}-{cure.remedy}")
        for case in SICK
        for number, cure in enumerate(case.cures)
    ],
)
def test_the_cure_was_measured(case: Case, number: int, seed: int) -> None:
    cure = case.cures[number]
    sick, cured = load(case, seed), load(case, seed, cured=True, cure=number)
    assert cure.holds(sick, cured), (
        f"{cure.measure}: {sick.measures[cure.measure]} became {cured.measures[cure.measure]}"
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", [case for case in SICK if case.curves_only], ids=lambda case: case.id)
def test_from_curves_alone_the_symptom_is_named(case: Case, seed: int) -> None:
    found = serious(advise(load(case, seed).curves_only()))
    assert set(found[:NAMED_WITHIN]) & set(case.curves_only), f"expected one of {case.curves_only} in {found}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.id)
def test_a_healthy_run_is_met_with_silence(case: Case, seed: int) -> None:
    run = load(case, seed)
    assert serious(advise(run.history())) == []
    assert serious(advise(run.curves_only())) == []
