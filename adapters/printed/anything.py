"""The output of programs nobody has described here: lines that recur and name a step or an epoch and a measurement."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np

from expert.adapters.printed.format import Format, Meaning
from expert.adapters.printed.known import hidden_form
from expert.adapters.printed.lines import PrintedLines
from expert.adapters.printed.reading import finished, read, scan
from expert.adapters.printed.rows import Rows
from expert.adapters.printed.sentences import OTHER_COUNTER, Said, said
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table import Cells, Table
from expert.adapters.text.opening import beginning
from expert.errors import SourceError
from expert.history import History, Ignored
from expert.history.role_table import EVERYDAY_WORDS
from expert.history.roles import Match, match_columns
from expert.reading import Reader, ReadRequest

LAST_BUT_ONE = 0.05
"""Any text is asked for what it says before it is refused."""
SURER_THAN_JSON = 0.51
"""A line that begins with a bracket and is no JSON would be refused as JSON."""
MOST_NAMES = 200
"""Different names of numbers that are kept; more is no log of a training."""
FEWEST_WITHOUT_CLOCK = 6
"""Losses that a log must hold where nothing in it counts."""
JSON_WORDS = ("null", "true", "false", "NaN", "Infinity", "-Infinity")
_HEADING = re.compile(r"[^\w]*(?:\w+[^\w\d]*){1,6}")
_PLAIN_LOSS = re.compile(
    r"(?:(?:train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test|dev)[ _./]+)?"
    r"(?:(?:avg|average|mean|total|epoch|running)[ _.]+)?loss",
    re.IGNORECASE,
)


class Parser:
    """Remembers where the training was: a line without an epoch, a step or a phase belongs to those named last."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.finished_runs = 0
        self._epoch: str | None = None
        self._step: str | None = None
        self._heading: str | None = None
        self._names: set[str] = set()

    def line(self, text: str) -> bool:
        """Take one line; False if it says nothing of the training."""
        if len(text) > 2000:
            return False
        found = said(text)
        if found.epoch is not None and found.epoch != self._epoch:
            self._epoch, self._step, self._heading = found.epoch, None, None
        phase = found.phase or self._heading
        evaluation = found.within and phase is not None and not phase.startswith("train")
        if found.step is not None and not evaluation:  # which counts its own batches
            self._step = found.step
        if not found.pairs:
            if found.phase is not None and found.step is None and _HEADING.fullmatch(text):
                self._heading = found.phase
            return found.epoch is not None
        if evaluation and not found.whole:
            return True  # means over a part of it
        pairs = self._placed(found)
        if not pairs:
            return False
        if found.epoch is None and found.step is None and OTHER_COUNTER.search(text):
            self.finished_runs += 1
        self.rows.add(("epoch", "step", *pairs), (self._epoch, self._step, *pairs.values()))
        return True

    def _placed(self, found: Said) -> dict[str, str]:
        pairs = found.pairs
        if self._heading is not None and found.phase is None:
            pairs = {f"{self._heading} {name}": value for name, value in pairs.items()}
        self._names |= set(list(pairs)[: MOST_NAMES - len(self._names)])
        return {name: value for name, value in pairs.items() if name in self._names}

    def end(self) -> None:
        """There is nothing to complete."""


ANYTHING = Format("printed-anything", "a training program", Parser)


def _recognizes(source: object) -> float:
    start = beginning(source)
    if start is None or start.encoding is None or not start.text.strip():
        return 0.0
    return SURER_THAN_JSON if _brackets_are_no_json(start.text) else LAST_BUT_ONE


def _brackets_are_no_json(text: str) -> bool:
    """Whether a text begins with a bracket, as ``[1, 2000] loss: 2.2`` does, in a line that no JSON has."""
    line = text.lstrip().partition("\n")[0].strip()
    if line[:1] not in ("[", "{") or (line[0] == "{" and line[-1] != "}"):
        return False
    try:
        end = json.JSONDecoder().raw_decode(line)[1]
    except json.JSONDecodeError as error:
        rest = line[error.pos :]
        cut = error.msg.startswith("Unterminated") or any(word.startswith(rest) for word in JSON_WORDS)
        return not cut
    except RecursionError:
        return False
    return line[end:].strip() not in ("", ",")


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    form = hidden_form(start)
    if form is not None:
        return read(start.path, form, request)
    rows, lines = Rows(), PrintedLines(start.path)
    parser = Parser(rows)
    scan(lines, parser, rows)
    table = rows.table(str(start.path))
    table.notes += lines.notes
    first = next((line.strip() for line in start.lines), "")
    reason = _set_right(table, parser, dict(request.columns), lines.given)
    if reason is not None:
        raise SourceError(
            f"{start.path}: is text, but {reason}; it begins with {first[:60]!r}. Pass a CSV, a JSON-lines file, or a "
            "dict of lists such as {'train.loss': [...], 'val.loss': [...]}."
        )
    twins = _twins(table, dict(request.columns))
    columns = {**request.columns, **{meaning.role: name for name, meaning in twins.items() if meaning.role}}
    form = replace(ANYTHING, meanings=twins)
    return tuple(finished(run, form, {}, request.columns) for run in histories(table, columns))


