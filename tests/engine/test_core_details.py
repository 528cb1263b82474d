"""Details of the core that its other tests would let change unseen: `make mutants` told of them."""

from __future__ import annotations

import numpy as np
import pytest

from expert.advice import Advice
from expert.authoring import Reading, Signal, config, data, escalates, facts, limit, signal
from expert.confidence import CAPS, CLOSE, NATS, SHORT_RECORD_CAP, SURE
from expert.facts import Facts
from expert.history import ClockMarks, History
from expert.inference import Limits, judge
from expert.judging import ENOUGH, Asked, judge_all
from expert.knowledge import assemble
from expert.pipeline import judge_history
from expert.ranking import ranked
from expert.settings import Settings, Suppression
from tests.engine.knowledge import advice, known, remedy, rule


def test_words_and_grades_are_worth_what_the_pages_say() -> None:
    assert NATS == {"weak": 0.5, "moderate": 1.1, "strong": 2.2, "decisive": 4.6}
    assert CAPS == {"proof": 0.99, "internal": 0.9, "config": 0.8, "curve": 0.6}
    assert (SURE, CLOSE, SHORT_RECORD_CAP, ENOUGH) == (0.8, 0.15, 0.4, 0.5)


def test_a_limit_has_its_own_value_unless_another_is_in_force() -> None:
    many = limit("many", 10, source="test")
    view = Facts(History(), {}, facts(data.samples.of(5)))
    node = (data.samples > many).node
    assert judge(node, view, Limits()).truth == "no"
    assert judge(node, view, Limits({"many": 4.0})).truth == "yes"
    assert judge(node, view, Limits({"few": 4.0})).bound == 10.0


def test_the_reasons_of_a_negation_are_what_was_not_so() -> None:
    view = Facts(History(), {}, facts(config.shuffle.of(False), config.nesterov.of(True), data.samples.of(5)))
    verdict = judge((~(config.shuffle | (data.samples > 9)) & config.nesterov).node, view, Limits())
    assert verdict.truth == "yes"
    assert [(str(one.node), one.truth) for one in verdict.reasons()] == [
        ("config.shuffle is True", "no"),
        ("data.samples > 9", "no"),
        ("config.nesterov is True", "yes"),
    ]
    assert [fact.value for fact in verdict.grounds()] == [False, 5.0, True]
    leaf = verdict.parts[1]
    assert list(leaf.reasons()) == [leaf]


def test_the_last_escalation_that_holds_wins_and_one_that_does_not_changes_nothing() -> None:
    escalations = (escalates(config.nesterov, "error"), escalates(config.shuffle, "fatal"))
    one = rule("OPT940", "one", config.batch_size > 1, escalate=escalations)
    for nesterov, shuffle, severity in (
        (False, False, "warning"),
        (True, False, "error"),
        (True, True, "fatal"),
        (False, True, "fatal"),
    ):
        found = advice([one], batch_size=2, nesterov=nesterov, shuffle=shuffle).finding("one")
        assert found is not None
        assert found.severity == severity


def at(*places: tuple[float, str | None]) -> Advice:
    """Advice on a rule whose signs were read at these places."""
    signals = [
        Signal(f"sign{i}", "s", "", "internal", "at {at}", lambda view, p=place: Reading(True, *p), arguments=0)
        for i, place in enumerate(places)
    ]
    when = signal.sign0()
    for number in range(1, len(places)):
        when = when & getattr(signal, f"sign{number}")()
    marks = ClockMarks(step=np.arange(0.0, 60.0, 10.0), epoch=np.arange(6.0), seconds=np.arange(0.0, 600.0, 100.0))
    return judge_history(History(marks=marks), assemble([rule("OPT940", "one", when)], [], signals))


