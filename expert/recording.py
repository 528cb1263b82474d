"""What to record next: the unknown facts that could move the ranking of causes most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from expert.advice import RecordNext
from expert.calibration import Calibration
from expert.confidence import NATS, believed, log_odds
from expert.facts import GRADES, Fact
from expert.inference import Verdict
from expert.judging import Judgment
from expert.relations import Catalogue
from expert.rule import is_serious

MOST = 3
NAMED = 5
"""So many of the findings that a record would decide are named."""
LEAST = 0.05
"""What could move a probability by less is not worth a line."""


def record_next(
    judgments: Mapping[str, Judgment], catalogue: Catalogue, calibrations: Mapping[str, Calibration]
) -> tuple[RecordNext, ...]:
    """At most three suggestions, the one that could decide most first; none where nothing serious was found.

    Only candidates count: causes that were found, and causes that could not be judged and would explain a serious
    symptom that was found. A fact is worth what it could move their probabilities by: the evidence it would settle, or,
    where a candidate's own condition waits for it, the prior, shared among all it waits for and less the more surely
    the symptom is explained already.
    """
    symptoms = {identity for identity, one in judgments.items() if one.found and is_serious(one.severity)}
    if not symptoms:
        return ()
    worth: dict[str, float] = {}
    facts: dict[str, Fact] = {}
    decides: dict[str, list[str]] = {}
    for identity, judgment in judgments.items():
        if judgment.rule.kind == "guard":
            continue
        explains, calibration = catalogue.consequences(identity) & symptoms, calibrations.get(identity)
        for fact, gain in _gains(judgment, judgments, explains, calibration):
            if fact.record:
                facts.setdefault(fact.record, fact)
                worth[fact.record] = worth.get(fact.record, 0.0) + gain
                decides.setdefault(fact.record, []).append(judgment.rule.name)
    best = sorted((key for key in worth if worth[key] >= LEAST), key=lambda key: (-worth[key], key))[:MOST]
    return tuple(
        RecordNext(what=facts[key].reason, how=key, would_decide=tuple(dict.fromkeys(decides[key]))[:NAMED])
        for key in best
    )


def _gains(
    judgment: Judgment,
    judgments: Mapping[str, Judgment],
    explains: frozenset[str] | set[str],
    calibration: Calibration | None,
) -> Iterator[tuple[Fact, float]]:
    """The unknown facts that bear on one rule, each with what it could move the rule's probability by."""
    if judgment.found and (is_serious(judgment.severity) or judgment.doubted):
        odds = log_odds(judgment.rule.prior, judgment.evidence)
        for item in judgment.evidence:
            if item.verdict.truth == "unknown" and not _settled(item.evidence.group, judgment):
                for fact in _unknown(item.verdict.reasons()):
                    grade = min(fact.grade, judgment.grade, key=GRADES.index)
                    then = believed(odds + item.nats, grade, short=False, calibration=calibration)
                    yield fact, abs(then - judgment.confidence)
    elif judgment.status == "unknown" and judgment.rule.kind == "cause" and explains:
        awaited = list(_unknown(judgment.verdict.reasons()))
        explained = min(_best_explanation(judgments[symptom], judgments) for symptom in explains)
        for fact in awaited:
            yield fact, judgment.rule.prior * (1.0 - explained) / len(awaited)


def _settled(group: str, judgment: Judgment) -> bool:
    """Whether other evidence of the same group is decisive already."""
    return bool(group) and any(
        item.counts and item.evidence.group == group and abs(item.nats) >= NATS["decisive"]
        for item in judgment.evidence
    )


def _best_explanation(symptom: Judgment, judgments: Mapping[str, Judgment]) -> float:
    return max((judgments[one].confidence for one in symptom.explained_by), default=0.0)


def _unknown(leaves: Iterable[Verdict]) -> Iterator[Fact]:
    """The facts that leaves wait for, each once."""
    waiting = {leaf.fact.record: leaf.fact for leaf in leaves if leaf.fact is not None and leaf.truth == "unknown"}
    yield from waiting.values()
