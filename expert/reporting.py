"""What was judged, told: outcome, headline, findings with their evidence, coverage, and what was not judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expert.advice import Coverage, EvidenceItem, Finding, NotJudged, Outcome
from expert.confidence import Weighed
from expert.facts import Facts, fill
from expert.history import History
from expert.inference import Verdict
from expert.judging import Judgment
from expert.signals.curve import FEWEST_EPOCHS, FEWEST_POINTS


def is_short(facts: Facts) -> bool:
    """Whether the curves are too few to be sure: fewer than 6 epochs and fewer than 60 points."""
    curves = [facts.curve(role) for role in facts.history.roles if role.endswith(".loss")]
    return all(curve.short for curve in curves if curve is not None)


def outcome_of(serious: Sequence[Judgment], judgments: Mapping[str, Judgment], facts: Facts, *, short: bool) -> Outcome:
    """The verdict: ``healthy`` needs every core symptom judged *no*."""
    if serious:
        return "findings"
    if facts.curve("train.loss") is None and facts.curve("val.loss") is None:
        return "cannot_judge"
    if short:
        return "too_short"
    core = [one for one in judgments.values() if one.rule.core and one.status != "not asked"]
    if facts.curve("val.loss") is None:
        core = [one for one in core if one.rule.family != "generalization"]
    if any(one.status == "unknown" for one in core) or all(one.status != "no" for one in core):
        return "cannot_judge"
    return "healthy"


def headline_of(outcome: Outcome, findings: Sequence[Finding], facts: Facts) -> str:
    """The one sentence that comes first."""
    if outcome == "findings":
        first = findings[0]
        return f"{first.symptom}: {first.cause}." if first.cause else f"{first.symptom}."
    if outcome == "healthy":
        return "Healthy: nothing non-finite, no divergence, no oscillation, and the loss improves."
    if outcome == "too_short":
        return f"Too short to tell: fewer than {FEWEST_EPOCHS} epochs and fewer than {FEWEST_POINTS} recorded steps."
    if not facts.history.series:
        return "No curve was given: nothing in what was given is wrong, and the training itself cannot be judged."
    return "I cannot tell from what was recorded."


def finding_of(judgment: Judgment) -> Finding:
    """A judgment that found something, as the advice tells it."""
    rule = judgment.rule
    observed = [
        _observed(leaf) for leaf in judgment.verdict.reasons() if leaf.fact is not None and leaf.fact.value is not None
    ]
    weighed = [_weighed(item.evidence.text, item) for item in judgment.evidence if item.counts]
    seen: dict[str, EvidenceItem] = {item.text: item for item in [*weighed, *observed]}
    return Finding(
        rule=rule.id,
        name=rule.name,
        kind=rule.kind,
        family=rule.family,
        severity=judgment.severity,
        confidence=round(judgment.confidence, 3),
        symptom=rule.symptom[0].upper() + rule.symptom[1:],
        cause=rule.cause,
        blames=rule.blames,
        evidence=tuple(sorted(seen.values(), key=lambda item: (item.weight == "observed", not item.supports))),
        at="" if judgment.at is None else f"{judgment.clock} {judgment.at:g}",
        explained_by=judgment.explained_by,
    )


def _observed(leaf: Verdict) -> EvidenceItem:
    fact = leaf.fact
    assert fact is not None
    place = "" if fact.at is None else f"{fact.clock or 'epoch'} {fact.at:g}"
    return EvidenceItem(text=fact.sentence, signal=str(fact.term), value=fact.value, at=place)


def _weighed(template: str, item: Weighed) -> EvidenceItem:
    leaf = next(
        (leaf for leaf in item.verdict.reasons() if leaf.fact is not None and leaf.fact.value is not None), None
    )
    fact = leaf.fact if leaf is not None else None
    words: dict[str, object] = {}
    place = ""
    if leaf is not None and fact is not None:
        place = "" if fact.at is None else f"{fact.clock or 'epoch'} {fact.at:g}"
        words = {"value": fact.value, "bound": leaf.bound, "at": place, **fact.detail}
    return EvidenceItem(
        text=fill(template, words),
        supports=item.evidence.supports,
        weight=item.evidence.weight,
        signal="" if fact is None else str(fact.term),
        value=None if fact is None else fact.value,
        at=place,
    )


def coverage_of(judgments: Mapping[str, Judgment], history: History) -> Coverage:
    """How much was looked at."""
    statuses = [one.status for one in judgments.values() if one.status != "not asked"]
    return Coverage(
        rules=len(statuses),
        judged=sum(status in ("found", "no") for status in statuses),
        unknown=statuses.count("unknown"),
        silenced=statuses.count("silenced"),
        ruled_out=statuses.count("ruled out"),
        read=history.summary,
    )


def not_judged(judgments: Mapping[str, Judgment]) -> tuple[NotJudged, ...]:
    """The rules that could not be judged, grouped by what is missing."""
    groups: dict[str, list[str]] = {}
    how: dict[str, str] = {}
    for identity, judgment in judgments.items():
        if judgment.status != "unknown":
            continue
        leaf = next((leaf for leaf in judgment.verdict.leaves("unknown") if leaf.fact is not None), None)
        if leaf is not None and leaf.fact is not None:
            groups.setdefault(leaf.fact.reason, []).append(identity)
            how.setdefault(leaf.fact.reason, leaf.fact.record)
    ordered = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(
        NotJudged(missing=missing, record=how[missing], rules=tuple(sorted(rules))) for missing, rules in ordered
    )
