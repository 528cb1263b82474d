"""What a signal is: a named, graded, pure function of a run that gives one value or says why it cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from expert.history import DataProfile, History, LayerStatistics, ModelProfile, RunConfig
    from expert.signals.curve import Curve

WATCHED = "; in PyTorch expert.adapters.torch.watch records it"
"""Ends a hint of what to record where a collector does it by itself."""

Grade = Literal["proof", "internal", "config", "curve"]


class View(Protocol):
    """What a signal sees of the run."""

    @property
    def history(self) -> History:
        """The run itself."""
        ...

    @property
    def config(self) -> RunConfig:
        """The run's configuration."""
        ...

    @property
    def model(self) -> ModelProfile:
        """The model's profile."""
        ...

    @property
    def data(self) -> DataProfile:
        """The data's profile."""
        ...

    def curve(self, role: str) -> Curve | None:
        """The series with this role, summarized, or None."""
        ...

    def layers(self, quantity: str) -> LayerStatistics | None:
        """A per-layer statistic, or None."""
        ...


NO_DETAIL: Mapping[str, float | str] = {}


class Reading(NamedTuple):
    """The value found, where on which clock it was read, and further words for the sentence."""

    value: float | bool | str
    at: float | None = None
    clock: str | None = None
    detail: Mapping[str, float | str] = NO_DETAIL


class Unknown(NamedTuple):
    """Why there is no value (a clause without a full stop), and how to record what is missing."""

    reason: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """One value of a run. ``arguments`` is the number of series it reads; ``reads`` the sentence that says its value.

    The sentence is a template over ``{series}``, ``{other}``, ``{value}``, ``{at}`` and the names of the reading's
    detail. ``grade`` says what kind of evidence the value is. ``record`` tells how to record what it needs.
    """

    id: str
    title: str
    unit: str
    grade: Grade
    reads: str
    compute: Callable[..., Reading | Unknown]
    arguments: int = 1
    record: str = ""

    @np.errstate(all="ignore")  # as a decorator it costs half of what a block does
    def read(self, view: View, *curves: Curve) -> Reading | Unknown:
        """Compute the value. A number too large or too small to compute with is no value; no warning is given."""
        try:
            found = self.compute(view, *curves)
        except ArithmeticError:  # single floats raise where arrays give infinity
            return Unknown(f"{self.title.lower()} is outside what can be computed", self.record)
        if isinstance(found, Reading) and isinstance(found.value, float) and not math.isfinite(found.value):
            return Unknown(f"{self.title.lower()} came out as {found.value}, outside what can be computed", self.record)
        if isinstance(found, Unknown) and not found.record:
            return Unknown(found.reason, self.record)
        return found
