"""``expert advise``: diagnose logs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from expert.commands.command import FOUND, UNUSABLE, Subcommands, complain
from expert.errors import ExpertError, nearest
from expert.render.color import colored, wants_color
from expert.render.escape import printable, printable_json

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History

LEVELS = ("info", "warning", "error", "fatal", "never")


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
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


def _advise(options: argparse.Namespace) -> int:
    from expert.advising import advise

    fields = _fields(options.set)
    columns = dict(_pair(text, "--column") for text in options.column)
    status = 0
    documents = []
    for number, path in enumerate(options.paths):
        try:
            advice = advise(
                path if options.run_number is None else _chosen(path, options.run_number, columns),
                config=fields.get("config"),
                model=fields.get("model"),
                data=fields.get("data"),
                columns=columns if options.run_number is None else None,
                profile=options.profile,
            )
        except ExpertError as error:
            complain(error)
            status = UNUSABLE
            continue
        if options.format == "json":
            documents.append(printable_json(advice.to_json()))
        else:
            heading = f"{printable(path)}\n" if len(options.paths) > 1 else ""
            print(("\n" if number else "") + heading + colored(str(advice), wants_color(sys.stdout)))
        if _fails(advice, options.fail_on):
            status = max(status, FOUND)
    if options.format == "json" and documents:
        print(documents[0] if len(options.paths) == 1 else "[" + ",\n".join(documents) + "]")
    return status


def _chosen(path: str, number: int, columns: Mapping[str, str]) -> History:
    from expert.advising import read_runs

    runs = read_runs(path, columns=columns)
    if not 1 <= number <= len(runs):
        raise ExpertError(f"--run {number}: {path!r} holds {len(runs)} run(s), numbered from 1.")
    return runs[number - 1]


def _fails(advice: Advice, level: str) -> bool:
    from expert.rule import SEVERITIES

    worst = advice.worst()
    return worst is not None and level != "never" and worst in SEVERITIES[LEVELS.index(level) :]


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
