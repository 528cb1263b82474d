"""The options that say which run is judged and what its log does not say, and the judging itself."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from expert.commands.options import pair
from expert.commands.standard_input import NAME, SIGN, runs_of_standard_input
from expert.errors import ExpertError, nearest

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History
    from expert.settings import Settings


def add_run(parser: argparse.ArgumentParser) -> None:
    """Describe the options to the parser."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="what the log does not say: optimizer=sgd, batch_size=32",
    )
    parser.add_argument(
        "--column", action="append", default=[], metavar="ROLE=NAME", help="correct a guessed column: val.loss=my_val"
    )
    parser.add_argument(
        "--run",
        dest="run_number",
        type=int,
        metavar="N",
        help="which run of a log that holds several, 1 the first (default the last)",
    )


def chosen(path: str, options: argparse.Namespace, settings: Settings) -> str | History:
    """The log, or the one of its runs that the options ask for; ``-`` is standard input."""
    if path != SIGN:
        if options.run_number is None:
            return path
        from expert.advising import read_runs

        runs = read_runs(path, columns=columns_of(options), plugins=settings.plugins)
        return run_asked_for(runs, options.run_number, repr(path))
    runs = runs_of_standard_input(columns_of(options), settings)
    if options.run_number is not None:
        return run_asked_for(runs, options.run_number, NAME)
    if len(runs) == 1:
        return runs[0]
    from expert.sources import note_on_several

    return runs[-1].model_copy(update={"notes": (note_on_several(runs, NAME), *runs[-1].notes)})


def run_asked_for(runs: Sequence[History], number: int, where: str) -> History:
    """The run of that number; raises `ExpertError` where there is none."""
    if not 1 <= number <= len(runs):
        raise ExpertError(f"--run {number}: {where} holds {len(runs)} run(s), numbered from 1.")
    return runs[number - 1]


def judged(source: str | History | None, options: argparse.Namespace, settings: Settings) -> Advice:
    """The advice on a log or a run, with what the options add to it; without either on what the options say alone."""
    from expert.advising import advise

    fields = fields_of(options)
    return advise(
        source,
        config=fields.get("config"),
        model=fields.get("model"),
        data=fields.get("data"),
        columns=columns_of(options) if isinstance(source, str) else None,
        settings=settings,
    )


def columns_of(options: argparse.Namespace) -> Mapping[str, str]:
    """The columns that the options correct, by role."""
    return dict(pair(text, "--column") for text in options.column)


def fields_of(options: argparse.Namespace) -> Mapping[str, dict[str, str]]:
    """``--set`` pairs by the profile that has a field of that name; ``model.`` and the like may be written before it.

    Values stay as typed: the profiles turn them into numbers, or yes and no.
    """
    from expert.language.handles import profile_fields

    sorted_out: dict[str, dict[str, str]] = {"config": {}, "model": {}, "data": {}}
    for text in options.set:
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
