"""Brings the built-in readers in by the same hook as any plugin."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Literal

from expert.adapters import columns, dataframe, history_object, keras_history, records, timed_values, unnamed
from expert.adapters.live import reader as watched_run
from expert.history import History
from expert.hooks import hookimpl
from expert.reading import Reader, ReadRequest

Gives = Literal["run", "model", "data"]


def _anything(_source: object) -> bool:
    return True


def _path(source: object) -> bool:
    return isinstance(source, str | os.PathLike)


def _when_asked(
    module: str, identity: str, gives: Gives, title: str, about: Callable[[object], bool] = _anything
) -> Reader:
    """The reader of a module that is imported when it is asked about a source it may know: most calls give neither a
    file nor a model nor samples, and what reads those is two thirds of all adapters.
    """

    def reader() -> Reader:
        found: Reader = import_module(f"expert.adapters.{module}").READER
        return found

    def recognizes(source: object) -> float:
        return reader().recognizes(source) if about(source) else 0.0

    def read(source: object, request: ReadRequest) -> tuple[History, ...]:
        return reader().read(source, request)

    return Reader(identity, title, gives, recognizes, read, refuses=module in REFUSING)


WHEN_ASKED: Mapping[str, tuple[str, Gives, str, Callable[[object], bool]]] = {
    "saved_history": ("saved-history", "run", "a file written by History.save or by a live run", _path),
    "delimited": ("delimited", "run", "a table in a text file with a line of column names (CSV, TSV, ;)", _path),
    "json_lines": ("json-lines", "run", "JSON lines", _path),
    "json_document": ("json-document", "run", "a JSON file with an object of lists or a list of objects", _path),
    "hf_trainer_state": ("hf-trainer-state", "run", "trainer_state.json of Hugging Face", _path),
    "tensorboard.reader": ("tensorboard", "run", "event files of TensorBoard", _path),
    "printed.known": (
        "printed",
        "run",
        "what nanoGPT, Megatron-LM, Keras, Lightning, Hugging Face and other programs print",
        _path,
    ),
    "printed.anything": (
        "printed-anything",
        "run",
        "lines with names and numbers that a training program prints",
        _path,
    ),
    "mlflow.reader": ("mlflow", "run", "runs of MLflow: mlruns, mlflow.db", _path),
    "pickled.reader": ("pickled", "run", "a pickled dict of lists such as History.history of Keras", _path),
    "array_archive": ("array-archive", "run", "an .npz archive of NumPy", _path),
    "refusals": ("refusals", "run", "other files by saying what they are and how to convert them", _path),
    "keras.profile.model": ("keras-model", "model", "Keras model", _anything),
    "torch.profile.model": ("torch-model", "model", "PyTorch module", _anything),
    "torch.profile.optimizer": ("torch-optimizer", "model", "PyTorch optimizer", _anything),
    "arrays": ("arrays", "data", "arrays and tables of samples", _anything),
}
"""By module: id, what it gives, title, and what it is asked about. A test holds them against the module's own."""

REFUSING = frozenset({"refusals"})
"""Modules whose reader reads nothing."""


@hookimpl
def expert_readers() -> list[Reader]:
    """Every built-in reader."""
    return [
        history_object.READER,
        watched_run.READER,
        columns.READER,
        records.READER,
        timed_values.READER,
        dataframe.READER,
        keras_history.READER,
        *(_when_asked(module, *said) for module, said in WHEN_ASKED.items()),
        unnamed.READER,
    ]
