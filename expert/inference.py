"""Conditions × facts → verdicts, in Kleene's three values; each can tell the whole tree that explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from expert.facts import Fact, Facts, Memory
from expert.language.nodes import Compare, ConditionNode
from expert.limits import Limit
from expert.truth import Bounds, Prepared, prepared

Truth = Literal["yes", "no", "unknown"]
_SAID: Mapping[bool | None, Truth] = {True: "yes", False: "no", None: "unknown"}
_TRUTHS: Mapping[Truth, bool | None] = {said: truth for truth, said in _SAID.items()}


@dataclass(slots=True, eq=False)  # not frozen: hundreds are made on every run, and that would double what each costs
class Verdict:
    """What became of a condition. The truth is found at once; the tree that explains it grows where somebody looks."""

    truth: Truth
    condition: Prepared = field(repr=False)
    memory: Memory = field(repr=False)
    limits: Limits = field(repr=False)
    _grounds: Sequence[Fact] | None = field(default=None, init=False, repr=False)

    @property
    def node(self) -> ConditionNode:
        """The condition that was judged."""
        return self.condition.node

    @property
    def fact(self) -> Fact | None:
        """The fact a leaf looked at."""
        condition = self.condition
        return None if condition.parts else self.memory.facts[condition.places[0]]

    @property
    def bound(self) -> float | None:
        """What a leaf compared with."""
        node = self.condition.node
        return self.limits.value(node.bound) if node.kind == "compare" else None

    @property
    def parts(self) -> tuple[Verdict, ...]:
        """The verdicts on the parts of the condition, in the order written."""
        return tuple([self._of(part) for part in self.condition.parts])

    def leaves(self, truth: Truth | None = None) -> Iterator[Verdict]:
        """Every leaf, or those with this truth."""
        if self.parts:
            for part in self.parts:
                yield from part.leaves(truth)
        elif truth is None or self.truth == truth:
            yield self

    def reasons(self) -> Sequence[Verdict]:
        """The leaves that made this verdict what it is: under *not* the leaf's own truth is the opposite one.

        They come in the order written; those of an unknown verdict are the leaves it waits for.
        """
        return [self._of(leaf) for leaf in self._leaves()] if self.condition.parts else [self]

    def grounds(self) -> Sequence[Fact]:
        """The facts that the reasons looked at."""
        if self._grounds is None:  # the grade and the start of a finding both ask
            facts = self.memory.facts
            self._grounds = [facts[leaf.places[0]] for leaf in self._leaves()]
        return self._grounds

    def _leaves(self) -> Sequence[Prepared]:
        return self.condition.reasons(_TRUTHS[self.truth], self.memory.values, self.limits.bounds)

    def _of(self, part: Prepared) -> Verdict:
        return verdict_on(part, self.memory, self.limits)

    def __str__(self) -> str:
        return "\n".join(_lines(self, 0))


_SIGNS: Mapping[Truth, str] = {"yes": "✓", "no": "✗", "unknown": "?"}
_JOINTS = {"all": "all of", "any": "any of", "not": "not"}


def _lines(verdict: Verdict, depth: int) -> Iterator[str]:
    start = f"{'  ' * depth}{_SIGNS[verdict.truth]} "
    if verdict.fact is not None:
        yield f"{start}{_leaf_text(verdict)}: {verdict.fact.sentence}"
    else:
        yield start + _JOINTS[verdict.node.kind]
        for part in verdict.parts:
            yield from _lines(part, depth + 1)


def _leaf_text(verdict: Verdict) -> str:
    """The condition of a leaf with the bound in force, which settings may have changed."""
    node = verdict.node
    if isinstance(node, Compare) and isinstance(node.bound, Limit) and verdict.bound is not None:
        return f"{node.term} {node.operator} {node.bound.name} ({verdict.bound:g})"
    return str(node)


class Limits:
    """The limits in force: by name the values that are not the default."""

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self.bounds: Bounds = dict(values) if values else None

    def value(self, bound: Limit | float) -> float:
        """The number a comparison uses."""
        if isinstance(bound, float):
            return bound
        return bound.value if self.bounds is None else self.bounds.get(bound.name, bound.value)


def judge(node: ConditionNode, facts: Facts, limits: Limits) -> Verdict:
    """The verdict on a condition. All it asks for is read, whether it decides or not."""
    condition = prepared(node)
    return verdict_on(condition, facts.read(condition.places), limits)


def verdict_on(condition: Prepared, memory: Memory, limits: Limits) -> Verdict:
    """The verdict on a condition made ready, of which everything it asks for has been read."""
    return Verdict(_SAID[condition.holds(memory.values, limits.bounds)], condition, memory, limits)
