"""A measured number beside what it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Bound:
    """``value`` may be ``most``, in the unit ``unit``; a value of None was not measured, and ``note`` says why."""

    what: str
    value: float | None
    most: float
    unit: str = ""
    note: str = ""

    @property
    def passed(self) -> bool | None:
        return None if self.value is None else self.value <= self.most

    def row(self) -> str:
        allowed = f"{self.most:g}{self.unit}"
        if self.value is None:
            return f"| not measured | {self.what} | - | {allowed} | {self.note} |"
        # Where nothing is allowed there is no ratio.
        ratio = f"{self.value / self.most:.2f} of it" if self.most else "-"
        verdict = "PASS" if self.passed else "**FAIL**"
        return f"| {verdict} | {self.what} | {self.value:.3g}{self.unit} | {allowed} | {self.note or ratio} |"


def table(head: str, rows: Sequence[str]) -> str:
    """Markdown lines under a head like ``a | b``."""
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + " --- |" * columns, *rows]) + "\n"


def bounds_table(bounds: Sequence[Bound]) -> str:
    return table("verdict | what | measured | bound | ratio or remark", [bound.row() for bound in bounds])


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile."""
    if len(values) < 2:
        return (values[0],) * 3
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def short_time(seconds: float) -> str:
    """A time in the unit that suits it."""
    return f"{1e6 * seconds:.3g} µs" if seconds < 1e-3 else f"{1e3 * seconds:.3g} ms"
