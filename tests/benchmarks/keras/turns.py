"""Several calls of ``fit`` in one process that take turns of a few steps, and what processor time each epoch took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from threading import Event, Thread
from time import process_time
from typing import Any

import keras

from tests.benchmarks.keras.trainings import Kind, Way
from tests.benchmarks.watching.bounds import quartiles

BLOCK = 20
"""Steps of a turn: so few that what slows the machine slows all alike."""


class Baton(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Waits for its turn, and takes the processor time of its own turns.

    It has no hook at the end of batches, so it does not make Keras wait for them.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.last = steps - 1
        self.go, self.done = Event(), Event()
        self.finished = False
        self.epochs: list[float] = []
        """Seconds of whole epochs: from the hooks at their beginning to those at the beginning of the next."""
        self.steps: list[float] = []
        """Seconds from the first to the last step of an epoch, by step."""
        self._worked, self._resumed = 0.0, 0.0
        self._began: float | None = None
        self._first = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch_is_over()
        self._wait()
        self._began = self._now()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 0:
            self._first = self._now()
        elif batch == self.last:
            self.steps.append((self._now() - self._first) / self.last)
        elif batch % BLOCK == 0:
            self._wait()

    def on_train_end(self, logs: Any = None) -> None:
        self._epoch_is_over()

    def end(self) -> None:
        """There will be no further turn."""
        self.finished = True
        self.done.set()

    def _epoch_is_over(self) -> None:
        if self._began is not None:
            self.epochs.append(self._now() - self._began)

    def _now(self) -> float:
        return self._worked + process_time() - self._resumed

    def _wait(self) -> None:
        self._worked = self._now()
        self.done.set()
        self.go.wait()
        self.go.clear()
        self._resumed = process_time()


@dataclass(frozen=True)
class Taken:
    """What each way took, by its name and epoch."""

    kind: Kind
    step: dict[str, list[float]] = field(default_factory=dict)
    epoch: dict[str, list[float]] = field(default_factory=dict)

    def seconds(self, way: Way) -> float:
        """The median step."""
        return median(self.step[way.name])

    def more(self, way: Way, bare: Way) -> tuple[float, float, float]:
        """Quartiles of what a step of a way takes more than a bare one in the epoch beside it, as a share of it."""
        pairs = zip(self.step[way.name], self.step[bare.name], strict=True)
        return quartiles([one / other - 1.0 for one, other in pairs])

    def between(self, way: Way, bare: Way) -> float:
        """Seconds more than bare that an epoch takes beside its steps, at its beginning and end: the median."""

        def beside(name: str) -> list[float]:
            return [
                whole - self.kind.steps * step for whole, step in zip(self.epoch[name], self.step[name], strict=True)
            ]

        return median(a - b for a, b in zip(beside(way.name), beside(bare.name), strict=True))


def take_turns(kind: Kind, ways: Sequence[Way], rounds: int, warm: int = 3) -> Taken:
    """Train in all ways at once, a few steps each in turns of changing order; ``warm`` first epochs do not count."""
    models = {way.name: kind.model(eager=way.eager) for way in ways}
    batons = [Baton(kind.steps) for _ in ways]
    failures: list[BaseException] = []

    def train(way: Way, baton: Baton) -> None:
        try:
            model = models[way.name]
            callbacks = [*way.callbacks(), baton]
            model.fit(kind.data(model.input_shape[1:]), epochs=warm + rounds, callbacks=callbacks, verbose=0)
        except BaseException as error:
            failures.append(error)
        baton.end()

    threads = [Thread(target=train, args=pair, daemon=True) for pair in zip(ways, batons, strict=True)]
    for thread, baton in zip(threads, batons, strict=True):
        # One after the other: to begin a training belongs to nobody's turn.
        thread.start()
        baton.done.wait()
    number = 0
    while not failures and not all(baton.finished for baton in batons):
        for place in range(len(batons)):
            _turn(batons[(number + place) % len(batons)])
        number += 1
    if failures:
        raise failures[0]
    named = list(zip(ways, batons, strict=True))
    return Taken(
        kind,
        {way.name: baton.steps[warm:] for way, baton in named},
        {way.name: baton.epochs[warm:] for way, baton in named},
    )


def _turn(baton: Baton) -> None:
    if not baton.finished:
        baton.done.clear()
        baton.go.set()
        baton.done.wait()
