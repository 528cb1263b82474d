"""``expert advise``: diagnose logs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from expert.commands.command import FOUND, UNUSABLE, Subcommands, complain
from expert.commands.options import add_settings, in_use, pair
from expert.commands.plugin_options import add_plugins, with_plugins
from expert.errors import ExpertError, SettingsError, nearest
from expert.render.color import colored, wants_color
from expert.render.escape import printable, printable_json

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History
    from expert.settings import Settings


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
    advise.add_argument("--format", choices=("text", "json"), default="text")
    advise.add_argument(
        "--run",
        dest="run_number",
        type=int,
        metavar="N",
        help="which run of a log that holds several, 1 the first (default the last)",
    )
    advise.add_argument(
        "--write-baseline",
        metavar="FILE",
        help="record the findings as known, in place of what FILE lists, and show nothing",
    )
    add_settings(advise)
    add_plugins(advise)
    advise.set_defaults(run=_advise)


def _advise(options: argparse.Namespace) -> int:
    settings = with_plugins(in_use(options).settings, options)
    if options.write_baseline is not None:
        settings = settings.model_copy(update={"baseline": None})  # what is known already is recorded again
    fields = _fields(options.set)
    columns = dict(pair(text, "--column") for text in options.column)
    many = len(options.paths) > 1
    judged: list[tuple[str, Advice]] = []
    for path in options.paths:
        try:
            source = path if options.run_number is None else _chosen(path, options, columns, settings)
            judged.append((_name(source), _judged(source, options, columns, fields, settings)))
        except SettingsError:
            raise  # they hold for every log
        except ExpertError as error:
            complain(error)
            continue
        if options.format == "text" and options.write_baseline is None:
            _show(path if many else None, judged[-1][1], first=len(judged) == 1)
    complete = len(judged) == len(options.paths)
    if options.write_baseline is not None:
        return _record(options.write_baseline, judged, complete=complete)
    advices = [advice for _, advice in judged]
    if options.format == "json" and advices:
        documents = [printable_json(advice.to_json()) for advice in advices]
        print("[" + ",\n".join(documents) + "]" if many else documents[0])
    elif many:
        _tell_unused(advices)
    if not complete:
        return UNUSABLE
    return FOUND if any(advice.fails(settings.fail_on) for advice in advices) else 0


def _judged(
    source: str | History,
    options: argparse.Namespace,
    columns: Mapping[str, str],
    fields: Mapping[str, dict[str, str]],
    settings: Settings,
) -> Advice:
    from expert.advising import advise

    return advise(
        source,
        config=fields.get("config"),
        model=fields.get("model"),
        data=fields.get("data"),
        columns=columns if options.run_number is None else None,
        settings=settings,
    )


def _chosen(path: str, options: argparse.Namespace, columns: Mapping[str, str], settings: Settings) -> History:
    from expert.advising import read_runs

    number: int = options.run_number
    runs = read_runs(path, columns=columns, plugins=settings.plugins)
    if not 1 <= number <= len(runs):
        raise ExpertError(f"--run {number}: {path!r} holds {len(runs)} run(s), numbered from 1.")
    return runs[number - 1]


def _name(source: str | History) -> str:
    return source if isinstance(source, str) else source.source or ""


def _show(path: str | None, advice: Advice, *, first: bool) -> None:
    """Print advice; of several under the name of its log, and without what one log alone cannot tell."""
    if path is not None:
        advice = advice.without_unused_suppressions()
    heading = "" if path is None else f"{printable(path)}\n"
    print(("" if first else "\n") + heading + colored(str(advice), wants_color(sys.stdout)))


def _tell_unused(advices: Sequence[Advice]) -> None:
    """Say which suppressions hid nothing in any of the logs."""
    used = {one.where for advice in advices for one in advice.suppressed}
    unused = {one.where: one.note for advice in advices for one in advice.unused if one.kind == "suppression"}
    for where, text in unused.items():
        if where not in used:
            print(f"expert: {printable(text)}", file=sys.stderr)


def _record(path: str, judged: Sequence[tuple[str, Advice]], *, complete: bool) -> int:
    """Write the baseline, unless a log could not be read: what it lists would be missed."""
    from expert.baseline import write

    if not complete:
        raise SettingsError(f"The baseline {path!r} was not written, because not every log could be read.")
    write(path, {source: advice.findings for source, advice in judged})
    count = sum(len(advice.findings) for _, advice in judged)
    print(f"{count} finding(s) of {len(judged)} log(s) recorded in {printable(path)}")
    return 0


def _fields(texts: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """``--set`` pairs by the profile that has a field of that name; ``model.`` and the like may be written before it.

    Values stay as typed: the profiles turn them into numbers, or yes and no.
    """
    from expert.language.handles import profile_fields

    sorted_out: dict[str, dict[str, str]] = {"config": {}, "model": {}, "data": {}}
    for text in texts:
        key, value = pair(text, "--set")
        record, _, name = key.rpartition(".")
        homes = [home for home in sorted_out if record in ("", home) and name in profile_fields(home)]
        if not homes:
            known = [field for home in sorted_out for field in profile_fields(home)]
            raise ExpertError(
                f"--set {text}: there is no field '{key}' in config, model or data.{nearest(name, known)}"
            )
        sorted_out[homes[0]][name] = value
    return {home: fields for home, fields in sorted_out.items() if fields}
