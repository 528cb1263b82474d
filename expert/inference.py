"""Conditions × facts → verdict trees, in Kleene's three values; nothing short-circuits, so the tree is the
explanation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from expert.facts import Fact, Facts
from expert.language.nodes import All, AnyOf, ConditionNode, Known, Leaf, Not, OneOf, Operator
from expert.limits import Limit

Truth = Literal["yes", "no", "unknown"]
COMPARISONS: Mapping[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NEGATION: Mapping[Truth, Truth] = {"yes": "no", "no": "yes", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a node: its truth, the fact a leaf looked at, and the verdicts of its parts."""

    truth: Truth
    node: ConditionNode
    fact: Fact | None = None
    bound: float | None = None
    parts: tuple[Verdict, ...] = ()

    def leaves(self, truth: Truth | None = None) -> Iterator[Verdict]:
        """Every leaf, or those with this truth."""
        if self.parts:
            for part in self.parts:
                yield from part.leaves(truth)
        elif truth is None or self.truth == truth:
            yield self

    def reasons(self) -> Iterator[Verdict]:
        """The leaves that made this verdict what it is: under *not* the leaf's own truth is the opposite one."""
        if not self.parts:
            yield self
        elif isinstance(self.node, Not):
            yield from self.parts[0].reasons()
        else:
            for part in self.parts:
                if part.truth == self.truth:
                    yield from part.reasons()

    def __str__(self) -> str:
        return "\n".join(_lines(self, 0))


def _lines(verdict: Verdict, depth: int) -> Iterator[str]:
    sign = {"yes": "✓", "no": "✗", "unknown": "?"}[verdict.truth]
    indent = "  " * depth
    if verdict.fact is not None:
        yield f"{indent}{sign} {verdict.node}: {verdict.fact.sentence}"
    else:
        word = (
            {"all": "all of", "any": "any of", "not": "not"}[verdict.node.kind] if verdict.parts else str(verdict.node)
        )
        yield f"{indent}{sign} {word}"
        for part in verdict.parts:
            yield from _lines(part, depth + 1)


class Limits:
    """The limits in force: a project's own value, else the profile's, else the default."""

    def __init__(self, overrides: Mapping[str, float] | None = None, profile: str | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._profile = profile

    def value(self, bound: Limit | float) -> float:
        """The number a comparison uses."""
        if isinstance(bound, Limit):
            return self._overrides.get(bound.name, bound.under(self._profile))
        return bound


def judge(node: ConditionNode, facts: Facts, limits: Limits) -> Verdict:
    """The verdict tree of a condition on the facts."""
    if isinstance(node, All | AnyOf):
        parts = tuple(judge(part, facts, limits) for part in node.parts)
        truths = {part.truth for part in parts}
        decisive, otherwise = ("no", "yes") if isinstance(node, All) else ("yes", "no")
        truth: Truth = decisive if decisive in truths else "unknown" if "unknown" in truths else otherwise  # type: ignore[assignment]
        return Verdict(truth, node, parts=parts)
    if isinstance(node, Not):
        part = judge(node.part, facts, limits)
        return Verdict(_NEGATION[part.truth], node, parts=(part,))
    return _judge_leaf(node, facts, limits)


def _judge_leaf(node: Leaf, facts: Facts, limits: Limits) -> Verdict:
    fact = facts.get(node.term)
    if isinstance(node, Known):
        return Verdict("no" if fact.value is None else "yes", node, fact)
    if isinstance(node, OneOf):
        if fact.value is None:
            return Verdict("unknown", node, fact)
        return Verdict("yes" if any(_same(fact.value, value) for value in node.values) else "no", node, fact)
    bound = limits.value(node.bound)
    if fact.value is None or isinstance(fact.value, str) or math.isnan(fact.value):
        return Verdict("unknown", node, fact, bound)
    return Verdict("yes" if COMPARISONS[node.operator](fact.value, bound) else "no", node, fact, bound)


def _same(value: object, wanted: object) -> bool:
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
