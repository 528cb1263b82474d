"""The records of one run, and how to build, save, combine and read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expert.history.arrays import FloatArray, FloatMatrix
from expert.history.clock import ClockMarks
from expert.history.events import Event
from expert.history.history import History
from expert.history.layers import LayerStatistics
from expert.history.profiles import Cell, DataProfile, LayerProfile, ModelProfile, RunConfig
from expert.history.record import Record
from expert.history.series import Clock, Direction, Ignored, Phase, Provenance, Reduction, Series
from expert.lazily import loading

if TYPE_CHECKING:
    from expert.history.journal import Journal

__all__ = [
    "Cell",
    "Clock",
    "ClockMarks",
    "DataProfile",
    "Direction",
    "Event",
    "FloatArray",
    "FloatMatrix",
    "History",
    "Ignored",
    "Journal",
    "LayerProfile",
    "LayerStatistics",
    "ModelProfile",
    "Phase",
    "Provenance",
    "Record",
    "Reduction",
    "RunConfig",
    "Series",
]

__getattr__ = loading(__name__, {"Journal": "expert.history.journal"})  # what is written live, most calls do without
