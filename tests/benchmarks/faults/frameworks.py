"""In which frameworks the problems are trained, and what of a `Setup` each has a place for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from .setup import Setup

Framework = Literal["torch", "keras"]

SHARES: Mapping[Framework, float] = {"torch": 1.0, "keras": 0.25}
"""Share of the programs of a fault or a healthy variant on which it is tried."""

WITHOUT_PLACE: Mapping[Framework, tuple[str, ...]] = {
    "torch": (),
    "keras": (
        "gradients_zeroed", "left_out", "training_mode", "clip_values",
        "keep_best", "training_measured", "prior_bias", "normalized_entrance",
    ),
}  # fmt: skip
"""Fields for which a call of ``model.fit`` has no place, so that a fault which turns one has no meaning there; behind
them those that only experiments and remedies turn, which are tried in PyTorch.
"""

CURED: tuple[Framework, ...] = ("torch",)
"""Where remedies are carried out; many of them turn what has no place in the other."""


def can_train(framework: Framework, setup: Setup) -> bool:
    """Whether a training in this framework can be what the setup says."""
    return all(getattr(setup, name) == getattr(Setup(), name) for name in WITHOUT_PLACE[framework])
