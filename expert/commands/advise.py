"""``expert advise``: diagnose logs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from expert.commands.command import FOUND, UNUSABLE, Subcommands, complain
from expert.commands.judging import add_run, chosen, judged
from expert.commands.options import add_settings, in_use
from expert.commands.overview import folder_of_runs, judged_runs, overview
from expert.commands.plugin_options import add_plugins, with_plugins
from expert.errors import ExpertError, SettingsError
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
        "paths",
        nargs="*",
        metavar="PATH",
        help="a log: CSV, JSON lines, Keras history, trainer_state.json …, a folder of logs, or - for standard input; "
        "none, with --set, for a check before the training",
    )
    advise.add_argument("--format", choices=("text", "json"), default="text")
    advise.add_argument(
        "--write-baseline",
        metavar="FILE",
        help="record the findings as known, in place of what FILE lists, and show nothing",
    )
    add_run(advise)
    add_settings(advise)
    add_plugins(advise)
    advise.set_defaults(run=_advise)


def _advise(options: argparse.Namespace) -> int:
    settings = with_plugins(in_use(options).settings, options)
    if options.write_baseline is not None:
        settings = settings.model_copy(update={"baseline": None})  # what is known already is recorded again
    if not options.paths:
        return _before_training(options, settings)
    advices: list[tuple[str, Advice]] = []
    read, many = 0, len(options.paths) > 1
    for path in options.paths:
        try:
            folder = folder_of_runs(path, options, settings)
            if folder is None:
                source = chosen(path, options, settings)
                advices.append((_name(source), judged(source, options, settings)))
                text = _text(advices[-1][1], path if many else None)
            else:
                runs = judged_runs(path, folder, options, settings)
                advices += [(one.source, one.advice) for one in runs]
                text = overview(path, runs, folder.notes)
                many = True
        except SettingsError:
            raise  # they hold for every log
        except ExpertError as error:
            complain(error)
            continue
        if options.format == "text" and options.write_baseline is None:
            print(("\n" if read else "") + text)
        read += 1
    complete = read == len(options.paths)
    if options.write_baseline is not None:
        return _record(options.write_baseline, advices, complete=complete)
    if options.format == "json" and advices:
        documents = [printable_json(advice.to_json()) for _, advice in advices]
        print("[" + ",\n".join(documents) + "]" if many else documents[0])
    elif many:
        _tell_unused([advice for _, advice in advices])
    if not complete:
        return UNUSABLE
    return FOUND if any(advice.fails(settings.fail_on) for _, advice in advices) else 0


def _before_training(options: argparse.Namespace, settings: Settings) -> int:
    """The check of what ``--set`` tells of a run that has not begun."""
    if not options.set:
        raise ExpertError("advise: give a log, or --set FIELD=VALUE for a check before the training.")
    if options.write_baseline is not None:
        raise ExpertError("advise: --write-baseline needs a log.")
    advice = judged(None, options, settings)
    print(printable_json(advice.to_json()) if options.format == "json" else _text(advice, None))
    return FOUND if advice.fails(settings.fail_on) else 0


def _name(source: str | History) -> str:
    return source if isinstance(source, str) else source.source or ""


def _text(advice: Advice, path: str | None) -> str:
    """The advice as it is printed: of several under the name of its log, without what one log alone cannot tell."""
    if path is not None:
        advice = advice.without_unused_suppressions()
    heading = "" if path is None else f"{printable(path)}\n"
    return heading + colored(str(advice), wants_color(sys.stdout))


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
