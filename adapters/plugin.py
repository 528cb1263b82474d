"""Brings the built-in readers in by the same hook as any plugin."""

from __future__ import annotations

from importlib import import_module
from typing import Literal

from expert.adapters import (
    columns,
    dataframe,
    delimited,
    hf_trainer_state,
    history_object,
    json_document,
    json_lines,
    keras_history,
    records,
    refusals,
    saved_history,
    unnamed,
)
from expert.adapters.live import reader as watched_run
from expert.history import History
from expert.hooks import hookimpl
from expert.reading import Reader, ReadRequest


def _when_asked(identity: str, title: str, gives: Literal["run", "model", "data"], module: str) -> Reader:
    """The reader of a module that is imported when first asked: models and data are not given to most calls, and what
    reads them is a third of all adapters.
    """

    def reader() -> Reader:
        found: Reader = import_module(f"expert.adapters.{module}").READER
        return found

    def recognizes(source: object) -> float:
        return reader().recognizes(source)

    def read(source: object, request: ReadRequest) -> tuple[History, ...]:
        return reader().read(source, request)

    return Reader(identity, title, gives, recognizes, read)


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
        *WHEN_ASKED,
        unnamed.READER,
    ]


WHEN_ASKED = (
    _when_asked("keras-model", "Keras model", "model", "keras_model"),
    _when_asked("torch-model", "PyTorch module", "model", "torch.model"),
    _when_asked("torch-optimizer", "PyTorch optimizer", "model", "torch.optimizer"),
    _when_asked("arrays", "arrays and tables of samples", "data", "arrays"),
)
