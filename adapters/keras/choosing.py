"""Chooses for each step between two compiled ones: the one that Keras makes, and one that is looked into.

Most steps are Keras' own and take what they take without a watcher. To choose inside of one graph would cost at each
step: the part of a graph that is not taken takes its time, too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from expert.adapters.keras.graph_steps import GraphWatch
from expert.adapters.keras.pacing import PLAIN, UNBOUNDED, Pace, is_due, looked, next_epoch
from expert.adapters.live.sampling import AFTER_ANOMALY

Step = Callable[[Any], Any]
Failed = Callable[[str, Exception], None]


class ChosenStep:
    """Stands in the place of a model's ``train_function``. Steps are counted here, so nothing has to be read."""

    def __init__(self, watches: Sequence[GraphWatch], *, steps: int, always: bool, failed: Failed) -> None:
        """``steps``: how many a call makes. ``always``: each of them has to be made by the function looked into.

        That is so where two functions would differ: where a generator lives in the graph, or where numbers are drawn
        while a step is traced, which stay in it.
        """
        self.bare: Step | None = None
        """The step that Keras makes."""
        self.seen: Step | None = None
        """Another like it, traced while the watches look."""
        self._watches, self._steps, self._always, self._failed = list(watches), steps, always, failed
        self._unit = max((one.accumulates for one in watches), default=1)
        for one in watches:
            one.counts = steps > 1 or one.accumulates > 1
        self._pace = Pace()
        self._earlier = -1, self._pace
        self._before, self._done = 0, 0
        """Updates before this epoch, and steps of this epoch."""
        self._due, self._until = 0, 0
        """The next look comes after so many steps of this epoch; until so many the last one may be made."""
        self._alarmed, self._traced = False, False

    def __call__(self, iterator: Any) -> Any:
        """Make the next steps; returns and raises what the step of Keras does."""
        looking = self._always or self._done >= self._due or self._done < self._until
        if looking:
            self._order()
        for one in self._watches:
            one.looking = looking
        step = self.seen if looking else self.bare
        assert step is not None
        result = step(iterator) if self._traced else self._trace(step, iterator)
        self._done += self._steps
        return result

    def _trace(self, step: Step, iterator: Any) -> Any:
        before = _drawn()
        result = step(iterator)
        self._traced = True
        self._always |= any(one.draws for one in self._watches) or _drawn() != before
        return result

    def begin_epoch(self, shortest: int, longest: int, *, alarm: bool) -> None:
        """Begin an epoch with bounds for the distance of looks; ``alarm``: look closely at its first steps."""
        self._before += self._done // self._unit
        at, pace = self._earlier
        if at == self._done:
            # What was ordered last was not made: the data had come to their end.
            self._pace = pace
        for one in self._watches:
            one.begin_epoch(self._done)
        self._done, self._until = 0, 0
        self._pace = next_epoch(self._pace._replace(updates=self._before), shortest, longest, alarm=alarm)
        self._due = (self._pace.next_look - self._before) * self._unit

    def look_closely(self) -> None:
        """Look at the steps that come, for there is trouble; may be called by another thread."""
        self._alarmed, self._due = True, 0

    def _order(self) -> None:
        try:
            looks = self._looks()
            if looks:
                for one in self._watches:
                    one.order(looks, self._done + 1)
        except Exception as error:  # the step must be made
            self._due = UNBOUNDED
            self._failed("choosing a step to look at", error)

    def _looks(self) -> int:
        """How many looks the next call makes."""
        looks, pace = 0, self._pace
        self._earlier = self._done, pace
        for done in range(self._done, self._done + self._steps):
            pace = pace._replace(updates=self._before + done // self._unit)
            if self._alarmed:
                self._alarmed = False
                pace = pace._replace(next_look=pace.updates, dense_until=pace.updates + AFTER_ANOMALY)
            if done % self._unit == 0 and is_due(pace):
                looks, pace = looks + 1, looked(pace, False, PLAIN)
                self._until = done + self._unit
        self._pace = pace
        self._due = (pace.next_look - self._before) * self._unit
        return looks


def _drawn() -> tuple[Any, ...]:
    """The state of the generators that the code of a layer may draw from while it is traced."""
    numbers: Any = np.random.get_state()
    return random.getstate(), numbers[1].tobytes(), *numbers[2:]
