"""A signal: how much slower the steps became over the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from expert.authoring import Reading, Signal, Unknown

FEWEST = 20


def slowdown(view: Any, seconds: Any) -> Reading | Unknown:
    """The median step of the last quarter over the median step of the second quarter (the first warms up)."""
    points = seconds.points
    if len(points) < FEWEST:
        return Unknown(f"only {len(points)} step times were recorded, and {FEWEST} are needed")
    quarter = len(points) // 4
    before, after = np.median(points[quarter : 2 * quarter]), np.median(points[-quarter:])
    if before <= 0.0:
        return Unknown("the step times are not positive")
    return Reading(float(after / before))


SLOWDOWN = Signal(
    id="slowdown",
    title="slowdown of the steps",
    unit="ratio",
    grade="internal",
    reads="a step takes {value:.1f} times as long at the end as in the second quarter",
    compute=slowdown,
    record="log time.step_seconds for every step",
)
