"""``expert rules``, ``remedies``, ``signals`` and ``plugins``: what is known, and where it comes from."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from expert.commands.command import FOUND, Subcommands, loaded
from expert.commands.plugin_options import add_plugins
from expert.errors import ExpertError, nearest
from expert.render.escape import printable, printable_json

Row = Mapping[str, Any]

SHOWN = 20
"""So many ids of a plugin are listed; JSON lists them all."""


def add(commands: Subcommands) -> None:
    """Describe the commands to the parser."""
    from expert.rule import SEVERITIES, Blame, Family, Kind

    rules = _listing(commands, "rules", "list the rules, at will those of one kind", _rules)
    rules.add_argument("words", nargs="*", metavar="RULE", help="only these: ids, names, families or id prefixes")
    for name, choices in (("family", get_args(Family)), ("kind", get_args(Kind)), ("severity", SEVERITIES)):
        rules.add_argument(f"--{name}", choices=choices, metavar=name.upper(), help=f"one of {', '.join(choices)}")
    rules.add_argument("--blames", choices=get_args(Blame), metavar="WHAT", help="rules that blame this")
    _listing(commands, "remedies", "list the remedies", _remedies)
    _listing(commands, "signals", "list the signals that conditions can read", _signals)
    _listing(commands, "plugins", "list the plugins, what each contributes and where it comes from", _plugins)


def _listing(
    commands: Subcommands, name: str, purpose: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=purpose)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_plugins(parser)
    parser.set_defaults(run=run)
    return parser


def _rules(options: argparse.Namespace) -> int:
    _, knowledge = loaded(options)
    catalogue = knowledge.catalogue
    chosen = frozenset(catalogue.rules)
    if options.words:
        chosen = frozenset().union(*(_matching(word, knowledge) for word in options.words))
    rules = [
        rule
        for rule in catalogue.rules.values()
        if rule.id in chosen
        and all(getattr(options, name) in (None, getattr(rule, name)) for name in ("family", "kind", "severity"))
        and (options.blames is None or options.blames in rule.blames)
    ]
    return _show(
        options,
        (
            {
                "id": rule.id,
                "name": rule.name,
                "family": rule.family,
                "kind": rule.kind,
                "severity": rule.severity,
                "status": rule.status,
                "blames": rule.blames,
                "symptom": rule.symptom,
                "cause": rule.cause,
                "remedies": rule.remedies,
                "plugin": knowledge.origins.get(rule.id, ""),
            }
            for rule in rules
        ),
        lambda row: (
            f"{row['id']}  {row['severity']:8}{row['kind']:8}{row['name']:34}{row['symptom']}"
            + (" (preview)" if row["status"] == "experimental" else "")
        ),
    )


def _matching(word: str, knowledge: Any) -> frozenset[str]:
    found: frozenset[str] = knowledge.catalogue.matching(word)
    if not found:
        known = [name for rule in knowledge.catalogue.rules.values() for name in (rule.id, rule.name, rule.family)]
        raise ExpertError(f"'{word}' names no rule, family or id prefix.{nearest(word, known)}")
    return found


def _remedies(options: argparse.Namespace) -> int:
    _, knowledge = loaded(options)
    once = {one.id: one for one in knowledge.remedies.values()}
    return _show(
        options,
        (
            {
                "id": one.id,
                "name": one.name,
                "title": one.title,
                "cost": one.cost,
                "risk": one.risk,
                "kind": one.kind,
                "do": one.do,
                "plugin": knowledge.origins.get(one.id, ""),
            }
            for _, one in sorted(once.items())
        ),
        lambda row: f"{row['id']}  {row['cost']:14}{row['name']:34}{row['title']}",
    )


def _signals(options: argparse.Namespace) -> int:
    _, knowledge = loaded(options)
    return _show(
        options,
        (
            {
                "id": one.id,
                "series": one.arguments,
                "title": one.title,
                "unit": one.unit,
                "grade": one.grade,
                "plugin": knowledge.origins.get(one.id, ""),
            }
            for _, one in sorted(knowledge.signals.items())
        ),
        lambda row: f"{row['id']:34}{row['grade']:9}{row['title']} ({row['unit']})",
    )


def _plugins(options: argparse.Namespace) -> int:
    plugins, knowledge = loaded(options)
    _show(options, plugins.described(), _plugin)
    for problem in knowledge.problems:
        print(f"problem in {printable(problem.plugin)}: {printable(problem.what)}", file=sys.stderr)
    return FOUND if knowledge.problems else 0


def _plugin(row: Row) -> str:
    lines = [f"{row['name']}{' ' + row['version'] if row['version'] else ''}, from {row['place']}"]
    for kind, ids in row["contributes"].items():
        shown = ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
        lines.append(f"  {len(ids)} {kind}: {shown}")
    if row["observes"]:
        lines.append("  observes every advice")
    return "\n".join(lines)


def _show(options: argparse.Namespace, rows: Iterable[Row], line: Callable[[Row], str]) -> int:
    if options.format == "json":
        print(printable_json(json.dumps(list(rows), ensure_ascii=False, indent=2)))
    else:
        for row in rows:
            print("\n".join(printable(part) for part in line(row).split("\n")))
    return 0
