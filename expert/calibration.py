"""How often causes turned out to be right: two numbers for each grade of evidence, fitted where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from expert.signals.signal import Grade


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Line(_Record):
    """Log-odds as they came true, of the log-odds that prior and evidence add up to: ``slope * sum + offset``.

    A slope above 0 keeps the order of causes of one grade as their authors wrote it.
    """

    slope: Annotated[float, Field(gt=0.0, le=10.0)]
    offset: Annotated[float, Field(ge=-10.0, le=10.0)] = 0.0

    def come_true(self, log_odds: float) -> float:
        """The log-odds that a sum of evidence stands for."""
        return self.slope * log_odds + self.offset


class Calibration(_Record):
    """What the causes that a plugin names were measured to be worth; a grade without a line keeps its cap.

    ``causes`` is how many were counted, in runs of so many ``programs``, ``fitted_on`` what those runs are, ``commit``
    and ``date`` (ISO 8601) the state of the rules that named them.
    """

    lines: Mapping[Grade, Line]
    causes: Annotated[int, Field(ge=0)]
    programs: Annotated[int, Field(ge=0)]
    fitted_on: str
    commit: str = ""
    date: str = ""
