"""What the trainer of Hugging Face prints: Python dicts between progress bars, with numbers or numbers in quotes."""

from __future__ import annotations

import re

import numpy as np

from expert.adapters.printed.format import Format, Meaning
from expert.adapters.printed.rows import Rows
from expert.history import Event, History

_VALUE = r"(?:'[^']*'|\"[^\"]*\"|[^,{}'\"()\[\]]+(?:\([^()]*\))?)"
_DICT = re.compile(rf"\{{'[^']+': {_VALUE}(?:, '[^']+': {_VALUE})*\}}\s*$")
_PAIR = re.compile(rf"'([^']+)': ({_VALUE})")
_QUANTITIES = ("'loss'", "'eval_", "'train_runtime'", "'train_loss'", "'reward'")


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def line(self, text: str) -> bool:
        start = text.find("{'")
        if start < 0 or "'epoch': " not in text or not any(name in text for name in _QUANTITIES):
            return False
        found = _DICT.match(text, start)
        if found is None:
            return False
        pairs = {name: value.strip("'\"") for name, value in _PAIR.findall(found[0])}
        if "train_runtime" not in pairs:  # the summary at the end holds means over the whole run
            self.rows.add(tuple(pairs), list(pairs.values()))
        return True

    def end(self) -> None:
        """There is nothing to complete."""


def _with_zeros(history: History) -> History:
    """A loss of exactly 0 where the norm is not finite is what the filter of the trainer writes for NaN."""
    loss, norm = history.get("train.loss"), history.get("gradient.norm")
    if loss is None or norm is None or loss.clock != norm.clock:
        return history
    places = np.intersect1d(loss.at[loss.values == 0.0], norm.at[~np.isfinite(norm.values)])
    if not len(places):
        return history
    first = float(places[0])
    note = (
        f"The loss is exactly 0 at {len(places)} entries, the first at {loss.clock} {first:g}, where the gradient norm "
        "is not finite: with logging_nan_inf_filter (the default) the trainer writes 0 for an interval whose losses "
        "were all NaN or infinite. Set logging_nan_inf_filter=False to see them."
    )
    event = Event(
        kind="nan_filtered",
        at=first,
        clock=loss.clock,
        text="a loss of exactly 0 stands where the losses were NaN or infinite",
    )
    return history.model_copy(update={"notes": (*history.notes, note), "events": (*history.events, event)})


FORMAT = Format(
    "transformers-console",
    "the trainer of Hugging Face",
    _Parser,
    {
        "loss": Meaning(None, "interval_mean", "loss is the mean since the entry before"),
        "grad_norm": Meaning(None, "last_batch", "grad_norm is that of the last step, before clipping"),
        "learning_rate": Meaning(None, "last_batch"),
    },
    framework="transformers",
    finish=_with_zeros,
)
