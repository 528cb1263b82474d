"""Limits that several rules share."""

from __future__ import annotations

from expert.authoring import limit

LITTLE_PROGRESS = limit(
    "little-progress", 0.3, unit="relative", source="measured", healthy="0.59-0.99 within ten epochs"
)
NO_PROGRESS = limit("no-progress", 0.01, unit="relative", source="measured", healthy="0.59-0.99 within ten epochs")
WILD_UPDATE = limit("wild-early-update", 0.3, unit="ratio", source="measured", healthy="0.002-0.07")
FAINT_GRADIENT = limit(
    "faint-first-gradient", 0.01, unit="ratio", source="AutoTrainer 2021, measured", healthy="0.14-3.2"
)
DEAD_UNITS = limit("dead-units", 0.5, unit="share", source="SageMaker Debugger, measured", healthy="0.00-0.44")
STEEP_START = limit(
    "gradient-at-start", 300, unit="norm per unit of error", source="measured", healthy="0.1-7; unscaled inputs to 190"
)
ONE_SIDED = limit("gradient-at-one-bound", 0.9, unit="share", source="measured", healthy="0.0")
