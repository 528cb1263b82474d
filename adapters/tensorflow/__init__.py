"""TensorFlow: watch a training loop written with ``tf.GradientTape`` around a Keras model.

``from expert.adapters.tensorflow import watch``. Importing this package loads no TensorFlow: the names resolve on first
use. A training by ``model.fit`` is watched by the callback in `expert.adapters.keras`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expert.lazily import loading

if TYPE_CHECKING:
    from expert.adapters.tensorflow.run import Run as Run
    from expert.adapters.tensorflow.watching import watch as watch

_HOMES = {"watch": "expert.adapters.tensorflow.watching", "Run": "expert.adapters.tensorflow.run"}

__all__ = ["Run", "watch"]

__getattr__ = loading(__name__, _HOMES)
