"""What authors write conditions with: ``(signal.direction_changes(train.loss) > FLIPS) & ~config.adversarial``.

Handles are not the nodes that are stored: comparing handles builds a `Condition`, whose ``node`` a rule keeps. ``==``
is
left alone, so that records stay comparable and hashable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, NoReturn

from pydantic import BaseModel

from expert.errors import AuthoringError, nearest
from expert.language.nodes import (
    All,
    AnyOf,
    Compare,
    ConditionNode,
    FieldTerm,
    GivenFact,
    Known,
    Not,
    OneOf,
    Operator,
    Scalar,
    SignalTerm,
)
from expert.limits import Limit

NO_TRUTH_VALUE = (
    "A condition has no truth value while it is being written. Use & for `and`, | for `or`, ~ for `not`, "
    ".is_(...) for `in`, and .between(a, b) for `a < x < b`; put each comparison in parentheses."
)


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A condition being written."""

    node: ConditionNode

    def __and__(self, other: Condition | Term) -> Condition:
        return Condition(All(parts=(*_parts(self, All), *_parts(as_condition(other), All))))

    def __or__(self, other: Condition | Term) -> Condition:
        return Condition(AnyOf(parts=(*_parts(self, AnyOf), *_parts(as_condition(other), AnyOf))))

    def __invert__(self) -> Condition:
        return Condition(Not(part=self.node))

    def __bool__(self) -> NoReturn:
        raise AuthoringError(NO_TRUTH_VALUE)


def _parts(condition: Condition, kind: type[All] | type[AnyOf]) -> tuple[ConditionNode, ...]:
    node = condition.node
    return node.parts if isinstance(node, kind) else (node,)


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A value being written about: a signal over series, or a field of a profile. Used alone it means "is true"."""

    node: SignalTerm | FieldTerm

    def __lt__(self, bound: Limit | float) -> Condition:
        return self._compare("<", bound)

    def __le__(self, bound: Limit | float) -> Condition:
        return self._compare("<=", bound)

    def __gt__(self, bound: Limit | float) -> Condition:
        return self._compare(">", bound)

    def __ge__(self, bound: Limit | float) -> Condition:
        return self._compare(">=", bound)

    def between(self, low: Limit | float, high: Limit | float) -> Condition:
        """At least ``low`` and at most ``high``."""
        return (self >= low) & (self <= high)

    def is_(self, *values: Scalar) -> Condition:
        """One of the values."""
        if not values:
            raise AuthoringError(f"{self.node}.is_() needs at least one value.")
        return Condition(OneOf(term=self.node, values=values))

    @property
    def known(self) -> Condition:
        """Whether the value is known at all."""
        return Condition(Known(term=self.node))

    def of(self, value: Scalar | None) -> GivenFact:
        """In a case: take this value (None: unknown) as given."""
        if value is not None and not isinstance(value, bool | int | float | str):
            raise AuthoringError(f"{self.node}.of(…) takes a number, a word, yes or no, or None, not {value!r:.80}.")
        return GivenFact(self.node, float(value) if type(value) is int else value)

    def __and__(self, other: Condition | Term) -> Condition:
        return as_condition(self) & other

    def __or__(self, other: Condition | Term) -> Condition:
        return as_condition(self) | other

    def __invert__(self) -> Condition:
        return ~as_condition(self)

    def __bool__(self) -> NoReturn:
        raise AuthoringError(NO_TRUTH_VALUE)

    def _compare(self, operator: Operator, bound: Limit | float) -> Condition:
        if not isinstance(bound, Limit | int | float) or isinstance(bound, bool):
            raise AuthoringError(f"{self.node} {operator} … needs a number or a limit, not {bound!r}.")
        return Condition(
            Compare(term=self.node, operator=operator, bound=bound if isinstance(bound, Limit) else float(bound))
        )


@dataclass(frozen=True, slots=True)
class Metric:
    """A role, as an author names it: ``train.loss``."""

    role: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The first half of a role: ``train``, ``val``, ``gradient`` …; its attributes are the quantities."""

    name: str

    def __getattr__(self, quantity: str) -> Metric:
        if quantity.startswith("_"):
            raise AttributeError(quantity)
        return Metric(f"{self.name}.{quantity}")


@dataclass(frozen=True, slots=True)
class Profile:
    """The fields of one profile record as terms: ``config.learning_rate``."""

    record: Literal["config", "model", "data"]

    def __getattr__(self, name: str) -> Term:
        if name.startswith("_"):
            raise AttributeError(name)
        fields = profile_fields(self.record)
        if name not in fields:
            raise AuthoringError(f"{self.record} has no field '{name}'.{nearest(name, fields)}")
        return Term(_field_term(self.record, name))


# One record for each term however often it is written: the working memory then knows it without comparing.
@cache
def _field_term(record: Literal["config", "model", "data"], name: str) -> FieldTerm:
    return FieldTerm(record=record, name=name)


@cache
def _signal_term(signal: str, of: tuple[str, ...]) -> SignalTerm:
    return SignalTerm(signal=signal, of=of)


def profile_record(record: str) -> type[BaseModel]:
    """The model of a profile record."""
    from expert.history import DataProfile, ModelProfile, RunConfig

    homes: dict[str, type[BaseModel]] = {"config": RunConfig, "model": ModelProfile, "data": DataProfile}
    return homes[record]


@cache
def profile_fields(record: str) -> tuple[str, ...]:
    """The field names of a profile record."""
    return tuple(profile_record(record).model_fields)


@dataclass(frozen=True, slots=True)
class SignalHandle:
    """A signal by id; called with the series it reads, it is a term."""

    id: str

    def __call__(self, *metrics: Metric) -> Term:
        """The term: the signal's value over these series."""
        for metric in metrics:
            if not isinstance(metric, Metric):
                raise AuthoringError(f"signal.{self.id}(…) reads series such as train.loss, not {metric!r}.")
        return Term(_signal_term(self.id, tuple(metric.role for metric in metrics)))


class Signals:
    """Every signal by id as an attribute: ``signal.noise_level(train.loss)``. Ids are checked when a rule is loaded."""

    def __getattr__(self, name: str) -> SignalHandle:
        if name.startswith("_"):
            raise AttributeError(name)
        return SignalHandle(name)


def as_condition(value: Condition | Term) -> Condition:
    """A condition as it is; a term as "is true"."""
    if isinstance(value, Condition):
        return value
    if isinstance(value, Term):
        return Condition(OneOf(term=value.node, values=(True,)))
    raise AuthoringError(f"Conditions are joined with conditions, not with {value!r}. {NO_TRUTH_VALUE}")


def as_node(value: object) -> object:
    """What a rule stores for what an author wrote; anything else is left for validation."""
    if isinstance(value, Condition | Term):
        return as_condition(value).node
    return value


def as_roles(value: object) -> object:
    """The roles of series an author named; anything else is left for validation."""
    if not isinstance(value, tuple):
        return value
    return tuple(item.role if isinstance(item, Metric) else item for item in value)


signal = Signals()
train, val, test, train_eval = Subject("train"), Subject("val"), Subject("test"), Subject("train_eval")
optimizer, gradient, weight, update = Subject("optimizer"), Subject("gradient"), Subject("weight"), Subject("update")
batch, scaler, time = Subject("batch"), Subject("scaler"), Subject("time")
output, embedding, attention = Subject("output"), Subject("embedding"), Subject("attention")
config, model, data = Profile("config"), Profile("model"), Profile("data")
