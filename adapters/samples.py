"""Arrays, tables, lists and tensors as numeric columns that keep the names their owner gave them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.errors import SourceError

LOADERS = {"DataLoader", "Dataset", "DatasetV2", "IterableDataset", "PyDataset"}
CHUNK_CELLS = 1 << 21
"""Cells looked at in one go: 16 MiB of float64."""


@dataclass(frozen=True, slots=True)
class Block:
    """An array of shape (samples, ...) and how its cells are called.

    ``name`` turns an index within one sample into the owner's name of that cell; ``features`` gives for each
    feature its name and the index that selects it (``values[(slice(None), *index)]``).
    """

    values: NDArray[Any]
    name: Callable[[tuple[int, ...]], str]
    features: Callable[[], Iterator[tuple[str, tuple[int | slice, ...]]]]

    def chunks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield (first row, rows) in pieces of bounded size."""
        width = max(1, int(np.prod(self.values.shape[1:])))
        rows = max(1, CHUNK_CELLS // width)
        for start in range(0, len(self.values), rows):
            yield start, self.values[start : start + rows]


@dataclass(frozen=True, slots=True)
class Samples:
    """The numeric blocks of one set of samples, the names of the columns left out, and the object itself.

    ``places`` (rows,) says where the samples stand in a larger set they were taken from; None where they are the set.
    """

    blocks: tuple[Block, ...]
    skipped: tuple[str, ...]
    rows: int
    source: Any
    places: NDArray[np.int64] | None = None


def read_samples(source: Any, where: str) -> Samples:
    """Read ``source`` as samples along the first axis.

    Accepts an array, a tensor of torch or TensorFlow, a pandas DataFrame or Series, (nested) lists, or a mapping of
    name -> any of these for a model with several inputs. Arrays are viewed, not copied, where numpy can view them.
    Raises ``SourceError`` naming ``where`` for anything else.
    """
    if isinstance(source, Mapping):
        parts = [read_samples(value, f"{where}[{key!r}]") for key, value in source.items()]
        rows = {part.rows for part in parts}
        if len(rows) != 1:
            shown = ", ".join(f"{key!r}: {part.rows}" for key, part in zip(source, parts, strict=True))
            raise SourceError(f"{where}: the inputs have different numbers of rows ({shown}).")
        blocks = tuple(
            _renamed(block, str(key)) for key, part in zip(source, parts, strict=True) for block in part.blocks
        )
        return Samples(blocks, tuple(name for part in parts for name in part.skipped), rows.pop(), source)
    if is_frame(source):
        return _frame(source)
    return _array(source, where)


def is_frame(source: object) -> bool:
    """Whether the object is a pandas DataFrame (recognized without importing pandas)."""
    return any(
        owner.__module__.split(".")[0] == "pandas" and owner.__name__ == "DataFrame" for owner in type(source).__mro__
    )


def is_loader(source: object) -> bool:
    """Whether the object gives its samples one after the other: a loader, a data set, an iterator."""
    return hasattr(source, "__next__") or any(owner.__name__ in LOADERS for owner in type(source).__mro__)


def to_array(source: Any, where: str) -> NDArray[Any]:
    """Return ``source`` as an array, a view where that is possible; the source stays as it is."""
    if hasattr(source, "detach") and hasattr(source, "cpu"):
        source = source.detach().cpu()
        if "bfloat16" in str(source.dtype):
            source = source.float()
        return np.asarray(source.numpy())
    if hasattr(source, "toarray") and hasattr(source, "nnz"):
        raise SourceError(f"{where}: a sparse matrix cannot be read; give a part of it as {where}[:1000].toarray().")
    if is_loader(source):
        behind = "its .dataset" if hasattr(source, "dataset") else "the arrays behind it"
        raise SourceError(
            f"{where}: a {type(source).__name__} would have to be iterated, which would disturb the run; give {behind}."
        )
    try:
        array = np.asarray(source)
    except ValueError:
        lengths = sorted({len(row) for row in source if hasattr(row, "__len__")})
        shown = f" ({', '.join(map(str, lengths[:5]))})" if lengths else ""
        raise SourceError(f"{where}: the rows have different lengths{shown}; expected rows of one shape.") from None
    if array.ndim == 0:
        raise SourceError(f"{where}: expected an array of samples, got {type(source).__name__}.")
    return array


def numeric(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return the array if its cells are numbers, an array of objects as float64 if all of them are, else None."""
    if values.dtype.kind in "biuf":
        return values
    if values.dtype.kind != "O":
        return None
    if any(isinstance(value, str) for value in values.flat):
        return None
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return None


def _renamed(block: Block, prefix: str) -> Block:
    def features() -> Iterator[tuple[str, tuple[int | slice, ...]]]:
        for name, index in block.features():
            yield f"{prefix}: {name}", index

    return Block(block.values, lambda index: f"{prefix}: {block.name(index)}", features)


def _frame(frame: Any) -> Samples:
    blocks, skipped = [], []
    for position, label in enumerate(frame.columns):
        # By position: column labels may repeat.
        column = frame.iloc[:, position]
        values = _column(column)
        if values is None:
            skipped.append(str(label))
        else:
            blocks.append(_single(values, str(label)))
    return Samples(tuple(blocks), tuple(skipped), len(frame), frame)


def _column(column: Any) -> NDArray[Any] | None:
    kind = getattr(column.dtype, "kind", "O")
    if str(column.dtype) == "category":
        return None
    if isinstance(column.dtype, np.dtype):
        return numeric(column.to_numpy())
    # A nullable column of pandas: its missing value becomes NaN.
    return column.to_numpy(dtype=np.float64, na_value=np.nan) if kind in "biuf" else None


def _single(values: NDArray[Any], name: str) -> Block:
    return Block(values, lambda _: name, lambda: iter([(name, ())]))


def _array(source: Any, where: str) -> Samples:
    array = to_array(source, where)
    values = numeric(array)
    if values is None:
        if array.dtype.kind == "c":
            raise SourceError(f"{where}: complex numbers cannot be read; give real and imaginary parts as columns.")
        return Samples((), (where,), len(array), source)
    if values.ndim == 1:
        name = getattr(source, "name", None)
        block = _single(values, str(name) if isinstance(name, str) and name else where)
    else:
        block = Block(values, lambda index: _cell_name(values, index), lambda: _features(values))
    return Samples((block,), (), len(values), source)


def _cell_name(values: NDArray[Any], index: tuple[int, ...]) -> str:
    if values.ndim == 2:
        return f"column {index[0]}"
    if values.ndim == 3 and not _is_picture(values):
        return f"time {index[0]}, feature {index[1]}"
    return f"index [{', '.join(map(str, index))}]"


def _features(values: NDArray[Any]) -> Iterator[tuple[str, tuple[int | slice, ...]]]:
    if values.ndim == 2:
        for column in range(values.shape[1]):
            yield f"column {column}", (column,)
    elif _is_picture(values):
        yield "pixels", ()
    elif values.ndim == 3:
        for feature in range(values.shape[2]):
            yield f"feature {feature}", (slice(None), feature)
    else:
        # Of the two places frameworks put the channels, the shorter axis is the one.
        first = values.shape[1] < values.shape[-1]
        for channel in range(values.shape[1 if first else -1]):
            middle = (slice(None),) * (values.ndim - 2)
            yield f"channel {channel}", (channel,) if first else (*middle, channel)


def _is_picture(values: NDArray[Any]) -> bool:
    """Pictures of one channel: square, or bytes."""
    return values.ndim == 3 and (values.dtype == np.uint8 or values.shape[1] == values.shape[2] >= 8)
