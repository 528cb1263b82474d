"""The validated set of rules, remedies and signals in force. Assembled once per set of plugins and reused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from expert.errors import nearest
from expert.language.nodes import Compare, ConditionNode, SignalTerm, leaves
from expert.limits import Limit
from expert.plugins import Plugins, Problem
from expert.relations import Catalogue
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals import SIGNALS
from expert.signals.signal import Signal


@dataclass(frozen=True)
class Knowledge:
    """Rules with their relations, remedies by id, name and alias, signals by id, limits by name, and what was wrong
    with them.
    """

    catalogue: Catalogue
    remedies: Mapping[str, Remedy]
    signals: Mapping[str, Signal]
    limits: Mapping[str, Limit]
    problems: tuple[Problem, ...]

    def remedy(self, word: str) -> Remedy | None:
        """The remedy with this id, name or alias."""
        return self.remedies.get(word)


def assemble(
    rules: Iterable[Rule], remedies: Iterable[Remedy], signals: Iterable[Signal] = (), plugins: Plugins | None = None
) -> Knowledge:
    """Validate rules against remedies and signals; a rule that does not fit is left out and reported."""
    known_signals = {signal.id: signal for signal in SIGNALS}
    noted = list(plugins.problems) if plugins else []
    for signal in signals:
        if signal.id in known_signals:
            noted.append(Problem(signal.id, f"the signal id '{signal.id}' is taken by a built-in signal"))
        else:
            known_signals[signal.id] = signal
    known_remedies = {word: remedy for remedy in remedies for word in (remedy.id, remedy.name, *remedy.aliases)}
    limits: dict[str, Limit] = {}
    accepted = []
    for rule in rules:
        faults = [
            *_unknown_signals(rule, known_signals),
            *_unknown_remedies(rule, known_remedies),
            *_clashing_limits(rule, limits),
        ]
        noted.extend(Problem(rule.id, fault) for fault in faults)
        if not faults:
            accepted.append(rule)
    catalogue = Catalogue(accepted)
    noted.extend(Problem("relations", fault) for fault in catalogue.problems)
    return Knowledge(catalogue, known_remedies, known_signals, limits, tuple(noted))


def conditions(rule: Rule) -> Iterable[ConditionNode]:
    """Every condition of a rule: its own, its evidence's, its escalations'."""
    yield rule.when
    yield from (item.condition for item in rule.evidence)
    yield from (item.condition for item in rule.escalate)


def _unknown_signals(rule: Rule, signals: Mapping[str, Signal]) -> Iterable[str]:
    for condition in conditions(rule):
        for leaf in leaves(condition):
            if not isinstance(leaf.term, SignalTerm):
                continue
            name, count = leaf.term.signal, len(leaf.term.of)
            if name not in signals:
                yield f"rule {rule} uses the unknown signal '{name}'.{nearest(name, signals)}"
            elif signals[name].arguments != count:
                yield f"rule {rule} gives signal '{name}' {count} series, but it reads {signals[name].arguments}."


def _unknown_remedies(rule: Rule, words: Mapping[str, Remedy]) -> Iterable[str]:
    for name in rule.remedies:
        if name not in words:
            yield f"rule {rule} recommends the unknown remedy '{name}'.{nearest(name, words)}"


def _clashing_limits(rule: Rule, limits: dict[str, Limit]) -> Iterable[str]:
    for condition in conditions(rule):
        for leaf in leaves(condition):
            if isinstance(leaf, Compare) and isinstance(leaf.bound, Limit):
                other = limits.setdefault(leaf.bound.name, leaf.bound)
                if other != leaf.bound:
                    name, value = leaf.bound.name, leaf.bound.value
                    yield f"rule {rule} defines limit '{name}' as {value:g}, but another rule as {other.value:g}."


@cache
def load(only: frozenset[str] | None = None, extra: tuple[object, ...] = ()) -> tuple[Plugins, Knowledge]:
    """The installed plugins (all, or only those named) with extra plugin objects, and the knowledge they give.

    Loaded once per process for each set of plugins.
    """
    plugins = Plugins()
    plugins.load_installed(only)
    for plugin in extra:
        plugins.add(plugin)
    return plugins, assemble(plugins.rules(), plugins.remedies(), plugins.signals(), plugins)
