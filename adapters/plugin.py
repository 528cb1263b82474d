"""Brings the built-in readers in by the same hook as any plugin."""

from __future__ import annotations

from expert.adapters import (
    arrays,
    columns,
    dataframe,
    delimited,
    hf_trainer_state,
    history_object,
    json_document,
    json_lines,
    keras_history,
    keras_model,
    records,
    refusals,
    saved_history,
    unnamed,
)
from expert.adapters.live import reader as watched_run
from expert.adapters.torch import model as torch_model
from expert.adapters.torch import optimizer as torch_optimizer
from expert.hooks import hookimpl
from expert.reading import Reader


@hookimpl
def expert_readers() -> list[Reader]:
    """Every built-in reader."""
    return [
        history_object.READER,
        saved_history.READER,
        watched_run.READER,
        columns.READER,
        records.READER,
        dataframe.READER,
        delimited.READER,
        json_lines.READER,
        json_document.READER,
        hf_trainer_state.READER,
        refusals.READER,
        keras_history.READER,
        keras_model.READER,
        torch_model.READER,
        torch_optimizer.READER,
        arrays.READER,
        unnamed.READER,
    ]
