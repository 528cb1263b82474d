"""Conditions × facts → verdict trees, in Kleene's three values; nothing short-circuits, so the tree is the
explanation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from expert.facts import Fact, Facts
from expert.language.nodes import All, AnyOf, Compare, ConditionNode, Known, Not, OneOf, Operator
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

    def reasons(self) -> list[Verdict]:
        """The leaves that made this verdict what it is: under *not* the leaf's own truth is the opposite one.

        They come in the order written; those of an unknown verdict are the leaves it waits for.
        """
        found: list[Verdict] = []
        self._gather(found)
        return found

    def _gather(self, found: list[Verdict]) -> None:
        if not self.parts:
            found.append(self)
        elif self.node.kind == "not":
            self.parts[0]._gather(found)
        else:
            for part in self.parts:
                if part.truth == self.truth:
                    part._gather(found)

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
        if isinstance(bound, float):
            return bound
        own = self._overrides.get(bound.name)
        if own is not None:
            return own
        return bound.value if self._profile is None else bound.under(self._profile)


def judge(node: ConditionNode, facts: Facts, limits: Limits) -> Verdict:
    """The verdict tree of a condition on the facts."""
    return _JUDGES[node.kind](node, facts, limits)


def _judge_all(node: All, facts: Facts, limits: Limits) -> Verdict:
    return _joined(node, "no", facts, limits)


def _judge_any(node: AnyOf, facts: Facts, limits: Limits) -> Verdict:
    return _joined(node, "yes", facts, limits)


def _joined(node: All | AnyOf, decisive: Truth, facts: Facts, limits: Limits) -> Verdict:
    """What decides wins; else one unknown part leaves the whole unknown."""
    parts = tuple([judge(part, facts, limits) for part in node.parts])
    truths = [part.truth for part in parts]
    truth = decisive if decisive in truths else "unknown" if "unknown" in truths else _NEGATION[decisive]
    return Verdict(truth, node, None, None, parts)


def _judge_not(node: Not, facts: Facts, limits: Limits) -> Verdict:
    part = judge(node.part, facts, limits)
    return Verdict(_NEGATION[part.truth], node, None, None, (part,))


def _judge_compare(node: Compare, facts: Facts, limits: Limits) -> Verdict:
    fact, bound = facts.get(node.term), limits.value(node.bound)
    value = fact.value
    if value is None or isinstance(value, str) or math.isnan(value):
        return Verdict("unknown", node, fact, bound)
    return Verdict("yes" if COMPARISONS[node.operator](value, bound) else "no", node, fact, bound)


def _judge_one_of(node: OneOf, facts: Facts, limits: Limits) -> Verdict:
    fact = facts.get(node.term)
    if fact.value is None:
        return Verdict("unknown", node, fact)
    return Verdict("yes" if any(_same(fact.value, wanted) for wanted in node.values) else "no", node, fact)


def _judge_known(node: Known, facts: Facts, limits: Limits) -> Verdict:
    fact = facts.get(node.term)
    return Verdict("no" if fact.value is None else "yes", node, fact)


_JUDGES: Mapping[str, Callable[[Any, Facts, Limits], Verdict]] = {
    "all": _judge_all,
    "any": _judge_any,
    "not": _judge_not,
    "compare": _judge_compare,
    "one_of": _judge_one_of,
    "known": _judge_known,
}
"""By kind: to ask a record for its class costs several times as much, and it is asked hundreds of times."""


def _same(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()  # people write Adam as well as adam
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
