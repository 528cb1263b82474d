"""Whether the weight decay of a Keras optimizer acts on levels and gains, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expert.adapters.keras.profile.optimizer import inner_optimizer, number_of
from expert.adapters.keras.profile.tree import all_layers, attribute, is_own, kind_of, weights_of


def decays_norm_and_bias(model: Any, optimizer: Any) -> bool | None:
    """Return whether a weight decay acts on biases or on the variables of normalization layers.

    None where there is no decay, or the model has no such variable (yet).
    """
    inner = inner_optimizer(optimizer)
    levels = list(_levels(model))
    if not number_of(attribute(inner, "weight_decay")) or not levels:
        return None
    excluded = attribute(inner, "_exclude_from_weight_decay") or set()
    pattern = attribute(inner, "_exclude_from_weight_decay_pattern")
    try:
        kept = [one for one in levels if inner._var_key(one) not in excluded]
    except Exception:  # another release, or an optimizer of somebody else's
        return None
    # As Keras asks for it; its own question would fill a cache of the optimizer.
    return any(pattern is None or pattern.search(one.name) is None for one in kept)


def _levels(model: Any) -> Iterator[Any]:
    """The trainable variables that hold a level or a gain, and no weights between units."""
    for layer in all_layers(model):
        normalizes = is_own(layer) and "norm" in kind_of(layer)
        for one in weights_of(layer, "trainable_weights"):
            if normalizes or one.name.startswith("bias"):
                yield one
