"""A run as something to look at: its curves in charts, its layers as bars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from expert.history import History, LayerStatistics, Series
from expert.wording import spoken

MOST_POINTS = 240
"""A longer curve is drawn by the lowest and the highest value of each of its stretches."""
LARGEST = 1e280
"""The largest value that an axis is made for; what is beyond counts as infinite."""
WIDE, WIDE_LOSS = 100.0, 1000.0
"""From this ratio of the largest to the smallest value on, an axis is logarithmic; where a loss rises from its best, a
logarithm would hide it.
"""


@dataclass(frozen=True)
class Trace:
    """One curve: its points, of which those that are not finite are NaN."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def finite(self) -> tuple[float, ...]:
        """The values that can be drawn."""
        return tuple(value for value in self.y if math.isfinite(value))


@dataclass(frozen=True)
class Axis:
    """The values an axis spans; ``low`` is above 0 where it is logarithmic."""

    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value stands, from 0 (the low end) to 1."""
        if self.logarithmic:
            if value <= self.low:
                return 0.0
            return min(1.0, math.log(value / self.low) / math.log(self.high / self.low))
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class Chart:
    """Curves of one quantity over one clock. ``mark`` is the place where the first sign was seen."""

    quantity: str
    clock: str
    traces: tuple[Trace, ...]
    mark: float | None = None

    @property
    def values(self) -> Axis:
        """The axis of the values. It begins at 0 where nothing is negative, so that a small change looks small."""
        finite = [value for trace in self.traces for value in trace.finite]
        if not finite:
            return Axis(0.0, 1.0)
        low, high = min(finite), max(finite)
        if low > 0.0 and high / low >= (WIDE_LOSS if self.quantity == "loss" else WIDE):
            return Axis(10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high)), logarithmic=True)
        if low >= 0.0:
            is_share = self.quantity == "accuracy" and high <= 1.0
            low, high = 0.0, 1.0 if is_share or high == 0.0 else high * 1.08
        else:
            reach = high - low
            low, high = low - 0.08 * reach, max(0.0, high + 0.08 * reach)
        return Axis(low, high) if high > low else Axis(low - 1.0, low + 1.0)

    @property
    def positions(self) -> Axis:
        """The axis of the clock."""
        every = [x for trace in self.traces for x in trace.x]
        low, high = min(every), max(every)
        return Axis(low, high) if high > low else Axis(low - 1.0, high + 1.0)


@dataclass(frozen=True)
class Bars:
    """One value for each layer, in forward order."""

    quantity: str
    values: tuple[tuple[str, float], ...]

    @property
    def axis(self) -> Axis:
        """The axis of the values; bars of very different lengths are shown on a logarithmic one."""
        finite = [value for _, value in self.values if math.isfinite(value) and value > 0.0]
        if not finite:
            return Axis(0.0, 1.0)
        low, high = min(finite), max(finite)
        if high / low >= WIDE:
            return Axis(
                10.0 ** (math.floor(math.log10(low)) - 1), 10.0 ** math.ceil(math.log10(high)), logarithmic=True
            )
        return Axis(0.0, 1.0 if self.quantity.endswith("share") else high)


Figure = tuple[Chart | Bars, ...]


def figure_of(history: History, mark: float | None = None, clock: str | None = None) -> Figure:
    """The curves of a run, grouped by quantity and clock, then its layers."""
    groups: dict[tuple[str, str], list[Series]] = {}
    for series in history.series:
        if len(series):
            groups.setdefault((_quantity(series), series.clock), []).append(series)
    charts = tuple(
        Chart(quantity, on, tuple(_trace(one, group) for one in group), mark if on == (clock or "epoch") else None)
        for (quantity, on), group in groups.items()
    )
    return (*charts, *(_bars(layer) for layer in history.layers if len(layer)))


def is_logarithmic(figure: Iterable[Chart | Bars]) -> bool:
    """Whether any of its axes is logarithmic, which is worth saying."""
    return any((part.axis if isinstance(part, Bars) else part.values).logarithmic for part in figure)


def number(value: float) -> str:
    """A number as axes show it: three digits, no exponent where none is needed."""
    if value == 0.0:
        return "0"
    if not math.isfinite(value):
        return str(value)
    if 1e-3 <= abs(value) < 1e5:
        return f"{float(f'{value:.3g}'):g}"
    mantissa, exponent = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _quantity(series: Series) -> str:
    role = series.role or series.name
    subject, _, quantity = role.partition(".")
    return quantity.replace("_", " ") if subject in ("train", "val", "test", "train_eval") else spoken(role)


def _trace(series: Series, group: Sequence[Series]) -> Trace:
    role = series.role or series.name
    label = spoken(role) if len(group) == 1 or series.role is None else spoken(role).removesuffix(_suffix(series))
    x, y = _thinned(np.asarray(series.at, dtype=float), np.asarray(series.values, dtype=float))
    return Trace(label or role, tuple(map(float, x)), tuple(map(float, _drawable(y))))


def _suffix(series: Series) -> str:
    return f" {_quantity(series)}"


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points, or of each stretch of many points the lowest and the highest, in their order."""
    if len(x) <= MOST_POINTS:
        return x, y
    kept: list[int] = []
    for stretch in np.array_split(np.arange(len(x)), MOST_POINTS // 2):
        values = np.where(np.isfinite(y[stretch]), y[stretch], np.nan)
        if np.isnan(values).all():
            kept.append(int(stretch[0]))
        else:
            kept += sorted({int(stretch[np.nanargmin(values)]), int(stretch[np.nanargmax(values)])})
    return x[kept], y[kept]


def _drawable(values: np.ndarray) -> np.ndarray:
    """Values with NaN for those too large for an axis, and 0 for those too small for one."""
    sizes = np.abs(np.where(np.isfinite(values), values, np.inf))
    return np.where(sizes > LARGEST, np.nan, np.where(sizes < 1.0 / LARGEST, 0.0, values))


def _bars(layer: LayerStatistics) -> Bars:
    middle = [_median(_drawable(layer.values[:, place])) for place in range(len(layer.layers))]
    return Bars(layer.quantity.replace("_", " "), tuple(zip(layer.layers, middle, strict=True)))


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else math.nan
