"""TensorFlow: watch a training loop written with ``tf.GradientTape`` around a Keras model.

``from expert.adapters.tensorflow import watch``. Importing this package loads no TensorFlow: the names resolve on first
use. A training by ``model.fit`` is watched by the callback in `expert.adapters.keras`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expert.adapters.tensorflow.run import Run as Run
    from expert.adapters.tensorflow.watching import watch as watch

_HOMES = {"watch": "expert.adapters.tensorflow.watching", "Run": "expert.adapters.tensorflow.run"}

__all__ = ["Run", "watch"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value
