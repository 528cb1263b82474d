"""The tree of a Keras model: its layers, what Keras calls them, and the code of classes of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expert.adapters.forward.source import Forward, read_forward
from expert.adapters.structure import activation_name, snake_case

KerasModel = Any
"""A ``keras.Model``: Keras is not imported here, it is there already when somebody holds one."""

FRAMEWORKS = {"keras", "tf_keras"}
OWN_LAYERS = ("keras.src.layers.", "tf_keras.src.layers.")
OWN_KINDS = {
    "dense": "linear",
    "einsum_dense": "linear",
    "batch_normalization": "batch_norm",
    "group_normalization": "group_norm",
    "layer_normalization": "layer_norm",
    "rms_normalization": "rms_norm",
    "unit_normalization": "unit_norm",
    "multi_head_attention": "attention",
    "group_query_attention": "attention",
    "simple_rnn": "rnn",
}
WRAPPERS = {
    "Bidirectional": "forward_layer",
    "TimeDistributed": "layer",
    "RNN": "cell",
    "SpectralNormalization": "layer",
}


def attribute(owner: object, name: str) -> Any:
    """Return an attribute, None where there is none or where asking for it fails in any way."""
    try:
        return getattr(owner, name, None)
    except Exception:  # a property of somebody else's class, or of Keras' on a model that is not built
        return None


def is_keras_model(source: object) -> bool:
    """Whether the object is a ``keras.Model``."""
    owners = ((kind.__module__.split(".")[0], kind.__name__) for kind in type(source).__mro__)
    return any(framework in FRAMEWORKS and name == "Model" for framework, name in owners)


def is_own(thing: object) -> bool:
    """Whether the class is one of Keras' own."""
    return type(thing).__module__.split(".")[0] in FRAMEWORKS


def is_graph(layer: Any) -> bool:
    """Whether the layer is a Sequential or Functional model, which runs its operations and nothing else."""
    return type(layer).__name__ in {"Sequential", "Functional"} and is_own(layer)


def is_leaf(layer: Any) -> bool:
    """Whether what is inside the layer is no business of ours, or there is nothing inside."""
    return (is_own(layer) and not is_keras_model(layer)) or not operations(layer)


def is_layer(thing: object) -> bool:
    """Whether the object is a layer (or a model), whatever its class."""
    return any(kind.__name__ == "Layer" and kind.__module__.split(".")[0] in FRAMEWORKS for kind in type(thing).__mro__)


def operations(layer: Any) -> list[Any]:
    """The layers in order of use and, in a functional model, the bare operations between them."""
    held = attribute(layer, "operations")
    return [one for one in held if not is_measure(one)] if held else children(layer)


def children(layer: Any) -> list[Any]:
    """The layers a layer holds, in the order they were given to it."""
    held = attribute(layer, "layers") or attribute(layer, "_layers") or ()
    return [one for one in held if not is_measure(one)]


def is_measure(thing: object) -> bool:
    """Whether the object is a metric or a loss: it is held by a network and no part of it."""
    return any(kind.__name__ in {"Metric", "Loss"} for kind in type(thing).__mro__)


def all_layers(layer: Any) -> Iterator[Any]:
    """Everything in a model, each once, in the order of use; layers inside of Keras' own ones are listed too."""
    seen: set[int] = set()
    waiting = [*operations(layer)]
    while waiting:
        current = waiting.pop(0)
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting = [*operations(current), *waiting]


def inner_layer(layer: Any) -> Any:
    """The layer a wrapper (Bidirectional, TimeDistributed) applies, or the cell of an RNN; else the layer itself."""
    for wrapper, place in WRAPPERS.items():
        if type(layer).__name__ == wrapper and is_own(layer):
            return inner_layer(getattr(layer, place))
    return layer


def kind_of(layer: Any) -> str:
    """``linear``, ``conv2d``, ``batch_norm`` ...; a class derived from a layer of Keras is what it is derived from."""
    inner = inner_layer(layer)
    cells = attribute(inner, "cells")
    if isinstance(cells, list | tuple) and cells and is_own(inner):
        return kind_of(cells[0])
    owners = [owner for owner in type(inner).__mro__ if owner.__module__.startswith(OWN_LAYERS)]
    owners = [owner for owner in owners if owner.__name__ != "Layer"]
    name = snake_case((owners or [type(inner)])[0].__name__)
    return OWN_KINDS.get(name, name)


def activation_of(layer: Any) -> str | None:
    """The activation of a layer or bare operation, None for none and for one that is not known."""
    own = attribute(inner_layer(layer), "activation")
    if callable(own):
        name = getattr(own, "__name__", "") or snake_case(type(own).__name__)
        return None if name == "linear" else activation_name(own) or name or None
    return activation_name(type(layer).__name__)


def sublayers(layer: Any) -> dict[str, list[Any]]:
    """The layers a class of the user's own holds, by the attribute that holds them; several for a list or mapping."""
    found: dict[str, list[Any]] = {}
    for name, held in list(attribute(layer, "__dict__").items()):
        if name.startswith("_"):
            continue
        values = held.values() if isinstance(held, dict) else held if isinstance(held, list | tuple) else [held]
        parts = [one for one in values if is_layer(one) and not is_measure(one)]
        if parts:
            found[name] = parts
    return found


def code_of(layer: Any) -> Forward:
    """What the source of the layer's ``call`` shows; nothing for a layer of Keras' own."""
    if is_own(layer):
        return Forward()
    functions = {}
    for name, held in list((attribute(layer, "__dict__") or {}).items()):
        known = activation_name(attribute(held, "__name__") or "") if callable(held) and not is_layer(held) else None
        if held is None or known:
            functions[name] = known or ""
    return read_forward(type(layer), frozenset(sublayers(layer)), functions, "call")


def size_of(weight: Any) -> int:
    """The number of elements."""
    size = 1
    for extent in weight.shape:
        size *= int(extent)
    return size


def weights_of(layer: Any, name: str = "weights") -> list[Any]:
    """The variables of a layer, each once however many layers share it; empty for a bare operation."""
    return list({id(weight): weight for weight in attribute(layer, name) or ()}.values())
