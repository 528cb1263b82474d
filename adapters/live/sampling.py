"""Which steps of a live run are looked at, and how closely, so that looking costs a fixed share of the run's time."""

from __future__ import annotations

import math
from statistics import median
from typing import Literal

Look = Literal["norms", "pair", "full"]
"""``norms``: sizes of the gradients. ``pair``: these, and their direction against the step before. ``full``: all."""

FIRST = 10
"""The first steps are all looked at in full: what goes wrong at once shows there."""
AFTER_ANOMALY = 10
"""So are as many after something that is not finite, or a jump of the loss."""
FIXED_STRIDE = 50
"""The stride where it must not depend on time: several processes have to look at the same steps."""
SHARE: dict[Look, float] = {"full": 0.65, "norms": 0.25}
"""How the budget is divided between looks in full, with the direction taken a step later, and the others."""
LEAST = 0.2
"""So much of the budget is left to looks where the calls on all other steps would use it up."""
MOST = {"full": 400, "norms": 4000}
"""After so many looks a run is looked at about as often as it is long: each further look waits for steps / MOST."""
GROWTH: dict[Look, float] = {"full": 0.15, "norms": 0.05}
"""A young run is looked at more often than its budget allows: the distance of looks is at most this share of the
steps so far. That is a handful of looks each time a run becomes twice as long, and short runs show something, too."""
REMEMBERED = 15


class Sampling:
    """Says for each step, numbered from 1, how closely to look at it.

    ``every=k`` fixes the stride: steps 1 to 10, then every k-th in full with the step after it for the direction.
    Otherwise the stride follows from what looks cost (``took``) and how long steps take (``steps_took``), so that
    looks, and ``calls`` seconds on every step, take ``budget`` (a share, 0 to 1) of the run's time.
    """

    def __init__(self, every: int | None = None, budget: float = 0.01, calls: float = 0.0) -> None:
        self.every, self.budget, self.calls = every, budget, calls
        self.next_full, self.next_norms = 1, 1
        self.pair_at = 0
        self.dense_until = FIRST
        self._costs: dict[Look, list[float]] = {"full": [], "pair": [], "norms": []}
        self._steps: list[tuple[float, int]] = []

    def look(self, step: int) -> Look | None:
        """How closely to look at this step; None for not at all."""
        if step <= self.dense_until or step == self.next_full:
            return "full"
        if step == self.pair_at:
            return "pair"
        return "norms" if step == self.next_norms else None

    def due(self, step: int) -> int:
        """The first step from ``step`` on that is looked at."""
        if step <= self.dense_until:
            return step
        planned = [at for at in (self.next_full, self.pair_at, self.next_norms) if at >= step]
        if not planned:
            # A look that failed has planned no other: try again, ever more rarely.
            self.next_full = step + self._stride(step, "full")
            return self.next_full
        return min(planned)

    def took(self, step: int, look: Look, seconds: float) -> None:
        """A look at this step has cost so much: plan the next ones."""
        costs = self._costs[look]
        costs.append(seconds)
        del costs[:-REMEMBERED]
        if look == "full":
            self.pair_at = step + 1
            self.next_full = step + self._stride(step, "full")
        # A fuller look holds the norms, too.
        self.next_norms = step + self._stride(step, "norms")
        self.next_full = max(self.next_full, step + 1)

    def steps_took(self, seconds: float, steps: int = 1) -> None:
        """So many steps of the run, without our looks, have taken so long together."""
        self._steps.append((seconds / steps, steps))
        del self._steps[:-REMEMBERED]

    def alarm(self, step: int) -> None:
        """Something happened at this step: look closely at what follows."""
        self.dense_until = max(self.dense_until, step + AFTER_ANOMALY)

    @property
    def step_seconds(self) -> float | None:
        """How long a step of the run usually takes: half of those measured took less. None before there was one."""
        left = sum(steps for _, steps in self._steps) / 2.0
        for seconds, steps in sorted(self._steps):
            left -= steps
            if left <= 0.0:
                return seconds
        return None

    def _stride(self, step: int, look: Look) -> int:
        if self.every is not None:
            # Looks in full stand at multiples of the stride, whatever came before; nothing is looked at in between.
            return self.every - step % self.every if look == "full" else self.every + 1
        usual = self.step_seconds
        if not usual or not self._costs[look]:
            return max(1, math.ceil(step * GROWTH[look]))
        cost = median(self._costs[look])
        if look == "full" and self._costs["pair"]:
            cost += median(self._costs["pair"])
        spare = max(self.budget * usual - self.calls, LEAST * self.budget * usual)
        affordable = cost / (SHARE[look] * spare)
        return max(1, -(-step // MOST[look]), min(math.ceil(affordable), math.ceil(step * GROWTH[look])))
