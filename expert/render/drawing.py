"""A figure as SVG: plain shapes, no script, nothing from elsewhere, the same bytes for the same run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from expert.render.escape import printable
from expert.render.figure import Axis, Bars, Chart, Figure, Trace, is_logarithmic, number

WIDTH = 680
CHART = 210
BAR = 22
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 38, 34
DOTS = 40
"""Curves of so many points or fewer are drawn with a dot at each."""
COLORS = 6
STYLE = """\
.xf{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
.xf .bg{fill:#fbfcfd;stroke:#d8dee4}.xf .ink{fill:#1f2328}.xf .dim{fill:#59636e}.xf .title{font-weight:600}
.xf .grid{stroke:#e3e8ec;stroke-width:1}.xf .axis{stroke:#8c959f;stroke-width:1}
.xf .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.xf .mark{stroke:#59636e;stroke-width:1.2;stroke-dasharray:4 3}.xf .gone{fill:#cf222e;fill-opacity:.14}
.xf .bad{fill:#b3202c}
.xf .s0{stroke:#0969da}.xf .f0{fill:#0969da}.xf .s1{stroke:#c4570a}.xf .f1{fill:#c4570a}
.xf .s2{stroke:#2d7d3a}.xf .f2{fill:#2d7d3a}.xf .s3{stroke:#8250df}.xf .f3{fill:#8250df}
.xf .s4{stroke:#9a6700}.xf .f4{fill:#9a6700}.xf .s5{stroke:#57606a}.xf .f5{fill:#57606a}
@media (prefers-color-scheme:dark){
.xf .bg{fill:#161b22;stroke:#30363d}.xf .ink{fill:#e6edf3}.xf .dim{fill:#9198a1}
.xf .grid{stroke:#262c34}.xf .axis{stroke:#59636e}.xf .mark{stroke:#9198a1}.xf .bad{fill:#ff8182}
.xf .s0{stroke:#58a6ff}.xf .f0{fill:#58a6ff}.xf .s1{stroke:#f0883e}.xf .f1{fill:#f0883e}
.xf .s2{stroke:#56d364}.xf .f2{fill:#56d364}.xf .s3{stroke:#bc8cff}.xf .f3{fill:#bc8cff}
.xf .s4{stroke:#e3b341}.xf .f4{fill:#e3b341}.xf .s5{stroke:#9198a1}.xf .f5{fill:#9198a1}}
"""
LOGARITHMIC = "{what}, logarithmic"
FIRST_SIGN = "first sign"
NOT_FINITE, NOT_FINITE_OF = "NaN", "{label}: NaN"


def svg(figure: Figure, caption: str) -> str:
    """The figure, charts and bars below one another."""
    heights = [_height(part) for part in figure]
    lines = [
        f'<svg class="xf" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {sum(heights)}" '
        f'width="{WIDTH}" height="{sum(heights)}" role="img">',
        f"<title>{_said(caption)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="bg" x="0.5" y="0.5" width="{WIDTH - 1}" height="{sum(heights) - 1}" rx="6"/>',
    ]
    top = 0
    for part, height in zip(figure, heights, strict=True):
        lines.append(f'<g transform="translate(0 {top})">')
        lines += _chart(part) if isinstance(part, Chart) else _bars(part)
        lines.append("</g>")
        top += height
    return "\n".join([*lines, "</svg>"]) + "\n"


def _height(part: Chart | Bars) -> int:
    return CHART if isinstance(part, Chart) else TOP + BAR * len(part.values) + 14


def _chart(chart: Chart) -> Iterator[str]:
    values, positions = chart.values, chart.positions
    bottom, right = CHART - BOTTOM, WIDTH - RIGHT

    def across(value: float) -> float:
        return LEFT + (right - LEFT) * positions.place(value)

    def up(value: float) -> float:
        return bottom - (bottom - TOP) * values.place(value)

    yield from _heading(chart, chart.quantity)
    for value in _ticks(values):
        yield f'<path class="grid" d="M{LEFT} {up(value):.1f}H{right}"/>'
        yield _text(LEFT - 7, up(value) + 4, number(value), "dim", "end")
    yield f'<path class="axis" d="M{LEFT} {bottom}H{right}"/>'
    for value in _whole_ticks(positions):
        yield _text(across(value), bottom + 16, f"{value:g}", "dim", "middle")
    yield _text(right, bottom + 29, chart.clock, "dim", "end")
    if chart.mark is not None and positions.low <= chart.mark <= positions.high:
        yield f'<path class="mark" d="M{across(chart.mark):.1f} {TOP}V{bottom}"/>'
        side = "end" if positions.place(chart.mark) > 0.8 else "start"
        yield _text(across(chart.mark) + (-5 if side == "end" else 5), TOP + 11, FIRST_SIGN, "dim", side)
    for place, trace in enumerate(chart.traces):
        for first, last in _gaps(trace):
            left, end = across(first), across(last)
            yield (
                f'<rect class="gone" x="{left:.1f}" y="{TOP}" width="{max(3.0, end - left):.1f}" '
                f'height="{bottom - TOP}"/>'
            )
            told = NOT_FINITE if len(chart.traces) == 1 else NOT_FINITE_OF.format(label=trace.label)
            middle = min((left + max(left + 3.0, end)) / 2, right - 3.4 * len(told))
            yield _text(middle, bottom - 8 - 14 * place, told, "bad", "middle")
        points = [(across(x), up(y)) if math.isfinite(y) else None for x, y in zip(trace.x, trace.y, strict=True)]
        yield from _line(points, place % COLORS, dots=len(points) <= DOTS)


def _heading(chart: Chart, title: str) -> Iterator[str]:
    told = LOGARITHMIC.format(what=title) if chart.values.logarithmic else title
    yield _text(14, 22, told, "ink title")
    at = float(WIDTH - RIGHT)
    if [trace.label for trace in chart.traces] == [chart.quantity]:
        return
    for place, trace in reversed(list(enumerate(chart.traces))):
        width = 6.4 * len(trace.label)
        yield _text(at - width, 22, trace.label, "dim")
        yield f'<path class="line s{place % COLORS}" d="M{at - width - 24:.1f} 18h18"/>'
        at -= width + 40.0


def _line(points: Sequence[tuple[float, float] | None], color: int, *, dots: bool) -> Iterator[str]:
    path, pen = "", "M"
    for point in points:
        if point is None:
            pen = "M"
        else:
            path += f"{pen}{point[0]:.1f} {point[1]:.1f}"
            pen = "L"
    if path:
        yield f'<path class="line s{color}" d="{path}"/>'
    if dots:
        for point in points:
            if point is not None:
                yield f'<circle class="f{color}" cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="2.2"/>'


def _gaps(trace: Trace) -> Iterator[tuple[float, float]]:
    """The stretches that hold no number, from their first to their last place."""
    gap: list[float] = []
    for x, y in [*zip(trace.x, trace.y, strict=True), (math.nan, 0.0)]:
        if not math.isfinite(y):
            gap.append(x)
        elif gap:
            yield gap[0], gap[-1]
            gap = []


def _bars(bars: Bars) -> Iterator[str]:
    axis = bars.axis
    title = LOGARITHMIC.format(what=bars.quantity) if is_logarithmic((bars,)) else bars.quantity
    yield _text(14, 22, title, "ink title")
    widest = max(len(label) for label, _ in bars.values)
    left = min(220.0, 28.0 + 6.6 * widest)
    reach = WIDTH - RIGHT - left - 70
    for place, (label, value) in enumerate(bars.values):
        top = TOP + BAR * place
        yield _text(left - 8, top + 14, label if len(label) <= 30 else f"{label[:29]}…", "dim", "end")
        length = 0.0 if not math.isfinite(value) or value <= 0.0 else max(1.5, reach * axis.place(value))
        yield f'<rect class="f0" x="{left:.1f}" y="{top + 3}" width="{length:.1f}" height="{BAR - 7}" rx="2"/>'
        yield _text(left + length + 6, top + 14, number(value), "ink")


def _ticks(axis: Axis) -> list[float]:
    """Round numbers along an axis, about four of them."""
    if axis.logarithmic:
        low, high = round(math.log10(axis.low)), round(math.log10(axis.high))
        step = max(1, math.ceil((high - low) / 4))
        return [10.0**power for power in range(low, high + 1, step)]
    return _round_numbers(axis, 4)


def _whole_ticks(axis: Axis) -> list[float]:
    return [value for value in _round_numbers(axis, 8) if value == round(value)]


def _round_numbers(axis: Axis, about: int) -> list[float]:
    rough = (axis.high - axis.low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(axis.low / step - 1e-9)
    last = math.floor(axis.high / step + 1e-9)
    return [float(f"{count * step:.12g}") for count in range(first, last + 1)]


def _text(x: float, y: float, words: str, kind: str, anchor: str = "") -> str:
    place = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{place}>{_said(words)}</text>'


def _said(words: str) -> str:
    return escape(printable(words), quote=True)
