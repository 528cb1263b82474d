"""Every rule judged on one run: what was found, ruled out, silenced, or could not be told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from expert.calibration import Calibration
from expert.confidence import Weighed, best_grade, confidence, weigh
from expert.facts import Facts, Place
from expert.history import History
from expert.inference import Limits, Verdict, verdict_on
from expert.relations import Catalogue
from expert.rule import Evidence, Rule, Severity, is_serious
from expert.signals.signal import Grade
from expert.truth import Prepared, kept, prepared

Status = Literal["found", "no", "unknown", "ruled out", "silenced", "not asked", "suppressed"]
ENOUGH = 0.5
"""From this confidence on a finding may explain, rule out or silence others."""
DOUBTED = 0.4
"""A finding less probable than this is more likely wrong than worth an alarm: it is told as a note."""


@dataclass(slots=True, eq=False)  # not frozen, for the same reason as a verdict
class Judgment:
    """What became of one rule. ``by`` names the rules that ruled it out or silenced it, ``explained_by`` those that
    explain it. ``strength`` is what prior and evidence add up to, no more than the cap of the grade: rivals are ordered
    by it, for how often causes came true tells their grades apart, and not them.
    """

    rule: Rule
    status: Status
    verdict: Verdict
    severity: Severity
    confidence: float = 0.0
    grade: Grade = "curve"
    evidence: tuple[Weighed, ...] = ()
    at: float | None = None
    clock: str | None = None
    by: tuple[str, ...] = ()
    explained_by: tuple[str, ...] = ()
    strength: float = 0.0

    @property
    def found(self) -> bool:
        """Whether the rule holds and nothing stands against raising it."""
        return self.status == "found"

    @property
    def holds(self) -> bool:
        """Whether it is found, be it that the settings suppress it."""
        return self.status in ("found", "suppressed")

    @property
    def doubted(self) -> bool:
        """Whether it is told as a note only because it is so improbable; what is not known yet may change that."""
        return self.confidence < DOUBTED and is_serious(self.rule.severity)


_NOTHING: Mapping[str, Severity] = {}


class Asked(NamedTuple):
    """Which rules to tell about, by id. Of the others those in ``heeded`` still rule out and silence. ``severities``
    takes the place of what rules and their escalations say.
    """

    told: frozenset[str]
    heeded: frozenset[str]
    severities: Mapping[str, Severity] = _NOTHING


_UNMEASURED: Mapping[str, Calibration] = {}


def judge_all(
    catalogue: Catalogue,
    facts: Facts,
    limits: Limits,
    asked: Asked | None = None,
    calibrations: Mapping[str, Calibration] = _UNMEASURED,
    *,
    short: bool,
) -> Mapping[str, Judgment]:
    """Judge every rule in the order the relations give; the result is by id, in that order, as ``calibrations`` are."""
    judged: dict[str, Judgment] = {}
    heeded: set[str] = set()
    silenced_by: dict[str, tuple[str, ...]] = {}
    for identity in catalogue.order:
        rule = catalogue.rules[identity]
        silencers, calibration = silenced_by.get(identity, ()), calibrations.get(identity)
        judgment = judge_rule(rule, facts, limits, silencers, calibration, short=short)
        if asked is not None and identity in asked.severities:
            judgment.severity = asked.severities[identity]
        if judgment.status == "found":
            unless = catalogue.unless[identity]
            if unless and (rivals := tuple(sorted(unless & heeded))):
                judgment.status, judgment.by = "ruled out", rivals
            elif judgment.confidence >= ENOUGH and (asked is None or identity in asked.heeded):
                heeded.add(identity)
                for target in catalogue.silences[identity] if rule.kind == "guard" else ():
                    silenced_by[target] = (*silenced_by.get(target, ()), identity)
        if asked is not None and identity not in asked.told:
            judgment.status = "not asked"
        judged[identity] = judgment
    _explain(catalogue, judged, facts.history)
    _lift([one for one in judged.values() if asked is None or one.rule.id not in asked.severities], judged)
    return judged


class _Further(NamedTuple):
    """What is asked once a rule holds: its evidence and escalations made ready, and the places they ask for."""

    evidence: Sequence[tuple[Evidence, Prepared]]
    escalate: Sequence[tuple[Severity, Prepared]]
    places: Sequence[Place]


@kept
def _further(rule: Rule) -> _Further:
    evidence = [(item, prepared(item.condition)) for item in rule.evidence]
    escalate = [(item.severity, prepared(item.condition)) for item in rule.escalate]
    places = dict.fromkeys(place for _, condition in (*evidence, *escalate) for place in condition.places)
    return _Further(evidence, escalate, tuple(places))


def judge_rule(
    rule: Rule,
    facts: Facts,
    limits: Limits,
    silencers: tuple[str, ...] = (),
    calibration: Calibration | None = None,
    *,
    short: bool,
) -> Judgment:
    """One rule by itself: of its relations only the guards that silence it are asked for."""
    when = prepared(rule.when)
    memory = facts.read(when.places)
    verdict = verdict_on(when, memory, limits)
    if verdict.truth != "yes":
        status: Status = "silenced" if silencers else verdict.truth
        return Judgment(rule, status, verdict, rule.severity, by=silencers)
    items, escalations, places = _further(rule)
    facts.read(places)
    evidence = weigh([(item, verdict_on(condition, memory, limits)) for item, condition in items])
    grade = best_grade(verdict, evidence)
    severity = rule.severity
    for escalated, condition in escalations:
        if condition.holds(memory.values, limits.bounds):
            severity = escalated
    at, clock = _start(verdict, facts.history)
    sure = confidence(rule.prior, evidence, grade, short=short, calibration=calibration)
    if sure < DOUBTED and is_serious(severity):
        severity = "info"
    status = "silenced" if silencers else "found"
    strength = sure if calibration is None else confidence(rule.prior, evidence, grade, short=short)
    return Judgment(rule, status, verdict, severity, sure, grade, evidence, at, clock, silencers, strength=strength)


def _start(verdict: Verdict, history: History) -> tuple[float | None, str | None]:
    """Where the first sign was read: the earliest of what made the verdict, on the clock it was read on."""
    starts = [(fact.at, fact.clock or "epoch") for fact in verdict.grounds() if fact.at is not None]
    if len(starts) < 2:
        return starts[0] if starts else (None, None)

    def moment(start: tuple[float, str]) -> tuple[bool, float]:
        epoch = _epoch(*start, history)
        return (True, start[0]) if epoch is None else (False, epoch)

    return min(starts, key=moment)


def _explain(catalogue: Catalogue, judged: Mapping[str, Judgment], history: History) -> None:
    """Mark what is found with what explains it."""
    found = [judgment for judgment in judged.values() if judgment.status == "found"]
    convincing = [judgment.rule.id for judgment in found if judgment.confidence >= ENOUGH]
    for judgment in found:
        candidates = catalogue.explained_by(judgment.rule.id, convincing)
        judgment.explained_by = tuple([one for one in candidates if not _later(judged[one], judgment, history)])


def _lift(judgments: Sequence[Judgment], judged: Mapping[str, Judgment]) -> None:
    """A cause told as a note is no note where it accounts for a serious finding: it is as grave as what it brings."""
    notes = {one.rule.id: one for one in judgments if one.found and one.rule.kind == "cause"}
    for effect in judged.values():
        for identity in effect.explained_by if effect.found and is_serious(effect.severity) else ():
            cause = notes.get(identity)
            if cause is not None and cause.confidence >= DOUBTED and not is_serious(cause.severity):
                cause.severity = effect.severity


def _later(cause: Judgment, effect: Judgment, history: History) -> bool:
    """Whether the cause is known to start after its effect; what cannot be compared is given the benefit of the doubt.

    On two clocks only the epochs are compared, for a value of an epoch clock is known at the end of its epoch.
    """
    if cause.at is None or effect.at is None or cause.clock is None or effect.clock is None:
        return False
    if cause.clock == effect.clock:
        return cause.at > effect.at
    start, end = _epoch(cause.at, cause.clock, history), _epoch(effect.at, effect.clock, history)
    return start is not None and end is not None and math.ceil(start - _SAME) > math.ceil(end - _SAME)


_SAME = 1e-6
"""Epochs closer than this are one moment: placing steps on epochs rounds."""


def _epoch(position: float, clock: str, history: History) -> float | None:
    """A position as a number of epochs done, or None where the run does not tell."""
    if clock == "epoch":
        return position
    if history.marks is None or clock not in ("step", "seconds"):
        # A window of a run without epochs is a place on no clock.
        return None
    placed = history.marks.convert([position], clock, "epoch")  # type: ignore[arg-type]
    return None if placed is None or math.isnan(placed[0]) else float(placed[0])
