"""Settings from what a caller gives: a record, a mapping, or a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from expert.errors import SettingsError, nearest
from expert.settings.origin import IN_CALL, InFile, Origin, as_written, dotted, shown
from expert.settings.paths import pattern_in, placed
from expert.settings.record import Settings, Suppression

PROJECT_FILE, OWN_FILE = "pyproject.toml", "expert.toml"
TABLE = ("tool", "expert")
"""Where settings stand in a project's file; in a file of their own they stand at the top."""
NOTHING_SET = Settings.model_construct()  # nothing to validate


def settings_from(value: Settings | Mapping[str, object] | str | os.PathLike[str] | None) -> Settings:
    """Settings from a record, a mapping or the path of a file; raises `SettingsError` for an unknown key or a wrong
    value.
    """
    if isinstance(value, Settings):
        return value
    if isinstance(value, str | os.PathLike):
        return read_file(value)
    if not isinstance(value, Mapping | None):
        raise SettingsError(f"settings must be a mapping, Settings or the path of a file, not {type(value).__name__}.")
    return checked(value) if value else NOTHING_SET


def checked(given: Mapping[str, object], origin: Origin = IN_CALL) -> Settings:
    """Settings from a mapping, all set at one place."""
    _know(given, Settings.model_fields, origin)
    suppressions = given.get("suppress", ())
    if not isinstance(suppressions, list | tuple):
        raise SettingsError(f"{origin.said('suppress')}: expected a list of tables, not {suppressions!r:.80}.")
    for number, one in enumerate(suppressions):
        if isinstance(one, Mapping):
            _know(one, Suppression.model_fields, origin, "suppress", number)
    try:
        named = {"fail_on" if key == "fail-on" else key: value for key, value in given.items()}
        return Settings.model_validate(named).coming_from(origin)
    except ValidationError as error:
        raise SettingsError(_sentence(error, origin)) from None


def read_file(path: str | os.PathLike[str]) -> Settings:
    """The settings in a file: ``[tool.expert]`` of a ``pyproject.toml``, all of any other. What is relative in it is
    relative to its folder.
    """
    from expert.settings.toml_text import parsed  # most calls come without a file

    place = placed(path)
    text = text_of(place)
    document: Any = parsed(text, shown(place))
    table = TABLE if os.path.basename(place) == PROJECT_FILE else ()
    origin = InFile(place, text, table)
    for depth, key in enumerate(table, 1):
        document = document.get(key)
        if document is None:
            raise SettingsError(f"{shown(place)}: there is no table [{dotted(*TABLE)}] in it.")
        if not isinstance(document, Mapping):
            raise SettingsError(f"{origin.place()}: {dotted(*table[:depth])}: expected a table, not {document!r:.80}.")
    if not table and "tool" in document:
        raise SettingsError(f"{origin.place('tool')}: in this file settings stand at the top, not in [tool.expert].")
    return _placed(checked(document, origin), os.path.dirname(place))


def text_of(path: str) -> str:
    """The text of a settings file; raises `SettingsError` where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"The settings {shown(path)!r} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{shown(path)}: this is no UTF-8 text; byte {error.start} cannot be read.") from None


def _know(given: Mapping[str, object], fields: Iterable[str], origin: Origin, *place: str | int) -> None:
    """Raise `SettingsError` for a key that no field has. Files spell a key in one way, calls as Python does or so."""
    spelled = [str(as_written(name)) for name in fields]
    for key in given:
        if key not in spelled and (isinstance(origin, InFile) or key not in fields):
            raise SettingsError(
                f"{origin.within(key, *place)}: unknown key '{key}'; known are {', '.join(spelled)}."
                f"{nearest(str(key), spelled)}"
            )


def _sentence(error: ValidationError, origin: Origin) -> str:
    first = error.errors(include_url=False)[0]
    where = origin.said(*first["loc"])
    if first["type"] == "value_error":
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    if first["type"] == "missing":
        return f"{where}: it is missing; a suppression needs a rule and a reason."
    expected = "a word" if "[key]" in first["loc"] else "a table"
    return f"{where}: expected {expected}, not {first['input']!r:.80}."


def _is_path(plugin: str) -> bool:
    """Whether a plugin is named by a file or folder, not as a module."""
    return "/" in plugin or os.sep in plugin or plugin.endswith((".py", ".toml", ".yaml", ".yml"))


def _placed(settings: Settings, folder: str) -> Settings:
    """The same settings with all paths made absolute."""
    changes: dict[str, object] = {}
    if settings.baseline is not None:
        changes["baseline"] = os.path.join(folder, settings.baseline)
    if settings.plugins:
        changes["plugins"] = tuple(os.path.join(folder, one) if _is_path(one) else one for one in settings.plugins)
    if settings.suppress:
        changes["suppress"] = tuple(
            one.model_copy(update={"source": tuple(pattern_in(folder, pattern) for pattern in one.source)})
            for one in settings.suppress
        )
    return settings.model_copy(update=changes)
