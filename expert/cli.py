"""The command ``expert``."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, TextIO

from expert.errors import ExpertError, nearest
from expert.render.color import colored
from expert.render.escape import printable, printable_json

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History
    from expert.knowledge import Knowledge
    from expert.plugins import Plugins

LEVELS = ("info", "warning", "error", "fatal", "never")
FOUND, UNUSABLE = 1, 2


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
        _complain(error)
        return UNUSABLE
    except BrokenPipeError:  # `expert … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _complain(error: ExpertError) -> None:
    print(f"expert: {printable(str(error))}", file=sys.stderr)


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
    advise.add_argument(
        "--run",
        dest="run_number",
        type=int,
        metavar="N",
        help="which run of a log that holds several, 1 the first (default the last)",
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

    fields = _fields(options.set)
    columns = dict(_pair(text, "--column") for text in options.column)
    status = 0
    documents = []
    for number, path in enumerate(options.paths):
        try:
            advice = advise(
                path if options.run_number is None else _run(path, options.run_number, columns),
                config=fields.get("config"),
                model=fields.get("model"),
                data=fields.get("data"),
                columns=columns if options.run_number is None else None,
                profile=options.profile,
            )
        except ExpertError as error:
            _complain(error)
            status = UNUSABLE
            continue
        if options.format == "json":
            documents.append(printable_json(advice.to_json()))
        else:
            heading = f"{printable(path)}\n" if len(options.paths) > 1 else ""
            print(("\n" if number else "") + heading + colored(str(advice), _wants_color(sys.stdout)))
        if _fails(advice, options.fail_on):
            status = max(status, FOUND)
    if options.format == "json" and documents:
        print(documents[0] if len(options.paths) == 1 else "[" + ",\n".join(documents) + "]")
    return status


def _run(path: str, number: int, columns: Mapping[str, str]) -> History:
    from expert.advising import read_runs

    runs = read_runs(path, columns=columns)
    if not 1 <= number <= len(runs):
        raise ExpertError(f"--run {number}: {path!r} holds {len(runs)} run(s), numbered from 1.")
    return runs[number - 1]


def _fails(advice: Advice, level: str) -> bool:
    from expert.rule import SEVERITIES

    worst = advice.worst()
    return worst is not None and level != "never" and worst in SEVERITIES[LEVELS.index(level) :]


def _explain(options: argparse.Namespace) -> int:
    from expert.render.pages import remedy_page, rule_page

    _, knowledge = _loaded()
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
    _, knowledge = _loaded()
    for rule in knowledge.catalogue.rules.values():
        print(f"{rule.id}  {rule.severity:8}{rule.kind:8}{rule.name:34}{rule.symptom}")
    return 0


def _remedies(options: argparse.Namespace) -> int:
    _, knowledge = _loaded()
    for remedy in sorted({one.id: one for one in knowledge.remedies.values()}.values(), key=lambda one: one.id):
        print(f"{remedy.id}  {remedy.cost:14}{remedy.name:34}{remedy.title}")
    return 0


def _plugins(options: argparse.Namespace) -> int:
    plugins, knowledge = _loaded()
    for name, contributions in plugins.contributions():
        print(f"{name}: {contributions}")
    for problem in knowledge.problems:
        print(f"problem in {problem.plugin}: {problem.what}", file=sys.stderr)
    return FOUND if knowledge.problems else 0


def _loaded() -> tuple[Plugins, Knowledge]:
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    return load(named_in_environment())


def _fields(texts: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """``--set`` pairs by the profile that has a field of that name; ``model.`` and the like may be written before it.

    Values stay as typed: the profiles turn them into numbers, or yes and no.
    """
    from expert.language.handles import profile_fields

    sorted_out: dict[str, dict[str, str]] = {"config": {}, "model": {}, "data": {}}
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
    return {home: fields for home, fields in sorted_out.items() if fields}


def _pair(text: str, option: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise ExpertError(f"{option} {text}: expected NAME=VALUE.")
    return key.strip(), value.strip()


def _wants_color(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


if __name__ == "__main__":
    sys.exit(main())
