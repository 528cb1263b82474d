"""The output of programs nobody has described here: lines that recur and name a step or an epoch and a measurement."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from expert.adapters.printed.format import Format
from expert.adapters.printed.known import hidden_form
from expert.adapters.printed.lines import PrintedLines
from expert.adapters.printed.reading import finished, read, scan
from expert.adapters.printed.recurring import set_right, twins
from expert.adapters.printed.rows import Rows
from expert.adapters.printed.sentences import OTHER_COUNTER, Said, said
from expert.adapters.tables.assembling import histories
from expert.adapters.text.opening import beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

LAST_BUT_ONE = 0.05
"""Any text is asked for what it says before it is refused."""
SURER_THAN_JSON = 0.51
"""A line that begins with a bracket and is no JSON would be refused as JSON."""
JSON_WORDS = ("null", "true", "false", "NaN", "Infinity", "-Infinity")
MOST_NAMES = 200
"""Different names of numbers that are kept; more is no log of a training."""
_HEADING = re.compile(r"[^\w]*(?:\w+[^\w\d]*){1,6}")


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
        pairs = self._placed(found._replace(pairs=found.pairs | found.means) if evaluation else found)
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
    except (RecursionError, ValueError):  # deep, or a number of thousands of digits
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
    reason = set_right(table, lines.given, parser.finished_runs, request.columns)
    if reason is not None:
        raise SourceError(
            f"{start.path}: is text, but {reason}; it begins with {first[:60]!r}. Pass a CSV, a JSON-lines file, or a "
            "dict of lists such as {'train.loss': [...], 'val.loss': [...]}."
        )
    found = twins(table, request.columns)
    columns = {**request.columns, **{meaning.role: name for name, meaning in found.items() if meaning.role}}
    form = replace(ANYTHING, meanings=found)
    return tuple(finished(run, form, {}, request.columns) for run in histories(table, columns))


READER = Reader(
    id="printed-anything",
    title="lines with names and numbers that a training program prints",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
