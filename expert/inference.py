"""Conditions × facts → verdict trees, in Kleene's three values; nothing short-circuits, so the tree is the
explanation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

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


@dataclass(slots=True)  # not frozen: hundreds are made on every run, and that would double what each costs
class Verdict:
    """What became of a node: its truth, the fact a leaf looked at, and the verdicts of its parts."""

    truth: Truth
    node: ConditionNode
    fact: Fact | None = None
    bound: float | None = None
    parts: tuple[Verdict, ...] = ()
    _reasons: list[Verdict] = field(init=False, repr=False, compare=False)

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
        try:
            return self._reasons  # the grade, the start and the sentences of a finding all ask
        except AttributeError:
            found: list[Verdict] = []
            self._reasons = found
            self._gather(found)
            return found

    def _gather(self, found: list[Verdict]) -> None:
        if not self.parts:
            found.append(self)
            return
        truth = self.truth if self.node.kind != "not" else _NEGATION[self.truth]
        for part in self.parts:
            if part.truth == truth:
                if part.parts:
                    part._gather(found)
                else:
                    found.append(part)

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
        self.defaults = not self._overrides and profile is None
        """Whether every limit has its own value."""

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
    kept = _kept.get(id(node))
    if kept is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        kept = _kept[id(node)] = (node, _prepared(node))
    return kept[1](facts, limits)


Judge = Callable[[Facts, Limits], Verdict]
"""A condition made ready to be judged: what its record holds is looked up once, not on every run."""
MOST_KEPT = 4096
_kept: dict[int, tuple[ConditionNode, Judge]] = {}
"""By identity, which stays a condition's own because it is kept as well."""


def _prepared(node: ConditionNode) -> Judge:
    return _PREPARED[node.kind](node)


def _all(node: All) -> Judge:
    return _joined(node, "no")


def _any(node: AnyOf) -> Judge:
    return _joined(node, "yes")


def _joined(node: All | AnyOf, decisive: Truth) -> Judge:
    """What decides wins; else one unknown part leaves the whole unknown."""
    judges = [_prepared(part) for part in node.parts]
    otherwise = _NEGATION[decisive]

    def judged(facts: Facts, limits: Limits) -> Verdict:
        parts = tuple([one(facts, limits) for one in judges])
        truths = [part.truth for part in parts]
        truth = decisive if decisive in truths else "unknown" if "unknown" in truths else otherwise
        return Verdict(truth, node, None, None, parts)

    return judged


def _not(node: Not) -> Judge:
    part = _prepared(node.part)

    def judged(facts: Facts, limits: Limits) -> Verdict:
        verdict = part(facts, limits)
        return Verdict(_NEGATION[verdict.truth], node, None, None, (verdict,))

    return judged


def _compare(node: Compare) -> Judge:
    term, bound, holds = node.term, node.bound, COMPARISONS[node.operator]
    default = bound if isinstance(bound, float) else bound.value

    def judged(facts: Facts, limits: Limits) -> Verdict:
        fact, limit = facts.get(term), default if limits.defaults else limits.value(bound)
        value = fact.value
        if value is None or isinstance(value, str) or math.isnan(value):
            return Verdict("unknown", node, fact, limit)
        return Verdict("yes" if holds(value, limit) else "no", node, fact, limit)

    return judged


def _one_of(node: OneOf) -> Judge:
    term, values = node.term, node.values

    def judged(facts: Facts, limits: Limits) -> Verdict:
        fact = facts.get(term)
        if fact.value is None:
            return Verdict("unknown", node, fact)
        for wanted in values:
            if _same(fact.value, wanted):
                return Verdict("yes", node, fact)
        return Verdict("no", node, fact)

    return judged


def _known(node: Known) -> Judge:
    term = node.term

    def judged(facts: Facts, limits: Limits) -> Verdict:
        fact = facts.get(term)
        return Verdict("no" if fact.value is None else "yes", node, fact)

    return judged


_PREPARED: Mapping[str, Callable[[Any], Judge]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "compare": _compare,
    "one_of": _one_of,
    "known": _known,
}


def _same(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()  # people write Adam as well as adam
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
