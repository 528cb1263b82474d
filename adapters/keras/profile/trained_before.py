"""Whether a Keras model was trained before this run: its normalization layers tell. They are read, not changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from expert.adapters.keras.profile.tree import all_layers, attribute, inner_layer, kind_of


def trained_before(model: Any) -> bool | None:
    """True where a normalization layer has shifts that differ from channel to channel; None where none tells.

    Fresh shifts are all alike, whatever the initialization, and the first update of a training sets them apart. Scales
    count where there is no shift. Never raises.
    """
    try:
        return True if any(_tells(layer) for layer in all_layers(model)) else None
    except Exception:  # layers of all kinds
        return None


def _tells(layer: Any) -> bool:
    if "norm" not in kind_of(layer):
        return False
    inner = inner_layer(layer)
    shift = attribute(inner, "beta")
    shift = attribute(inner, "gamma") if shift is None else shift
    if shift is None:
        return False
    from keras import ops

    values = np.asarray(ops.convert_to_numpy(shift)).reshape(-1)
    return bool((values != values[0]).any())
