"""From the lines of a file to runs, whatever the format."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from expert.adapters.printed.format import Format, Parser
from expert.adapters.printed.lines import LONGEST_SAID, PrintedLines, clean, without_prefix
from expert.adapters.printed.rows import Rows
from expert.adapters.printed.troubles import Troubles
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table import Table
from expert.adapters.text.opening import HEAD_BYTES, Beginning
from expert.errors import SourceError
from expert.history import Event, History, RunConfig
from expert.history.roles import match_columns
from expert.reading import ReadRequest

_LOSS = re.compile(r"[Ll]oss\S{0,40}[\s:=]+[-+]?\d")
ENOUGH = 20
"""Rows after which a format is known."""


def read(path: Path, form: Format, request: ReadRequest) -> tuple[History, ...]:
    """Return the runs that a file in this format holds, oldest first."""
    rows, lines = Rows(), PrintedLines(path)
    parser = form.parser(rows)
    scan(lines, parser, rows)
    table = rows.table(str(path))
    table.notes += lines.notes
    if not table.columns:
        raise SourceError(f"{path}: begins like what {form.title} prints, but no line of it holds a whole number.")
    columns = meant(table, form, request.columns)
    config = RunConfig.model_validate({"framework": form.framework, "task": form.task, **rows.config})
    runs = histories(table, columns, config=config)
    return tuple(finished(run, form, rows.logged, request.columns) for run in runs)


def scan(lines: PrintedLines, parser: Parser, rows: Rows) -> None:
    """Let the parser see every line; of several ranks only the first that prints numbers counts."""
    troubles = Troubles()
    understand, chosen, others = parser.line, None, 0
    unread, example = 0, ""
    for line in lines:
        rank = lines.rank
        if rank is not None and chosen is not None and rank != chosen:
            others += 1
            troubles.line(line, rows.length)
        elif _understood(understand, line):
            if rank is not None:
                chosen = rank
        else:
            troubles.line(line, rows.length)
            if ("loss" in line or "Loss" in line) and _LOSS.search(line):
                unread += 1
                example = example or line.strip()[:80]
    parser.end()
    rows.happenings += troubles.found
    if unread > 1:
        rows.notes.append(f"{unread} lines that name a loss were not understood, such as {example!r}.")
    if others:
        rows.notes.append(f"Several ranks print to this log; only the lines of rank {chosen} are used.")


def _understood(understand: Callable[[str], bool], line: str) -> bool:
    try:
        return understand(line)
    except ValueError:  # a count of thousands of digits, which Python does not convert
        return False


def meant(table: Table, form: Format, stated: Mapping[str, str]) -> dict[str, str]:
    """Return which column holds which role: what the caller says, then what the program's source says."""
    columns = dict(stated)
    for name, meaning in form.meanings.items():
        logged = name in table.columns and table.columns[name].count > 0
        if meaning.role is not None and logged and meaning.role not in columns and name not in stated.values():
            columns[meaning.role] = name
    return columns


def finished(run: History, form: Format, logged: Mapping[str, str], stated: Mapping[str, str]) -> History:
    """Return a run with what the format knows of its numbers, under the names they have in the log."""
    series = []
    for one in run.series:
        meaning = form.meanings.get(one.name)
        update: dict[str, object] = {}
        source = one.source
        if meaning is not None and one.name not in stated.values():
            if meaning.reduction != "unknown":
                update["reduction"] = meaning.reduction
            if source is not None and (meaning.reason or meaning.role is not None):
                reason = meaning.reason or f"{one.name!r} of {form.title} is {meaning.role}"
                source = source.model_copy(update={"reason": reason})
        if one.name in logged:
            update["name"] = logged[one.name]
            source = source.model_copy(update={"column": logged[one.name]}) if source is not None else None
        series.append(one.model_copy(update={**update, "source": source}))
    ignored = tuple(one.model_copy(update={"name": logged.get(one.name, one.name)}) for one in run.ignored)
    events, notes = _events(run)
    run = run.model_copy(update={"series": tuple(series), "ignored": ignored, "events": events, "notes": notes})
    return form.finish(run) if form.finish is not None else run


def _events(run: History) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """An exception behind which the run goes on has not ended it: it becomes a note."""
    kept, notes = [], list(run.notes)
    for event in run.events:
        last = max(
            (float(one.at[-1]) for one in run.series if one.clock == event.clock and len(one.at)), default=event.at
        )
        if event.kind in ("crash", "stopped") and event.at < last:
            notes.append(f"At {event.clock} {event.at:g} the log tells of '{event.text}', and goes on after it.")
        else:
            kept.append(event)
            if event.kind in ("crash", "stopped"):
                notes.append(f"The run ended at {event.clock} {event.at:g}: {event.text}.")
    return tuple(kept), tuple(notes)


def recognized(text: str, forms: Iterable[Format]) -> Format | None:
    """Return the format that most lines of a text have, or None."""
    lines = [without_prefix(line)[0] for line in clean(text).splitlines() if len(line) <= LONGEST_SAID]
    best: tuple[int, Format] | None = None
    for form in forms:
        rows = Rows()
        parser = form.parser(rows)
        understood = 0
        for line in lines:
            understood += _understood(parser.line, line)
            if rows.length >= ENOUGH:
                break
        parser.end()
        if rows.length and understood and (best is None or understood > best[0]):
            best = understood, form
    return best[1] if best is not None else None


def samples(start: Beginning) -> list[str]:
    """Return the beginning of a file and pieces of its middle and end: a long preamble hides what comes behind it.

    Of a compressed file, and of one in an encoding of four bytes, there is only the beginning.
    """
    pieces = [start.text]
    if start.encoding in (None, "utf-32") or start.size <= len(start.head) or start.path.stat().st_size != start.size:
        return pieces
    plain = {"utf-8-sig": "utf-8", "utf-16": "utf-16-be" if start.head[0] == 0xFE else "utf-16-le"}
    decode = codecs.getincrementaldecoder(plain.get(start.encoding, start.encoding))
    with start.path.open("rb") as stream:
        for place in (start.size // 3, 2 * start.size // 3, max(start.size - HEAD_BYTES, 0)):
            stream.seek(place - place % 2)  # a character of UTF-16 has two bytes
            text = decode(errors="replace").decode(stream.read(HEAD_BYTES))
            pieces.append(text.partition("\n")[2] or text)
    return pieces


@lru_cache(maxsize=256)
def is_header(names: tuple[str, ...]) -> bool:
    """Whether these names head a table of a training: a clock, and something measured."""
    matches = match_columns(list(dict.fromkeys(names))).values()
    return any(match.clock_column for match in matches) and any(match.role and match.phase for match in matches)
