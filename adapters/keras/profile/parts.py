"""The parts of a Keras model in the order of use: weight layers, activations, dropouts, code of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from expert.adapters.forward.source import Forward
from expert.adapters.keras.profile.tree import (
    activation_of,
    attribute,
    code_of,
    inner_layer,
    is_graph,
    is_leaf,
    is_own,
    kind_of,
    operations,
    size_of,
    sublayers,
    weights_of,
)
from expert.adapters.structure import Part
from expert.history import LayerProfile

PLAIN_OPERATIONS = {"add", "concatenate", "expand_dims", "get_item", "mean", "reshape", "squeeze", "sum", "transpose"}
PLAIN_OPERATIONS |= {"average", "cast", "flatten", "subtract", "stack"}
UNIT_ATTRIBUTES = ("units", "filters", "output_dim")
WEIGHT_KINDS = ("linear", "conv", "depthwise_conv", "separable_conv", "attention", "lstm", "gru", "rnn", "dense")
"""What has weights even before they are made."""
NO_DEPTH = ("norm", "embedding")


@dataclass(slots=True)
class Tree:
    """What a walk found: ``codes`` of the user's own classes, the outermost first, and ``rates`` of dropout functions.

    ``unused`` are the layers with weights that the code of their owner never calls, by name.
    """

    codes: list[Forward] = field(default_factory=list)
    rates: list[float | None] = field(default_factory=list)
    never_off: bool = False
    unused: dict[str, Any] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


def parts_of(layer: Any, tree: Tree, idle: bool = False) -> Iterator[Part]:
    """Yield the parts of a model or a layer with layers in it, each layer once however often it is used."""
    inside = operations(layer)
    chain = id(layer) if type(layer).__name__ == "Sequential" else None
    unused: set[int] = set()
    if not is_graph(layer):
        code = code_of(layer)
        if not idle:
            tree.codes.append(code)
            tree.rates += [_rate(layer, rate) for rate in code.rates]
            tree.never_off |= any((_rate(layer, rate) or 0.0) > 0.0 for rate in code.never_off)
        inside, unused = _in_order(layer, code, inside)
    for child in inside:
        if id(child) in tree.seen:
            continue
        tree.seen.add(id(child))
        aside = idle or id(child) in unused
        if aside and not idle and weights_of(child):
            tree.unused[child.name] = child
        if not is_leaf(child):
            yield from parts_of(child, tree, aside)
        elif kind_of(child) != "input_layer":
            yield leaf(child, chain, tree, aside)
    if not is_graph(layer):
        inner = {id(weight) for child in inside for weight in weights_of(child)}
        own = [weight for weight in weights_of(layer) if id(weight) not in inner]
        if own:
            yield _own(layer, own, idle)


def leaf(layer: Any, chain: int | None = None, tree: Tree | None = None, idle: bool = False) -> Part:
    """The part a layer without parts is."""
    kind, activation = kind_of(layer), activation_of(layer)
    weights, trainable = weights_of(layer), weights_of(layer, "trainable_weights")
    built = attribute(layer, "built") is not False
    code = None
    if tree is not None and not is_own(layer) and not _derived(layer) and not activation:
        code = code_of(layer)
        if not idle:
            tree.codes.append(code)
            tree.rates += [_rate(layer, rate) for rate in code.rates]
            tree.never_off |= any((_rate(layer, rate) or 0.0) > 0.0 for rate in code.never_off)
    wide = any(len(weight.shape) >= 2 for weight in weights) if built else kind.startswith(WEIGHT_KINDS)
    units = [attribute(inner_layer(layer), key) for key in UNIT_ATTRIBUTES]
    return Part(
        LayerProfile(
            name=layer.name,
            kind="activation" if activation and not weights and built and not wide else kind,
            units=next((number for number in units if isinstance(number, int)), None),
            parameters=sum(map(size_of, weights)) if built else None,
            # A layer that never had anything to train (Normalization) is not a frozen one.
            trainable=True if trainable else False if weights and not layer.trainable else None,
            activation=activation,
        ),
        weights=wide and not any(word in kind for word in NO_DEPTH),
        stacked=stacked(layer),
        chain=chain,
        dropout=_dropout(layer, kind),
        trainable_parameters=sum(map(size_of, trainable)),
        understood=_is_understood(layer, kind) or bool(activation) or (code is not None and not code.opaque),
        idle=idle,
    )


def stacked(layer: Any) -> int:
    """Weight matrices a signal passes in sequence: an attention projects its inputs and then its result."""
    if kind_of(layer) == "attention" and is_own(layer):
        return 2
    cells = attribute(inner_layer(layer), "cells")
    return len(cells) if isinstance(cells, list | tuple) and cells else 1


def _in_order(layer: Any, code: Forward, inside: list[Any]) -> tuple[list[Any], set[int]]:
    """The layers in the order the code uses them, and the ids of those it never does."""
    if not code.used:  # code that names no layer at all has other ways
        return inside, set()
    held = sublayers(layer)
    places = {id(one): code.used.index(name) for name, several in held.items() if name in code.used for one in several}
    named = {id(one) for several in held.values() for one in several}
    unused = {id(one) for one in inside if id(one) in named and id(one) not in places}
    return sorted(inside, key=lambda one: places.get(id(one), len(places))), unused


def _own(layer: Any, own: list[Any], idle: bool) -> Part:
    """The variables that a class of the user's own holds itself."""
    trained = [weight for weight in own if weight.trainable]
    profile = LayerProfile(
        name=layer.name, kind="parameters", parameters=sum(map(size_of, own)), trainable=True if trained else None
    )
    return Part(profile, trainable_parameters=sum(map(size_of, trained)) if layer.trainable else 0, idle=idle)


def _derived(layer: Any) -> bool:
    """Whether the class does what a layer of Keras does, because it has no ``call`` of its own."""
    owner = next((kind for kind in type(layer).__mro__ if "call" in vars(kind)), None)
    return owner is not None and owner.__module__.split(".")[0] in {"keras", "tf_keras"} and owner.__name__ != "Layer"


def _is_understood(layer: Any, kind: str) -> bool:
    """Layers of Keras' own, and the bare operations that bend nothing."""
    is_operation = not hasattr(layer, "trainable")
    return kind in PLAIN_OPERATIONS if is_operation else (is_own(layer) or _derived(layer)) and kind != "lambda"


def _dropout(layer: Any, kind: str) -> float | None:
    inner = inner_layer(layer)
    rates = [attribute(inner, key) for key in ("rate", "dropout", "recurrent_dropout")]
    if kind == "attention":
        # Its rate has no public name but in its settings.
        rates.append(attribute(inner, "_dropout"))
    known = [float(rate) for rate in rates if isinstance(rate, int | float)]
    return max(known) if known and "noise" not in kind else None


def _rate(layer: Any, rate: float | str) -> float | None:
    """The rate of a dropout function; where an attribute holds it, that of the layer as it is now."""
    held = attribute(layer, rate) if isinstance(rate, str) and rate else rate
    return float(held) if isinstance(held, int | float) and not isinstance(held, bool) else None
