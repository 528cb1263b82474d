"""The scenarios, trained as a user would and watched: the cause is named, and sound trainings are met with silence."""

from __future__ import annotations

import pytest

from expert import advise
from tests.scenarios.architectures import ARCHITECTURES, FAULTS
from tests.scenarios.judging import check_named, serious

from .cases import FAULTS_ON_ARCHITECTURES, HEALTHY, SCENARIOS, Live
from .training import train

SEEDS = [0, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
"""Programs were tuned on seeds 0 and 1 of the reference recorder."""


MISSED = {
    ("exploding_recurrence", 4): "OPT101 stands above GRD102 there, and with it a lower rate, which does not help",
}
"""What is wrong on the seeds that nothing was tuned on, left as it was found: mending it for them would be fitting."""


def allow(request: pytest.FixtureRequest, live: Live, seed: int) -> None:
    """Let a known miss fail; which steps a run is looked at depends on its speed, so that it may also pass."""
    reason = MISSED.get((live.case.id, seed))
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=False))


def check(live: Live, seed: int) -> None:
    trained = train(live.case.program, seed, live.told)
    advice = advise(trained.run, data=trained.arrays) if live.about_data else advise(trained.run)
    check_named(live.case, advice)
    said = {one.rule for one in advice.findings}
    assert not said & set(live.absent), f"{live.absent} must be absent: {sorted(said)}"
    changes = [one.remedy for one in advice.recommendations if one.kind == "change"]
    assert not set(changes) & set(live.rejected), f"{live.rejected} must not be recommended: {changes}"
    refuted = {cure.remedy for cure in live.case.cures if not cure.helps}
    assert not set(changes[:1]) & refuted, f"{refuted} does not help, and yet comes first of {changes}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("live", SCENARIOS, ids=lambda live: live.id)
def test_a_scenario_is_diagnosed(live: Live, seed: int, request: pytest.FixtureRequest) -> None:
    allow(request, live, seed)
    check(live, seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("live", FAULTS_ON_ARCHITECTURES, ids=lambda live: live.case.id)
def test_a_fault_is_diagnosed_on_any_network(live: Live, seed: int) -> None:
    check(live, seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("live", HEALTHY, ids=lambda live: live.case.id)
def test_a_sound_training_is_met_with_silence(live: Live, seed: int, request: pytest.FixtureRequest) -> None:
    allow(request, live, seed)
    trained = train(live.case.program, seed, live.told)
    assert serious(advise(trained.run)) == []
    assert serious(advise(trained.run, data=trained.arrays)) == []


def test_every_scenario_and_every_network_is_there() -> None:
    assert {live.case.scenario for live in SCENARIOS} >= {f"S{number:02}" for number in range(1, 39)}
    assert {live.case.id for live in FAULTS_ON_ARCHITECTURES} == {
        f"{name}_{fault}" for name in ARCHITECTURES for fault in FAULTS
    }
