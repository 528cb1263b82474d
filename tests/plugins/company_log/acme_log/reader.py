"""Reads the logs of ACME trainers.

::

    ACME-TRAIN 3 job=42 opt=adam lr=0.0003 bs=64
    [00:05:12] it 100 | tr 2.3012 | va 2.4100 | drift 0.02
    ... a human's remark ...
    ACME-DONE ok

A file holds one run after the other where a job was started again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from expert import History, RunConfig
from expert.errors import SourceError
from expert.reading import Reader, ReadRequest

BEGIN = re.compile(r"ACME-TRAIN (\d+)\b(.*)")
ROW = re.compile(r"\[(\d+):(\d\d):(\d\d)\] it (\d+) \|(.*)")
COLUMNS = {"tr": "train.loss", "va": "val.loss", "drift": "val.drift", "lr": "optimizer.learning_rate"}
FIELDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "opt": ("optimizer", str),
    "lr": ("learning_rate", float),
    "bs": ("batch_size", int),
}


def recognizes(source: object) -> float:
    """Certain where the file begins as ours do."""
    if not isinstance(source, str | Path):
        return 0.0
    try:
        with open(source, "rb") as stream:
            return 1.0 if stream.read(11) == b"ACME-TRAIN " else 0.0
    except (OSError, ValueError):  # no file, or a text that cannot be a path
        return 0.0


def read(source: object, request: ReadRequest) -> tuple[History, ...]:
    """One History for each start of the job."""
    path = Path(str(source))
    runs: list[tuple[RunConfig, list[dict[str, float]]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        try:
            if found := BEGIN.fullmatch(line):
                if found[1] != "3":
                    raise SourceError(f"{path}:{number}: version {found[1]} of the format is not known; expected 3.")
                runs.append((_config(found[2]), []))
            elif found := ROW.fullmatch(line):
                runs[-1][1].append(_row(found))
        except (ValueError, IndexError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(f"{path}:{number}: {line.strip()!r:.60} does not hold the numbers it should.") from None
    if not any(rows for _, rows in runs):
        raise SourceError(f"{path}: the job was started, but not one iteration was logged.")
    return tuple(
        History.from_records(rows, columns=request.columns, source=str(path), config=config)
        for config, rows in runs
        if rows
    )


def _config(words: str) -> RunConfig:
    pairs = [word.partition("=") for word in words.split()]
    known = {FIELDS[key][0]: FIELDS[key][1](value) for key, _, value in pairs if key in FIELDS}
    return RunConfig.model_validate(known)


def _row(found: re.Match[str]) -> dict[str, float]:
    hours, minutes, seconds, step = map(int, found.groups()[:4])
    row: dict[str, float] = {"step": step, "seconds": 3600 * hours + 60 * minutes + seconds}
    for cell in found[5].split("|"):
        name, value = cell.split()
        row[COLUMNS.get(name, f"train.{name}")] = float(value)
    return row


READER = Reader("acme-log", "a log of an ACME trainer", "run", recognizes, read)
