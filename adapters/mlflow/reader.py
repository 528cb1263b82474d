"""MLflow: its database, the folder of all runs, of an experiment or of a run, or the file of one metric."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expert.adapters.mlflow.database import HEADER, is_mlflow, read_database
from expert.adapters.mlflow.logged import LoggedRun, read_run
from expert.adapters.mlflow.store import METRICS, MOST_RUNS, is_metric, read_stored, run_folders
from expert.adapters.tables.points import MOST_POINTS
from expert.adapters.text.opening import as_path, beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

SURE = 0.98
SHOWN = 3


def _recognizes(source: object) -> float:
    path = as_path(source)
    try:
        if path is None:
            return 0.0
        if path.is_dir():
            return SURE if run_folders(_of_run(path)) else 0.0
        start = beginning(path)
        if start is None:
            return 0.0
        if start.head.startswith(HEADER):
            return SURE if is_mlflow(path) else 0.0
        return SURE if is_metric(start) else 0.0
    except OSError:
        return 0.0


def _of_run(folder: Path) -> Path:
    """The folder of the run, where that of its metrics was given."""
    return folder.parent if folder.name == METRICS else folder


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    path = as_path(source)
    if path is None:
        raise SourceError(f"{source}: there is no file to read.")
    if path.is_dir():
        runs, notes = _stored(_of_run(path))
    elif beginning(path) is not None and is_mlflow(path):
        runs, notes = read_database(path)
    else:
        runs, notes = _one_metric(path), []
    if not runs:
        raise SourceError(f"{path}: MLflow has no run here, or only runs that were deleted.")
    return _histories(runs, request, path, notes)


def _stored(folder: Path) -> tuple[list[LoggedRun], list[str]]:
    notes: list[str] = []
    folders = run_folders(folder)
    if len(folders) > MOST_RUNS:
        notes.append(f"The folder holds {len(folders):,} runs; only {MOST_RUNS:,} of them are read.")
    runs: list[LoggedRun] = []
    room = MOST_POINTS
    for one in folders[:MOST_RUNS]:
        run = read_stored(one, room=room)
        if run is not None:
            room -= sum(map(len, run.metrics.values()))
            runs.append(run)
    return sorted(runs, key=lambda run: (run.started, run.source)), notes


def _one_metric(path: Path) -> list[LoggedRun]:
    folder = next((above.parent for above in path.absolute().parents if above.name == METRICS), path.absolute().parent)
    run = read_stored(folder, path.absolute())
    return [] if run is None else [run]


def _histories(
    runs: Sequence[LoggedRun], request: ReadRequest, given: Path, notes: Sequence[str]
) -> tuple[History, ...]:
    """The histories of all runs that have a course; what the others lack is said with the last of them."""
    found: list[History] = []
    refused: list[str] = []
    for run in runs:
        try:
            found += read_run(run, request)
        except SourceError as error:
            refused.append(str(error))
    if not found:
        raise SourceError(refused[-1] + (f" So it is with all {len(runs)} runs in {given}." if len(runs) > 1 else ""))
    if refused:
        more = f" ... and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
        notes = [*notes, f"{len(refused)} of {len(runs)} runs hold no curve: {' '.join(refused[-SHOWN:])}{more}"]
    return (*found[:-1], found[-1].model_copy(update={"notes": (*found[-1].notes, *notes)}))


READER = Reader(id="mlflow", title="runs of MLflow: mlruns, mlflow.db", gives="run", recognizes=_recognizes, read=_read)
