"""The working memory: what signals of strangers may do to it, and what they may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from expert import advise
from expert.advice import Advice
from expert.authoring import Reading, Remedy, Signal, Unknown, hookimpl, not_when, signal
from expert.errors import AuthoringError
from expert.facts import Facts
from expert.history import History
from expert.knowledge import assemble
from expert.language.nodes import SignalTerm
from expert.pipeline import judge_history
from expert.rule import Rule
from tests.engine.knowledge import known, remedy, rule

READS = rule("OPT950", "reads", signal.strange() > 1.0)
YES = rule("OPT951", "says-yes", signal.strange())


def strange(compute: Callable[..., Any]) -> Signal:
    return Signal("strange", "strange", "", "proof", "it is {value}", compute, arguments=0)


def judged(compute: Callable[..., Any], asked: Rule = READS) -> Advice:
    return judge_history(History(), assemble([asked], [], [strange(compute)]))


def raises(view: object) -> Reading:
    raise KeyError("what")


@pytest.mark.parametrize(
    ("compute", "what"),
    [
        (raises, "signal 'strange' failed: KeyError: 'what'"),
        (lambda view: None, "signal 'strange' failed: AttributeError"),
        (lambda view: Reading(None), "a number, a word, or yes or no, not None"),  # type: ignore[arg-type]
        (lambda view: Reading(np.ones(3)), "a number, a word, or yes or no, not array"),  # type: ignore[arg-type]
    ],
)
def test_a_signal_that_breaks_its_promise_is_reported_and_unknown(compute: Callable[..., Any], what: str) -> None:
    given = judged(compute)
    (problem,) = given.problems
    assert what in problem.what
    assert [group.rules for group in given.not_judged] == [("OPT950",)]
    assert "✗" not in given.why_not("reads")


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2.0), np.int64(2)])
def test_numbers_of_any_kind_are_compared(value: Any) -> None:
    assert judged(lambda view: Reading(value)).findings[0].evidence[0].text == "it is 2"


def test_numpys_yes_is_a_yes() -> None:
    assert judged(lambda view: Reading(np.bool_(True)), YES).findings  # type: ignore[arg-type]
    assert not judged(lambda view: Reading(np.float64(1.0)), YES).findings


def test_each_fact_is_computed_once_however_often_it_is_asked_for() -> None:
    calls = []

    def count(view: object) -> Unknown:
        calls.append(view)
        return Unknown("it is not known")

    facts = Facts(History(), {"strange": strange(count)})
    first = facts.get(SignalTerm(signal="strange"))
    assert facts.get(SignalTerm(signal="strange")) is first
    assert len(calls) == 1


def test_a_failing_signal_of_a_plugin_names_the_plugin_and_strict_raises() -> None:
    class Stranger:
        @hookimpl
        def expert_signals(self) -> list[Signal]:
            return [strange(raises)]

        @hookimpl
        def expert_rules(self) -> list[Rule]:
            return [READS]

    plugin = Stranger()
    (problem,) = [one for one in advise(History(), plugins=[plugin]).problems if "KeyError" in one.what]
    assert problem.plugin == "Stranger"
    with pytest.raises(AuthoringError, match="strange"):
        advise(History(), plugins=[plugin], strict=True)


def test_remedies_are_held_to_the_signals_that_exist_as_well() -> None:
    lost: Remedy = remedy("FX950", "lost", not_when=(not_when(signal.noise_levl() > 1, "x"),))
    knowledge = assemble([], [lost])
    assert knowledge.remedies == {}
    assert knowledge.problems[0].what.startswith(
        "remedy FX950 lost uses the unknown signal 'noise_levl'. Did you mean 'noise_level'?"
    )
    assert known([], [remedy("FX951", "found")]).remedy("found") is not None
