"""What the columns of a log were taken for, in one sentence that is told with the advice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from expert.history import History, Ignored, Series
from expert.history.roles import snake
from expert.parts import LeftOut, ReadAs, Understood

ONE_RUN = "Read {length}: {columns}{left_out}."
SEVERAL_RUNS = "Read the last of {runs} runs, {length}: {columns}{left_out}."
READ_AS = "{role} <- {name}"
MORE = "{count} more"
LEFT_OUT = "; not used: {columns}"
LEFT_OUT_COLUMNS = "{names} ({reason})"
LENGTHS = {"epoch": ("{count:,} epoch", "{count:,} epochs"), "step": ("{count:,} step", "{count:,} steps")}
UNKNOWN_LENGTH = "it"

SHOWN = 8
"""So many columns are named at most, those that count most first."""
SHOWN_REASONS = 3
SHOWN_NAMES = 3
"""So many of the columns that were not used for one reason."""
LONGEST_NAME = 60
FIRST = ("train.loss", "val.loss", "train.accuracy", "val.accuracy", "optimizer.learning_rate", "gradient.norm")
"""What the judgment rests on most."""


def understood(history: History, runs: int = 1) -> Understood | None:
    """What was read of a source with so many runs; None where every name says its role and nothing was left out."""
    guessed = any(not _says_its_role(series) for series in history.series)
    if not history.series or not (guessed or history.ignored or runs > 1):
        return None
    columns = sorted(history.series, key=_importance)
    told = {
        "runs": runs,
        "length": _length(history),
        "columns": _and_more([_read_as(series) for series in columns], SHOWN),
        "left_out": _left_out(history.ignored),
    }
    return Understood(
        sentence=(ONE_RUN if runs == 1 else SEVERAL_RUNS).format(**told),
        runs=runs,
        columns=tuple(_column(series) for series in columns),
        left_out=tuple(LeftOut(name=one.name, reason=one.reason) for one in history.ignored),
    )


def _importance(series: Series) -> tuple[int, bool]:
    place = FIRST.index(series.role) if series.role in FIRST else len(FIRST)
    return place, series.phase is None


def _read_as(series: Series) -> str:
    if series.role is not None and _says_its_role(series):
        return series.role
    return READ_AS.format(role=series.role, name=_short(series.name))


def _says_its_role(series: Series) -> bool:
    """Whether a name is its role in another spelling: ``val_loss``, ``val/loss``."""
    return series.role is not None and snake(series.name) == series.role.replace(".", "_")


def _column(series: Series) -> ReadAs:
    reason = series.source.reason if series.source is not None else None
    return ReadAs(role=series.role or "", name=series.name, reason=reason or "")


def _length(history: History) -> str:
    covered = {"epoch": history.epochs, "step": history.steps}
    said = [LENGTHS[clock][count > 1].format(count=count) for clock, count in covered.items() if count]
    return ", ".join(said) or UNKNOWN_LENGTH


def _left_out(ignored: Iterable[Ignored]) -> str:
    by_reason: dict[str, list[str]] = {}
    for one in ignored:
        by_reason.setdefault(one.reason, []).append(_short(one.name))
    if not by_reason:
        return ""
    said = [
        LEFT_OUT_COLUMNS.format(names=_and_more(names, SHOWN_NAMES), reason=reason)
        for reason, names in list(by_reason.items())[:SHOWN_REASONS]
    ]
    more = sum(len(names) for names in list(by_reason.values())[SHOWN_REASONS:])
    return LEFT_OUT.format(columns=", ".join([*said, *([MORE.format(count=more)] if more else [])]))


def _and_more(items: Sequence[str], shown: int) -> str:
    more = len(items) - shown
    return ", ".join([*items[:shown], MORE.format(count=more)] if more > 0 else items)


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
