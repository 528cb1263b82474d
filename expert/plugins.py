"""The one typed facade round pluggy: loads plugins, collects what they contribute, and isolates those that fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from expert import hookspecs
from expert.errors import AuthoringError, nearest
from expert.reading import Reader
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals.signal import Signal

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History

GROUP = "expert"
ENVIRONMENT_VARIABLE = "EXPERT_PLUGINS"
"""Comma-separated names of the installed plugins to load; the built-in ones are named ``rules`` and ``adapters``."""


def named_in_environment() -> frozenset[str] | None:
    """The plugins the environment variable restricts to; None where it is not set."""
    value = os.environ.get(ENVIRONMENT_VARIABLE)
    return None if value is None else frozenset(name.strip() for name in value.split(",") if name.strip())


Record = TypeVar("Record", Rule, Remedy, Signal, Reader)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong in a plugin, while everything else went on."""

    plugin: str
    what: str


@dataclass
class Plugins:
    """The plugins in force and what they contribute; a plugin that fails becomes a problem and the others go on."""

    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._versions: dict[str, str] = {}

    def load_installed(self, only: Iterable[str] | None = None) -> None:
        """Load the entry points of the group, or only those named."""
        found = {entry.name: entry for entry in entry_points(group=GROUP)}
        wanted = found.keys() if only is None else set(only)
        for name in sorted(wanted - found.keys()):
            self._failed(name, AuthoringError(f"no installed plugin is called '{name}'.{nearest(name, found)}"))
        for name, entry in sorted(found.items()):
            if name in wanted:
                self._load(entry)

    def add(self, plugin: object, name: str | None = None) -> None:
        """Add a plugin object: a module, or any object with hook functions."""
        label = self._free(name or str(getattr(plugin, "__name__", type(plugin).__name__)))
        try:
            self._manager.register(plugin, label)
            self._manager.check_pending()
        except Exception as error:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            self._failed(label, error)

    def _free(self, name: str) -> str:
        """The name, numbered where another plugin object has it already."""
        taken = {other for other, _ in self._manager.list_name_plugin()}
        return next(one for one in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if one not in taken)

    def rules(self) -> Sequence[Rule]:
        """All rules, sorted by id."""
        return self._collect("expert_rules", Rule)

    def remedies(self) -> Sequence[Remedy]:
        """All remedies, sorted by id."""
        return self._collect("expert_remedies", Remedy)

    def signals(self) -> Sequence[Signal]:
        """The signals plugins add, sorted by id."""
        return self._collect("expert_signals", Signal)

    def readers(self) -> Sequence[Reader]:
        """All readers, sorted by id."""
        return self._collect("expert_readers", Reader)

    def contributions(self) -> Sequence[tuple[str, str]]:
        """Each plugin's name and version, and how much it contributes."""
        hooks = ("expert_rules", "expert_remedies", "expert_signals", "expert_readers")
        counts: dict[str, list[str]] = {name: [] for name, _ in self._manager.list_name_plugin()}
        for hook in hooks:
            for name, implementation in self._implementations(hook):
                try:
                    counts[name].append(f"{len(implementation())} {hook.removeprefix('expert_')}")
                except Exception as error:
                    counts[name].append(f"{hook.removeprefix('expert_')} failed ({error})")
        return [
            (f"{name} {self._versions.get(name, '')}".strip(), ", ".join(parts) or "observes")
            for name, parts in sorted(counts.items())
        ]

    def observe(self, advice: Advice, history: History) -> Sequence[Problem]:
        """Show advice to the observers; one that raises is reported and the others go on."""
        failed = []
        for name, implementation in self._implementations("expert_advice"):
            try:
                implementation(advice=advice, history=history)
            except Exception as error:
                failed.append(_problem(name, error))
        return failed

    def _load(self, entry: EntryPoint) -> None:
        try:
            plugin: ModuleType | object = entry.load()
        except Exception as error:
            self._failed(entry.name, error)
            return
        if entry.dist is not None:
            self._versions[entry.name] = f"({entry.dist.name} {entry.dist.version})"
        self.add(plugin, entry.name)

    def _implementations(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        callers = getattr(self._manager.hook, hook).get_hookimpls()
        # pluggy passes a hook function only the arguments it names; so do we
        return [(str(impl.plugin_name), _with_named_arguments(impl)) for impl in callers]

    def _collect(self, hook: str, kind: type[Record]) -> Sequence[Record]:
        found: dict[str, tuple[Record, str]] = {}
        for name, implementation in sorted(self._implementations(hook), key=lambda pair: pair[0]):
            try:
                for record in implementation():
                    self._accept(found, record, name, kind, hook)
            except Exception as error:
                self._failed(name, error)
        return [record for _, (record, _) in sorted(found.items())]

    def _accept(
        self, found: dict[str, tuple[Record, str]], record: Record, name: str, kind: type[Record], hook: str
    ) -> None:
        if not isinstance(record, kind):
            self._failed(
                name, AuthoringError(f"{hook} must return {kind.__name__} records, but returned {record!r:.80}.")
            )
        elif record.id in found:
            both = " and ".join(f"'{one}' {self._versions.get(one, '')}".strip() for one in (found[record.id][1], name))
            self._failed(
                name, AuthoringError(f"{kind.__name__} id '{record.id}' is given by both {both}; ids must be unique.")
            )
        else:
            found[record.id] = (record, name)

    def _failed(self, plugin: str, error: Exception) -> None:
        self.problems.append(_problem(plugin, error))


def _problem(plugin: str, error: Exception) -> Problem:
    return Problem(plugin, str(error) if isinstance(error, AuthoringError) else f"{type(error).__name__}: {error}")


def _with_named_arguments(impl: pluggy.HookImpl) -> Callable[..., Any]:
    return lambda **arguments: impl.function(*(arguments[name] for name in impl.argnames))
