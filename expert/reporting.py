"""What was judged, told: outcome, headline, findings with their evidence, coverage, and what was not judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pydantic import ConfigDict, TypeAdapter

from expert.advice import Coverage, EvidenceItem, Finding, NotJudged, Outcome
from expert.confidence import SURE, Weighed
from expert.facts import Fact, Facts
from expert.history import DataProfile, History, ModelProfile, RunConfig
from expert.inference import Verdict
from expert.judging import ENOUGH, Judgment
from expert.language.nodes import Scalar
from expert.rule import is_serious
from expert.signals.curve import FEWEST_EPOCHS, FEWEST_POINTS
from expert.wording import capitalized, fill, place

HEALTHY = "Healthy: nothing non-finite, no divergence, no oscillation, and the loss improves."
HEALTHY_VALIDATED = "Healthy: nothing non-finite, no divergence, no oscillation, no overfitting, and the loss improves."
TOO_SHORT = "Too short to tell: fewer than {epochs} epochs and fewer than {points} recorded steps."
NOTHING_GIVEN = "Nothing was given to judge: pass a log, or config=, model= or data= for a check before the training."
NO_CURVE = "No curve was recorded; what is known beside the curves gives no cause for concern."
READY = "Check before the training: nothing that was given speaks against it."
READY_BUT_HIDDEN = "Check before the training: what speaks against it is suppressed by the settings."
GIVEN = "Looked at: {given}"
NOT_GIVEN = "; not given: {missing}"
NO_LOSS = "I cannot tell how the training went: no training or validation loss was recorded."
NO_CORE = "I cannot tell how the training went: no rule that would tell a healthy run from a sick one is loaded."
NOT_SURE = "Nothing was found, but I cannot call the run healthy: {name} was not judged, because {reason}."
STILL_THERE = "Nothing that counts was found, but I do not call the run healthy: {name} is there, {why}."
WHY_STILL_THERE: Mapping[str, str] = {"found": "though only as a note", "suppressed": "though the settings suppress it"}
SYMPTOM = "{symptom}."
LIKELY: tuple[tuple[float, str], ...] = (
    (SURE, "{symptom}; cause: {cause}."),
    (ENOUGH, "{symptom}; probable cause: {cause}."),
    (0.0, "{symptom}; possible cause: {cause}."),
)
"""How a symptom with its cause is said, by the least confidence that allows it."""
SILENCED = "it is not judged in this kind of run ({guards})"
WHY_OPEN: Mapping[str, str] = {
    "ruled out": "its signs are there, though something else accounts for them",
    "silenced": "it cannot be judged in this kind of run",
    "not asked": "the settings leave it out",
    "unknown": "{missing}",
}


def is_short(facts: Facts) -> bool:
    """Whether there are curves, and each has fewer than 6 epochs and fewer than 60 points.

    The losses decide; where none was recorded, the other curves of training and validation.
    """
    roles = facts.history.roles
    chosen = [role for role in roles if role.endswith(".loss")] or [
        role for role in roles if role.startswith(("train.", "val."))
    ]
    curves = [curve for role in chosen if (curve := facts.curve(role)) is not None]
    return bool(curves) and all(curve.short for curve in curves)


def is_before_training(history: History, source: str) -> bool:
    """Whether there is no run yet: something is known of one, and neither a curve nor a log was given."""
    return not source and not history.series and not history.layers and history != History()


def outcome_of(
    serious: Sequence[Judgment], judgments: Mapping[str, Judgment], facts: Facts, *, short: bool, before_training: bool
) -> Outcome:
    """The verdict: ``healthy`` needs every core symptom judged *no*, ``ready`` that nothing serious was even hidden."""
    if serious:
        return "findings"
    if before_training:
        return "cannot_judge" if _hidden(judgments) else "ready"
    if not _has_loss(facts):
        return "cannot_judge"
    if short:
        return "too_short"
    core = _core(judgments, facts)
    return "healthy" if core and all(one.status == "no" for one in core) else "cannot_judge"


def headline_of(
    outcome: Outcome,
    findings: Sequence[Finding],
    judgments: Mapping[str, Judgment],
    facts: Facts,
    *,
    before_training: bool,
) -> str:
    """The one sentence that comes first."""
    if outcome == "findings":
        return sentence_of(findings[0])
    if outcome == "healthy":
        return HEALTHY if facts.curve("val.loss") is None else HEALTHY_VALIDATED
    if outcome == "ready":
        return READY
    if outcome == "too_short":
        return TOO_SHORT.format(epochs=FEWEST_EPOCHS, points=FEWEST_POINTS)
    if not facts.history.series and not facts.history.layers:
        return NOTHING_GIVEN if facts.history == History() else READY_BUT_HIDDEN if before_training else NO_CURVE
    if not _has_loss(facts):
        return NO_LOSS
    first = next((one for one in _core(judgments, facts) if one.status != "no"), None)
    if first is None:
        return NO_CORE
    if first.holds:
        return STILL_THERE.format(name=first.rule.name, why=WHY_STILL_THERE[first.status])
    missing = next(map(_missing, first.verdict.grounds()), "") if first.status == "unknown" else ""
    reason = fill(WHY_OPEN[first.status], {"missing": missing})
    return NOT_SURE.format(name=first.rule.name, reason=reason)


def sentence_of(finding: Finding) -> str:
    """What is seen, and its cause in words no surer than the confidence allows."""
    template = next(words for least, words in LIKELY if finding.confidence >= least) if finding.cause else SYMPTOM
    return template.format(symptom=capitalized(finding.symptom), cause=finding.cause)


def finding_of(judgment: Judgment) -> Finding:
    """A judgment that found something, as the advice tells it."""
    rule = judgment.rule
    observed = [
        _observed(leaf) for leaf in judgment.verdict.reasons() if leaf.fact is not None and leaf.fact.value is not None
    ]
    weighed = [_weighed(item) for item in judgment.evidence if item.counts]
    told = {item.signal for item in weighed}
    seen = {item.text: item for item in (*weighed, *(item for item in observed if item.signal not in told))}
    return Finding(
        rule=rule.id,
        name=rule.name,
        kind=rule.kind,
        family=rule.family,
        severity=judgment.severity,
        confidence=round(judgment.confidence, 3),
        symptom=rule.symptom,
        cause=rule.cause,
        blames=rule.blames,
        evidence=tuple(sorted(seen.values(), key=lambda item: (item.weight == "observed", not item.supports))),
        at=place(judgment.at, judgment.clock),
        explained_by=judgment.explained_by,
        preview=rule.status == "experimental",
    )


def coverage_of(judgments: Mapping[str, Judgment], history: History, *, before_training: bool) -> Coverage:
    """How much was looked at."""
    statuses = [one.status for one in judgments.values() if one.status != "not asked"]
    return Coverage(
        rules=len(statuses),
        judged=sum(status in ("found", "no", "suppressed") for status in statuses),
        unknown=statuses.count("unknown"),
        silenced=statuses.count("silenced"),
        ruled_out=statuses.count("ruled out"),
        read=_given(history) if before_training else history.summary if history.series or history.layers else "",
        before_training=before_training,
    )


def not_judged(judgments: Mapping[str, Judgment]) -> tuple[NotJudged, ...]:
    """The rules that were not judged, by what each waits for; one that waits for several things stands under each."""
    waiting: dict[str, list[str]] = {}
    how: dict[str, str] = {}
    for identity, judgment in judgments.items():
        if judgment.status == "unknown":
            for fact in judgment.verdict.grounds():
                missing = _missing(fact)
                rules = waiting.get(missing)
                if rules is None:
                    waiting[missing], how[missing] = [identity], fact.record
                elif rules[-1] != identity:  # two facts may be missing for one reason
                    rules.append(identity)
        elif judgment.status == "silenced":
            guards = ", ".join(judgments[guard].rule.name for guard in judgment.by)
            waiting.setdefault(SILENCED.format(guards=guards), []).append(identity)
    ordered = sorted(waiting.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return _NOT_JUDGED.validate_python(
        [{"missing": missing, "record": how.get(missing, ""), "rules": sorted(rules)} for missing, rules in ordered]
    )


_NOT_JUDGED = TypeAdapter(tuple[NotJudged, ...], config=ConfigDict(defer_build=True))
"""Makes all of them in one call: without a loss or a profile there are a hundred."""


def _given(history: History) -> str:
    """Which profiles a check before the training could look at."""
    config = history.config.model_copy(update={"framework": None})  # a model tells it, too
    known = {"config": config != RunConfig(), "model": history.model != ModelProfile()}
    known["data"] = history.data != DataProfile()
    given = GIVEN.format(given=" and ".join(name for name, is_known in known.items() if is_known) or "the framework")
    missing = " and ".join(name for name, is_known in known.items() if not is_known)
    return given + (NOT_GIVEN.format(missing=missing) if missing else "") + "."


def _hidden(judgments: Mapping[str, Judgment]) -> bool:
    """Whether the settings suppress something serious."""
    return any(one.status == "suppressed" and is_serious(one.severity) for one in judgments.values())


def _has_loss(facts: Facts) -> bool:
    return facts.curve("train.loss") is not None or facts.curve("val.loss") is not None


def _core(judgments: Mapping[str, Judgment], facts: Facts) -> Sequence[Judgment]:
    """The core symptoms; without a validation loss there is no overfitting to judge."""
    validated = facts.curve("val.loss") is not None
    return [one for one in judgments.values() if one.rule.core and (validated or one.rule.family != "generalization")]


def _missing(fact: Fact) -> str:
    """What an unknown verdict waits for."""
    return fact.reason or fact.sentence


def _observed(leaf: Verdict) -> EvidenceItem:
    fact = leaf.fact
    assert fact is not None
    return EvidenceItem(text=fact.sentence, signal=str(fact.term), value=_plain(fact.value), at=fact.place)


def _weighed(item: Weighed) -> EvidenceItem:
    """The sentence filled from the first leaf that is known and made the condition hold."""
    evidence = item.evidence
    leaf = next((one for one in item.verdict.reasons() if one.fact is not None and one.fact.value is not None), None)
    if leaf is None or leaf.fact is None:
        return EvidenceItem(text=fill(evidence.text, {}), supports=evidence.supports, weight=evidence.weight)
    fact = leaf.fact
    words = {"value": fact.value, "bound": leaf.bound, "at": fact.place, **fact.detail}
    return EvidenceItem(
        text=fill(evidence.text, words),
        supports=evidence.supports,
        weight=evidence.weight,
        signal=str(fact.term),
        value=_plain(fact.value),
        at=fact.place,
    )


def _plain(value: Scalar | None) -> Scalar | None:
    """A value that JSON can hold."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
