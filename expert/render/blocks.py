"""A figure in block characters, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from expert.render.figure import Axis, Bars, Chart, Figure, Trace, number

EIGHTHS = " ▁▂▃▄▅▆▇█"
ROWS = 3
NOT_FINITE = "×"
SHORTEST, LONGEST = 12, 72
SPAN = "{clock} {first:g} to {last:g}"
LOGARITHMIC = " (logarithmic)"


def plotted(figure: Figure, width: int) -> list[str]:
    """The lines, none longer than the width where that leaves any room."""
    lines: list[str] = []
    for part in figure:
        lines += ["", *(_chart(part, width) if isinstance(part, Chart) else _bars(part, width))]
    return lines[1:]


def _chart(chart: Chart, width: int) -> Iterator[str]:
    axis = chart.values
    ends = number(axis.high), number(axis.low)
    margin = max(map(len, ends)) + 1
    room = min(LONGEST, max(SHORTEST, width - margin - 2))
    yield chart.quantity + (LOGARITHMIC if axis.logarithmic else "")
    for trace in chart.traces:
        heights = _heights(trace, axis, chart.positions, room)
        if len(chart.traces) > 1:
            yield f"{'':{margin}} {trace.label}"
        for row in reversed(range(ROWS)):
            end = ends[0] if row == ROWS - 1 else ends[1] if row == 0 else ""
            yield f"{end:>{margin}} │{''.join(_cell(height, row) for height in heights)}".rstrip()
    yield f"{'':{margin}}  {SPAN.format(clock=chart.clock, first=chart.positions.low, last=chart.positions.high)}"


def _heights(trace: Trace, axis: Axis, positions: Axis, room: int) -> list[float | None]:
    """For each column the height of the curve there, 0 to 1; None where it holds no number, NaN where nothing."""
    columns = min(room, max(SHORTEST, len(trace.x))) if len(trace.x) > 1 else 1
    held: list[list[float]] = [[] for _ in range(columns)]
    for x, y in zip(trace.x, trace.y, strict=True):
        held[min(columns - 1, int(positions.place(x) * columns))].append(y)
    heights: list[float | None] = []
    for values in held:
        finite = [axis.place(value) for value in values if math.isfinite(value)]
        if finite:
            heights.append(max(finite))
        else:
            # between two points a short curve goes on at the height of the one before
            heights.append(None if values else (heights[-1] if heights else None))
    return heights


def _cell(height: float | None, row: int) -> str:
    if height is None:
        return NOT_FINITE if row == 0 else " "
    filled = max(1, round(height * ROWS * 8)) - row * 8
    return EIGHTHS[min(8, max(0, filled))]


def _bars(bars: Bars, width: int) -> Iterator[str]:
    axis = bars.axis
    yield bars.quantity + (LOGARITHMIC if axis.logarithmic else "")
    margin = max(len(label) for label, _ in bars.values) + 1
    room = min(LONGEST, max(SHORTEST, width - margin - 12))
    for label, value in bars.values:
        share = axis.place(value) if math.isfinite(value) and value > 0.0 else 0.0
        yield f"{label:>{margin}} │{_bar(share * room)} {number(value)}"


def _bar(length: float) -> str:
    whole, part = divmod(round(length * 8), 8)
    return "█" * whole + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[part]
