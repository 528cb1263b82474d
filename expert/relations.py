"""Relations between rules: names resolved, one acyclic order, and the order in which rules are judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from expert.errors import AuthoringError, nearest
from expert.rule import Rule


class CyclicRelations(AuthoringError):
    """Relations between rules that form a cycle; ``rules`` are the ones in it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        path = " → ".join(rule.name for rule in rules)
        super().__init__(f"The relations between rules form a cycle: {path}. One of them must go.")
        self.rules = tuple(dict.fromkeys(rules))


_PREFIX = re.compile(r"^[A-Z]{3}\d{0,2}$")


class Catalogue:
    """Rules by id, name and alias, with the relations between them resolved to ids."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
        self._ids = {word: rule.id for rule in self.rules.values() for word in (rule.id, rule.name, *rule.aliases)}
        self.experimental = frozenset(rule.id for rule in self.rules.values() if rule.status == "experimental")
        self.problems: list[tuple[Rule, str]] = []
        self.explains: Mapping[str, frozenset[str]] = self._resolve("explains")
        self.unless: Mapping[str, frozenset[str]] = self._resolve("unless")
        self.silences: Mapping[str, frozenset[str]] = self._resolve("silences")
        self.order: Sequence[str] = self._order()
        self._consequences = self._all_consequences()
        self._explainers: Mapping[str, set[str]] = {identity: set() for identity in self.rules}
        for cause, effects in self.explains.items():
            for effect in effects:
                self._explainers[effect].add(cause)

    def find(self, word: str) -> Rule | None:
        """The rule with this id, name or alias."""
        identity = self._ids.get(word)
        return None if identity is None else self.rules[identity]

    def require(self, word: str) -> Rule:
        """As `find`, but raises `AuthoringError` with the nearest spelling."""
        rule = self.find(word)
        if rule is None:
            raise AuthoringError(f"There is no rule '{word}'.{nearest(word, self._ids)}")
        return rule

    def matching(self, word: str) -> frozenset[str]:
        """The ids a word selects: an id, a name, an alias, a family, or a prefix of ids such as OSC or OSC1."""
        if word in self._ids:
            return frozenset({self._ids[word]})
        chosen = {rule.id for rule in self.rules.values() if rule.family == word}
        if _PREFIX.match(word):
            chosen |= {identity for identity in self.rules if identity.startswith(word)}
        return frozenset(chosen)

    def explained_by(self, identity: str, among: Iterable[str]) -> tuple[str, ...]:
        """Which of the rules explain this one directly."""
        explainers = self._explainers[identity]
        return tuple([other for other in among if other in explainers]) if explainers else ()

    def consequences(self, identity: str) -> frozenset[str]:
        """Everything this rule explains, directly or through others."""
        return self._consequences[identity]

    def _all_consequences(self) -> Mapping[str, frozenset[str]]:
        reached: dict[str, frozenset[str]] = {}
        for identity in reversed(self.order):  # what a rule explains comes behind it in the order
            direct = self.explains[identity]
            reached[identity] = direct.union(*(reached[other] for other in direct))
        return reached

    def _resolve(self, relation: str) -> Mapping[str, frozenset[str]]:
        resolved = {}
        for rule in self.rules.values():
            targets: set[str] = set()
            for word in getattr(rule, relation):
                found = self.matching(word)
                if not found:
                    fault = f"rule {rule} {relation} '{word}', but there is no such rule.{nearest(word, self._ids)}"
                    self.problems.append((rule, fault))
                targets |= found
            resolved[rule.id] = frozenset(targets - {rule.id})
        return resolved

    def _order(self) -> Sequence[str]:
        """Explainers, rivals and guards come before what depends on them; ties by id."""
        before: dict[str, set[str]] = {identity: set(self.unless[identity]) for identity in self.rules}
        for identity in self.rules:
            for later in self.explains[identity] | self.silences[identity]:
                before[later].add(identity)
        sorter = TopologicalSorter({identity: sorted(others) for identity, others in before.items()})
        try:
            return tuple(sorter.static_order())
        except CycleError as error:
            raise CyclicRelations([self.rules[identity] for identity in error.args[1]]) from None
