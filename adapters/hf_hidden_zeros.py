"""Losses of exactly 0 that the trainer of Hugging Face writes where all losses since the entry before were NaN."""

from __future__ import annotations

import numpy as np

from expert.history import Event, History


def with_hidden_zeros(history: History, *, rounded: bool) -> History:
    """Note the zeros, and make the first beside a gradient norm that is not finite an event.

    Where the log is ``rounded``, as what is printed is, a zero without such a norm may be a small loss.
    """
    loss, norm = history.get("train.loss"), history.get("gradient.norm")
    if loss is None:
        return history
    zeros = loss.at[loss.values == 0.0]
    broken = norm.at[~np.isfinite(norm.values)] if norm is not None and norm.clock == loss.clock else np.empty(0)
    sure = np.intersect1d(zeros, broken)
    places = sure if rounded else zeros
    if not len(places):
        return history
    norms = ", where the gradient norm is not finite" if len(sure) and sure[0] == places[0] else ""
    note = (
        f"The loss is exactly 0 at {len(places)} entries, the first at {loss.clock} {places[0]:g}{norms}: with "
        "logging_nan_inf_filter (the default) the trainer writes 0 for an interval whose losses were all NaN or "
        "infinite. Set logging_nan_inf_filter=False to see them."
    )
    events = [
        Event(
            kind="nan_filtered",
            at=float(first),
            clock=loss.clock,
            text="a loss of exactly 0 stands where the losses were NaN or infinite",
        )
        for first in sure[:1]
    ]
    return history.model_copy(update={"notes": (*history.notes, note), "events": (*history.events, *events)})
