"""A list of records: dicts as a training loop collects them, or as trackers return them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.spoken import Spoken
from expert.adapters.tables.table import Table, TableBuilder
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest


def is_records(source: object) -> bool:
    """Whether this is a sequence of mappings."""
    if isinstance(source, str | bytes) or not isinstance(source, Sequence):
        return False
    return len(source) > 0 and all(isinstance(record, Mapping) for record in source[:10])


def histories_of_records(
    records: Iterable[Mapping[str, Any]],
    columns: Mapping[str, str],
    source: str | None = None,
    *,
    flatten: bool = False,
) -> tuple[History, ...]:
    """Return the runs in rows. A nested mapping is a layer statistic, or with ``flatten`` a group of names."""
    table, named = table_of_records(records, source, flatten=flatten)
    return tuple(as_logged(run, named) for run in histories(table, columns))


def table_of_records(
    records: Iterable[Mapping[str, Any]], source: str | None = None, *, flatten: bool = False
) -> tuple[Table, Mapping[str, str]]:
    """Return the rows as a table, and which names were made up for it (name given → name as logged)."""
    builder, spoken = TableBuilder(source), Spoken()
    for number, record in enumerate(records, 1):
        if not isinstance(record, Mapping):
            raise SourceError(
                f"{source or 'The records'}: entry {number} is {record!r:.40}, expected a mapping of names to values."
            )
        builder.add(spoken.record(record), flatten=flatten)
    return builder.table(), spoken.named


def as_logged(history: History, named: Mapping[str, str]) -> History:
    """Give series whose name was made up while reading the one back under which they were logged."""
    if not named:
        return history
    series = []
    for one in history.series:
        if one.name in named:
            name = named[one.name]
            source = one.source.model_copy(update={"column": name}) if one.source is not None else None
            series.append(one.model_copy(update={"name": name, "source": source}))
        else:
            series.append(one)
    ignored = [one.model_copy(update={"name": named.get(one.name, one.name)}) for one in history.ignored]
    return history.model_copy(update={"series": tuple(series), "ignored": tuple(ignored)})


def _recognizes(source: object) -> float:
    return 0.7 if is_records(source) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    return histories_of_records(cast("Sequence[Mapping[str, Any]]", source), request.columns)


READER = Reader(
    id="records", title="a list of dicts, one for each logged moment", gives="run", recognizes=_recognizes, read=_read
)
