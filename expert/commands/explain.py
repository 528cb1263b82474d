"""``expert explain``: what a rule or a remedy means."""

from __future__ import annotations

import argparse

from expert.commands.command import Subcommands, loaded
from expert.commands.plugin_options import add_plugins
from expert.errors import ExpertError, nearest


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    explain = commands.add_parser("explain", help="what a rule or a remedy means")
    explain.add_argument("word", metavar="RULE-OR-REMEDY", help="an id or a name")
    explain.add_argument(
        "--as", dest="written", choices=("yaml", "toml"), help="print it as a rule file, to be copied and changed"
    )
    add_plugins(explain)
    explain.set_defaults(run=_explain)


def _explain(options: argparse.Namespace) -> int:
    from expert.render.pages import remedy_page, rule_page

    _, knowledge = loaded(options)
    rule = knowledge.catalogue.find(options.word)
    remedy = knowledge.remedy(options.word)
    if options.written is not None and (rule is not None or remedy is not None):
        from expert.rulefiles import dump_rules

        rules, remedies = ([rule], []) if rule is not None else ([], [remedy] if remedy is not None else [])
        print(dump_rules(rules, remedies, options.written), end="")
    elif rule is not None:
        print(rule_page(rule, knowledge))
    elif remedy is not None:
        print(remedy_page(remedy, knowledge))
    else:
        words = [word for one in knowledge.catalogue.rules.values() for word in (one.id, one.name)]
        raise ExpertError(
            f"There is no rule or remedy '{options.word}'.{nearest(options.word, [*words, *knowledge.remedies])}"
        )
    return 0
