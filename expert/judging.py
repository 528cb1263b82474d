"""Every rule judged on one run: what was found, ruled out, silenced, or could not be told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from expert.confidence import Weighed, best_grade, confidence, weigh
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, Verdict, judge
from expert.relations import Catalogue
from expert.rule import Rule, Severity
from expert.signals.signal import Grade

Status = Literal["found", "no", "unknown", "ruled out", "silenced", "not asked", "suppressed"]
ENOUGH = 0.5
"""From this confidence on a finding may explain, rule out or silence others."""


class Judgment(NamedTuple):
    """What became of one rule. ``by`` names the rules that ruled it out or silenced it, ``explained_by`` those that
    explain it.
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

    @property
    def found(self) -> bool:
        """Whether the rule holds and nothing stands against raising it."""
        return self.status == "found"

    @property
    def holds(self) -> bool:
        """Whether it is found, be it that the settings suppress it."""
        return self.status in ("found", "suppressed")


_NOTHING: Mapping[str, Severity] = {}


class Asked(NamedTuple):
    """Which rules to tell about, by id. Of the others those in ``heeded`` still rule out and silence. ``severities``
    takes the place of what rules and their escalations say.
    """

    told: frozenset[str]
    heeded: frozenset[str]
    severities: Mapping[str, Severity] = _NOTHING


def judge_all(
    catalogue: Catalogue, facts: Facts, limits: Limits, asked: Asked | None = None, *, short: bool
) -> Mapping[str, Judgment]:
    """Judge every rule in the order the relations give; the result is by id, in that order."""
    judged: dict[str, Judgment] = {}
    heeded: set[str] = set()
    silenced_by: dict[str, list[str]] = {}
    for identity in catalogue.order:
        rule = catalogue.rules[identity]
        judgment = judge_rule(rule, facts, limits, short=short)
        if asked is not None and identity in asked.severities:
            judgment = judgment._replace(severity=asked.severities[identity])
        if silencers := silenced_by.get(identity):
            judgment = judgment._replace(status="silenced", by=tuple(silencers))
        elif judgment.found and (rivals := tuple(sorted(catalogue.unless[identity] & heeded))):
            judgment = judgment._replace(status="ruled out", by=rivals)
        if _convincing(judgment) and (asked is None or identity in asked.heeded):
            heeded.add(identity)
            for target in catalogue.silences[identity] if rule.kind == "guard" else ():
                silenced_by.setdefault(target, []).append(identity)
        if asked is not None and identity not in asked.told:
            judgment = judgment._replace(status="not asked")
        judged[identity] = judgment
    return _explained(catalogue, judged, facts.history)


def judge_rule(rule: Rule, facts: Facts, limits: Limits, *, short: bool) -> Judgment:
    """One rule by itself, relations left out."""
    verdict = judge(rule.when, facts, limits)
    if verdict.truth != "yes":
        return Judgment(rule, verdict.truth, verdict, rule.severity)
    evidence = weigh((item, judge(item.condition, facts, limits)) for item in rule.evidence)
    grade = best_grade(verdict, evidence)
    severity = rule.severity
    for item in rule.escalate:
        if judge(item.condition, facts, limits).truth == "yes":
            severity = item.severity
    at, clock = _start(verdict, facts.history)
    found = confidence(rule.prior, evidence, grade, short=short)
    return Judgment(rule, "found", verdict, severity, found, grade, evidence, at, clock)


def _convincing(judgment: Judgment) -> bool:
    return judgment.confidence >= ENOUGH and judgment.status == "found"


def _start(verdict: Verdict, history: History) -> tuple[float | None, str | None]:
    """Where the first sign was read: the earliest of what made the verdict, on the clock it was read on."""
    starts = [
        (leaf.fact.at, leaf.fact.clock or "epoch")
        for leaf in verdict.reasons()
        if leaf.fact is not None and leaf.fact.at is not None
    ]
    if len(starts) < 2:
        return starts[0] if starts else (None, None)

    def moment(start: tuple[float, str]) -> tuple[bool, float]:
        epoch = _epoch(*start, history)
        return (True, start[0]) if epoch is None else (False, epoch)

    return min(starts, key=moment)


def _explained(catalogue: Catalogue, judged: Mapping[str, Judgment], history: History) -> Mapping[str, Judgment]:
    convincing = [identity for identity, judgment in judged.items() if _convincing(judgment)]
    marked = dict(judged)
    for identity, judgment in judged.items():
        if judgment.status == "found":
            candidates = catalogue.explained_by(identity, convincing)
            explainers = tuple(other for other in candidates if not _later(judged[other], judgment, history))
            if explainers:
                marked[identity] = judgment._replace(explained_by=explainers)
    return marked


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
