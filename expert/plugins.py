"""The one typed facade round pluggy: loads plugins, collects what they contribute, and isolates those that fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from expert import hookspecs
from expert.advice import ProblemNote
from expert.errors import AuthoringError, nearest
from expert.reading import Reader
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals.signal import Signal

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History

GROUP = "expert"
DISTRIBUTION = "training-expert"
ENVIRONMENT_VARIABLE = "EXPERT_PLUGINS"
"""Comma-separated names of the installed plugins to load; the built-in ones are named ``rules`` and ``adapters``."""

Record = TypeVar("Record", Rule, Remedy, Signal, Reader)


def named_in_environment() -> frozenset[str] | None:
    """The plugins the environment variable restricts to; None where it is not set."""
    value = os.environ.get(ENVIRONMENT_VARIABLE)
    return None if value is None else frozenset(name.strip() for name in value.split(",") if name.strip())


class Plugins:
    """The plugins in force and what they contribute; a plugin that fails becomes a problem and the others go on.

    ``only`` restricts the installed plugins to those named; ``objects`` are added to them: modules, or any objects with
    hook functions. Everything is collected at once and kept.

    ``rules``, ``remedies``, ``signals`` (those that plugins add) and ``readers`` are sorted by id; ``problems`` says
    what went wrong. Of an id given twice the built-in record stands, else that of the plugin whose name sorts first.
    """

    def __init__(self, only: Iterable[str] | None = None, objects: Iterable[object] = ()) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._versions: dict[str, str] = {}
        self.built_in: set[str] = set()
        self.problems: list[ProblemNote] = []
        self._origins: dict[tuple[type, str], str] = {}
        self._load_installed(only)
        for plugin in {id(one): one for one in objects}.values():
            self._add(plugin, self._free(str(getattr(plugin, "__name__", type(plugin).__name__))))
        self.rules: Sequence[Rule] = self._collect("expert_rules", Rule)
        self.remedies: Sequence[Remedy] = self._collect("expert_remedies", Remedy)
        self.signals: Sequence[Signal] = self._collect("expert_signals", Signal)
        self.readers: Sequence[Reader] = self._collect("expert_readers", Reader)

    def origin(self, record: Rule | Remedy | Signal | Reader) -> str:
        """The name of the plugin a record comes from."""
        return self._origins[type(record), record.id]

    def described(self) -> Sequence[Mapping[str, Any]]:
        """Each plugin by name: its version, where it was loaded from, the ids it contributes, whether it observes."""
        observers = {name for name, _ in self._implementations("expert_advice")}
        told = []
        for name, plugin in sorted(self._manager.list_name_plugin()):
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
                    "version": self._versions.get(name, ""),
                    "place": str(getattr(plugin, "__file__", None) or type(plugin).__module__),
                    "contributes": {kind: ids for kind, ids in contributes.items() if ids},
                    "observes": name in observers,
                }
            )
        return told

    def observe(self, advice: Advice, history: History) -> Sequence[ProblemNote]:
        """Show advice to the observers; one that raises is reported and the others go on."""
        failed = []
        for name, implementation in self._implementations("expert_advice"):
            try:
                implementation(advice=advice, history=history)
            except Exception as error:
                failed.append(problem(name, error))
        return failed

    def _load_installed(self, only: Iterable[str] | None) -> None:
        # one distribution may be listed twice where it is both installed and on the path
        found = {(entry.name, entry.value): entry for entry in entry_points(group=GROUP)}
        names = {name for name, _ in found}
        wanted = names if only is None else set(only)
        for name in sorted(wanted - names):
            self._failed(name, AuthoringError(f"no installed plugin is called '{name}'.{nearest(name, names)}"))
        for entry in sorted(found.values(), key=lambda entry: (entry.name, not _is_ours(entry), entry.value)):
            if entry.name in wanted:
                self._load(entry)

    def _load(self, entry: EntryPoint) -> None:
        name = self._free(entry.name)
        try:
            plugin = entry.load()
        except Exception as error:
            self._failed(name, error)
            return
        if entry.dist is not None:
            self._versions[name] = f"({entry.dist.name} {entry.dist.version})"
        if _is_ours(entry):
            self.built_in.add(name)
        self._add(plugin, name)

    def _free(self, name: str) -> str:
        """The name, numbered where another plugin has it already."""
        taken = {other for other, _ in self._manager.list_name_plugin()}
        return next(one for one in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if one not in taken)

    def _add(self, plugin: object, name: str) -> None:
        try:
            self._manager.register(plugin, name)
            if not self._manager.get_hookcallers(plugin):
                raise AuthoringError("it has no hook function; mark those it has with @hookimpl of expert.authoring.")
            self._manager.check_pending()
        except Exception as error:
            if self._manager.get_plugin(name) is not None:
                self._manager.unregister(name=name)
            self._failed(name, error)

    def _implementations(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """The functions of a hook with the names of their plugins: built-in ones first, then by name."""
        found = getattr(self._manager.hook, hook).get_hookimpls()
        # pluggy passes a hook function only the arguments it names; so do we
        named = [(str(impl.plugin_name), _with_named_arguments(impl)) for impl in found]
        return sorted(named, key=lambda pair: (pair[0] not in self.built_in, pair[0]))

    def _collect(self, hook: str, kind: type[Record]) -> Sequence[Record]:
        found: dict[str, tuple[Record, str]] = {}
        for name, implementation in self._implementations(hook):
            try:
                for record in implementation():
                    self._accept(found, record, name, kind, hook)
            except Exception as error:
                self._failed(name, error)
        self._origins |= {(kind, identity): name for identity, (_, name) in found.items()}
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
        self.problems.append(problem(plugin, error))


def problem(plugin: str, error: Exception) -> ProblemNote:
    """What went wrong in a plugin, in a sentence."""
    what = str(error) if isinstance(error, AuthoringError) else f"{type(error).__name__}: {error}"
    return ProblemNote(plugin=plugin, what=what)


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == DISTRIBUTION


def _with_named_arguments(impl: pluggy.HookImpl) -> Callable[..., Any]:
    def call(**arguments: object) -> Any:
        return impl.function(*(arguments[name] for name in impl.argnames))

    return call
