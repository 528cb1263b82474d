"""The options that set settings, and the settings in force for a command: options, then the file, then defaults."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from expert.errors import ExpertError

if TYPE_CHECKING:
    from expert.settings import Settings

LEVELS = ("info", "warning", "error", "fatal", "never")


class InUse(NamedTuple):
    """The settings in force, the file they were read from, and why that one."""

    settings: Settings
    file: str | None
    why: str


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Describe the options to the parser."""
    group = parser.add_argument_group(
        "settings", "They stand in the nearest expert.toml or pyproject.toml; what is given here comes before them."
    )
    group.add_argument("--settings", metavar="FILE", help="the file to read, in place of the nearest")
    group.add_argument("--select", action="append", metavar="RULE", help="tell of these rules only; repeatable")
    group.add_argument("--ignore", action="append", metavar="RULE", help="leave these rules out; repeatable")
    group.add_argument("--preview", action="store_true", default=None, help="judge the rules on trial too")
    group.add_argument("--limit", action="append", metavar="NAME=VALUE", help="another value for a limit; repeatable")
    group.add_argument("--severity", action="append", metavar="RULE=LEVEL", help="another severity; repeatable")
    group.add_argument(
        "--profile",
        action="append",
        metavar="KIND",
        help="the kind of run whose limits are used, in place of what is recognized; none for the defaults; repeatable",
    )
    group.add_argument(
        "--fail-on",
        choices=LEVELS,
        metavar="LEVEL",
        help="exit 1 from this severity on: info, warning, error (default), fatal, never",
    )
    group.add_argument("--baseline", metavar="FILE", help="findings that are known and do not count")


def in_use(options: argparse.Namespace) -> InUse:
    """The settings in force; raises `SettingsError` for a file or an option that cannot be used."""
    from expert.settings import Settings
    from expert.settings.origin import OnCommandLine
    from expert.settings.reading import checked, read_file

    file, why = _file(options)
    settings = Settings() if file is None else read_file(file)
    return InUse(settings.overridden_by(checked(_given(options), OnCommandLine())), file, why)


def _file(options: argparse.Namespace) -> tuple[str | None, str]:
    from expert.settings.discovery import ENVIRONMENT_VARIABLE, nearest_file

    if options.settings is not None:
        return options.settings, "--settings"
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        return named, f"environment {ENVIRONMENT_VARIABLE}"
    return nearest_file(), "the nearest"


def _given(options: argparse.Namespace) -> dict[str, Any]:
    given: dict[str, Any] = {
        key: value
        for key in ("profile", "fail_on", "baseline", "select", "ignore", "preview")
        if (value := getattr(options, key)) is not None
    }
    for key in ("select", "ignore", "profile"):
        if key in given:
            given[key] = [word.strip() for words in given[key] for word in words.split(",")]
    if options.limit:
        given["limits"] = {name: _number(value) for name, value in _pairs(options.limit, "--limit")}
    if options.severity:
        given["severity"] = dict(_pairs(options.severity, "--severity"))
    return given


def _pairs(texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    return [pair(text, option) for text in texts]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def pair(text: str, option: str) -> tuple[str, str]:
    """What stands before and behind the first ``=`` of an option."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise ExpertError(f"{option} {text}: expected NAME=VALUE.")
    return key.strip(), value.strip()