@pytest.mark.parametrize(
    ("places", "first"),
    [
        (((30.0, "step"), (2.0, "epoch")), "at epoch 2"),
        (((10.0, "step"), (2.0, "epoch")), "at step 10"),
        (((500.0, "seconds"), (40.0, "step")), "at step 40"),
        (((100.0, "seconds"), (40.0, "step")), "at 100 s"),
        (((5.0, None), (4.0, "epoch")), "at epoch 4"),
        (((1.0, "windows"), (5.0, "epoch")), "at epoch 5"),  # a place on no clock comes behind every other
    ],
)
def test_the_first_sign_is_the_earliest_on_whatever_clock(
    places: tuple[tuple[float, str | None], ...], first: str
) -> None:
    found = at(*places).finding("one")
    assert found is not None
    assert found.at.removeprefix("at ") == first.removeprefix("at ")


def test_what_is_suppressed_holds_but_is_not_found() -> None:
    one = rule("OPT940", "one", config.shuffle)
    settings = Settings(suppress=(Suppression(rule="one", reason="known"),))
    told = advice([one], settings=settings, shuffle=True)
    assert not told.findings
    assert [item.finding.rule for item in told.suppressed] == ["OPT940"]
    assert told.why("one").startswith("OPT940 one: found, confidence 0.60")


def test_a_note_that_accounts_for_no_symptom_comes_behind_what_is_serious() -> None:
    note = rule("OPT940", "note", config.shuffle, severity="info", prior=0.7)
    serious = rule("OPT941", "serious", config.shuffle, prior=0.55)
    assert [one.rule for one in advice([note, serious], shuffle=True).findings] == ["OPT941", "OPT940"]
    knowledge = known([note, serious])
    run = Facts(History.model_validate({"config": {"shuffle": True}}), knowledge.signals)
    judged = judge_all(knowledge.catalogue, run, Limits(), short=False)
    assert [[one.rule.id for one in group] for group in ranked(judged, knowledge.catalogue)] == [["OPT941"], ["OPT940"]]


def test_a_cause_told_as_a_note_is_as_grave_as_what_it_accounts_for() -> None:
    grave = rule("OPT941", "grave", config.shuffle, kind="cause", severity="error")
    note = rule("OPT940", "note", config.shuffle, kind="cause", severity="info", explains=("grave",))
    serious = rule("OPT942", "serious", config.shuffle, kind="cause")
    knowledge = known([grave, note, serious])
    run = Facts(History.model_validate({"config": {"shuffle": True}}), knowledge.signals)
    judged = judge_all(knowledge.catalogue, run, Limits(), short=False)
    assert [[one.rule.name for one in group] for group in ranked(judged, knowledge.catalogue)] == [
        ["note"],
        ["serious"],
        ["grave"],
    ]
    assert {one.rule.name: one.severity for one in judged.values()} == {
        "note": "error",
        "grave": "error",
        "serious": "warning",
    }


def test_what_the_settings_say_of_a_severity_is_not_lifted() -> None:
    grave = rule("OPT941", "grave", config.shuffle, kind="cause", severity="error")
    note = rule("OPT940", "note", config.shuffle, kind="cause", severity="info", explains=("grave",))
    knowledge = known([grave, note])
    run = Facts(History.model_validate({"config": {"shuffle": True}}), knowledge.signals)
    everything = frozenset({"OPT940", "OPT941"})
    asked = Asked(told=everything, heeded=everything, severities={"OPT940": "info"})
    assert judge_all(knowledge.catalogue, run, Limits(), asked, short=False)["OPT940"].severity == "info"


def test_only_an_experiment_about_the_knob_confirms_what_another_finding_asks_for() -> None:
    costly = remedy("FX920", "costly", cost="new structure", knob="capacity", direction="down")
    elsewhere = remedy("FX921", "elsewhere", kind="experiment", cost="check", decides=("batch",))
    about = remedy("FX922", "about", kind="experiment", cost="check", decides=("capacity",))
    why = rule("OPT929", "why", config.shuffle, kind="cause", severity="error", remedies=("costly",))
    other = rule("OPT930", "other", config.nesterov, kind="cause", prior=0.55, remedies=("elsewhere",))

    def order(*remedies: object) -> list[str]:
        found = advice([why, other], list(remedies), shuffle=True, nesterov=True)  # type: ignore[arg-type]
        return [one.name for one in found.recommendations]

    assert order(costly, elsewhere) == ["costly", "elsewhere"]
    assert order(costly, elsewhere, about) == ["about", "costly", "elsewhere"]
