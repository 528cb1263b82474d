"""The faults of the architectures truly occur, their cures help, and the reference recorder's run is diagnosed.

All of it is slow: the suite trains the same programs live, in `tests/live/`.
"""

from __future__ import annotations

import pytest

from expert import advise

from .architectures import ARCHITECTURE_CASES
from .case import Case
from .judging import check_named, serious
from .loading import load

pytestmark = pytest.mark.slow
SEEDS = (0, 1)
SICK = [case for case in ARCHITECTURE_CASES.values() if not case.healthy]
HEALTHY = [case for case in ARCHITECTURE_CASES.values() if case.healthy]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", SICK, ids=lambda case: case.id)
def test_the_fault_costs_what_its_cure_brings_back(case: Case, seed: int) -> None:
    sick = load(case, seed)
    for number, cure in enumerate(case.cures):
        cured = load(case, seed, cured=True, cure=number)
        assert cure.holds(sick, cured), (
            f"{cure.measure}: {sick.measures[cure.measure]} became {cured.measures[cure.measure]}"
        )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", SICK, ids=lambda case: case.id)
def test_the_cause_is_named_from_the_reference_recorder(case: Case, seed: int) -> None:
    check_named(case, advise(load(case, seed).history()))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.id)
def test_a_sound_training_is_met_with_silence(case: Case, seed: int) -> None:
    assert serious(advise(load(case, seed).history())) == []
