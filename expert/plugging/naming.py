"""How plugins are named and told apart: files, modules, objects."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from expert.errors import SettingsError, nearest

KINDS = (".py", ".toml", ".yaml", ".yml")


def file_of(plugin: object) -> str | None:
    """The path of a plugin that is named by its file; None for a module named by a text, and for an object."""
    if isinstance(plugin, os.PathLike):
        return os.fsdecode(plugin)
    if isinstance(plugin, str) and ("/" in plugin or os.sep in plugin or plugin.endswith(KINDS)):
        return plugin
    return None


def identity(plugin: object) -> object:
    """What tells plugins apart: a file by where it lies and when it was changed, a module by its name, others by being
    the very object.
    """
    path = file_of(plugin)
    if path is None:
        return plugin if isinstance(plugin, str) else id(plugin)
    path = os.path.realpath(path)
    try:
        found = os.stat(path)
    except OSError:
        return path, None
    return path, (found.st_mtime_ns, found.st_size)


def distinct(plugins: Iterable[object]) -> tuple[object, ...]:
    """Each plugin once, however often and however a file is named. Raises `SettingsError` for a file that is none."""
    once: dict[object, object] = {}
    for plugin in plugins:
        once.setdefault(identity(plugin), plugin)
    for path in map(file_of, once.values()):
        if path is not None and not os.path.isfile(path):
            raise SettingsError(_missing(path))
    return tuple(once.values())


def _missing(path: str) -> str:
    folder = Path(path).parent
    beside = [one.name for one in folder.glob("*") if one.suffix in KINDS] if folder.is_dir() else []
    return f"There is no plugin file {shown(path)!r}.{nearest(os.path.basename(path), beside)}"


def shown(path: str) -> str:
    """A path as people read it: from the current folder where it lies below, else in full."""
    return os.path.abspath(path).removeprefix(os.path.join(os.path.abspath(os.curdir), ""))


def name_of(plugin: object) -> str:
    """What a plugin is called: a file by its path, a module by its name, an object by its own name or its class."""
    path = file_of(plugin)
    if path is not None:
        return shown(path)
    return plugin if isinstance(plugin, str) else str(getattr(plugin, "__name__", type(plugin).__name__))
