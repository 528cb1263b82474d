"""Small runs for tests of signals, and the view of them that a signal reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expert.history import ClockMarks, DataProfile, Event, History, LayerStatistics, ModelProfile, RunConfig, Series
from expert.signals import (
    SIGNALS,
    chance,
    change,
    data,
    forgetting,
    gap,
    gradients,
    layers,
    noise,
    nonfinite,
    oscillation,
    periodicity,
    plateau,
    schedule,
    steps,
    trend,
)
from expert.signals.curve import Curve
from expert.signals.signal import Reading, Signal, Unknown

Floats = NDArray[np.float64]
BY_ID: Mapping[str, Signal] = {signal.id: signal for signal in SIGNALS}
GENERAL: tuple[Signal, ...] = tuple(
    signal
    for theme in (
        chance, change, data, forgetting, gap, gradients, layers, noise, nonfinite, oscillation, periodicity, plateau,
        schedule, steps, trend,
    )
    for signal in theme.SIGNALS
)  # fmt: skip
"""The signals of the general themes; every one of them can be read from one rich run."""


class Run:
    """A run and its view: series by role, layer statistics by quantity, profiles."""

    def __init__(
        self,
        series: Mapping[str, ArrayLike] | None = None,
        *,
        clock: str = "epoch",
        at: ArrayLike | None = None,
        marks: ClockMarks | None = None,
        layers: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
        config: Mapping[str, Any] | None = None,
        model: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        events: Sequence[Event] = (),
        **series_fields: Any,
    ) -> None:
        def one(role: str, values: ArrayLike) -> Series:
            values = np.asarray(values, dtype=np.float64)
            places = np.arange(1.0, len(values) + 1.0) if at is None else np.asarray(at, dtype=np.float64)
            return Series(role=role, name=role, at=places[: len(values)], values=values, clock=clock, **series_fields)

        def table(quantity: str, columns: Mapping[str, Sequence[float]]) -> LayerStatistics:
            values = np.array(list(columns.values()), dtype=np.float64).T
            return LayerStatistics(
                quantity=quantity, layers=tuple(columns), at=np.arange(1.0, len(values) + 1.0), values=values
            )

        self.history = History(
            series=tuple(one(role, values) for role, values in (series or {}).items()),
            layers=tuple(table(quantity, columns) for quantity, columns in (layers or {}).items()),
            marks=marks,
            events=tuple(events),
            config=RunConfig(**(config or {})),
            model=ModelProfile(**(model or {})),
            data=DataProfile(**(data or {})),
        )
        self._curves: dict[str, Curve] = {}

    @property
    def config(self) -> RunConfig:
        return self.history.config

    @property
    def model(self) -> ModelProfile:
        return self.history.model

    @property
    def data(self) -> DataProfile:
        return self.history.data

    def curve(self, role: str) -> Curve | None:
        series = self.history.get(role)
        if series is not None and role not in self._curves:
            self._curves[role] = Curve(series, self.history.marks)
        return self._curves.get(role)

    def layers(self, quantity: str) -> LayerStatistics | None:
        return self.history.layer(quantity)

    def read(self, signal: str, *roles: str) -> Reading | Unknown:
        curves = [self.curve(role) for role in roles]
        assert None not in curves
        return BY_ID[signal].read(self, *curves)  # type: ignore[arg-type]

    def value(self, signal: str, *roles: str) -> Any:
        found = self.read(signal, *roles)
        assert isinstance(found, Reading), found
        return found.value


def loss_run(values: ArrayLike, **more: Any) -> Run:
    return Run({"train.loss": values}, **more)


def value(signal: str, values: ArrayLike, **more: Any) -> Any:
    """The value of a signal of one series, given as the training loss."""
    return loss_run(values, **more).value(signal, "train.loss")


def decay(epochs: int, noise: float = 0.0, *, start: float = 2.3, end: float = 0.3, seed: int = 0) -> Floats:
    t = np.arange(epochs) / epochs
    clean = end + (start - end) * np.exp(-6.0 * t)
    return np.asarray(clean * np.exp(noise * np.random.default_rng(seed).standard_normal(epochs)), dtype=np.float64)


def flat(epochs: int, noise: float = 0.0, *, level: float = np.log(10.0), seed: int = 0) -> Floats:
    return np.asarray(level * np.exp(noise * np.random.default_rng(seed).standard_normal(epochs)), dtype=np.float64)


def line(epochs: int, noise: float = 0.0, *, start: float = 2.3, end: float = 2.25, seed: int = 0) -> Floats:
    clean = np.linspace(start, end, epochs)
    return np.asarray(clean * np.exp(noise * np.random.default_rng(seed).standard_normal(epochs)), dtype=np.float64)


def bowl(epochs: int, noise: float = 0.0, *, rise: float = 0.5, seed: int = 0) -> Floats:
    """Falls from 2.3 to 0.6 over the first 40 %, then rises by ``rise`` times that, as overfitting does."""
    t = np.arange(epochs) / (epochs - 1)
    clean = np.where(t < 0.4, 0.6 + 1.7 * (1.0 - t / 0.4) ** 2, 0.6 * (1.0 + rise * (t - 0.4) / 0.6))
    return np.asarray(clean * np.exp(noise * np.random.default_rng(seed).standard_normal(epochs)), dtype=np.float64)


def alternating(epochs: int, noise: float = 0.0, *, low: float = 1.0, high: float = 1.6, seed: int = 0) -> Floats:
    clean = np.where(np.arange(epochs) % 2 == 0, high, low)
    return np.asarray(clean * np.exp(noise * np.random.default_rng(seed).standard_normal(epochs)), dtype=np.float64)
