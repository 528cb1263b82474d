"""The working memory: each signal computed once, on demand, and what is unknown with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from expert.cases import GivenFact
from expert.history import DataProfile, History, LayerStatistics, ModelProfile, RunConfig, Series
from expert.language.nodes import FieldTerm, Scalar, SignalTerm
from expert.signals.curve import Curve
from expert.signals.signal import Grade, Reading, Signal, Unknown

GRADES: tuple[Grade, ...] = ("proof", "internal", "config", "curve")
"""From the best evidence to the weakest."""

SUBJECTS = {"train": "training", "val": "validation", "train_eval": "evaluation-mode training"}
FIELD_GRADES: Mapping[str, Grade] = {"config": "config", "model": "config", "data": "proof"}


@dataclass(frozen=True, slots=True)
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
        words |= {"at": "" if self.at is None else f"{self.clock or 'epoch'} {self.at:g}"}
        return fill(self.template, words | dict(self.detail))


class Facts:
    """The facts of one run. ``given`` fixes terms, for cases; with it nothing else is known that the run does not
    hold.
    """

    def __init__(self, history: History, signals: Mapping[str, Signal], given: Iterable[GivenFact] = ()) -> None:
        self.history = history
        self._signals = signals
        self._known: dict[SignalTerm | FieldTerm, Fact] = {}
        self._curves: dict[str, Curve | None] = {}
        for item in given:
            self._known[item.term] = self._given(item)

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
        fact = self._known.get(term)
        if fact is None:
            fact = self._known[term] = self._field(term) if isinstance(term, FieldTerm) else self._signal(term)
        return fact

    def known(self) -> Iterable[Fact]:
        """Every fact computed so far."""
        return self._known.values()

    def _score(self, prefix: str) -> Series | None:
        accuracy = self.history.get(prefix + "accuracy")
        if accuracy is not None:
            return accuracy
        others = (s for s in self.history.series if s.role and s.role.startswith(prefix) and s.role != prefix + "loss")
        return next((series for series in others if series.direction == "higher"), None)

    def _field(self, term: FieldTerm) -> Fact:
        value = getattr(getattr(self.history, term.record), term.name)
        grade = FIELD_GRADES[term.record]
        spoken_name = f"{term.record}.{term.name}"
        if value is None:
            return Fact(
                term, None, grade, f"{spoken_name} is not known", f'advise(..., {term.record}={{"{term.name}": ...}})'
            )
        if not isinstance(value, bool | str):
            value = float(len(value)) if isinstance(value, tuple) else float(value)
        return Fact(term, value, grade, template=f"{spoken_name} is {{value}}")

    def _signal(self, term: SignalTerm) -> Fact:
        signal = self._signals[term.signal]
        curves = []
        for role in term.of:
            curve = self.curve(role)
            if curve is None:
                return Fact(term, None, signal.grade, f"no {spoken(role)} was recorded", f"log {role}")
            curves.append(curve)
        found = signal.read(self, *curves)
        if isinstance(found, Unknown):
            return Fact(term, None, signal.grade, found.reason, found.record)
        return self._read(term, signal, found)

    def _given(self, item: GivenFact) -> Fact:
        if isinstance(item.term, FieldTerm):
            return Fact(
                item.term,
                item.value,
                FIELD_GRADES[item.term.record],
                "not known in this case",
                template=f"{item.term} is {{value}}",
            )
        signal = self._signals[item.term.signal]
        return Fact(item.term, item.value, signal.grade, "not known in this case", template=signal.reads)

    @staticmethod
    def _read(term: SignalTerm, signal: Signal, found: Reading) -> Fact:
        return Fact(
            term, found.value, signal.grade, at=found.at, clock=found.clock, template=signal.reads, detail=found.detail
        )


def spoken(role: str) -> str:
    """A role in words: ``val.loss`` is "validation loss"."""
    subject, _, quantity = role.partition(".")
    return f"{SUBJECTS.get(subject, subject)} {quantity.replace('_', ' ')}"


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> _Blank:
        return _Blank(key)


class _Blank:
    """Stands for a number that is not known, whatever format it is asked in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __format__(self, spec: str) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"({self.name.replace('_', ' ')} not known)"


def fill(template: str, words: Mapping[str, object]) -> str:
    """A sentence from its template; a placeholder that is not known says so instead of breaking the sentence."""
    try:
        return template.format_map(_Lenient(words))
    except (ValueError, TypeError):  # a number format for a word: the plain value keeps the sentence readable
        return re.sub(r"\{(\w+)[^}]*\}", lambda match: str(words.get(match[1], _Blank(match[1]))), template)
