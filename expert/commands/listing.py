"""``expert rules``, ``remedies`` and ``plugins``: what is known, and where it comes from."""

from __future__ import annotations

import argparse
import sys

from expert.commands.command import FOUND, Subcommands, loaded


def add(commands: Subcommands) -> None:
    """Describe the commands to the parser."""
    for name, command in (("rules", _rules), ("remedies", _remedies), ("plugins", _plugins)):
        commands.add_parser(name, help=f"list the {name}").set_defaults(run=command)


def _rules(options: argparse.Namespace) -> int:
    _, knowledge = loaded()
    for rule in knowledge.catalogue.rules.values():
        print(f"{rule.id}  {rule.severity:8}{rule.kind:8}{rule.name:34}{rule.symptom}")
    return 0


def _remedies(options: argparse.Namespace) -> int:
    _, knowledge = loaded()
    for remedy in sorted({one.id: one for one in knowledge.remedies.values()}.values(), key=lambda one: one.id):
        print(f"{remedy.id}  {remedy.cost:14}{remedy.name:34}{remedy.title}")
    return 0


def _plugins(options: argparse.Namespace) -> int:
    plugins, knowledge = loaded()
    for name, contributions in plugins.contributions():
        print(f"{name}: {contributions}")
    for problem in knowledge.problems:
        print(f"problem in {problem.plugin}: {problem.what}", file=sys.stderr)
    return FOUND if knowledge.problems else 0
