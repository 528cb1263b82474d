"""Rules, remedies and signals taken in one by one; what does not fit is left out and told."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from expert.advice import ProblemNote
from expert.changing import change_fault
from expert.errors import nearest
from expert.language.nodes import ConditionNode, Leaf, leaves
from expert.language.spelling import leaf_faults, series_fault
from expert.limits import Limit
from expert.relations import Catalogue, CyclicRelations
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals import SIGNALS
from expert.signals.signal import Signal

Record = TypeVar("Record", Rule, Remedy)
Placed: TypeAlias = Callable[[str, Rule | Remedy | Signal, str], str]
"""Adds to a fault of a plugin's record where it stands, if it can tell."""


class Assembly:
    """Knowledge while it is put together, record by record."""

    def __init__(
        self,
        origins: Mapping[str, str],
        built_in: Container[str],
        placed: Placed,
    ) -> None:
        self.origins, self.built_in, self.placed = origins, built_in, placed
        self.signals = {signal.id: signal for signal in SIGNALS}
        self.remedies: dict[str, Remedy] = {}
        self.rules: list[Rule] = []
        self.words: dict[str, Rule] = {}
        self.limits: dict[str, Limit] = {}
        self.problems: list[ProblemNote] = []

    def ours_first(self, records: Iterable[Record]) -> list[Record]:
        """Built-in records before those of strangers, each by id."""
        return sorted(records, key=lambda record: (not self._is_ours(record), record.id))

    def add_signal(self, signal: Signal) -> None:
        """Take a signal in, unless its id is taken."""
        if signal.id in self.signals:
            self._refuse(signal, f"the signal id '{signal.id}' is taken by a built-in signal")
        else:
            self.signals[signal.id] = signal

    def add_remedy(self, remedy: Remedy) -> None:
        """Take a remedy in, unless something is wrong with it."""
        owner, found = f"remedy {remedy}", _leaves(conditions_of_remedy(remedy))
        taken = {word: self.remedies[word] for word in _words(remedy) if word in self.remedies}
        faults = [*_taken(owner, taken), *self._faults(owner, found)]
        faults += [f"{owner}: {fault}" for item in remedy.changes if (fault := change_fault(item))]
        if not self._refuse(remedy, *faults):
            self.remedies |= dict.fromkeys(_words(remedy), remedy)
            self.limits |= _limits(found)

    def add_rule(self, rule: Rule) -> None:
        """Take a rule in, unless something is wrong with it; the remedies are in by then."""
        owner, found = f"rule {rule}", _leaves(conditions(rule))
        taken = {word: self.words[word] for word in _words(rule) if word in self.words}
        faults = [*_taken(owner, taken), *self._faults(owner, found)]
        faults += [
            f"rule {rule} recommends the unknown remedy '{name}'.{nearest(name, self.remedies)}"
            for name in rule.remedies
            if name not in self.remedies
        ]
        faults += [f"rule {rule} invalidates an {fault}" for fault in map(series_fault, rule.invalidates) if fault]
        if not self._refuse(rule, *faults):
            self.rules.append(rule)
            self.words |= dict.fromkeys(_words(rule), rule)
            self.limits |= _limits(found)

    def catalogue(self) -> Catalogue:
        """The rules taken in, with their relations."""
        catalogue = self._acyclic()
        self.problems += [self._problem(rule, fault) for rule, fault in catalogue.problems]
        return catalogue

    def _acyclic(self) -> Catalogue:
        """The rules with their relations. Strangers whose relations close a cycle are left out."""
        while True:
            try:
                return Catalogue(self.rules)
            except CyclicRelations as error:
                strangers = [rule for rule in error.rules if not self._is_ours(rule)]
                if not self.built_in or not strangers:
                    raise
                for rule in strangers:
                    self._refuse(rule, str(error))
                    self.rules.remove(rule)

    def _faults(self, owner: str, found: Iterable[Leaf]) -> Iterator[str]:
        """What is wrong with the leaves of conditions: signals, series and fields that do not exist, signals that read
        another number of series, values a field never has, limits that clash.
        """
        for leaf in found:
            term = leaf.term
            if term.kind == "signal":
                name, count = term.signal, len(term.of)
                if name not in self.signals:
                    yield f"{owner} uses the unknown signal '{name}'.{nearest(name, self.signals)}"
                elif self.signals[name].arguments != count:
                    yield f"{owner} gives signal '{name}' {count} series, but it reads {self.signals[name].arguments}."
            yield from (f"{owner}: {fault}" for fault in leaf_faults(leaf))
            if leaf.kind == "compare" and not isinstance(leaf.bound, float):
                name, value = leaf.bound.name, leaf.bound.value
                other = self.limits.get(name, leaf.bound)
                if other is not leaf.bound and other != leaf.bound:
                    alike = "" if other.value != value else " with another unit, source or range"
                    yield f"{owner} defines limit '{name}' as {value:g}, but another record as {other.value:g}{alike}."

    def _is_ours(self, record: Rule | Remedy | Signal) -> bool:
        return self.origins.get(record.id) in self.built_in

    def _refuse(self, record: Rule | Remedy | Signal, *faults: str) -> bool:
        self.problems += [self._problem(record, fault) for fault in dict.fromkeys(faults)]
        return bool(faults)

    def _problem(self, record: Rule | Remedy | Signal, fault: str) -> ProblemNote:
        plugin = self.origins.get(record.id, record.id)
        return ProblemNote(plugin=plugin, what=self.placed(plugin, record, fault))


def conditions(rule: Rule) -> Iterable[ConditionNode]:
    """Every condition of a rule: its own, its evidence's, its escalations'."""
    yield rule.when
    yield from (item.condition for item in rule.evidence)
    yield from (item.condition for item in rule.escalate)


def conditions_of_remedy(remedy: Remedy) -> Iterable[ConditionNode]:
    """Every condition of a remedy: where it does harm, where its changes are made, what shows that it worked."""
    yield from (item.condition for item in remedy.not_when)
    yield from (item.when for item in remedy.changes if item.when is not None)
    if remedy.worked is not None:
        yield remedy.worked


def _words(record: Rule | Remedy) -> tuple[str, ...]:
    return (record.id, record.name, *record.aliases)


def _taken(owner: str, taken: Mapping[str, Rule | Remedy]) -> Iterator[str]:
    return (f"{owner} is called '{word}', but so is {other}." for word, other in taken.items())


def _leaves(conditions: Iterable[ConditionNode]) -> Sequence[Leaf]:
    return [leaf for condition in conditions for leaf in leaves(condition)]


def _limits(found: Iterable[Leaf]) -> Mapping[str, Limit]:
    bounds = [leaf.bound for leaf in found if leaf.kind == "compare"]
    return {bound.name: bound for bound in bounds if not isinstance(bound, float)}
