"""The working memory: each signal computed once, on demand, and what is unknown with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from expert.history import DataProfile, History, LayerStatistics, ModelProfile, RunConfig, Series
from expert.language.nodes import FieldTerm, GivenFact, Scalar, SignalTerm
from expert.signals.curve import Curve
from expert.signals.signal import Grade, Signal, Unknown
from expert.wording import field_template, field_unknown, fill, place, spoken

GRADES: tuple[Grade, ...] = ("proof", "internal", "config", "curve")
"""From the best evidence to the weakest."""

FIELD_GRADES: Mapping[str, Grade] = {"config": "config", "model": "config", "data": "proof"}


@dataclass(slots=True, eq=False)  # not frozen: some two hundred are made on every run, and that would double their cost
class Fact:
    """The value a signal or a profile field has on this run, or the reason why it is unknown."""

    term: SignalTerm | FieldTerm
    value: Scalar | None
    grade: Grade
    reason: str = ""
    record: str = ""
    at: float | None = None
    clock: str | None = None
    template: str = ""
    detail: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        if self.value is None:
            return self.reason
        names = [spoken(role) for role in self.term.of] if isinstance(self.term, SignalTerm) else []
        words = {"series": names[0] if names else "", "other": names[1] if len(names) > 1 else "", "value": self.value}
        return fill(self.template, words | {"at": self.place} | dict(self.detail))

    @property
    def place(self) -> str:
        """Where it was read, in words; empty where that is nowhere in particular."""
        return place(self.at, self.clock)


class Place:
    """Where the working memory keeps the fact for a term. Equal terms have one place, which is told by its identity:
    to hash a record costs more than all that is done with its value.
    """

    __slots__ = ("term",)

    def __init__(self, term: SignalTerm | FieldTerm) -> None:
        self.term = term

    def __reduce__(self) -> tuple[Callable[[SignalTerm | FieldTerm], Place], tuple[SignalTerm | FieldTerm]]:
        return place_of, (self.term,)  # a copy is the same place


_places: dict[tuple[str, str | tuple[str, ...]], Place] = {}


def place_of(term: SignalTerm | FieldTerm) -> Place:
    """The place of a term; there are as many as words for what a run may hold, and they stay."""
    key = (term.record, term.name) if term.kind == "field" else (term.signal, term.of)
    return _places.get(key) or _places.setdefault(key, Place(term))


Values = Mapping[Place, Scalar | None]
"""What was read on a run; ``None`` is unknown."""


class Memory(NamedTuple):
    """What was read on a run, which outlives the history it was read from: whoever explains a verdict looks here."""

    values: dict[Place, Scalar | None]
    facts: dict[Place, Fact]


class Facts:
    """The facts of one run. ``given`` fixes terms, for cases; with it nothing else is known that the run does not
    hold.

    ``failures`` says by signal id what went wrong in signals that broke their promise to give a value or a reason.
    """

    def __init__(self, history: History, signals: Mapping[str, Signal], given: Iterable[GivenFact] = ()) -> None:
        self.history = history
        self._signals = signals
        facts = {place_of(item.term): self._given(item) for item in given}
        self.memory = Memory({where: fact.value for where, fact in facts.items()}, facts)
        self._curves: dict[str, Curve | None] = {}
        self.failures: dict[str, str] = {}

    @property
    def config(self) -> RunConfig:
        """The run's configuration."""
        return self.history.config

    @property
    def model(self) -> ModelProfile:
        """The model's profile."""
        return self.history.model

    @property
    def data(self) -> DataProfile:
        """The data's profile."""
        return self.history.data

    def curve(self, role: str) -> Curve | None:
        """The series with this role as signals see it; ``x.score`` is the metric the run is judged by."""
        if role not in self._curves:
            series = self.history.get(role)
            if series is None and role.endswith(".score"):
                series = self._score(role.removesuffix("score"))
            self._curves[role] = None if series is None else Curve(series, self.history.marks)
        return self._curves[role]

    def layers(self, quantity: str) -> LayerStatistics | None:
        """A per-layer statistic."""
        return self.history.layer(quantity)

    def get(self, term: SignalTerm | FieldTerm) -> Fact:
        """The fact for a term, computed at the first call."""
        wanted = place_of(term)
        return self.read((wanted,)).facts[wanted]

    def read(self, places: Iterable[Place]) -> Memory:
        """Everything read so far, with these places."""
        values, facts = self.memory.values, self.memory.facts
        for wanted in places:
            if wanted not in values:
                term = wanted.term
                fact = self._field(term) if term.kind == "field" else self._signal(wanted, term)
                values[wanted], facts[wanted] = fact.value, fact
        return self.memory

    def _score(self, prefix: str) -> Series | None:
        accuracy = self.history.get(prefix + "accuracy")
        if accuracy is not None:
            return accuracy
        others = (s for s in self.history.series if s.role and s.role.startswith(prefix) and s.role != prefix + "loss")
        return next((series for series in others if series.direction == "higher"), None)

    def _field(self, term: FieldTerm) -> Fact:
        value = getattr(getattr(self.history, term.record), term.name)
        if value is None:
            return _not_told(term.record, term.name)
        if not isinstance(value, bool | str):
            value = float(len(value)) if isinstance(value, tuple) else float(value)
        return Fact(term, value, FIELD_GRADES[term.record], template=field_template(term.name, value))

    def _signal(self, where: Place, term: SignalTerm) -> Fact:
        signal = self._signals[term.signal]
        curves = []
        for role in term.of:
            curve = self.curve(role)
            if curve is None:
                return _not_recorded(where, role, signal.grade)
            curves.append(curve)
        try:
            found = signal.read(self, *curves)
            if isinstance(found, Unknown):
                return Fact(term, None, signal.grade, found.reason, found.record)
            return Fact(
                term,
                _scalar(found.value),
                signal.grade,
                at=found.at,
                clock=found.clock,
                template=signal.reads,
                detail=found.detail,
            )
        except Exception as error:  # a stranger's code: the other signals go on
            self.failures[signal.id] = f"signal '{signal.id}' failed: {type(error).__name__}: {error}"
            return Fact(term, None, signal.grade, self.failures[signal.id])

    def _given(self, item: GivenFact) -> Fact:
        term = item.term
        if isinstance(term, FieldTerm):
            grade, template = FIELD_GRADES[term.record], field_template(term.name, item.value)
        else:
            grade, template = self._signals[term.signal].grade, self._signals[term.signal].reads
        return Fact(term, item.value, grade, "not known in this case", template=template)


@lru_cache(maxsize=1024)
def _not_told(record: Literal["config", "model", "data"], name: str) -> Fact:
    how = f'advise(..., {record}={{"{name}": ...}})'
    return Fact(FieldTerm(record=record, name=name), None, FIELD_GRADES[record], field_unknown(name), how)


@lru_cache(maxsize=1024)
def _not_recorded(where: Place, role: str, grade: Grade) -> Fact:
    return Fact(where.term, None, grade, f"no {spoken(role)} was recorded", f"log {role}")


def _scalar(value: object) -> Scalar:
    """A value as rules compare it; NumPy's own scalars are taken for what they stand for."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value)
    raise TypeError(f"a reading's value is a number, a word, or yes or no, not {value!r:.80}")