def _set_right(table: Table, parser: Parser, stated: dict[str, str], lines: int) -> str | None:
    """Keep what recurs, count steps through; return why the lines are no log of a training, if they are none."""
    nothing = "no line recurs in it that names a step or an epoch and a loss or another measurement of training"
    for name in ("epoch", "step"):
        if name in table.columns and table.columns[name].count == 0:
            del table.columns[name]
    matches = match_columns(list(table.columns), {role: name for role, name in stated.items() if name in table.columns})
    measured = [name for name, match in matches.items() if _measures(match, stated, name)]
    most = max((table.columns[name].count for name in measured), default=0)
    if most < 2 or _rare(table, measured, lines):
        return nothing
    for name in [name for name, cells in table.columns.items() if cells.count == 1 < most - 1]:
        if name not in stated.values():
            del table.columns[name]
            table.ignored.append(Ignored(name=name, reason="stands in one line only"))
    if parser.finished_runs > table.length // 2:
        return "its lines tell of finished runs, one after the other, and not of the course of one"
    counted = [name for name in ("epoch", "step") if name in table.columns]
    if not counted:
        losses = [name for name in measured if _PLAIN_LOSS.fullmatch(name)]
        if not stated and max((table.columns[name].count for name in losses), default=0) < FEWEST_WITHOUT_CLOCK:
            return nothing
        return None
    _count_through(table)
    for name in counted:
        known = table.columns[name].known
        if np.count_nonzero(np.diff(known) < 0) > max(2, len(known) // 5):
            return f"the numbers after {name!r} go back and forth, so its lines are not moments of one training"
    return None


def _rare(table: Table, measured: list[str], lines: int) -> bool:
    """Whether next to no line of a text measures something at a place of its own, as in sources and in prose."""
    rows = np.zeros(table.length, dtype=np.bool_)
    for name in measured:
        rows |= table.columns[name].recorded
    places = [table.columns[name].values[rows] for name in ("epoch", "step") if name in table.columns]
    several = max((len(np.unique(values[np.isfinite(values)])) for values in places), default=int(rows.sum()))
    return several < 3 and int(rows.sum()) < lines // 10


def _measures(match: Match, stated: dict[str, str], name: str) -> bool:
    """Whether a column is surely a measurement: a phase and a quantity that is no everyday word."""
    if name in stated.values():
        return True
    words = (match.role or "").replace(".", "_").split("_")
    return (
        match.role is not None and match.phase is not None and not set(words) & EVERYDAY_WORDS and bool(match.direction)
    )


def _count_through(table: Table) -> None:
    """Make a step that starts again in every epoch count through, run by run."""
    if not {"epoch", "step"} <= set(table.columns):
        return
    epochs, steps = table.columns["epoch"], table.columns["step"]
    rows = np.flatnonzero(epochs.recorded & steps.recorded)
    at, within = epochs.values[rows], steps.values[rows]
    turns = np.flatnonzero(np.diff(at) != 0) + 1
    rising = turns[at[turns] > at[turns - 1]]
    if not len(rising) or not (within[rising] < within[rising - 1]).all():
        return
    values, offset = steps.values.copy(), 0.0
    for start, stop in zip([0, *turns], [*turns, len(rows)], strict=True):
        if start and at[start] > at[start - 1]:
            offset += max(within[start - 1] - within[start] + 1, within[start - 1])
        else:
            offset = 0.0
        values[rows[start:stop]] = within[start:stop] + offset
    table.columns["step"] = Cells(values, steps.recorded)
    table.notes.append("The step starts again in every epoch; it is counted through.")


def _twins(table: Table, stated: dict[str, str]) -> dict[str, Meaning]:
    """``loss`` of every few steps and ``train loss`` of every epoch are two series of one quantity."""
    found: dict[str, Meaning] = {}
    for name, match in match_columns(list(table.columns), stated).items():
        winner = re.search(r"'(.+)' gives (train\.(?:loss|accuracy))$", match.reason)
        if winner is None or winner[2] in stated or winner[1] in found:
            continue
        seldom, often = sorted((name, winner[1]), key=lambda one: table.columns[one].count)
        if table.columns[often].count < 2 * table.columns[seldom].count:
            continue
        found[seldom] = Meaning(winner[2], reason=f"is printed less often than {often!r}")
        found[often] = Meaning(f"{winner[2]}_step", reason=f"is printed more often than {seldom!r}")
    return found


READER = Reader(
    id="printed-anything",
    title="lines with names and numbers that a training program prints",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
