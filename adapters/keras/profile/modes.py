"""Layers that a model calls as in training at all times, in validation and prediction, too."""

from __future__ import annotations

from typing import Any

from expert.adapters.keras.profile.tree import all_layers, attribute, is_graph, kind_of

DIFFERENT = ("dropout", "batch_norm", "gaussian_noise")
"""Kinds that do something else in training; others with these in their names, as spatial_dropout2d, do, too."""


def always_in_training(model: Any) -> tuple[str, ...]:
    """Names of the layers that a functional model calls with ``training=True`` and that do something else then."""
    if not is_graph(model):
        return ()
    return tuple(str(one.name) for one in all_layers(model) if _differs(one) and _is_called_in_training(one))


def _differs(layer: Any) -> bool:
    return any(kind in kind_of(layer) for kind in DIFFERENT)


def _is_called_in_training(layer: Any) -> bool:
    calls = [attribute(attribute(node, "arguments"), "kwargs") for node in attribute(layer, "_inbound_nodes") or ()]
    return any(isinstance(call, dict) and call.get("training") is True for call in calls)
