"""Brings the built-in readers in by the same hook as any plugin."""

from __future__ import annotations

from expert.adapters import (
    columns,
    dataframe,
    delimited,
    hf_trainer_state,
    history_object,
    json_document,
    json_lines,
    records,
    refusals,
    saved_history,
)
from expert.hooks import hookimpl
from expert.reading import Reader


@hookimpl
def expert_readers() -> list[Reader]:
    """Every built-in reader."""
    return [
        history_object.READER,
        saved_history.READER,
        columns.READER,
        records.READER,
        dataframe.READER,
        delimited.READER,
        json_lines.READER,
        json_document.READER,
        hf_trainer_state.READER,
        refusals.READER,
    ]
