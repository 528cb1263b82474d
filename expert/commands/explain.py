"""``expert explain``: what a rule or a remedy means."""

from __future__ import annotations

import argparse

from expert.commands.command import Subcommands, loaded
from expert.commands.pages import add_page_options, show_page
from expert.commands.plugin_options import add_plugins
from expert.errors import ExpertError, nearest


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    explain = commands.add_parser("explain", help="what a rule or a remedy means, with a run that shows it")
    explain.add_argument("word", metavar="RULE-OR-REMEDY", help="an id or a name")
    add_page_options(explain)
    explain.add_argument(
        "--as", dest="written", choices=("yaml", "toml"), help="print it as a rule file, to be copied and changed"
    )
    add_plugins(explain)
    explain.set_defaults(run=_explain)


def _explain(options: argparse.Namespace) -> int:
    plugins, knowledge = loaded(options)
    rule = knowledge.catalogue.find(options.word)
    remedy = knowledge.remedy(options.word)
    record = rule if rule is not None else remedy
    if record is None:
        words = [word for one in knowledge.catalogue.rules.values() for word in (one.id, one.name)]
        raise ExpertError(
            f"There is no rule or remedy '{options.word}'.{nearest(options.word, [*words, *knowledge.remedies])}"
        )
    if options.written is None:
        return show_page(record, plugins, knowledge, options)
    from expert.rulefiles import dump_rules

    rules, remedies = ([rule], []) if rule is not None else ([], [remedy] if remedy is not None else [])
    print(dump_rules(rules, remedies, options.written), end="")
    return 0
