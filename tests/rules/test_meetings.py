"""A cause and what follows from it, met in one run made of a case of each: the effect is put down to the cause."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TypeVar

import pytest

from expert.cases import Sketch
from expert.facts import Facts
from expert.history.record import Record
from expert.inference import Limits
from expert.judging import ENOUGH, Judgment, judge_all
from tests.rules.test_conflicts import CATALOGUE, EXPLAINS, KNOWLEDGE

Profile = TypeVar("Profile", bound=Record)
PAIRS = [
    (cause, effect)
    for cause, words in EXPLAINS.items()
    for word in words.split()
    for effect in sorted(CATALOGUE.matching(word))
]


@pytest.mark.parametrize(("cause", "effect"), PAIRS)
def test_where_both_hold_the_effect_is_put_down_to_the_cause(cause: str, effect: str) -> None:
    met = [judged for judged in meetings(cause, effect) if judged[cause].found and judged[cause].confidence >= ENOUGH]
    assert met, f"no case of {cause} and case of {effect} make a run on which both hold"
    for judged in met:
        judgment = judged[effect]
        assert cause in (judgment.explained_by if judgment.found else judgment.by)


def meetings(cause: str, effect: str) -> Iterator[Mapping[str, Judgment]]:
    """What is judged on the runs that are like a firing case of each and on which both conditions hold."""
    firing = ([case.run for case in CATALOGUE.rules[rule].fires if case.run] for rule in (cause, effect))
    for one, other in itertools.product(*firing):
        for first, second in ((one, other), (other, one)):
            facts = Facts(together(first, second).history(), KNOWLEDGE.signals)
            judged = judge_all(CATALOGUE, facts, Limits(), short=False)
            if all(judged[rule].verdict.truth == "yes" for rule in (cause, effect)):
                yield judged


def together(one: Sketch, other: Sketch) -> Sketch:
    """A run that is as the first says, and beyond that as the second does."""
    roles, quantities = {each.role for each in one.curves}, {each.quantity for each in one.layers}
    return Sketch(
        curves=one.curves + tuple(each for each in other.curves if each.role not in roles),
        layers=one.layers + tuple(each for each in other.layers if each.quantity not in quantities),
        config=completed(one.config, other.config),
        model=completed(one.model, other.model),
        data=completed(one.data, other.data),
    )


def completed(one: Profile, other: Profile) -> Profile:
    """A profile with what it leaves open taken from another."""
    return one.model_copy(
        update={name: getattr(other, name) for name in type(one).model_fields if getattr(one, name) is None}
    )
