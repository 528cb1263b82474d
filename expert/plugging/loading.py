"""From what a caller names to a plugin: a file, Python or a rule file, a module by its name, or an object as it is.

A Python file is code and runs with the rights of whoever names it. That is why files are loaded only where they are
named: in a call, by an option, or in the settings of a project. None is ever loaded because it lies beside a log.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from expert.errors import AuthoringError
from expert.hooks import hookimpl
from expert.plugging.checks import API_NAME, has_hooks
from expert.plugging.naming import file_of, identity, shown
from expert.plugging.python_file import PythonFile, run
from expert.reading import Reader
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals.signal import Signal

KINDS = (Rule, Remedy, Signal, Reader)
Record = Rule | Remedy | Signal | Reader


class Source(Protocol):
    """The file a plugin was read from."""

    def place(self, identity: str, *words: str) -> str:
        """Where the record with this id speaks of one of the words, else where it begins."""
        ...


@dataclass(frozen=True, eq=False)
class Loaded:
    """A plugin with hook functions, the file it was read from, and what was wrong in there."""

    plugin: object
    source: Source | None = None
    faults: tuple[str, ...] = ()


_kept: dict[str, tuple[object, Loaded]] = {}


def load(plugin: object) -> Loaded:
    """The plugin that is named; an object is one itself. Raises `AuthoringError` where a file cannot be used at all."""
    path = file_of(plugin)
    if path is None:
        return Loaded(_imported(plugin) if isinstance(plugin, str) else plugin)
    path, state = os.path.realpath(path), identity(plugin)
    kept = _kept.get(path)
    if kept is None or kept[0] != state:
        kept = _kept[path] = (state, _read(path))
    return kept[1]


def _imported(name: str) -> object:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise AuthoringError(f"there is no module '{error.name}'; a file is named with its ending.") from None
        raise


def _read(path: str) -> Loaded:
    if not path.endswith(".py"):
        from expert.rulefiles import read_rule_file  # needed by those who have such files only

        read = read_rule_file(path, shown(path))
        return Loaded(_Given(path, (*read.rules, *read.remedies)), read, read.problems)
    module, source = run(path), PythonFile(path)
    if has_hooks(module):
        return Loaded(module, source)
    records = tuple(_records(module))
    if not records:
        raise AuthoringError(
            f"{shown(path)}: it has no hook function marked with @hookimpl, and no rule, remedy, signal or reader."
        )
    given = _Given(path, records)
    if hasattr(module, API_NAME):
        given.expert_api = getattr(module, API_NAME)
    return Loaded(given, source)


def _records(module: ModuleType) -> Iterator[Record]:
    """What a file without hooks offers: each record it has a name for, alone or in a list, each once."""
    seen: set[int] = set()
    for name, value in vars(module).items():
        several = value if isinstance(value, list | tuple) else (value,)
        if name.startswith("_") or not all(isinstance(one, KINDS) for one in several):
            continue
        for one in several:
            if id(one) not in seen:
                seen.add(id(one))
                yield one


class _Given:
    """A plugin of records that need no code of their own to be handed over."""

    expert_api: object

    def __init__(self, path: str, records: Iterable[Record]) -> None:
        self.__file__ = path
        self._records = tuple(records)

    @hookimpl
    def expert_rules(self) -> list[Rule]:
        return [one for one in self._records if isinstance(one, Rule)]

    @hookimpl
    def expert_remedies(self) -> list[Remedy]:
        return [one for one in self._records if isinstance(one, Remedy)]

    @hookimpl
    def expert_signals(self) -> list[Signal]:
        return [one for one in self._records if isinstance(one, Signal)]

    @hookimpl
    def expert_readers(self) -> list[Reader]:
        return [one for one in self._records if isinstance(one, Reader)]
