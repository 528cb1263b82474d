"""What to record next: the unknown facts that could move the ranking of causes most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from expert.advice import RecordNext
from expert.calibration import Calibration
from expert.confidence import NATS, believed, log_odds
from expert.deeds import deed_of, needs_another_run, said_together
from expert.facts import GRADES, Fact, Place
from expert.history import History
from expert.inference import Verdict
from expert.judging import Judgment
from expert.relations import Catalogue
from expert.rule import SEVERITIES, is_serious
from expert.truth import could_hold

MOST = 3
NAMED = 5
"""So many of the findings that a record would decide are named."""
LEAST = 0.05
"""What is worth less is not worth a line: what could move the probability of one warning by so much."""
ANOTHER_RUN = 0.5
"""What has to be logged by another run is worth so much of what can be told of this one."""
TOGETHER = 0.1
"""What decides nothing unless something else is recorded as well is worth so much of its share."""


class _Awaited(NamedTuple):
    """What one deed would tell that a condition waits for, and its share of what the condition is worth."""

    facts: Collection[Fact]
    share: float


@dataclass
class _Deed:
    """What one deed is worth, by the hints that ask for it, and by the rules it would decide."""

    hints: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    rules: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def worth(self) -> float:
        return sum(self.hints.values())


def record_next(
    judgments: Mapping[str, Judgment],
    catalogue: Catalogue,
    calibrations: Mapping[str, Calibration],
    history: History,
) -> tuple[RecordNext, ...]:
    """At most three suggestions, the one that could decide most first; none where nothing serious was found.

    Only candidates count: causes that were found, and causes that could not be judged and would explain a serious
    symptom that was found. What one deed tells (the settings, say) is taken together. It is worth what it could move
    the candidates' probabilities by, times how severe what they account for is: the evidence it would settle, or, where
    it could make a candidate's own condition hold, the prior, less the more surely the symptom is explained already.
    """
    symptoms = {identity for identity, one in judgments.items() if one.found and is_serious(one.severity)}
    deeds: dict[str, _Deed] = {}
    reasons: dict[str, str] = {}
    for identity, judgment in judgments.items() if symptoms else ():
        explains, calibration = catalogue.consequences(identity) & symptoms, calibrations.get(identity)
        for deed, fact, gain in _gains(judgment, judgments, explains, calibration):
            if fact.record and gain > 0.0:
                reasons.setdefault(fact.record, fact.reason)
                offered = deeds.setdefault(deed, _Deed())
                offered.hints[fact.record] += gain
                offered.rules[judgment.rule.name] += gain
    best = sorted((one for one in deeds if deeds[one].worth >= LEAST), key=lambda one: (-deeds[one].worth, one))
    return tuple(_suggestion(one, deeds[one], reasons, history) for one in best[:MOST])


def _suggestion(name: str, deed: _Deed, reasons: Mapping[str, str], history: History) -> RecordNext:
    hints, rules = (sorted(counted, key=lambda one: (-counted[one], one)) for counted in (deed.hints, deed.rules))
    what, how = (reasons[hints[0]], hints[0]) if len(hints) == 1 else said_together(name, hints, history)
    return RecordNext(what=what, how=how, would_decide=tuple(rules[:NAMED]))


def _gains(
    judgment: Judgment,
    judgments: Mapping[str, Judgment],
    explains: frozenset[str] | set[str],
    calibration: Calibration | None,
) -> Iterator[tuple[str, Fact, float]]:
    """The unknown facts that bear on one rule, each with the deed that tells it and what it is worth."""
    if judgment.rule.kind == "guard":
        return
    if judgment.found and (is_serious(judgment.severity) or judgment.doubted):
        severity = SEVERITIES.index(judgment.rule.severity if judgment.doubted else judgment.severity)
        odds = log_odds(judgment.rule.prior, judgment.evidence)
        for item in judgment.evidence:
            if item.verdict.truth == "unknown" and not _settled(item.evidence.group, judgment):
                for deed, awaited in _awaited(item.verdict).items():
                    grade = min([judgment.grade, *(fact.grade for fact in awaited.facts)], key=GRADES.index)
                    then = believed(odds + item.nats, grade, short=False, calibration=calibration)
                    yield from _shared(deed, awaited, severity * abs(then - judgment.confidence))
    elif judgment.status == "unknown" and judgment.rule.kind == "cause" and explains:
        severity = max(SEVERITIES.index(judgments[symptom].severity) for symptom in explains)
        explained = min(_best_explanation(judgments[symptom], judgments) for symptom in explains)
        for deed, awaited in _awaited(judgment.verdict).items():
            yield from _shared(deed, awaited, severity * judgment.rule.prior * (1.0 - explained))


def _awaited(verdict: Verdict) -> Mapping[str, _Awaited]:
    """What an unknown verdict waits for, by the deed that tells it."""
    by_deed: defaultdict[str, dict[Place, Fact]] = defaultdict(dict)
    for leaf in verdict.reasons():
        (place,) = leaf.condition.places
        fact = verdict.memory.facts[place]
        by_deed[deed_of(fact.record)][place] = fact
    condition, values, bounds = verdict.condition, verdict.memory.values, verdict.limits.bounds
    awaited = {}
    for deed, told in by_deed.items():
        alone = 1.0 if could_hold(condition, values, bounds, told) else TOGETHER / len(by_deed)
        cost = ANOTHER_RUN if needs_another_run(deed) else 1.0
        awaited[deed] = _Awaited({fact.record: fact for fact in told.values()}.values(), alone * cost)
    return awaited


def _shared(deed: str, awaited: _Awaited, worth: float) -> Iterator[tuple[str, Fact, float]]:
    """What a deed is worth, shared among the facts it tells."""
    for fact in awaited.facts:
        yield deed, fact, worth * awaited.share / len(awaited.facts)


def _settled(group: str, judgment: Judgment) -> bool:
    """Whether other evidence of the same group is decisive already."""
    return bool(group) and any(
        item.counts and item.evidence.group == group and abs(item.nats) >= NATS["decisive"]
        for item in judgment.evidence
    )


def _best_explanation(symptom: Judgment, judgments: Mapping[str, Judgment]) -> float:
    return max((judgments[one].confidence for one in symptom.explained_by), default=0.0)
