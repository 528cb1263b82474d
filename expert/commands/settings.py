"""``expert settings``: the values in force, and where each comes from."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from expert.commands.command import Subcommands
from expert.commands.options import InUse, add_settings, in_use
from expert.render.escape import printable, printable_json

if TYPE_CHECKING:
    from expert.knowledge import Knowledge
    from expert.settings import Settings

DEFAULT = "default"
ALL, NONE = "all", "none"
RECOGNIZED = "as each run is recognized"


class Row(NamedTuple):
    """One value: its key as files write it, the value, how it is said, and where it comes from."""

    key: str
    value: Any
    said: str
    place: str


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    parser = commands.add_parser("settings", help="show the settings in force and where each comes from")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_settings(parser)
    parser.set_defaults(run=_settings)


def _settings(options: argparse.Namespace) -> int:
    from expert import baseline
    from expert.asking import in_force
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    used = in_use(options)
    _, knowledge = load(named_in_environment(), used.settings.plugins)
    for problem in knowledge.problems:
        print(f"expert: {printable(f'plugin {problem.plugin}: {problem.what}')}", file=sys.stderr)
    in_force(used.settings, None, knowledge)
    if used.settings.baseline is not None:
        baseline.read(used.settings.baseline, used.settings.said("baseline"))
    rows = list(_rows(used.settings, knowledge))
    print(printable_json(_document(used, rows)) if options.format == "json" else printable(_table(used, rows)))
    return 0


def _rows(settings: Settings, knowledge: Knowledge) -> Iterator[Row]:
    yield _row(settings, "select", ", ".join(settings.select) or "all rules")
    yield _row(settings, "ignore", ", ".join(settings.ignore) or NONE)
    yield _row(settings, "preview", "on" if settings.preview else "off")
    for name, value in settings.limits.items():
        default = knowledge.limits[name].value
        yield Row(
            "limits", {name: value}, f"{name} = {value:g} (default {default:g})", _place(settings, "limits", name)
        )
    for word, severity in settings.severity.items():
        yield Row("severity", {word: severity}, f"{word} = {severity}", _place(settings, "severity", word))
    yield from _profile(settings, knowledge)
    yield _row(settings, "fail_on", settings.fail_on)
    yield _row(settings, "baseline", _near(settings.baseline or NONE))
    yield _row(settings, "plugins", ", ".join(map(_near, settings.plugins)) or NONE)
    for number, one in enumerate(settings.suppress):
        until = f" until {one.until}" if one.until else ""
        expired = " (expired)" if one.until is not None and one.until < datetime.date.today() else ""
        where = f" in {', '.join(map(_near, one.source))}" if one.source else ""
        said = f"{one.rule}{until}{expired}{where}: {one.reason}"
        yield Row("suppress", one.model_dump(mode="json"), said, _place(settings, "suppress", number))
    yield _installed()


def _profile(settings: Settings, knowledge: Knowledge) -> Iterator[Row]:
    """What is named, and the limits that have its value: each run may tell more of itself."""
    from expert.asking import in_force

    yield _row(settings, "profile", ", ".join(settings.profile) or RECOGNIZED)
    for used in in_force(settings, None, knowledge).profiles:
        for name in used.limits:
            default, own = knowledge.limits[name].value, knowledge.limits[name].under((used.name,))
            assert own is not None
            said = f"{name} = {own.value:g} (default {default:g}) for {used.name}"
            yield Row("limits", {name: own.value}, said, _place(settings, "profile"))


def _near(path: str) -> str:
    from expert.settings.origin import shown

    return shown(path) if os.path.isabs(path) else path


def _row(settings: Settings, field: str, said: str) -> Row:
    return Row(field.replace("_", "-"), getattr(settings, field), said, _place(settings, field))


def _place(settings: Settings, *keys: str | int) -> str:
    origin = settings.origin(*keys)
    return DEFAULT if origin is None else origin.place(*keys)


def _installed() -> Row:
    from expert.plugins import ENVIRONMENT_VARIABLE, named_in_environment

    names = named_in_environment()
    place = DEFAULT if names is None else f"environment {ENVIRONMENT_VARIABLE}"
    listed = None if names is None else sorted(names)
    return Row("installed plugins", listed, ALL if listed is None else ", ".join(listed) or NONE, place)


def _table(used: InUse, rows: Sequence[Row]) -> str:
    head = "no file of settings was found"
    if used.file is not None:
        head = f"settings in {_near(os.path.abspath(used.file))} ({used.why})"
    widths = [max(len(row.key) for row in rows), max(len(row.place) for row in rows)]
    return "\n".join([head, *(f"{row.key:{widths[0]}}  {row.place:{widths[1]}}  {row.said}" for row in rows)])


def _document(used: InUse, rows: Sequence[Row]) -> str:
    file = None if used.file is None else {"path": os.path.abspath(used.file), "from": used.why}
    values: list[Mapping[str, Any]] = [{"key": row.key, "value": row.value, "from": row.place} for row in rows]
    return json.dumps({"file": file, "settings": values}, indent=2)
