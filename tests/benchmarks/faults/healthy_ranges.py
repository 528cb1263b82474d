"""What healthy runs read where a limit stands, by profile: ``python -m tests.benchmarks.faults.healthy_ranges``.

Each comparison of each rule is read on healthy runs: those of the tuning half, drawn with several seeds, and those of
`kinds`. What is missing of them is trained, which takes some minutes. A profile is worth a value of its own where its
runs pass the limit and those of the others do not; comparisons of which that is true are printed, and those whose limit
has such values. The half for evaluation is never looked at.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from expert.assembling import conditions
from expert.facts import Facts
from expert.history import History
from expert.knowledge import Knowledge, load
from expert.language.nodes import Compare, leaves
from expert.limits import Limit
from expert.recognizing import recognized

from . import kinds, sampling, store

ALL = "all"
SEEDS = 4
FEWEST = 4
"""Runs that a range is made of at least."""
APART = 0.1
"""A profile stands out where its share of runs beyond the limit differs by this from that of all runs."""


class Range(NamedTuple):
    """What so many runs of a profile read: the middle nine tenths, the extreme on the side that the comparison looks
    for, and the share of runs beyond the limit.
    """

    profile: str
    runs: int
    low: float
    high: float
    extreme: float
    beyond: float

    def __str__(self) -> str:
        middle = f"{self.low:9.3g} to {self.high:9.3g}"
        return (
            f"  {self.profile:16} {self.runs:4} runs  {middle}  extreme {self.extreme:9.3g}  beyond {self.beyond:.0%}"
        )


def histories(jobs: int) -> Iterator[History]:
    """The healthy runs; what is missing is trained."""
    cases = [case for case in sampling.tuning(SEEDS) if case.healthy]
    cases += sampling.twins(cases)
    store.make(cases, jobs)
    yield from (one.history for one in store.kept(cases))
    yield from kinds.runs(jobs)


def table(runs: Iterable[History], *, everything: bool = False) -> Iterator[str]:
    """The ranges of the comparisons in which a profile stands out, or of all, as lines of text."""
    _, knowledge = load()
    comparisons = _comparisons(knowledge)
    read = _read(runs, knowledge, list(comparisons))
    for leaf, rules in comparisons.items():
        limit = leaf.bound
        assert isinstance(limit, Limit)
        ranges = list(_ranges(leaf, limit, read[leaf]))
        if ranges and (everything or limit.profiles or _stands_out(ranges)):
            yield f"{limit.name} {leaf.operator} {limit.value:g}: {leaf.term} ({', '.join(rules)})"
            yield from map(str, ranges)
            yield from (f"  its value for {own.profile}: {own.value:g}" for own in limit.profiles)


def _comparisons(knowledge: Knowledge) -> Mapping[Compare, Sequence[str]]:
    """Each comparison with a limit, and the rules that ask for it."""
    rules: defaultdict[Compare, list[str]] = defaultdict(list)
    for rule in knowledge.catalogue.rules.values():
        for condition in conditions(rule):
            for leaf in leaves(condition):
                if isinstance(leaf, Compare) and isinstance(leaf.bound, Limit) and rule.id not in rules[leaf]:
                    rules[leaf].append(rule.id)
    return {leaf: rules[leaf] for leaf in sorted(rules, key=str) if rules[leaf]}


def _read(
    runs: Iterable[History], knowledge: Knowledge, wanted: Sequence[Compare]
) -> Mapping[Compare, Mapping[str, list[float]]]:
    """The values of each comparison's term, by profile."""
    values: defaultdict[Compare, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for history in runs:
        facts = Facts(history, knowledge.signals)
        profiles = [ALL, *(one.name for one in recognized(history))]
        for leaf in wanted:
            value = facts.get(leaf.term).value
            if isinstance(value, float) and math.isfinite(value):
                for profile in profiles:
                    values[leaf][profile].append(value)
    return values


def _ranges(leaf: Compare, limit: Limit, read: Mapping[str, Sequence[float]]) -> Iterator[Range]:
    above = leaf.operator in (">", ">=")
    for profile, values in read.items():
        if len(values) >= FEWEST:
            found = np.sort(np.asarray(values))
            low, high = np.quantile(found, (0.05, 0.95))
            extreme = found[-1] if above else found[0]
            beyond = np.mean(found > limit.value if above else found < limit.value)
            yield Range(profile, len(found), float(low), float(high), float(extreme), float(beyond))


def _stands_out(ranges: Sequence[Range]) -> bool:
    return any(abs(one.beyond - ranges[0].beyond) >= APART for one in ranges)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.faults.healthy_ranges")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--everything", action="store_true", help="comparisons in which no profile stands out, too")
    given = parser.parse_args()
    for line in table(histories(given.jobs), everything=given.everything):
        print(line)
