"""How ``fit`` was called, found on the stack of a callback: Keras tells its callbacks next to nothing."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

MOST_FRAMES = 12
ARGUMENTS = (
    "x",
    "y",
    "batch_size",
    "epochs",
    "validation_split",
    "validation_data",
    "shuffle",
    "class_weight",
    "callbacks",
    "steps_per_epoch",
    "validation_freq",
    "initial_epoch",
)


def fit_call(model: Any) -> FrameType | None:
    """The call of ``fit`` of this model that is being made; None in a loop of the user's own."""
    frame = sys._getframe(1)
    for _ in range(MOST_FRAMES):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        home = str(frame.f_globals.get("__name__", ""))
        if frame.f_code.co_name == "fit" and home.startswith("keras.") and frame.f_locals.get("self") is model:
            return frame
    return None


def arguments_of(call: FrameType) -> dict[str, Any]:
    """The arguments of a call of ``fit``, those that were defaults, too; nothing in it is changed.

    ``batch_size`` is that of the data's adapter where it was not given.
    """
    given = call.f_locals
    known = {name: given[name] for name in ARGUMENTS if name in given}
    if known.get("batch_size") is None:
        adapter = getattr(given.get("epoch_iterator"), "data_adapter", None)
        known["batch_size"] = getattr(adapter, "batch_size", None)
    return known


def callback_list_of(call: FrameType) -> Any:
    """The list that holds the callbacks while this call of ``fit`` goes on."""
    return call.f_locals.get("callbacks")
