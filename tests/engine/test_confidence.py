from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from expert.authoring import against, config, data, decisive, facts, moderate, strong, supports, weak
from expert.calibration import Calibration, Line
from expert.confidence import (
    CAPS,
    MOST_SURE,
    SHORT_RECORD_CAP,
    believed,
    best_grade,
    confidence,
    log_odds,
    probability,
    weigh,
)
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, judge
from expert.rule import Evidence
from expert.signals.signal import Grade

GIVEN = facts(config.shuffle.of(True), config.nesterov.of(True), data.samples.of(5.0))


def weighed(*items: Evidence) -> tuple[object, ...]:
    view = Facts(History(), {}, GIVEN)
    return weigh((item, judge(item.condition, view, Limits())) for item in items)


def odds(prior: float, *items: Evidence) -> float:
    return log_odds(prior, weighed(*items))  # type: ignore[arg-type]


def test_the_prior_alone_is_the_confidence_where_nothing_else_is_known() -> None:
    assert confidence(0.3, (), "proof", short=False) == pytest.approx(0.3)


def test_evidence_adds_its_nats_and_evidence_against_takes_them() -> None:
    assert odds(0.5, supports(config.shuffle, strong, "x")) == pytest.approx(2.2)
    assert odds(0.5, supports(config.shuffle, weak, "x"), against(config.nesterov, moderate, "y")) == pytest.approx(
        -0.6
    )


def test_of_a_group_only_the_strongest_counts() -> None:
    one = supports(config.shuffle, weak, "x", group="g")
    other = supports(config.nesterov, strong, "y", group="g")
    assert odds(0.5, one, other) == pytest.approx(2.2)
    assert [item.counts for item in weighed(one, other)] == [False, True]  # type: ignore[attr-defined]


def test_what_does_not_hold_or_is_unknown_adds_nothing() -> None:
    assert odds(0.5, supports(data.samples > 10, decisive, "x"), supports(data.features > 1, decisive, "y")) == 0.0


def test_the_grade_caps_and_a_short_record_of_curves_caps_lower() -> None:
    sure = weighed(supports(config.shuffle, decisive, "x"))
    for grade, cap in CAPS.items():
        assert confidence(0.95, sure, grade, short=False) == pytest.approx(
            min(cap, 1 / (1 + math.exp(-odds(0.95, supports(config.shuffle, decisive, "x")))))
        )  # type: ignore[arg-type]
    assert confidence(0.95, sure, "curve", short=True) == SHORT_RECORD_CAP  # type: ignore[arg-type]
    assert confidence(0.95, sure, "proof", short=True) > SHORT_RECORD_CAP  # type: ignore[arg-type]


MEASURED = Calibration(
    lines={grade: Line(slope=1.5, offset=0.4) for grade in ("proof", "config", "curve")},
    causes=500,
    programs=8,
    fitted_on="runs",
)


def believed_as_measured(odds: float, grade: Grade, *, short: bool = False) -> float:
    return believed(odds, grade, short=short, calibration=MEASURED)


@pytest.mark.parametrize("grade", ["proof", "config"])
def test_what_was_measured_takes_the_place_of_the_cap(grade: Grade) -> None:
    assert believed_as_measured(1.0, grade) == pytest.approx(probability(1.9))
    assert believed_as_measured(1.0, "config") > CAPS["config"]
    assert believed_as_measured(-1.0, grade) == pytest.approx(probability(-1.1))
    assert believed_as_measured(9.0, grade) == MOST_SURE


def test_what_is_less_likely_than_not_is_not_made_likelier() -> None:
    assert believed_as_measured(-0.1, "proof") == pytest.approx(probability(-0.1))
    assert believed_as_measured(-0.1, "curve") == pytest.approx(probability(-0.1))
    assert believed_as_measured(-2.0, "proof") == pytest.approx(probability(-2.6))
    assert believed_as_measured(-0.1, "config") == pytest.approx(probability(-0.1))
    assert believed_as_measured(0.0, "proof") == pytest.approx(probability(0.4))


def test_a_grade_that_was_not_measured_keeps_its_cap() -> None:
    assert believed_as_measured(1.0, "internal") == pytest.approx(probability(1.0))
    assert believed_as_measured(9.0, "internal") == CAPS["internal"]


def test_curves_and_short_records_keep_their_caps_though_they_were_measured() -> None:
    assert believed_as_measured(-2.0, "curve") == pytest.approx(probability(-2.6))
    assert believed_as_measured(9.0, "curve") == CAPS["curve"]
    assert believed_as_measured(9.0, "curve", short=True) == SHORT_RECORD_CAP
    assert believed_as_measured(9.0, "proof", short=True) == MOST_SURE


@pytest.mark.parametrize(
    "wrong", [{"slope": 0.0}, {"slope": -1.0}, {"slope": math.nan}, {"slope": 1.0, "offset": 99.0}]
)
def test_a_line_that_would_turn_the_order_round_or_overflow_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Line(**wrong)


def test_the_best_grade_is_that_of_supporting_facts_only() -> None:
    view = Facts(History(), {}, GIVEN)
    when = judge(config.shuffle.is_(True).node, view, Limits())
    assert best_grade(when, ()) == "config"
    assert best_grade(when, weighed(supports(data.samples < 10, weak, "x"))) == "proof"  # type: ignore[arg-type]
    assert best_grade(when, weighed(against(data.samples < 10, weak, "x"))) == "config"  # type: ignore[arg-type]


def test_a_fact_that_is_not_known_lends_no_grade() -> None:
    view = Facts(History(), {}, GIVEN)
    assert best_grade(judge((~config.warmup_steps.known).node, view, Limits()), ()) == "curve"
