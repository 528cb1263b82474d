"""The closed union of nodes a condition is stored as. A signal is named by id inside a node: plugins add signals,
never node kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from expert.limits import Limit

Scalar = bool | float | str
Operator = Literal["<", "<=", ">", ">="]


class Node(BaseModel):
    """Base of all nodes: frozen, comparable, hashable, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class SignalTerm(Node):
    """The value of a signal over the named series."""

    kind: Literal["signal"] = "signal"
    signal: str
    of: tuple[str, ...] = ()

    # Terms are the keys of the working memory, looked up for every leaf of every rule.
    def __hash__(self) -> int:
        return hash((self.signal, self.of))

    def __eq__(self, other: object) -> bool:
        return type(other) is SignalTerm and (self.signal, self.of) == (other.signal, other.of)

    def __str__(self) -> str:
        return f"{self.signal}({', '.join(self.of)})"


class FieldTerm(Node):
    """A field of the run's configuration, model or data profile."""

    kind: Literal["field"] = "field"
    record: Literal["config", "model", "data"]
    name: str

    def __hash__(self) -> int:
        return hash((self.record, self.name))

    def __eq__(self, other: object) -> bool:
        return type(other) is FieldTerm and (self.record, self.name) == (other.record, other.name)

    def __str__(self) -> str:
        return f"{self.record}.{self.name}"


Term = Annotated[SignalTerm | FieldTerm, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)  # no model: rules hold thousands, and only checks and pages ever look at them
class GivenFact:
    """A term and the value a case takes as given; ``None`` is unknown."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    term: Term
    value: Scalar | None


class Compare(Node):
    """A number against a bound."""

    kind: Literal["compare"] = "compare"
    term: Term
    operator: Operator
    bound: Limit | float

    def __str__(self) -> str:
        bound = f"{self.bound:g}" if isinstance(self.bound, float) else f"{self.bound.name} ({self.bound.value:g})"
        return f"{self.term} {self.operator} {bound}"


class OneOf(Node):
    """A value that is one of the listed ones; a yes/no value is written as one of ``(True,)``."""

    kind: Literal["one_of"] = "one_of"
    term: Term
    values: tuple[Scalar, ...]

    def __str__(self) -> str:
        return f"{self.term} is {' or '.join(map(str, self.values))}"


class Known(Node):
    """Whether the value is known at all; never unknown itself."""

    kind: Literal["known"] = "known"
    term: Term

    def __str__(self) -> str:
        return f"{self.term} is known"


class All(Node):
    """Every part holds."""

    kind: Literal["all"] = "all"
    parts: Annotated[tuple[ConditionNode, ...], Field(min_length=1)]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, AnyOf) else str(part) for part in self.parts)


class AnyOf(Node):
    """At least one part holds."""

    kind: Literal["any"] = "any"
    parts: Annotated[tuple[ConditionNode, ...], Field(min_length=1)]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, All) else str(part) for part in self.parts)


class Not(Node):
    """The part does not hold."""

    kind: Literal["not"] = "not"
    part: ConditionNode

    def __str__(self) -> str:
        return f"not ({self.part})"


ConditionNode = Annotated[Compare | OneOf | Known | All | AnyOf | Not, Field(discriminator="kind")]
Leaf = Compare | OneOf | Known

# From the leaves up, so that each schema is put together of finished ones.
for _model in (Limit, SignalTerm, FieldTerm, Compare, OneOf, Known, All, AnyOf, Not):
    _model.model_rebuild(force=True)


def leaves(node: ConditionNode) -> Iterator[Leaf]:
    """Every leaf of a condition, in the order written."""
    # By kind: asking pydantic's classes for instances costs five times as much, and every rule is walked at the start.
    if node.kind == "all" or node.kind == "any":  # noqa: PLR1714  (mypy narrows these only)
        for part in node.parts:
            yield from leaves(part)
    elif node.kind == "not":
        yield from leaves(node.part)
    else:
        yield node
