"""What the expert says of a kept run, at three levels of evidence, and what of it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean, stdev
from typing import Literal

from expert import advise
from expert.advice import Advice, Finding
from expert.history import DataProfile, History, ModelProfile, RunConfig

from . import sampling, store
from .faults import BY_ID as FAULTS
from .faults import Fault
from .problems import PROBLEMS
from .sampling import Case
from .store import Kept

Level = Literal["internals", "configuration", "curves"]
LEVELS: tuple[Level, ...] = ("internals", "configuration", "curves")
SERIOUS = ("warning", "error", "fatal")


@dataclass(frozen=True)
class Judged:
    """A run with what was said of it."""

    case: Case
    level: Level
    sick: bool
    """Whether its quality is worse than its twins' by more than twice their spread, or what it measures is wrong."""
    quality: float
    twin: float
    spread: float
    """Mean quality of the sound trainings of the problem, and its standard deviation."""
    findings: tuple[Finding, ...]
    verdict: str
    first: str
    """Id of the first recommendation; empty without one."""
    advice: Advice = field(repr=False, compare=False)
    kept: Kept = field(repr=False, compare=False)

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(FAULTS[name] for name, _ in self.case.faults)

    @property
    def right(self) -> frozenset[str]:
        """Rules that name one of the faults."""
        return frozenset(rule for fault in self.faults for rule in fault.right)

    @property
    def accepted(self) -> frozenset[str]:
        """Rules that name a fault or a true consequence of it."""
        also = PROBLEMS[self.case.problem].also_true
        return self.right.union(also, *(fault.follows for fault in self.faults))

    @property
    def serious(self) -> tuple[Finding, ...]:
        """What was named at warning or above."""
        return tuple(one for one in self.findings if one.severity in SERIOUS)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What was named at warning or above on a healthy run, and is not true of its problem anyway."""
        return tuple(one for one in self.serious if one.rule not in PROBLEMS[self.case.problem].also_true)

    def is_true(self, rule: str) -> bool:
        """Whether what a rule says is true of the run: of a healthy one only what is true of its problem anyway."""
        return rule in (self.accepted if self.sick else PROBLEMS[self.case.problem].also_true)

    def rank(self, rules: frozenset[str] | Sequence[str]) -> int | None:
        """The place of the first finding that is one of these rules, from 1."""
        return next((place for place, one in enumerate(self.findings, 1) if one.rule in rules), None)

    def named_within(self, places: int) -> bool:
        """Whether every fault has one of its rules among the first findings."""
        ranks = [self.rank(fault.right) for fault in self.faults]
        return all(rank is not None and rank <= places for rank in ranks)


def seen(history: History, level: Level) -> History:
    """What is known of a run at a level of evidence: everything, curves with the configuration, or curves alone."""
    if level == "internals":
        return history
    curves = tuple(one for one in history.series if one.phase is not None or one.role == "optimizer.learning_rate")
    known = history.model_copy(update={"layers": (), "series": curves, "data": DataProfile(), "events": ()})
    if level == "curves":
        curves = tuple(one for one in curves if one.phase is not None)
        known = known.model_copy(update={"series": curves, "config": RunConfig(), "model": ModelProfile()})
    return known


def twins_quality(twins: Sequence[Kept]) -> dict[str, tuple[float, float]]:
    """By program: mean and spread of the quality of its sound trainings."""
    qualities: dict[str, list[float]] = {}
    for kept in twins:
        qualities.setdefault(kept.case.program, []).append(kept.quality)
    return {name: (mean(values), stdev(values)) for name, values in qualities.items() if len(values) > 1}


def judge(kept: Kept, level: Level, twin: tuple[float, float], epochs: int | None = None) -> Judged:
    """Ask for advice on a kept run, or on its first so many epochs; sick is what became sick in the end."""
    history = kept.history if epochs is None else kept.history.until(epoch=epochs)
    advice = advise(seen(history, level))
    level_of, spread = twin
    worse = kept.quality < level_of - 2.0 * spread
    misleading = any(FAULTS[name].of_measurement for name, _ in kept.case.faults)
    first = advice.recommendations[0].remedy if advice.recommendations else ""
    sick = not kept.case.healthy and (worse or misleading)
    return Judged(
        kept.case, level, sick, kept.quality, level_of, spread, advice.findings, advice.verdict, first, advice, kept
    )


def judged(cases: Sequence[Case], levels: Sequence[Level] = LEVELS, epochs: int | None = None) -> list[Judged]:
    """Ask for advice on the runs of these cases that are kept, or on their first so many epochs, at every level.

    Programs whose sound trainings are not kept are left out: nobody can say there what is sick.
    """
    twins = twins_quality(list(store.kept(sampling.twins(list(cases)))))
    there = [one for one in store.kept(cases) if one.case.program in twins]
    return [judge(one, level, twins[one.case.program], epochs) for one in there for level in levels]
