"""Conditions × facts → verdict trees, in Kleene's three values; nothing short-circuits, so the tree is the
explanation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from expert.facts import Fact, Facts
from expert.language.nodes import All, AnyOf, Compare, ConditionNode, Known, Leaf, Not, Operator
from expert.limits import Limit

Truth = Literal["yes", "no", "unknown"]
COMPARISONS: Mapping[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NEGATION: Mapping[Truth, Truth] = {"yes": "no", "no": "yes", "unknown": "unknown"}


class Verdict(NamedTuple):
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
        """The leaves that made this verdict what it is: under *not* the leaf's own truth is the opposite one.

        They are its reasons in the order written; those of an unknown verdict are the leaves it waits for.
        """
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
    if isinstance(node, _JOINED):
        parts = tuple([judge(part, facts, limits) for part in node.parts])
        return Verdict(_joined(parts, "no" if node.kind == "all" else "yes"), node, parts=parts)
    if isinstance(node, Not):
        part = judge(node.part, facts, limits)
        return Verdict(_NEGATION[part.truth], node, parts=(part,))
    return _judge_leaf(node, facts, limits)


_JOINED = (All, AnyOf)


def _joined(parts: Iterable[Verdict], decisive: Truth) -> Truth:
    """What decides wins; else one unknown part leaves the whole unknown."""
    truths = {part.truth for part in parts}
    if decisive in truths:
        return decisive
    return "unknown" if "unknown" in truths else _NEGATION[decisive]


def _judge_leaf(node: Leaf, facts: Facts, limits: Limits) -> Verdict:
    fact = facts.get(node.term)
    value = fact.value
    if isinstance(node, Compare):
        bound = limits.value(node.bound)
        if value is None or isinstance(value, str) or math.isnan(value):
            return Verdict("unknown", node, fact, bound)
        return Verdict("yes" if COMPARISONS[node.operator](value, bound) else "no", node, fact, bound)
    if isinstance(node, Known):
        return Verdict("no" if value is None else "yes", node, fact)
    if value is None:
        return Verdict("unknown", node, fact)
    return Verdict("yes" if any(_same(value, wanted) for wanted in node.values) else "no", node, fact)


def _same(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()  # people write Adam as well as adam
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
