"""``expert worked``: whether a remedy did what it is for, told by the run that was made with it."""

from __future__ import annotations

import argparse

from expert.commands.command import FOUND, Subcommands
from expert.commands.judging import add_run, chosen, columns_of, fields_of
from expert.commands.options import add_settings, in_use
from expert.commands.plugin_options import add_plugins, with_plugins
from expert.render.escape import printable


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    parser = commands.add_parser("worked", help="whether a remedy worked, told by the run that was made with it")
    parser.add_argument("remedy", metavar="REMEDY", help="an id or a name")
    parser.add_argument("path", metavar="RUN", help="the log of the new run, as for expert advise")
    add_run(parser)
    add_settings(parser)
    add_plugins(parser)
    parser.set_defaults(run=_worked)


def _worked(options: argparse.Namespace) -> int:
    """Exit 0 where it worked, 1 where it did not or the run does not tell."""
    from expert.following_up import worked

    settings = with_plugins(in_use(options).settings, options)
    source = chosen(options.path, options, settings)
    fields = fields_of(options)
    told = worked(
        options.remedy,
        source,
        config=fields.get("config"),
        model=fields.get("model"),
        data=fields.get("data"),
        columns=columns_of(options) if isinstance(source, str) else None,
        settings=settings,
    )
    print("\n".join(printable(line) for line in str(told).split("\n")))
    return 0 if told.answer == "yes" else FOUND
