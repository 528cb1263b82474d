"""What numbers tell of themselves: non-finite cells, scales, constant columns, repeated rows, shifts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.samples import Block, Samples, is_frame
from expert.history import Cell

SHOWN_CELLS = 20
SAMPLE_CELLS = 20_000_000
"""Cells of a table that statistics are taken from; rows are drawn evenly over the whole."""
HASHED_ROWS = 1_000_000
HASHED_CELLS = 2048
"""Rows longer than this are compared by evenly spaced cells."""
SPARSE = 0.95
"""A column whose commonest value fills this share says nothing of the scale of inputs (one-hot, padding, borders)."""
SHIFT = 0.5

Hashes = NDArray[np.int64]


def find_nonfinite(sets: list[tuple[Samples, Samples | None, str]]) -> dict[str, Any]:
    """Look at every cell of the inputs and labels; return the fields of `DataProfile` on non-finite cells.

    Each set is (inputs, labels or None, what to put before a column's name).
    """
    count, rows = 0, 0
    cells: list[Cell] = []
    for inputs, labels, prefix in sets:
        bad_rows: set[int] = set()
        found: list[Cell] = []
        for part in (inputs, labels):
            for block in () if part is None else part.blocks:
                number, places = _nonfinite_in(block, prefix, bad_rows, None if part is None else part.places)
                count += number
                found += places
        rows += len(bad_rows)
        cells += sorted(found, key=lambda cell: cell.row)
    return {"nonfinite_cells": count, "rows_with_nonfinite": rows, "nonfinite_where": tuple(cells[:SHOWN_CELLS])}


def _nonfinite_in(
    block: Block, prefix: str, bad_rows: set[int], places_of: NDArray[np.int64] | None
) -> tuple[int, list[Cell]]:
    count = 0
    cells: list[Cell] = []
    if block.values.dtype.kind != "f":
        return 0, cells
    for start, rows in block.chunks():
        bad = ~np.isfinite(rows)
        if not bad.any():
            continue
        count += int(bad.sum())
        places = np.argwhere(bad)
        numbers = np.arange(start, start + len(rows)) if places_of is None else places_of[start : start + len(rows)]
        bad_rows.update(numbers[np.unique(places[:, 0])].tolist())
        for place in places[: SHOWN_CELLS - len(cells)].tolist():
            column = prefix + block.name(tuple(place[1:]))
            cells.append(Cell(row=int(numbers[place[0]]), column=column, value=str(float(rows[tuple(place)]))))
    return count, cells


def summarize_columns(inputs: Samples) -> tuple[dict[str, Any], list[str]]:
    """Return number, scale and constancy of the features, and notes: where they are those of a part of the rows, and
    where the scale of numbers that may be indices was left out.
    """
    constant: list[str] = []
    means, stds, dense = [], [], []
    part = False
    indices = [block for block in inputs.blocks if _may_be_indices(block)]
    for block in inputs.blocks:
        rows, is_part = _sampled(block)
        part |= is_part
        for name, index in block.features():
            column = _finite(rows[(slice(None), *index)])
            if not column.size:
                continue
            if column.min() == column.max() and (not is_part or _is_constant(block, index)):
                constant.append(name)
            if any(block is one for one in indices):
                continue
            means.append(abs(float(column.mean())))
            stds.append(float(column.std()))
            dense.append(float((column == np.median(column)).mean()) < SPARSE)
    features = sum(sum(1 for _ in block.features()) for block in inputs.blocks)
    result: dict[str, Any] = {"features": features + len(inputs.skipped), "constant_columns": tuple(constant)}
    spread = [std for std, counts in zip(stds, dense, strict=True) if counts and std > 0]
    if means:
        result |= {"largest_mean": max(means), "largest_std": max(stds)}
    if spread:
        result |= {"smallest_std": min(spread), "scale_ratio": max(stds) / min(spread)}
    note = f"Scales are those of an even sample of the {inputs.rows:,} rows; every cell was checked for being finite."
    notes = [note] if part else []
    if indices:
        notes.append(
            "The inputs are whole numbers and may be indices, such as token ids, whose size means nothing: their scale "
            "is not judged. If they are quantities, give them as floats."
        )
    return result, notes


def _may_be_indices(block: Block) -> bool:
    """Whether rows of an array may be sequences of indices: whole numbers of more than a byte (bytes are pixels)."""
    values = block.values
    whole = values.ndim == 2 and values.dtype.kind in "iu" and values.dtype.itemsize > 1
    return whole and all(int(rows.min(initial=0)) >= 0 for _, rows in block.chunks())


def compare_features(train: Samples, val: Samples) -> float | None:
    """Return the share of features whose means differ by more than half a pooled standard deviation."""
    first, second = _means(train), _means(val)
    names = [name for name in first if name in second]
    if not names or len(first) != len(second):
        return None
    shifted = 0
    for name in names:
        (mean, variance), (other_mean, other_variance) = first[name], second[name]
        pooled = np.sqrt((variance + other_variance) / 2)
        shifted += bool(abs(mean - other_mean) > SHIFT * pooled)
    return shifted / len(names)


def row_hashes(inputs: Samples) -> tuple[Hashes | None, list[str]]:
    """Return a number for each row that is the same for equal rows; None for rows that cannot be compared.

    Numbers are compared as float32, so that one sample stored in two precisions is recognized. Of very many rows the
    first million is compared, which a note says.
    """
    notes = []
    if inputs.rows > HASHED_ROWS:
        notes.append(f"Repeated rows were looked for among the first {HASHED_ROWS:,} of {inputs.rows:,} rows.")
    if is_frame(inputs.source):
        return _frame_hashes(inputs.source), notes
    if inputs.skipped or not inputs.blocks:
        return None, notes
    count = min(inputs.rows, HASHED_ROWS)
    result = np.empty(count, dtype=np.int64)
    chunk = max(1, 1_000_000 // HASHED_CELLS)
    for start in range(0, count, chunk):
        stop = min(count, start + chunk)
        pieces = [_thinned(block.values[start:stop]) for block in inputs.blocks]
        rows = np.ascontiguousarray(np.concatenate(pieces, axis=1))
        result[start:stop] = [hash(row.tobytes()) for row in rows]
    return result, notes


def repeats(hashes: Hashes | None) -> float | None:
    """Return the share of rows that repeat an earlier one."""
    return None if hashes is None or not len(hashes) else 1 - len(np.unique(hashes)) / len(hashes)


def shared(train: Hashes | None, val: Hashes | None) -> float | None:
    """Return the share of validation rows that are training rows too."""
    if train is None or val is None or not len(val):
        return None
    return float(np.isin(val, train).mean())


def _frame_hashes(frame: Any) -> Hashes | None:
    from pandas.util import hash_pandas_object

    try:
        hashes: Hashes = hash_pandas_object(frame.iloc[:HASHED_ROWS], index=False).to_numpy().view(np.int64)
    except TypeError:  # cells that are lists or other mutable objects
        return None
    return hashes


def _thinned(rows: NDArray[Any]) -> NDArray[np.float32]:
    flat = rows.reshape(len(rows), -1)
    if flat.shape[1] > HASHED_CELLS:
        flat = flat[:, np.linspace(0, flat.shape[1] - 1, HASHED_CELLS).astype(int)]
    with np.errstate(over="ignore"):
        single = flat.astype(np.float32)
    single += 0.0  # -0.0 equals 0.0
    return single


def _sampled(block: Block) -> tuple[NDArray[Any], bool]:
    values = block.values
    width = max(1, int(np.prod(values.shape[1:])))
    allowed = max(1000, SAMPLE_CELLS // width)
    if len(values) <= allowed:
        return values, False
    return values[np.linspace(0, len(values) - 1, allowed).astype(int)], True


def _is_constant(block: Block, index: tuple[int | slice, ...]) -> bool:
    first = None
    for _, rows in block.chunks():
        column = _finite(rows[(slice(None), *index)])
        if not column.size:
            continue
        first = column.flat[0] if first is None else first
        if (column != first).any():
            return False
    return True


def _finite(column: NDArray[Any]) -> NDArray[np.float64]:
    column = np.asarray(column, dtype=np.float64)
    good = np.isfinite(column)
    return column if good.all() else column[good]


def _means(inputs: Samples) -> dict[str, tuple[float, float]]:
    result = {}
    for block in inputs.blocks:
        rows, _ = _sampled(block)
        for name, index in block.features():
            column = _finite(rows[(slice(None), *index)])
            if column.size:
                result[name] = (float(column.mean()), float(column.var()))
    return result
