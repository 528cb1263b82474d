"""``expert check``: whether rules keep the laws, and what is wrong with those that do not."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from expert.commands.command import FOUND, UNUSABLE, Subcommands, loaded
from expert.commands.plugin_options import add_plugins
from expert.errors import ExpertError, nearest
from expert.render.escape import printable

if TYPE_CHECKING:
    from expert.knowledge import Knowledge
    from expert.plugins import Plugins
    from expert.rule import Rule


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    check = commands.add_parser("check", help="run the cases and laws of your own rules")
    check.add_argument(
        "targets",
        nargs="+",
        metavar="FILE-OR-PLUGIN",
        help="a Python file, rules in YAML or TOML, or the name of an installed plugin",
    )
    add_plugins(check)
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    """0: nothing is wrong; 1: something is; 2: of a target nothing could be checked at all."""
    from expert.plugging.naming import file_of

    files = [target for target in options.targets if file_of(target) is not None or os.path.isfile(target)]
    plugins, knowledge = loaded(options, files)
    statuses = []
    for target in options.targets:
        name = plugins.name(target) if target in files else target
        statuses.append(_report(name, plugins, knowledge))
    return max(statuses)


def _report(name: str, plugins: Plugins, knowledge: Knowledge) -> int:
    from expert.rule import Rule

    known = [other for other, _ in plugins.plugins()]
    problems = [one.what for one in knowledge.problems if one.plugin == name]
    if name not in known and not problems:
        hint = nearest(name, known) or f" Known are {', '.join(known)}."
        raise ExpertError(f"There is neither a file nor an installed plugin '{name}'.{hint}")
    records = plugins.given_by(name)
    counts = {
        kind: sum(type(one).__name__ == kind for one in records) for kind in ("Rule", "Remedy", "Signal", "Reader")
    }
    told = ", ".join(_counted(count, kind.lower()) for kind, count in counts.items() if count)
    print(printable(f"{name}: {told or 'nothing'} to check"))
    for problem in problems:
        print(_indented(problem, "  "))
    rules = [one for one in records if isinstance(one, Rule)]
    broken = sum(not _keeps_the_laws(rule, name, plugins, knowledge, problems) for rule in rules)
    if rules:
        print(f"  {broken} of {_counted(len(rules), 'rule')} broken" if broken else "  every rule keeps the laws")
    if not records:
        return UNUSABLE
    return FOUND if broken or problems else 0


def _keeps_the_laws(rule: Rule, name: str, plugins: Plugins, knowledge: Knowledge, told: Sequence[str]) -> bool:
    from expert.testing import broken_laws

    faults = list(broken_laws(rule, knowledge.signals))
    print(printable(f"  {'broken' if faults else 'ok':8}{rule}"))
    for fault in faults:
        if not any(fault in problem for problem in told):
            print(_indented(plugins.placed(name, rule, fault), "    "))
    return not faults


def _indented(text: str, margin: str) -> str:
    """A fault behind a margin; what explains it stands further in."""
    first, *more = text.split("\n")
    return printable("\n".join([margin + first, *(f"{margin}  {line}" for line in more if line.strip())]))


def _counted(count: int, word: str) -> str:
    plural = {"remedy": "remedies"}.get(word, f"{word}s")
    return f"{count} {word if count == 1 else plural}"
