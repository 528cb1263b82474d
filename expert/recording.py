"""What to record next: the unknown evidence that could move the ranking of causes most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expert.advice import RecordNext
from expert.confidence import NATS
from expert.facts import Fact
from expert.judging import Judgment
from expert.relations import Catalogue

MOST = 3


def record_next(judgments: Mapping[str, Judgment], catalogue: Catalogue) -> tuple[RecordNext, ...]:
    """At most three suggestions, the one that could decide most first; none where nothing serious was found.

    Only candidates count: causes that were found, and causes that could not be judged and would explain a symptom
    that was
    found. A fact is worth the nats of the evidence it would settle, and one *decisive* where a candidate's own
    condition waits
    for it.
    """
    symptoms = {identity for identity, one in judgments.items() if one.found and one.severity != "info"}
    worth: dict[str, float] = {}
    facts: dict[str, Fact] = {}
    decides: dict[str, list[str]] = {}
    for identity, judgment in judgments.items():
        if not symptoms or judgment.rule.kind == "guard" or not _candidate(identity, judgment, symptoms, catalogue):
            continue
        for fact, nats in _unknown(judgment):
            key = fact.record or fact.reason
            facts.setdefault(key, fact)
            worth[key] = worth.get(key, 0.0) + nats * judgment.rule.prior
            if judgment.rule.name not in decides.setdefault(key, []):
                decides[key].append(judgment.rule.name)
    best = sorted(worth, key=lambda key: (-worth[key], key))[:MOST]
    return tuple(
        RecordNext(what=facts[key].reason, how=facts[key].record, would_decide=tuple(decides[key][:5])) for key in best
    )


def _candidate(identity: str, judgment: Judgment, symptoms: set[str], catalogue: Catalogue) -> bool:
    if judgment.found:
        return True
    return (
        judgment.status == "unknown"
        and judgment.rule.kind == "cause"
        and bool(catalogue.consequences(identity) & symptoms)
    )


def _unknown(judgment: Judgment) -> Iterator[tuple[Fact, float]]:
    for item in judgment.evidence:
        for leaf in item.verdict.leaves("unknown"):
            if leaf.fact is not None:
                yield leaf.fact, NATS[item.evidence.weight]
    if judgment.status == "unknown":
        for leaf in judgment.verdict.leaves("unknown"):
            if leaf.fact is not None:
                yield leaf.fact, NATS["decisive"]
