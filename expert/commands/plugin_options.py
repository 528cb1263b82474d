"""The options that name plugins: files for this one call, beside those that the settings of a project name."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expert.settings import Settings


def add_plugins(parser: argparse.ArgumentParser) -> None:
    """Describe the options to the parser."""
    group = parser.add_argument_group("plugins", "Beside those that are installed and those that the settings name.")
    group.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE",
        help="load a Python file, or rules in YAML or TOML; repeatable",
    )
    group.add_argument(
        "--project-rules",
        action="store_true",
        help="load expert_rules.py, .yaml or .toml of the current folder or the nearest above it in the project",
    )


def named(options: argparse.Namespace) -> tuple[str, ...]:
    """The plugins that the options name; raises `SettingsError` where there are none to be found."""
    if not options.project_rules:
        return tuple(options.plugin)
    from expert.plugging.project import project_rules

    return (*options.plugin, *project_rules())


def with_plugins(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings with the plugins that the options name behind their own."""
    more = named(options)
    return settings.model_copy(update={"plugins": (*settings.plugins, *more)}) if more else settings


def in_settings() -> tuple[str, ...]:
    """The plugins that the settings of the project name, for commands that need nothing else of them."""
    from expert.settings.discovery import ENVIRONMENT_VARIABLE, nearest_file
    from expert.settings.reading import read_file

    file = os.environ.get(ENVIRONMENT_VARIABLE) or nearest_file()
    return () if file is None else read_file(file).plugins
