"""What the commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from expert.errors import ExpertError
from expert.render.escape import printable

if TYPE_CHECKING:
    from expert.knowledge import Knowledge
    from expert.plugins import Plugins

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

FOUND, UNUSABLE = 1, 2
"""Exit statuses: findings at or above the level; a log that cannot be read or wrong usage."""


def complain(error: ExpertError) -> None:
    """Say on the error stream what is wrong."""
    print(f"expert: {printable(str(error))}", file=sys.stderr)


def loaded(options: argparse.Namespace, further: Sequence[str] = ()) -> tuple[Plugins, Knowledge]:
    """The plugins in force and the knowledge they make together: those that are installed, that the settings of the
    project name, that the options name, and further ones.
    """
    from expert.commands.plugin_options import in_settings, named
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    return load(named_in_environment(), (*in_settings(), *named(options), *further))
