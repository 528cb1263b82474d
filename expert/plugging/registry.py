"""The plugins in force, by name: loaded, looked over and registered with pluggy. One that fails becomes a problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy

from expert import hookspecs
from expert.advice import ProblemNote
from expert.errors import nearest
from expert.plugging import checks
from expert.plugging.naming import distinct, identity, name_of

if TYPE_CHECKING:
    from expert.plugging.loading import Record, Source

GROUP = "expert"
DISTRIBUTION = "training-expert"


class Registry:
    """Plugins by name. ``built_in`` are the names of our own; ``problems`` says what went wrong.

    ``complete`` tells whether everything named could be loaded; what could not may be mended by other means than a
    change of its file, so it is worth another try.
    """

    def __init__(self, only: Iterable[str] | None, given: Iterable[object]) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._versions: dict[str, str] = {}
        self._sources: dict[str, Source] = {}
        self._names: dict[object, str] = {}
        self.built_in: set[str] = set()
        self.problems: list[ProblemNote] = []
        self.complete = True
        self._load_installed(only)
        for plugin in distinct(given):
            self._load_given(plugin)

    def plugins(self) -> Sequence[tuple[str, object]]:
        """Every plugin with its name, sorted by it."""
        return sorted(self._manager.list_name_plugin())

    def name(self, plugin: object) -> str:
        """The name under which a plugin that was given is known."""
        return self._names[identity(plugin)]

    def version(self, name: str) -> str:
        """The distribution a plugin comes with and its version; empty where it comes with none."""
        return self._versions.get(name, "")

    def implementations(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """The functions of a hook with the names of their plugins: built-in ones first, then by name."""
        found = getattr(self._manager.hook, hook).get_hookimpls()
        # pluggy passes a hook function only the arguments it names; so do we
        named = [(str(impl.plugin_name), _with_named_arguments(impl)) for impl in found]
        return sorted(named, key=lambda pair: (pair[0] not in self.built_in, pair[0]))

    def placed(self, name: str, record: Record, what: str) -> str:
        """A fault of a record, with file and line before it where its plugin is a file: those of the first word that
        the fault quotes, else those of the record.
        """
        source = self._sources.get(name)
        if source is None:
            return what
        quoted = re.findall(r"'([^']+)'", what)
        return f"{source.place(record.id, *quoted)}: {what}"

    def complain(self, name: str, faults: Iterable[str]) -> None:
        """Note what is wrong with a plugin."""
        self.problems += [ProblemNote(plugin=name, what=fault) for fault in faults]

    def raised(self, name: str, error: Exception) -> ProblemNote:
        """What a plugin raised, in a sentence, with the line where its plugin is a file."""
        from expert.plugging.python_file import PythonFile, what_was_raised

        source = self._sources.get(name)
        what = source.told(error) if isinstance(source, PythonFile) else what_was_raised(error)
        return ProblemNote(plugin=name, what=what)

    def _load_installed(self, only: Iterable[str] | None) -> None:
        # one distribution may be listed twice where it is both installed and on the path
        found = {(entry.name, entry.value): entry for entry in entry_points(group=GROUP)}
        names = {name for name, _ in found}
        wanted = names if only is None else set(only)
        for name in sorted(wanted - names):
            self.complain(name, [f"no installed plugin is called '{name}'.{nearest(name, names)}"])
        entries = [(entry, _distribution(entry)) for entry in found.values() if entry.name in wanted]
        for entry, distribution in sorted(entries, key=lambda pair: (pair[0].name, not pair[1].ours, pair[0].value)):
            self._load_entry(entry, distribution)

    def _load_entry(self, entry: EntryPoint, distribution: _Distribution) -> None:
        name = self._free(entry.name)
        if distribution.name:
            self._versions[name] = f"({distribution.name} {distribution.version})"
        try:
            plugin = entry.load()
        except Exception as error:
            self.problems.append(self.raised(name, error))
            return
        if distribution.ours:
            self.built_in.add(name)
        self._register(plugin, name)

    def _load_given(self, plugin: object) -> None:
        from expert.plugging.loading import load  # most calls give none

        name = self._names[identity(plugin)] = self._free(name_of(plugin))
        try:
            loaded = load(plugin)
        except Exception as error:
            self.complete = False
            self.problems.append(self.raised(name, error))
            return
        if loaded.source is not None:
            self._sources[name] = loaded.source
        self.complain(name, loaded.faults)
        self._register(loaded.plugin, name)

    def _register(self, plugin: object, name: str) -> None:
        if self._manager.is_registered(plugin):
            self.complain(name, ["it is loaded already, under another name."])
            return
        try:
            faults = list(checks.faults(plugin))
            self.complain(name, faults)
            if not faults:
                self.complain(name, checks.unmarked(plugin))
                self._manager.register(plugin, name)
        except Exception as error:  # a stranger's object may raise whatever it is asked
            self.problems.append(self.raised(name, error))

    def _free(self, name: str) -> str:
        """The name, numbered where another plugin has it already."""
        taken = {other for other, _ in self._manager.list_name_plugin()}
        return next(one for one in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if one not in taken)


class _Distribution(NamedTuple):
    """What a plugin was installed with; empty where that is not known."""

    name: str = ""
    version: str = ""

    @property
    def ours(self) -> bool:
        return self.name == DISTRIBUTION


def _distribution(entry: EntryPoint) -> _Distribution:
    if entry.dist is None:
        return _Distribution()
    return _Distribution(entry.dist.name, entry.dist.version)  # each parses the file of metadata anew


def _with_named_arguments(impl: pluggy.HookImpl) -> Callable[..., Any]:
    def call(**arguments: object) -> Any:
        return impl.function(*(arguments[name] for name in impl.argnames))

    return call
