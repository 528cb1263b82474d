"""``expert new-plugin``: a package to begin with, whose tests pass."""

from __future__ import annotations

import argparse
from pathlib import Path

from expert.commands.command import Subcommands


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    parser = commands.add_parser("new-plugin", help="write a package of rules to begin with, whose tests pass")
    parser.add_argument("name", metavar="NAME", help="lower-case words joined by hyphens: team-rules")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="where to (default: a folder called NAME)")
    parser.set_defaults(run=_write)


def _write(options: argparse.Namespace) -> int:
    from expert.scaffolding.writing import write_plugin

    folder = options.folder or Path(options.name)
    for path in write_plugin(options.name, folder):
        print(path)
    print(f'\nNext: cd {folder} && pip install -e ".[test]" && python -m pytest')
    return 0
