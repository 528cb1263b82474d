"""The SQLite database of MLflow, opened so that nothing in it can change or run."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from expert.adapters.mlflow.logged import LoggedRun
from expert.adapters.tables.points import MOST_POINTS, Points
from expert.errors import SourceError

HEADER = b"SQLite format 3\0"
TABLES = {"runs", "metrics", "params"}
MOST_RUNS = 1_000
MOST_PARAMETERS = 1_000
MOST_WORK = 500_000_000
"""Instructions of the database after which a query is given up: one of ours takes far fewer."""
WORK_BETWEEN_LOOKS = 100_000


def is_mlflow(path: Path) -> bool:
    """Whether a file with the header of SQLite has the tables of MLflow; never raises."""
    try:
        with _opened(path) as database:
            return _tables(database) >= TABLES
    except (sqlite3.Error, OSError, ValueError):
        return False


def read_database(path: Path) -> tuple[list[LoggedRun], list[str]]:
    """Return the runs that were not deleted, oldest first, and what was left out of them. Raises `SourceError`."""
    notes = []
    if path.with_name(path.name + "-wal").exists():
        notes.append("The database has a journal beside it (-wal); what is not yet in the database itself is not read.")
    try:
        with _opened(path) as database:
            return _runs(database, path, notes), notes
    except (sqlite3.Error, OSError, ValueError, TypeError, OverflowError) as error:
        raise SourceError(f"{path}: the database of MLflow cannot be read ({error}).") from None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    # Immutable: no lock, no journal is written or played back, so that a log in use or on a read-only disk is safe.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA query_only = ON")
        work = 0

        def watched() -> bool:
            nonlocal work
            work += WORK_BETWEEN_LOOKS
            return work > MOST_WORK

        database.set_progress_handler(watched, WORK_BETWEEN_LOOKS)
        yield database


def _tables(database: sqlite3.Connection) -> set[str]:
    # A view of that name could run anything the database can.
    return {str(name) for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _runs(database: sqlite3.Connection, path: Path, notes: list[str]) -> list[LoggedRun]:
    if not _tables(database) >= TABLES:
        raise ValueError("it lacks the tables of MLflow")
    listed = database.execute(
        "SELECT run_uuid, name, status, start_time FROM runs WHERE lifecycle_stage IS NOT 'deleted' "
        "ORDER BY start_time DESC, rowid DESC LIMIT ?",
        (MOST_RUNS + 1,),
    ).fetchall()
    if len(listed) > MOST_RUNS:
        notes.append(f"The database holds more than {MOST_RUNS:,} runs; only the newest are read.")
    runs: list[LoggedRun] = []
    room = MOST_POINTS
    for identity, name, status, started in listed[:MOST_RUNS]:
        if room <= 0:
            notes.append(
                f"The database holds more than {MOST_POINTS:,} values; only the {len(runs)} newest runs are read."
            )
            break
        run = LoggedRun(
            source=f"{path}, run {str(identity)[:8]}",
            started=started / 1000 if isinstance(started, int | float) else 0.0,
            name=str(name or ""),
            status=str(status or ""),
        )
        rows = database.execute("SELECT key, value FROM params WHERE run_uuid = ? LIMIT ?", (identity, MOST_PARAMETERS))
        run.parameters = {str(key): str(value) for key, value in rows}
        rows = database.execute(
            "SELECT key, value, step, timestamp, is_nan FROM metrics WHERE run_uuid = ? "
            "ORDER BY timestamp, rowid LIMIT ?",
            (identity, room),
        )
        for order, (key, value, step, time, is_nan) in enumerate(rows):
            points = run.metrics.setdefault(str(key), Points())
            points.add(int(step or 0), float(time or 0) / 1000, _value(value, is_nan), order)
            room -= 1
        runs.append(run)
    return runs[::-1]


def _value(stored: object, is_nan: object) -> float:
    """NaN is stored as 0 with a flag beside it, infinity as the largest number there is."""
    if is_nan or stored is None:
        return math.nan
    value = float(stored)  # type: ignore[arg-type]  # anything else raises what the caller expects
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value
