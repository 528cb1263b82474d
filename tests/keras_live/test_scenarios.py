"""The scenarios, trained by ``model.fit``: the cause is named, what is recommended helps, sound trainings are met with
silence.
"""

from __future__ import annotations

import pytest

from expert import Advice, advise
from tests.scenarios.case import Cure
from tests.scenarios.judging import check_named, serious

from .cases import HEALTHY, OFTEN, SCENARIOS, Live
from .training import train

SEEDS = [0, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]


def enactments(lives: tuple[Live, ...]) -> list[object]:
    return [pytest.param(live, id=live.id, marks=[pytest.mark.slow] if live.again else []) for live in lives]


FALLING_BY_CHANCE = "the losses of the last five epochs stand in falling order, which PLT103 takes for progress"
MISSED = {
    ("noise_plateau", 3): FALLING_BY_CHANCE,
    ("noise_plateau", 4): FALLING_BY_CHANCE,
    ("deep_relu_default_initialization", 3): "the units that die of the small start are told, and not the start",
    ("exploding_recurrence", 3): "the rate is blamed for a divergence that the recurrence makes",
}
"""What the rules get wrong with further seeds, by case and seed; nothing is tuned on these."""


def allow(request: pytest.FixtureRequest, live: Live, seed: int) -> None:
    """Let a known miss fail."""
    if (live.case.id, seed) in MISSED:
        request.applymarker(pytest.mark.xfail(reason=MISSED[live.case.id, seed], strict=False))


def recommended_first(live: Live, advice: Advice) -> Cure:
    """The cure that is recommended first: a check that leads to one may stand before it."""
    helpful = {cure.remedy: cure for cure in live.case.cures if cure.helps}
    changes = [one.remedy for one in advice.recommendations if one.kind == "change"][:1]
    first = [*(one.remedy for one in advice.recommendations[:1]), *changes]
    found = [helpful[remedy] for remedy in first if remedy in helpful]
    assert found, f"{set(helpful)} help, but first come {[one.remedy for one in advice.recommendations]}"
    return found[0]


def advised(live: Live, seed: int) -> Advice:
    trained = train(live.case.program, seed, live.told, probe=True)
    assert not [note for note in trained.watcher.history().notes if "failed" in note]
    return advise(trained.watcher, data=trained.data) if live.about_data else advise(trained.watcher)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("live", enactments(SCENARIOS))
def test_a_scenario_is_diagnosed_and_its_remedy_comes_first(
    live: Live, seed: int, request: pytest.FixtureRequest
) -> None:
    allow(request, live, seed)
    advice = advised(live, seed)
    check_named(live.case, advice)
    said = {one.rule for one in advice.findings}
    assert not said & set(live.absent), f"{live.absent} must be absent: {sorted(said)}"
    recommended_first(live, advice)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "live",
    [pytest.param(live, id=live.id, marks=[] if live.case.id in OFTEN else [pytest.mark.slow]) for live in SCENARIOS],
)
def test_what_is_recommended_first_helps(live: Live, seed: int, request: pytest.FixtureRequest) -> None:
    allow(request, live, seed)
    sick = train(live.case.program, seed, live.told, probe=True)
    cure = recommended_first(live, advise(sick.watcher, data=sick.data if live.about_data else None))
    cured = train(cure.program, seed)
    assert cure.holds(sick, cured), (
        f"{cure.measure}: {sick.measures[cure.measure]} became {cured.measures[cure.measure]}"
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("live", enactments(HEALTHY))
def test_a_sound_training_is_met_with_silence(live: Live, seed: int) -> None:
    trained = train(live.case.program, seed, probe=True)
    assert serious(advise(trained.watcher)) == []
    assert serious(advise(trained.watcher, data=trained.data)) == []
    assert not [note for note in trained.watcher.history().notes if "failed" in note]


def test_every_scenario_that_fit_has_a_place_for_is_there() -> None:
    there = {live.case.scenario for live in SCENARIOS}
    elsewhere = {"S17", "S18"}  # clipping at other bounds than +-c, gradients that add up: loops of one's own
    assert there == {f"S{number:02}" for number in range(1, 39)} - elsewhere
