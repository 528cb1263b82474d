"""The validated set of rules, remedies and signals in force. Assembled once per set of plugins and reused."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from expert.advice import ProblemNote
from expert.errors import nearest
from expert.language.nodes import Compare, ConditionNode, SignalTerm, leaves
from expert.limits import Limit
from expert.plugins import Plugins
from expert.relations import Catalogue, CyclicRelations
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals import SIGNALS
from expert.signals.signal import Signal

Record = TypeVar("Record", Rule, Remedy)


@dataclass(frozen=True)
class Knowledge:
    """Rules with their relations, remedies by id, name and alias, signals by id, limits by name, the plugin each comes
    from by id, and what was wrong with them.
    """

    catalogue: Catalogue
    remedies: Mapping[str, Remedy]
    signals: Mapping[str, Signal]
    limits: Mapping[str, Limit]
    origins: Mapping[str, str]
    problems: tuple[ProblemNote, ...]

    def remedy(self, word: str) -> Remedy | None:
        """The remedy with this id, name or alias."""
        return self.remedies.get(word)


def assemble(
    rules: Iterable[Rule],
    remedies: Iterable[Remedy],
    signals: Iterable[Signal] = (),
    origins: Mapping[str, str] | None = None,
    built_in: Container[str] = (),
) -> Knowledge:
    """Validate rules against remedies and signals; a record that does not fit is left out and reported.

    ``origins`` names the plugin of each record by id. Of two records that clash the one of a ``built_in`` plugin stays,
    else the one whose id sorts first.
    """
    made = _Assembly(origins or {}, built_in)
    for signal in signals:
        made.add_signal(signal)
    for remedy in made.ours_first(remedies):
        made.add_remedy(remedy)
    for rule in made.ours_first(rules):
        made.add_rule(rule)
    return made.knowledge()


class _Assembly:
    """Knowledge while it is put together, record by record."""

    def __init__(self, origins: Mapping[str, str], built_in: Container[str]) -> None:
        self.origins, self.built_in = origins, built_in
        self.signals = {signal.id: signal for signal in SIGNALS}
        self.remedies: dict[str, Remedy] = {}
        self.rules: list[Rule] = []
        self.words: dict[str, Rule] = {}
        self.limits: dict[str, Limit] = {}
        self.problems: list[ProblemNote] = []

    def ours_first(self, records: Iterable[Record]) -> list[Record]:
        return sorted(records, key=lambda record: (not self._is_ours(record), record.id))

    def add_signal(self, signal: Signal) -> None:
        if signal.id in self.signals:
            self._refuse(signal, f"the signal id '{signal.id}' is taken by a built-in signal")
        else:
            self.signals[signal.id] = signal

    def add_remedy(self, remedy: Remedy) -> None:
        conditions = [item.condition for item in remedy.not_when]
        taken = {word: self.remedies[word] for word in _words(remedy) if word in self.remedies}
        faults = [*_taken(f"remedy {remedy}", taken), *self._faults(f"remedy {remedy}", conditions)]
        if not self._refuse(remedy, *faults):
            self.remedies |= dict.fromkeys(_words(remedy), remedy)
            self.limits |= _limits(conditions)

    def add_rule(self, rule: Rule) -> None:
        taken = {word: self.words[word] for word in _words(rule) if word in self.words}
        faults = [*_taken(f"rule {rule}", taken), *self._faults(f"rule {rule}", conditions(rule))]
        faults += [
            f"rule {rule} recommends the unknown remedy '{name}'.{nearest(name, self.remedies)}"
            for name in rule.remedies
            if name not in self.remedies
        ]
        if not self._refuse(rule, *faults):
            self.rules.append(rule)
            self.words |= dict.fromkeys(_words(rule), rule)
            self.limits |= _limits(conditions(rule))

    def knowledge(self) -> Knowledge:
        catalogue = self._catalogue()
        self.problems += [self._problem(rule, fault) for rule, fault in catalogue.problems]
        return Knowledge(catalogue, self.remedies, self.signals, self.limits, dict(self.origins), tuple(self.problems))

    def _catalogue(self) -> Catalogue:
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

    def _faults(self, owner: str, conditions: Iterable[ConditionNode]) -> Iterator[str]:
        """What is wrong with conditions: signals that do not exist or read another number of series, limits that
        clash.
        """
        for leaf in (leaf for condition in conditions for leaf in leaves(condition)):
            if isinstance(leaf.term, SignalTerm):
                name, count = leaf.term.signal, len(leaf.term.of)
                if name not in self.signals:
                    yield f"{owner} uses the unknown signal '{name}'.{nearest(name, self.signals)}"
                elif self.signals[name].arguments != count:
                    yield f"{owner} gives signal '{name}' {count} series, but it reads {self.signals[name].arguments}."
            if isinstance(leaf, Compare) and isinstance(leaf.bound, Limit):
                name, value = leaf.bound.name, leaf.bound.value
                other = self.limits.get(name, leaf.bound)
                if other != leaf.bound:
                    yield f"{owner} defines limit '{name}' as {value:g}, but another record as {other.value:g}."

    def _is_ours(self, record: Rule | Remedy | Signal) -> bool:
        return self.origins.get(record.id) in self.built_in

    def _refuse(self, record: Rule | Remedy | Signal, *faults: str) -> bool:
        self.problems += [self._problem(record, fault) for fault in dict.fromkeys(faults)]
        return bool(faults)

    def _problem(self, record: Rule | Remedy | Signal, fault: str) -> ProblemNote:
        return ProblemNote(plugin=self.origins.get(record.id, record.id), what=fault)


def conditions(rule: Rule) -> Iterable[ConditionNode]:
    """Every condition of a rule: its own, its evidence's, its escalations'."""
    yield rule.when
    yield from (item.condition for item in rule.evidence)
    yield from (item.condition for item in rule.escalate)


def _words(record: Rule | Remedy) -> tuple[str, ...]:
    return (record.id, record.name, *record.aliases)


def _taken(owner: str, taken: Mapping[str, Rule | Remedy]) -> Iterator[str]:
    return (f"{owner} is called '{word}', but so is {other}." for word, other in taken.items())


def _limits(conditions: Iterable[ConditionNode]) -> Mapping[str, Limit]:
    bounds = [leaf.bound for condition in conditions for leaf in leaves(condition) if isinstance(leaf, Compare)]
    return {bound.name: bound for bound in bounds if isinstance(bound, Limit)}


MOST_KEPT = 8
_installed: dict[frozenset[str] | None, tuple[Plugins, Knowledge]] = {}
_extended: dict[tuple[object, ...], tuple[tuple[object, ...], Plugins, Knowledge]] = {}


def load(only: frozenset[str] | None = None, extra: Iterable[object] = ()) -> tuple[Plugins, Knowledge]:
    """The installed plugins (all, or only those named) with extra plugin objects, and the knowledge they give.

    Assembled once for the installed plugins and kept. What extra objects add is kept for the last few sets of them; the
    same objects in the same order are a set, whatever they compare equal to.
    """
    objects = tuple(extra)
    if not objects:
        if only not in _installed:
            _installed[only] = _assembled(Plugins(only))
        return _installed[only]
    key = (only, *map(id, objects))
    kept = _extended.get(key)
    if kept is None:
        kept = _extended[key] = (objects, *_assembled(Plugins(only, objects)))  # objects kept: their ids stay theirs
        for oldest in list(_extended)[:-MOST_KEPT]:
            _extended.pop(oldest, None)
    return kept[1], kept[2]


def _assembled(plugins: Plugins) -> tuple[Plugins, Knowledge]:
    records: tuple[Rule | Remedy | Signal, ...] = (*plugins.rules, *plugins.remedies, *plugins.signals)
    origins = {record.id: plugins.origin(record) for record in records}
    knowledge = assemble(plugins.rules, plugins.remedies, plugins.signals, origins, plugins.built_in)
    return plugins, replace(knowledge, problems=(*plugins.problems, *knowledge.problems))
