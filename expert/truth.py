"""Conditions made ready to be judged: whether they hold on the values of a run, in Kleene's three values, and no more.

The verdict on a condition is wanted for every rule on every run, its explanation for few of them. What is here answers
the first, as fast as functions that call each other can; `inference` explains.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar

from expert.facts import Place, Values, place_of
from expert.language.nodes import All, AnyOf, Compare, ConditionNode, Known, Not, OneOf, Operator

Bounds = Mapping[str, float] | None
"""By name the limits whose value is not the default; ``None`` where all have their own."""
Holds = Callable[[Values, Bounds], bool | None]
"""Whether a condition holds; ``None`` is unknown. Everything it asks for must have been read."""
Record = TypeVar("Record")
Made = TypeVar("Made")
COMPARISONS: Mapping[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Prepared:
    """A condition with the function that tells whether it holds; what its record says is looked up once, not on every
    run. ``places`` are what its leaves ask for, each once, in the order written; a leaf asks for one and has no parts.
    """

    __slots__ = ("decisive", "holds", "node", "parts", "places")

    def __init__(
        self,
        node: ConditionNode,
        holds: Holds,
        places: Iterable[Place],
        parts: tuple[Prepared, ...] = (),
        decisive: bool | None = None,
    ) -> None:
        self.node, self.holds, self.parts, self.decisive = node, holds, parts, decisive
        self.places = tuple(places)

    def __reduce__(self) -> tuple[Callable[[ConditionNode], Prepared], tuple[ConditionNode]]:
        return prepared, (self.node,)  # functions made on the fly cannot be saved

    def reasons(self, truth: bool | None, values: Values, bounds: Bounds) -> list[Prepared]:
        """The leaves that make the condition what it is, in the order written: under *not* those of the opposite."""
        if not self.parts:
            return [self]
        found: list[Prepared] = []
        self._gather(truth, values, bounds, found)
        return found

    def _gather(self, truth: bool | None, values: Values, bounds: Bounds, found: list[Prepared]) -> None:
        if self.decisive is None:
            truth, agreed = None if truth is None else not truth, True
        else:
            agreed = truth is not None and truth is not self.decisive  # no part decided: there is no need to ask each
        for part in self.parts:
            if agreed or part.holds(values, bounds) is truth:
                if part.parts:
                    part._gather(truth, values, bounds, found)
                else:
                    found.append(part)


def kept(make: Callable[[Record], Made]) -> Callable[[Record], Made]:
    """What is made of a record, made once as long as it is not forgotten among thousands.

    Records are known by their identity, which stays their own because they are kept as well: to hash one costs more.
    """
    known: dict[int, tuple[Record, Made]] = {}

    @wraps(make)
    def get(record: Record) -> Made:
        found = known.get(id(record))
        if found is None:
            if len(known) >= MOST_KEPT:
                known.clear()
            found = known[id(record)] = (record, make(record))
        return found[1]

    return get


MOST_KEPT = 4096


@kept
def prepared(node: ConditionNode) -> Prepared:
    """The condition made ready."""
    return _prepared(node)


def _all(node: All) -> Prepared:
    return _joined(node, decisive=False)


def _any(node: AnyOf) -> Prepared:
    return _joined(node, decisive=True)


def _joined(node: All | AnyOf, *, decisive: bool) -> Prepared:
    """What decides wins; else one unknown part leaves the whole unknown."""
    parts = tuple(_prepared(part) for part in node.parts)
    tests = tuple(part.holds for part in parts)

    def holds(values: Values, bounds: Bounds) -> bool | None:
        found: bool | None = not decisive
        for test in tests:
            one = test(values, bounds)
            if one is decisive:
                return decisive
            if one is None:
                found = None
        return found

    places = dict.fromkeys(place for part in parts for place in part.places)
    return Prepared(node, holds, places, parts, decisive)


def _not(node: Not) -> Prepared:
    part = _prepared(node.part)
    test = part.holds

    def holds(values: Values, bounds: Bounds) -> bool | None:
        found = test(values, bounds)
        return None if found is None else not found

    return Prepared(node, holds, part.places, (part,))


def _compare(node: Compare) -> Prepared:
    place, compare = place_of(node.term), COMPARISONS[node.operator]
    name, default = (None, node.bound) if isinstance(node.bound, float) else (node.bound.name, node.bound.value)

    def holds(values: Values, bounds: Bounds) -> bool | None:
        value = values[place]
        if value is None or isinstance(value, str) or value != value:  # noqa: PLR0124  (not a number)
            return None
        return compare(value, default if bounds is None or name is None else bounds.get(name, default))

    return Prepared(node, holds, (place,))


def _one_of(node: OneOf) -> Prepared:
    place = place_of(node.term)
    words = {value.lower() for value in node.values if isinstance(value, str)}
    answers = {value for value in node.values if isinstance(value, bool)}
    numbers = {value for value in node.values if not isinstance(value, bool | str)}

    def holds(values: Values, _: Bounds) -> bool | None:
        value = values[place]
        if value is None:
            return None
        if isinstance(value, bool):
            return value in answers
        if isinstance(value, str):
            return value.lower() in words  # people write Adam as well as adam
        return value in numbers  # and True is not one

    return Prepared(node, holds, (place,))


def _known(node: Known) -> Prepared:
    place = place_of(node.term)

    def holds(values: Values, _: Bounds) -> bool:
        return values[place] is not None

    return Prepared(node, holds, (place,))


_PREPARED: Mapping[str, Callable[[Any], Prepared]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "compare": _compare,
    "one_of": _one_of,
    "known": _known,
}


def _prepared(node: ConditionNode) -> Prepared:
    return _PREPARED[node.kind](node)


def could_hold(condition: Prepared, values: Values, bounds: Bounds, told: Container[Place]) -> bool:
    """Whether a condition might come out as yes if these places were told and all else stayed as it is."""
    return _could_be(condition, values, bounds, told)[0]


def _could_be(condition: Prepared, values: Values, bounds: Bounds, told: Container[Place]) -> tuple[bool, bool]:
    """Whether it might come out as yes, and whether as no. Parts are taken as if each could be told by itself."""
    if not condition.parts:
        if condition.places[0] in told:
            return True, condition.node.kind != "known"
        truth = condition.holds(values, bounds)
        return truth is True, truth is False
    parts = [_could_be(part, values, bounds, told) for part in condition.parts]
    if condition.decisive is None:
        yes, no = parts[0]
        return no, yes
    yeses, noes = zip(*parts, strict=True)
    return (any(yeses), all(noes)) if condition.decisive else (all(yeses), any(noes))
