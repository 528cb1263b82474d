"""The command ``expert``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn, TextIO

from expert.errors import ExpertError, nearest

LEVELS = ("info", "warning", "error", "fatal", "never")
FOUND, UNUSABLE = 1, 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"expert: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 (findings at or above the level) or 2 (could not read, wrong usage)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ExpertError as error:
        print(f"expert: {error}", file=sys.stderr)
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
    advise = commands.add_parser("advise", help="diagnose training logs")
    advise.add_argument(
        "paths", nargs="+", metavar="PATH", help="a log: CSV, JSON lines, Keras history, trainer_state.json …"
    )
    advise.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="what the log does not say: optimizer=sgd, batch_size=32",
    )
    advise.add_argument(
        "--column", action="append", default=[], metavar="ROLE=NAME", help="correct a guessed column: val.loss=my_val"
    )
    advise.add_argument("--profile", help="the kind of run whose limits are used")
    advise.add_argument("--format", choices=("text", "json"), default="text")
    advise.add_argument(
        "--fail-on",
        choices=LEVELS,
        default="error",
        metavar="LEVEL",
        help="exit 1 from this severity on (default error)",
    )
    advise.set_defaults(run=_advise)
    explain = commands.add_parser("explain", help="what a rule or a remedy means")
    explain.add_argument("word", metavar="RULE-OR-REMEDY", help="an id or a name")
    explain.set_defaults(run=_explain)
    for name, command in (("rules", _rules), ("remedies", _remedies), ("plugins", _plugins)):
        commands.add_parser(name, help=f"list the {name}").set_defaults(run=command)
    return parser


def _advise(options: argparse.Namespace) -> int:
    from expert.advising import advise
    from expert.render.color import colored
    from expert.rule import SEVERITIES

    config, model, data = _fields(options.set)
    columns = dict(_pair(text, "--column") for text in options.column)
    status = 0
    documents = []
    for number, path in enumerate(options.paths):
        try:
            advice = advise(
                path,
                config=config or None,
                model=model or None,
                data=data or None,
                columns=columns,
                profile=options.profile,
            )
        except ExpertError as error:
            print(f"expert: {error}", file=sys.stderr)
            status = UNUSABLE
            continue
        if options.format == "json":
            documents.append(advice.to_json())
        else:
            heading = f"{path}\n" if len(options.paths) > 1 else ""
            print(("\n" if number else "") + heading + colored(str(advice), _wants_color(sys.stdout)))
        worst = advice.worst()
        if (
            options.fail_on != "never"
            and worst is not None
            and SEVERITIES.index(worst) >= SEVERITIES.index(options.fail_on)
        ):
            status = max(status, FOUND)
    if options.format == "json" and documents:
        print(documents[0] if len(options.paths) == 1 else "[" + ",\n".join(documents) + "]")
    return status


def _explain(options: argparse.Namespace) -> int:
    from expert.knowledge import load
    from expert.plugins import named_in_environment
    from expert.render.pages import remedy_page, rule_page

    _, knowledge = load(named_in_environment())
    rule = knowledge.catalogue.find(options.word)
    remedy = knowledge.remedy(options.word)
    if rule is not None:
        print(rule_page(rule, knowledge))
    elif remedy is not None:
        print(remedy_page(remedy, knowledge))
    else:
        words = [word for one in knowledge.catalogue.rules.values() for word in (one.id, one.name)]
        raise ExpertError(
            f"There is no rule or remedy '{options.word}'.{nearest(options.word, [*words, *knowledge.remedies])}"
        )
    return 0


def _rules(options: argparse.Namespace) -> int:
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    _, knowledge = load(named_in_environment())
    for rule in knowledge.catalogue.rules.values():
        print(f"{rule.id}  {rule.severity:8}{rule.kind:8}{rule.name:34}{rule.symptom}")
    return 0


def _remedies(options: argparse.Namespace) -> int:
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    _, knowledge = load(named_in_environment())
    for remedy in sorted(set(knowledge.remedies.values()), key=lambda remedy: remedy.id):
        print(f"{remedy.id}  {remedy.cost:14}{remedy.name:34}{remedy.title}")
    return 0


def _plugins(options: argparse.Namespace) -> int:
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    plugins, knowledge = load(named_in_environment())
    for name, contributions in plugins.contributions():
        print(f"{name}: {contributions}")
    for problem in knowledge.problems:
        print(f"problem in {problem.plugin}: {problem.what}", file=sys.stderr)
    return FOUND if knowledge.problems else 0


def _fields(texts: Sequence[str]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """``--set`` pairs sorted into the profile that has a field of that name; ``model.`` and the like may be written
    before it.
    """
    from expert.language.handles import profile_fields

    sorted_out: Mapping[str, dict[str, str]] = {"config": {}, "model": {}, "data": {}}
    for text in texts:
        key, value = _pair(text, "--set")
        record, _, name = key.rpartition(".")
        homes = [home for home in sorted_out if record in ("", home) and name in profile_fields(home)]
        if not homes:
            known = [field for home in sorted_out for field in profile_fields(home)]
            raise ExpertError(
                f"--set {text}: there is no field '{key}' in config, model or data.{nearest(name, known)}"
            )
        sorted_out[homes[0]][name] = value
    return sorted_out["config"], sorted_out["model"], sorted_out["data"]


def _pair(text: str, option: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise ExpertError(f"{option} {text}: expected NAME=VALUE.")
    return key.strip(), value.strip()


def _wants_color(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


if __name__ == "__main__":
    sys.exit(main())
