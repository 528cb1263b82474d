"""Cases: the runs a rule must fire on and the near misses it must stay quiet on, kept as data inside the rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from expert.errors import AuthoringError
from expert.history import ClockMarks, DataProfile, History, LayerStatistics, ModelProfile, RunConfig, Series
from expert.history.record import nothing_known
from expert.history.roles import direction_of
from expert.language.handles import Metric
from expert.language.nodes import GivenFact


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Segment(_Record):
    """A stretch of a curve of ``count`` points from ``start`` to ``end``, with relative noise from a fixed seed."""

    form: Literal["line", "decay", "zigzag", "nan"]
    start: float
    end: float
    count: int
    noise: float = 0.0

    def values(self, seed: int) -> np.ndarray:
        """The points, float64 of length ``count``."""
        place = np.linspace(0.0, 1.0, self.count) if self.count > 1 else np.zeros(1)
        if self.form == "nan":
            return np.full(self.count, np.nan)
        if self.form == "zigzag":
            values = np.where(np.arange(self.count) % 2 == 0, self.start, self.end).astype(float)
        elif self.form == "decay":
            shape = (np.exp(-4.0 * place) - np.exp(-4.0)) / (1.0 - np.exp(-4.0))
            values = self.end + (self.start - self.end) * shape
        else:
            values = self.start + (self.end - self.start) * place
        return values * (1.0 + self.noise * np.random.default_rng(seed).standard_normal(self.count))


class Curve(_Record):
    """One series of a sketched run: segments one after another, at epochs, or at steps, ``per_epoch`` to an epoch."""

    role: str
    segments: tuple[Segment, ...]
    per_epoch: int | None = None

    def series(self) -> Series:
        """The series, positions counted from 1."""
        parts = [segment.values(seed) for seed, segment in enumerate(self.segments)]
        values = np.concatenate(parts)
        return Series(
            role=self.role,
            name=self.role,
            at=np.arange(1.0, len(values) + 1.0),
            values=values,
            clock="epoch" if self.per_epoch is None else "step",
            direction=direction_of(self.role.rpartition(".")[2]),  # as a log's would have it: rewards rise
        )


class Layers(_Record):
    """A per-layer statistic of a sketched run, constant over 60 steps."""

    quantity: str
    values: tuple[tuple[str, float], ...]

    def statistics(self) -> LayerStatistics:
        """The statistic as recorded at steps 1 to 60."""
        row = np.array([value for _, value in self.values], dtype=float)
        return LayerStatistics(
            quantity=self.quantity,
            layers=tuple(name for name, _ in self.values),
            at=np.arange(1.0, 61.0),
            values=np.tile(row, (60, 1)),
        )


class Sketch(_Record):
    """A run drawn with a few strokes."""

    curves: tuple[Curve, ...] = ()
    layers: tuple[Layers, ...] = ()
    config: RunConfig = nothing_known(RunConfig)
    model: ModelProfile = nothing_known(ModelProfile)
    data: DataProfile = nothing_known(DataProfile)

    def history(self) -> History:
        """The run as a History."""
        per_epoch = next((curve.per_epoch for curve in self.curves if curve.per_epoch), None)
        marks = None
        if per_epoch is not None:
            steps = max(sum(s.count for s in curve.segments) for curve in self.curves if curve.per_epoch)
            epochs = np.arange(0.0, steps // per_epoch + 1)
            marks = ClockMarks(step=epochs * per_epoch, epoch=epochs)
        return History(
            series=tuple(curve.series() for curve in self.curves),
            layers=tuple(layer.statistics() for layer in self.layers),
            marks=marks,
            config=self.config,
            model=self.model,
            data=self.data,
        )


class Case(_Record):
    """A named case: either facts taken as given (the rule's logic) or a sketched run (signals and rule together)."""

    name: str
    given: tuple[GivenFact, ...] = ()
    run: Sketch | None = None


def case(name: str, body: tuple[GivenFact, ...] | Sketch) -> Case:
    """A case from ``facts(...)`` or ``run(...)``."""
    return Case(name=name, run=body) if isinstance(body, Sketch) else Case(name=name, given=body)


def facts(*given: GivenFact) -> tuple[GivenFact, ...]:
    """Facts a case takes as given: ``facts(data.samples.of(20), signal.noise_level(val.loss).of(0.3))``."""
    for item in given:
        if not isinstance(item, GivenFact):
            raise AuthoringError(f"facts(…) takes terms with a value, such as data.samples.of(20), not {item!r}.")
    return given


def run(
    *curves: Curve,
    layers: tuple[Layers, ...] = (),
    config: Mapping[str, object] | None = None,
    model: Mapping[str, object] | None = None,
    data: Mapping[str, object] | None = None,
) -> Sketch:
    """A run sketched from curves, per-layer statistics and profile fields."""
    return Sketch(
        curves=curves,
        layers=layers,
        config=RunConfig.model_validate(config) if config else nothing_known(RunConfig),
        model=ModelProfile.model_validate(model) if model else nothing_known(ModelProfile),
        data=DataProfile.model_validate(data) if data else nothing_known(DataProfile),
    )


def curve(metric: Metric, *segments: Segment, per_epoch: int | None = None) -> Curve:
    """A series of a sketched run; ``per_epoch`` makes it a series of steps."""
    return Curve(role=metric.role, segments=segments, per_epoch=per_epoch)


def layers(quantity: str, **values: float) -> Layers:
    """A per-layer statistic, layers in forward order: ``layers("gradient_norm", first=1e-5, last=0.2)``."""
    return Layers(quantity=quantity, values=tuple(values.items()))


def line(start: float, end: float, count: int, noise: float = 0.0) -> Segment:
    """A straight stretch."""
    return Segment(form="line", start=start, end=end, count=count, noise=noise)


def decay(start: float, end: float, count: int, noise: float = 0.0) -> Segment:
    """A stretch that falls (or rises) fast first and then levels off, as losses do."""
    return Segment(form="decay", start=start, end=end, count=count, noise=noise)


def flat(level: float, count: int, noise: float = 0.0) -> Segment:
    """A stretch at one level."""
    return line(level, level, count, noise)


def zigzag(low: float, high: float, count: int, noise: float = 0.0) -> Segment:
    """A stretch that jumps between two levels at each point."""
    return Segment(form="zigzag", start=high, end=low, count=count, noise=noise)


def broken(count: int) -> Segment:
    """A stretch of NaN, as a loss shows it once a value has overflowed."""
    return Segment(form="nan", start=0.0, end=0.0, count=count)
