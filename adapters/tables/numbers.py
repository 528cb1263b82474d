"""Numbers as loggers write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MISSING = frozenset({"", "na", "n/a", "none", "null", "-", "--", "nil", "<na>"})
"""Cells that say "not recorded", in lower case. ``nan`` is not among them: it is a value."""

_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_WRAPPED = re.compile(
    r"(?:tensor|array|(?:np|numpy)\.\w+|[A-Z]\w*Tensor)\(\s*\[?([^,\[\]()]+)\]?\s*(?:,.*)?\)", re.DOTALL
)
_FRACTION = re.compile(r"(\d+)\s*/\s*\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?([eE][+-]?\d+)?")
_SPACED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[ '\u00a0\u2009\u202f]\d{3})+([.,]\d*)?")
"""As in French, Swiss or Swedish numbers: ``1 234,5``, ``1'234.5``."""
_POINTED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?")
"""As in German numbers, which have a decimal comma: ``1.234,5``."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?(0\.\d+|\d+\.(\d{1,2}|\d{4,}))([eE][+-]?\d+)?")
_SCALED = re.compile(r"([+-]?\d*\.?\d+)\s*([KMGTkmgt])(?:i?B)?")
_DURATION = re.compile(r"(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*(ms|s|sec|secs|seconds|min|h)")
_SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "min": 60.0, "h": 3600.0}
_CLOCK = re.compile(r"(?:(\d+) days?,? )?(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)")


LONGEST_NUMBER = 400
"""Characters of a number with all that a library writes around it."""


class NotANumber(ValueError):
    """A cell that holds something else."""


def is_missing(text: str) -> bool:
    """Whether a cell says that nothing was recorded."""
    return text.strip().strip('"').lower() in MISSING


def number(text: str, *, decimal_comma: bool = False) -> float:
    """Return the number a cell holds.

    Knows ``nan``, ``-inf``, ``1,234`` (a decimal comma where the caller knows that commas are no separators),
    ``1 234`` and ``1'234``, ``12/299`` (12), ``6.87G`` (×10⁹), ``00:14`` and ``14 s`` (14 seconds), ``5.91%`` (5.91),
    ``tensor(0.53, device='cuda:0')`` and numbers in quotes. Raises `NotANumber`.
    """
    text = text.strip().strip("\"'").strip()
    try:
        return float(text)
    except ValueError:
        pass
    if len(text) > LONGEST_NUMBER:
        raise NotANumber(text)
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    if _SPACED_THOUSANDS.fullmatch(text):
        return float(re.sub(r"[^\d.,+-]", "", text).replace(",", "."))
    if decimal_comma and _POINTED_THOUSANDS.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if text.endswith("%"):
        return number(text[:-1], decimal_comma=decimal_comma)
    if match := _FRACTION.fullmatch(text):
        return float(match[1])
    if match := _SCALED.fullmatch(text):
        return float(match[1]) * _SCALES[match[2].lower()]
    if match := _DURATION.fullmatch(text):
        return float(match[1]) * _SECONDS[match[2]]
    if match := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if match := _WRAPPED.fullmatch(text):
        return number(match[1])
    if text.lower() in ("-nan", "+nan", "nan(ind)", "-nan(ind)", "1.#qnan", "-1.#ind"):
        return float("nan")
    raise NotANumber(text)


def is_number(text: str) -> bool:
    """Whether a cell holds a number in any spelling."""
    try:
        number(text, decimal_comma=True)
    except NotANumber:
        return False
    return True


def decimal_comma_in(rows: Iterable[Sequence[str]]) -> bool | None:
    """Whether numbers have a decimal comma, by the cells where that is certain; None where there are none.

    ``0,53`` has one. Beside ``0.53`` the comma of ``1,234`` groups thousands, and beside ``0,53`` the point of
    ``1.234``.
    """
    pointed = False
    for row in rows:
        for cell in row:
            if "," in cell and _DECIMAL_COMMA.fullmatch(cell.strip()) and not _THOUSANDS.fullmatch(cell.strip()):
                return True
            pointed = pointed or ("." in cell and _DECIMAL_POINT.fullmatch(cell.strip()) is not None)
    return False if pointed else None


def without_points(cells: Sequence[str]) -> Sequence[str]:
    """Return numbers without the points that group their thousands, if all the points in the cells do so."""
    pointed = [cell for cell in cells if "." in cell]
    if not pointed or not all(_POINTED_THOUSANDS.fullmatch(cell.strip()) for cell in pointed):
        return cells
    return [cell.replace(".", "") for cell in cells]


def numbers(cells: Sequence[str], *, decimal_comma: bool = False) -> tuple[Floats, Flags | None]:
    """Return the values of a column of cells and which of them are recorded (None: all). Raises `NotANumber`."""
    try:
        return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells)), None
    except ValueError:
        pass
    values = np.full(len(cells), np.nan)
    recorded = np.ones(len(cells), dtype=np.bool_)
    for index, cell in enumerate(cells):
        if is_missing(cell):
            recorded[index] = False
        else:
            values[index] = number(cell, decimal_comma=decimal_comma)
    return values, recorded


def entry(value: object) -> float | None:
    """Return what one entry of a record means: a number, or None where nothing was recorded. Raises `NotANumber`."""
    if value is None:
        return None
    if isinstance(value, str):
        return None if is_missing(value) else number(value)
    if isinstance(value, bool | int | float):
        try:
            return float(value)
        except OverflowError:  # a whole number beyond what a float holds, as 1e999 is
            return math.inf if value > 0 else -math.inf
    item = getattr(value, "item", None)  # scalars of NumPy, and tensors, which would warn of a gradient
    try:
        return float(item() if callable(item) else value)  # type: ignore[arg-type]  # anything with __float__
    except (TypeError, ValueError, RuntimeError):
        raise NotANumber(repr(value)[:40]) from None
