"""The one typed facade round pluggy: the plugins in force and what they contribute."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from expert.advice import ProblemNote
from expert.calibration import Calibration
from expert.plugging.registry import Registry
from expert.reading import Reader
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals.signal import Signal

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History

ENVIRONMENT_VARIABLE = "EXPERT_PLUGINS"
"""Comma-separated names of the installed plugins to load; the built-in ones are named ``rules`` and ``adapters``."""

Record = TypeVar("Record", Rule, Remedy, Signal, Reader)


def named_in_environment() -> frozenset[str] | None:
    """The plugins the environment variable restricts to; None where it is not set."""
    value = os.environ.get(ENVIRONMENT_VARIABLE)
    return None if value is None else frozenset(name.strip() for name in value.split(",") if name.strip())


class Plugins(Registry):
    """The plugins in force and what they contribute; a plugin that fails becomes a problem and the others go on.

    ``only`` restricts the installed plugins to those named; ``objects`` are added to them: paths of Python or rule
    files, names of modules, modules, or any objects with hook functions. Everything is collected at once and kept.

    ``rules``, ``remedies``, ``signals`` (those that plugins add) and ``readers`` are sorted by id; ``problems`` says
    what went wrong. Of an id given twice the built-in record stands, else that of the plugin whose name sorts first.
    ``calibrations`` say by the name of a plugin what its causes were measured to be worth.
    """

    def __init__(self, only: Iterable[str] | None = None, objects: Iterable[object] = ()) -> None:
        super().__init__(only, objects)
        self._origins: dict[tuple[type, str], str] = {}
        self._given: dict[str, list[Rule | Remedy | Signal | Reader]] = {}
        self.rules: Sequence[Rule] = self._collect("expert_rules", Rule)
        self.remedies: Sequence[Remedy] = self._collect("expert_remedies", Remedy)
        self.signals: Sequence[Signal] = self._collect("expert_signals", Signal)
        self.readers: Sequence[Reader] = self._collect("expert_readers", Reader)
        self.calibrations: Mapping[str, Calibration] = dict(self._calibrations())

    def origin(self, record: Rule | Remedy | Signal | Reader) -> str:
        """The name of the plugin a record comes from."""
        return self._origins[type(record), record.id]

    def given_by(self, name: str) -> Sequence[Rule | Remedy | Signal | Reader]:
        """Every record a plugin offers, those that stand back behind another's too."""
        return self._given.get(name, ())

    def described(self) -> Sequence[Mapping[str, Any]]:
        """Each plugin by name: its version, where it was loaded from, the ids it contributes, whether it observes."""
        observers = {name for name, _ in self.implementations("expert_advice")}
        told = []
        for name, plugin in self.plugins():
            records: dict[str, Sequence[Rule] | Sequence[Remedy] | Sequence[Signal] | Sequence[Reader]] = {
                "rules": self.rules,
                "remedies": self.remedies,
                "signals": self.signals,
                "readers": self.readers,
            }
            contributes = {
                kind: [one.id for one in given if self.origin(one) == name] for kind, given in records.items()
            }
            told.append(
                {
                    "name": name,
                    "version": self.version(name),
                    "place": str(getattr(plugin, "__file__", None) or type(plugin).__module__),
                    "contributes": {kind: ids for kind, ids in contributes.items() if ids},
                    "observes": name in observers,
                }
            )
        return told

    def observe(self, advice: Advice, history: History) -> Sequence[ProblemNote]:
        """Show advice to the observers; one that raises is reported and the others go on."""
        failed = []
        for name, implementation in self.implementations("expert_advice"):
            try:
                implementation(advice=advice, history=history)
            except Exception as error:
                failed.append(self.raised(name, error))
        return failed

    def _collect(self, hook: str, kind: type[Record]) -> Sequence[Record]:
        found: dict[str, tuple[Record, str]] = {}
        for name, implementation in self.implementations(hook):
            try:
                for record in implementation():
                    self._accept(found, record, name, kind, hook)
            except Exception as error:
                self.problems.append(self.raised(name, error))
        self._origins |= {(kind, identity): name for identity, (_, name) in found.items()}
        return [record for _, (record, _) in sorted(found.items())]

    def _calibrations(self) -> Iterator[tuple[str, Calibration]]:
        for name, implementation in self.implementations("expert_calibration"):
            try:
                given = implementation()
            except Exception as error:
                self.problems.append(self.raised(name, error))
                continue
            if isinstance(given, Calibration):
                yield name, given
            else:
                self.complain(name, [f"expert_calibration must return a Calibration, but returned {given!r:.80}."])

    def _accept(
        self, found: dict[str, tuple[Record, str]], record: Record, name: str, kind: type[Record], hook: str
    ) -> None:
        if not isinstance(record, kind):
            self.complain(name, [f"{hook} must return {kind.__name__} records, but returned {record!r:.80}."])
            return
        self._given.setdefault(name, []).append(record)
        first, owner = found.setdefault(record.id, (record, name))
        if (first is record and owner == name) or (first == record and owner in self.built_in):
            return  # what our own plugin says already may be said again: a rule of ours is checked as a file, too
        both = " and ".join(f"'{one}' {self.version(one)}".strip() for one in (owner, name))
        fault = f"{kind.__name__} id '{record.id}' is given by both {both}; ids must be unique."
        self.complain(name, [self.placed(name, record, fault)])
