"""The files of MLflow: a folder for each experiment, in it one for each run, in that a file for each metric."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from expert.adapters.mlflow.logged import LoggedRun
from expert.adapters.tables.points import MOST_POINTS, Points
from expert.adapters.text.lines import Lines
from expert.adapters.text.opening import Beginning, beginning
from expert.errors import SourceError

METRICS = "metrics"
LINE = re.compile(r"(\d{12,14}) (\S+)(?: (-?\d{1,18}))?(?: .*)?")
"""Milliseconds since 1970, value, step."""
MOST_ENTRIES = 20_000
MOST_RUNS = 1_000
LONGEST_PARAMETER = 8_192
STATES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
MODELS = "models"
"""A folder of an experiment that holds models, with metrics of their own."""


def is_metric(start: Beginning) -> bool:
    """Whether a file holds the values of one metric; the line of a write that broke off may be among them."""
    lines = [LINE.fullmatch(line.strip()) is not None for line in start.lines[:50]]
    return bool(lines) and lines[0] and 2 * sum(lines) > len(lines)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run: it holds metrics as MLflow writes them."""
    metrics = folder / METRICS
    first = next(_files(metrics), None) if metrics.is_dir() else None
    start = beginning(first) if first is not None else None
    return start is not None and is_metric(start)


def run_folders(folder: Path) -> list[Path]:
    """The runs in the folder of a run, of an experiment or of all experiments; hidden folders hold what was deleted."""
    if is_run(folder):
        return [folder]
    found = []
    for one in _folders(folder):
        if one.name == MODELS:
            continue
        if is_run(one):
            found.append(one)
        else:
            found += [inner for inner in _folders(one) if one.name != MODELS and is_run(inner)]
    return found


def read_stored(folder: Path, metric: Path | None = None, room: int = MOST_POINTS) -> LoggedRun | None:
    """Read a run, or one ``metric`` of it; at most ``room`` values. None for one that was deleted."""
    about = _key_values(folder / "meta.yaml")
    if about.get("lifecycle_stage") == "deleted":
        return None
    started = about.get("start_time", "")
    run = LoggedRun(
        source=str(metric or folder),
        started=int(started) / 1000 if re.fullmatch(r"\d{1,15}", started) else 0.0,
        name=about.get("run_name", ""),
        status=STATES.get(about.get("status", ""), about.get("status", "")),
        parameters={file.name: _short_text(file) for file in _files(folder / "params")},
    )
    files = [metric] if metric is not None else sorted(_files(folder / METRICS))
    for file in files:
        name = file.relative_to(folder / METRICS).as_posix() if folder / METRICS in file.parents else file.name
        run.metrics[name] = _points(file, run.notes, room)
        room -= len(run.metrics[name])
    return run


def _points(file: Path, notes: list[str], room: int) -> Points:
    points = Points()
    strange = 0
    lines = Lines(file)
    try:
        for line in lines:
            match = LINE.fullmatch(line.strip())
            value = _value(match[2]) if match else None
            if match is None or value is None:
                strange += bool(line.strip())
                continue
            if len(points) >= room:
                notes.append(f"{file.name!r} has more values than are read; the first {len(points):,} are used.")
                break
            milliseconds = int(match[1])
            points.add(int(match[3] or 0), milliseconds / 1000, value, milliseconds)
    except SourceError as error:
        notes.append(str(error))
    if strange:
        what = "1 line is" if strange == 1 else f"{strange:,} lines are"
        notes.append(f"In {file.name!r} {what} no time, value and step, and left out.")
    notes += lines.notes
    return points


def _value(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _key_values(file: Path) -> dict[str, str]:
    """The plain ``key: value`` lines of a small YAML file; anything else in it is passed over."""
    found = {}
    for line in _short_text(file, 1 << 16).splitlines():
        match = re.fullmatch(r"(\w+): (?:'([^']*)'|\"([^\"\\]*)\"|([^'\"\[\]{}&*!|>%@`#].*?)) *", line)
        if match:
            found[match[1]] = next(group for group in match.groups()[1:] if group is not None)
    return found


def _short_text(file: Path, longest: int = LONGEST_PARAMETER) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(longest).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _folders(folder: Path) -> list[Path]:
    try:
        entries = list(islice(os.scandir(folder), MOST_ENTRIES))
    except OSError:
        return []
    return sorted(Path(one.path) for one in entries if one.is_dir() and not one.name.startswith("."))


def _files(folder: Path) -> Iterator[Path]:
    """The files in a folder and below it: a slash in the name of a metric makes a folder."""
    seen = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        seen += len(folders) + len(names)
        if seen > MOST_ENTRIES:
            return
        yield from (Path(place) / name for name in sorted(names) if not name.startswith("."))
