"""What the losses and the samples of two networks that play against each other tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from expert.authoring import Reading, Signal, Unknown

FEWEST = 8


def lead(view: Any, generator: Any, discriminator: Any) -> Reading | Unknown:
    """How much better off the discriminator is at the end than in the beginning: the ratio of the losses, then now."""
    first, second = generator.epochs, discriminator.epochs
    count = min(len(first), len(second))
    if count < FEWEST:
        return Unknown(f"only {count} common epochs were recorded, and {FEWEST} are needed")
    if min(first[:count].min(), second[:count].min()) <= 0.0:
        return Unknown("a loss that is not positive has no ratio")
    ratios = np.log(first[:count] / second[:count])
    quarter = count // 4
    before, after = float(np.median(ratios[:quarter])), float(np.median(ratios[-quarter:]))
    detail = {"before": float(np.exp(before)), "after": float(np.exp(after))}
    return Reading(float(np.exp(after - before)), detail=detail)


def left_of_best(view: Any, curve: Any) -> Reading | Unknown:
    """What is left at the end of the highest value there was."""
    if len(curve.epochs) < FEWEST:
        return Unknown(f"only {len(curve.epochs)} epochs were recorded, and {FEWEST} are needed")
    highest, last = float(curve.epochs.max()), float(np.median(curve.epochs[-3:]))
    if highest <= 0.0:
        return Unknown("it was never above 0")
    return Reading(max(last, 0.0) / highest, at=float(curve.epoch_numbers[-1]), clock="epoch")


LEAD = Signal(
    id="discriminator_lead",
    title="Lead of the discriminator, gained over the run",
    unit="ratio of the ratios of the losses",
    grade="curve",
    reads="{series} was {before:.2g} times {other} at first and is {after:.3g} times at the end",
    compute=lead,
    arguments=2,
)
LEFT = Signal(
    id="left_of_best",
    title="What is left of the best",
    unit="share",
    grade="curve",
    reads="of the best {series} {value:.0%} is left at {at}",
    compute=left_of_best,
)
