"""The command ``expert``."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from expert.commands import advise, check, explain, listing, new_plugin, settings, watch, why, worked
from expert.commands.command import UNUSABLE, complain
from expert.errors import ExpertError

COMMANDS = (advise, watch, why, worked, explain, listing, new_plugin, check, settings)
"""In the order in which the help lists them."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"expert: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 (findings at or above the level) or 2 (could not read, wrong usage)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show an arrow shall still show the rest
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()  # a reader that is gone is noticed here, not when the interpreter ends
        return status
    except ExpertError as error:
        complain(error)
        return UNUSABLE
    except BrokenPipeError:  # `expert … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    from expert import __version__

    parser = _Parser(prog="expert", description="Tells you why a network does not train, and what to do first.")
    parser.add_argument("--version", action="version", version=f"training-expert {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
