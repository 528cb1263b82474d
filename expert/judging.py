"""Every rule judged on one run: what was found, ruled out, silenced, or could not be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from expert.confidence import Weighed, best_grade, confidence, weigh
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, Verdict, judge
from expert.relations import Catalogue
from expert.rule import Rule, Severity
from expert.signals.signal import Grade

Status = Literal["found", "no", "unknown", "ruled out", "silenced", "not asked"]
ENOUGH = 0.5
"""From this confidence on a finding may explain, rule out or silence others."""


@dataclass(frozen=True, slots=True)
class Judgment:
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


def judge_all(
    catalogue: Catalogue, facts: Facts, limits: Limits, asked: frozenset[str], *, short: bool
) -> Mapping[str, Judgment]:
    """Judge every rule in the order the relations give; the result is by id, in that order."""
    judged: dict[str, Judgment] = {}
    silenced_by: dict[str, list[str]] = {}
    for identity in catalogue.order:
        rule = catalogue.rules[identity]
        judgment = judge_rule(rule, facts, limits, short=short)
        if identity not in asked:
            judgment = replace(judgment, status="not asked")
        elif silencers := silenced_by.get(identity):
            judgment = replace(judgment, status="silenced", by=tuple(silencers))
        elif judgment.found:
            rivals = tuple(other for other in sorted(catalogue.unless[identity]) if _convincing(judged[other]))
            if rivals:
                judgment = replace(judgment, status="ruled out", by=rivals)
        if _convincing(judgment) and rule.kind == "guard":
            for target in catalogue.silences[identity]:
                silenced_by.setdefault(target, []).append(identity)
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
    at, clock = _start(verdict)
    found = confidence(rule.prior, evidence, grade, short=short)
    return Judgment(rule, "found", verdict, severity, found, grade, evidence, at, clock)


def _convincing(judgment: Judgment) -> bool:
    return judgment.found and judgment.confidence >= ENOUGH


def _start(verdict: Verdict) -> tuple[float | None, str | None]:
    starts = [leaf.fact for leaf in verdict.reasons() if leaf.fact is not None and leaf.fact.at is not None]
    if not starts:
        return None, None
    first = min(starts, key=lambda fact: (fact.clock != "epoch", fact.at))
    return first.at, first.clock or "epoch"


def _explained(catalogue: Catalogue, judged: Mapping[str, Judgment], history: History) -> Mapping[str, Judgment]:
    convincing = [identity for identity, judgment in judged.items() if _convincing(judgment)]
    marked = {}
    for identity, judgment in judged.items():
        explainers: tuple[str, ...] = ()
        if judgment.found:
            explainers = tuple(
                other
                for other in catalogue.explained_by(identity, convincing)
                if not _later(judged[other], judgment, history)
            )
        marked[identity] = replace(judgment, explained_by=explainers) if explainers else judgment
    return marked


def _later(cause: Judgment, effect: Judgment, history: History) -> bool:
    """Whether the cause is known to start after its effect; unknown starts are given the benefit of the doubt."""
    if cause.at is None or effect.at is None or cause.clock is None or effect.clock is None:
        return False
    start: float | None = cause.at
    if cause.clock != effect.clock:
        start = _on_clock(cause.at, cause.clock, effect.clock, history)
    return start is not None and start > effect.at


def _on_clock(position: float, clock: str, wanted: str, history: History) -> float | None:
    if history.marks is None:
        return None
    placed = history.marks.convert([position], clock, wanted)  # type: ignore[arg-type]
    return None if placed is None or placed[0] != placed[0] else float(placed[0])
