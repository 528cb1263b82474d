"""One series or layer statistic that grows at its end, fragment by fragment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.history.arrays import read_only
from expert.history.layers import LayerStatistics
from expert.history.series import Series

Floats = NDArray[np.float64]

SMALL = 4096
"""Parts shorter than this are united as they come: a hundred thousand fragments of one step are as many arrays."""


class _Part(NamedTuple):
    at: Floats
    values: Floats
    layers: tuple[str, ...]


class Track:
    """One series or layer statistic that grows at its end; ``newest`` tells everything of it but the numbers."""

    newest: Any

    def __init__(self) -> None:
        self.parts: list[_Part] = []

    @property
    def length(self) -> int:
        """Number of positions."""
        return sum(len(part.at) for part in self.parts)

    @property
    def cells(self) -> int:
        """Number of values."""
        return sum(part.values.size for part in self.parts)

    @property
    def names(self) -> set[str]:
        """All layers named."""
        return set(self.newest.layers).union(*{part.layers for part in self.parts})

    @property
    def spread(self) -> int:
        """Number of values the united table has."""
        return self.length * len(self.names)

    def cut(self, position: float) -> bool:
        """Leave out what stands at this position or later; say whether anything did."""
        found = False
        while self.parts and self.parts[-1].at[-1] >= position:
            found = True
            at, values, layers = self.parts.pop()
            kept = int(np.searchsorted(at, position))
            if kept:
                self.parts.append(_Part(at[:kept], values[:kept], layers))
        return found

    def add(self, record: Series | LayerStatistics) -> None:
        """Continue with a record that begins behind the last position."""
        self.newest = record
        if not len(record):
            return
        self.parts.append(_Part(record.at, record.values, _layers(record)))
        while len(self.parts) > 1:
            before, last = self.parts[-2:]
            if len(before.at) >= min(SMALL, 2 * len(last.at)) or before.layers != last.layers:
                return
            self.parts[-2:] = [_united([before, last], last.layers)]

    def joined(self, shared: dict[tuple[int, float, float], Floats]) -> Any:
        """Return everything in one record, None where all of it was left out; equal positions are held once."""
        if not self.parts:
            return self.newest if not len(self.newest) else None
        orders = dict.fromkeys([_layers(self.newest), *(part.layers for part in reversed(self.parts))])
        whole = _united(self.parts, _forward_order(orders))
        at = shared.setdefault((len(whole.at), float(whole.at[0]), float(whole.at[-1])), whole.at)
        if not np.array_equal(at, whole.at):
            at = whole.at
        names = {"layers": whole.layers} if isinstance(self.newest, LayerStatistics) else {}
        # Every part was checked as it came, and rises from where the one before ends.
        return self.newest.model_copy(update={"at": read_only(at), "values": read_only(whole.values), **names})


def _layers(record: Series | LayerStatistics) -> tuple[str, ...]:
    return record.layers if isinstance(record, LayerStatistics) else ()


def _united(parts: list[_Part], layers: tuple[str, ...]) -> _Part:
    if len(parts) == 1 and parts[0].layers == layers:
        return parts[0]
    at = np.concatenate([part.at for part in parts])
    if all(part.layers == layers for part in parts):
        return _Part(at, np.concatenate([part.values for part in parts]), layers)
    column = {name: index for index, name in enumerate(layers)}
    values = np.full((len(at), len(layers)), np.nan)
    row = 0
    for part in parts:
        values[row : row + len(part.at), [column[name] for name in part.layers]] = part.values
        row += len(part.at)
    return _Part(at, values, layers)


def _forward_order(orders: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Unite orders, the one that counts most first; a name it lacks stands behind the one it follows elsewhere."""
    united: list[str] = []
    for names in orders:
        known = set(united)
        following: dict[str | None, list[str]] = {}
        anchor = None
        for name in names:
            if name in known:
                anchor = name
            else:
                following.setdefault(anchor, []).append(name)
        if following:
            united = following.get(None, []) + [each for name in united for each in (name, *following.get(name, ()))]
    return tuple(united)
