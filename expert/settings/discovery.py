"""Where a command finds the settings of a project: the nearest file from the current folder upwards."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from expert.errors import SettingsError
from expert.settings.origin import shown
from expert.settings.reading import OWN_FILE, PROJECT_FILE, TABLE, text_of
from expert.settings.toml_text import parsed

ENVIRONMENT_VARIABLE = "EXPERT_SETTINGS"
"""The settings file that commands read in place of the one they would find."""
ROOTS = (".git", ".hg", ".svn", ".jj")
"""What marks the top folder of a project."""


def nearest_file(start: Path | None = None) -> str | None:
    """The nearest ``expert.toml``, or ``pyproject.toml`` with a table ``[tool.expert]``, from a folder (the current
    one) upwards; None where there is none. Raises `SettingsError` where one folder has both.
    """
    try:
        folders = searched(start or Path.cwd())
    except FileNotFoundError:  # the current folder is gone
        return None
    for folder in folders:
        own, project = str(folder / OWN_FILE), str(folder / PROJECT_FILE)
        found = [path for path in (own, project) if os.path.isfile(path) and (path is own or _has_table(path))]
        if len(found) > 1:
            raise SettingsError(f"Settings stand both in {shown(found[0])} and in {shown(found[1])}; keep one of them.")
        if found:
            return found[0]
    return None


def searched(start: Path) -> Iterator[Path]:
    """The folder and those above it, up to the top of a project or the home folder. A folder of temporary files, where
    everybody may put one, is not searched.
    """
    home = _home()
    for folder in (start, *start.parents):
        if _is_everybodys(folder):
            return
        yield folder
        if folder == home or any(os.path.exists(folder / root) for root in ROOTS):
            return


def _home() -> Path | None:
    try:
        return Path(os.path.realpath(Path.home()))  # as the current folder is given
    except RuntimeError:  # the system knows of none
        return None


def _is_everybodys(folder: Path) -> bool:
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISVTX and mode & stat.S_IWOTH)


def _has_table(path: str) -> bool:
    """Whether a project's file has our table; what does not even mention us is not parsed."""
    text = text_of(path)
    if TABLE[-1] not in text:
        return False
    inner = parsed(text, shown(path)).get(TABLE[0])
    return isinstance(inner, dict) and TABLE[-1] in inner
