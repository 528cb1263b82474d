"""What a remedy does to a run that needs none: the first recommendations of sick runs carried out on healthy ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .carrying_out import carried_out
from .cures import KNOWLEDGE, proposed_by
from .judging import Judged
from .problems import PROBLEMS
from .retraining import retrained
from .sampling import Case
from .setup import Setup

SAMPLE = 48
"""Healthy runs on which a remedy is tried."""


@dataclass(frozen=True)
class Applied:
    """A remedy on a healthy run: ``lost`` is the share of what the run had learned that is gone afterwards, negative
    where the run is better; ``beyond_noise`` whether that is more than twice what sound trainings differ by.
    """

    case: Case
    remedy: str
    lost: float
    beyond_noise: bool


def drawn(judged: Sequence[Judged], sick: Sequence[Judged]) -> list[tuple[Judged, str]]:
    """Healthy runs, balanced over problems, each with a remedy that sick runs of its problem are given first, drawn as
    often as it is given. Checks and experiments change nothing and are left out.
    """
    chooser = random.Random(0)
    healthy: dict[str, list[Judged]] = {}
    for one in judged:
        if one.case.healthy:
            healthy.setdefault(one.case.problem, []).append(one)
    for runs in healthy.values():
        chooser.shuffle(runs)
    pairs: list[tuple[Judged, str]] = []
    for problem, runs in sorted(healthy.items()):
        first = [one.first for one in sick if one.case.problem == problem and one.first]
        changes = [name for name in first if KNOWLEDGE.remedies[name].kind == "change"]
        for run in runs[: SAMPLE // len(healthy)]:
            fitting = [name for name in changes if changed(run, name) != run.case.setup]
            if fitting:
                pairs.append((run, chooser.choice(fitting)))
    return pairs


def changed(run: Judged, remedy: str) -> Setup:
    """The setup of a run after one step of a remedy."""
    changes = proposed_by(KNOWLEDGE.remedies[remedy], run.kept.history)
    return carried_out(remedy, changes, run.case.setup, PROBLEMS[run.case.problem])


def applied(run: Judged, remedy: str) -> Applied:
    """Train the healthy run with the remedy."""
    after = retrained(run.case, changed(run, remedy)).quality
    learned = run.quality - PROBLEMS[run.case.problem].ignorant
    return Applied(run.case, remedy, (run.quality - after) / learned, run.quality - after > 2.0 * run.spread)


def counts(results: Sequence[Applied]) -> list[tuple[str, list[Applied]]]:
    """The results by remedy, the most frequent first."""
    often = Counter(one.remedy for one in results)
    return [(name, [one for one in results if one.remedy == name]) for name, _ in often.most_common()]
