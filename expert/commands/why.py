"""``expert why`` and ``why-not``: one rule on one run, its condition as a tree with what was found."""

from __future__ import annotations

import argparse

from expert.commands.command import FOUND, Subcommands
from expert.commands.judging import add_run, chosen, judged
from expert.commands.options import add_settings, in_use
from expert.commands.plugin_options import add_plugins, with_plugins
from expert.render.escape import printable


def add(commands: Subcommands) -> None:
    """Describe the commands to the parser."""
    for name, purpose in (
        ("why", "why a rule was found on a run: its condition as a tree with the facts, the evidence weighed"),
        ("why-not", "why a rule was not found on a run: what says no, or what is not known"),
    ):
        parser = commands.add_parser(name, help=purpose)
        parser.add_argument("path", metavar="RUN", help="a log, as for expert advise")
        parser.add_argument("rule", metavar="RULE", help="an id or a name")
        add_run(parser)
        add_settings(parser)
        add_plugins(parser)
        parser.set_defaults(run=_why, asked=name)


def _why(options: argparse.Namespace) -> int:
    """Exit 0 where the question fits, 1 where the rule stands the other way round; the answer is given either way."""
    settings = with_plugins(in_use(options).settings, options)
    advice = judged(chosen(options.path, options, settings), options, settings)
    found = advice.is_found(options.rule)
    text = advice.why(options.rule) if options.asked == "why" or found else advice.why_not(options.rule)
    print("\n".join(printable(line) for line in text.split("\n")))
    return 0 if found == (options.asked == "why") else FOUND
