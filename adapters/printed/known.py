"""The programs whose output is known, and the reader of it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from expert.adapters.printed.format import Format
from expert.adapters.printed.formats import (
    build_nanogpt,
    composer,
    cyclegan,
    darknet,
    keras_fit,
    lightning_bar,
    megatron,
    meters,
    mmengine,
    modded_nanogpt,
    nanogpt,
    pytorch_examples,
    text_table,
    torchtitan,
    transformers_console,
    yolo_console,
    yolov5_results,
)
from expert.adapters.printed.reading import read, recognized, samples
from expert.adapters.text.opening import Beginning, beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

FORMATS: tuple[Format, ...] = (
    nanogpt.FORMAT,
    build_nanogpt.FORMAT,
    modded_nanogpt.FORMAT,
    megatron.FORMAT,
    torchtitan.FORMAT,
    mmengine.FORMAT,
    darknet.FORMAT,
    composer.FORMAT,
    cyclegan.FORMAT,
    transformers_console.FORMAT,
    keras_fit.FORMAT,
    lightning_bar.FORMAT,
    pytorch_examples.FORMAT,
    meters.TORCHVISION,
    meters.IMAGENET,
    yolov5_results.FORMAT,
    yolo_console.FORMAT,
    text_table.FASTAI,
    text_table.DRAWN,
    text_table.ALIGNED,
)
"""Of two that understand as many lines the first one counts."""


def form_of(start: Beginning) -> Format | None:
    """Return the format of a file, as far as its beginning tells."""
    return _form(start.path, start.size, start.text)


@lru_cache(maxsize=16)
def _form(_path: Path, _size: int, text: str) -> Format | None:
    return recognized(text, FORMATS)


def hidden_form(start: Beginning) -> Format | None:
    """Return the format of a file whose beginning is a preamble."""
    return next((form for piece in samples(start)[1:] if (form := recognized(piece, FORMATS)) is not None), None)


_ROW = re.compile(r"[\d.,;+\-eEnaif \"]*[,;][\d.,;+\-eEnaif \"]*")
"""A row of numbers between commas, as no program prints them for people."""


def _recognizes(source: object) -> float:
    start = beginning(source)
    if start is None or start.encoding is None or _is_data(start):
        return 0.0
    form = form_of(start)
    return form.sure if form is not None else 0.0


def _is_data(start: Beginning) -> bool:
    """Whether a file is JSON or a table, which are told at once and have readers of their own."""
    text = start.text[:4096].lstrip()
    if not text or (text[0] == "{" and not text.startswith("{'")):
        return True
    rows = text.splitlines()[1:6]
    return len(rows) > 1 and all(_ROW.fullmatch(row) for row in rows)


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source)
    form = form_of(start) if start is not None else None
    if start is None or form is None:
        raise SourceError(f"{source}: expected the output of a training program that is known here.")
    return read(start.path, form, request)


READER = Reader(
    id="printed",
    title="what nanoGPT, Megatron-LM, Keras, Lightning, Hugging Face and other programs print",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
