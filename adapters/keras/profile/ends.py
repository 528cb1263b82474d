"""Where a Keras model ends, how many weight layers lie between its ends, and where branches join."""

from __future__ import annotations

from typing import Any, NamedTuple

from expert.adapters.forward.source import Forward
from expert.adapters.forward.values import WEIGHTS
from expert.adapters.keras.profile.parts import leaf, stacked
from expert.adapters.keras.profile.tree import (
    activation_of,
    attribute,
    code_of,
    is_graph,
    is_leaf,
    kind_of,
    operations,
    sublayers,
)

PASSING = {"flatten", "reshape", "dropout", "squeeze", "get_item", "input_layer", "cast", "identity"}
DEEPEST = 40
"""So many models inside models are followed."""


class Head(NamedTuple):
    """One end: the activation (None: there is none), the units (None: not known), and the layer that is the end."""

    activation: str | None
    units: int | None
    layer: Any


def heads_of(model: Any, deep: int = 0) -> list[Head] | None:
    """Return the end of each output; None where the ends cannot be seen."""
    if deep > DEEPEST:
        return None
    if not is_graph(model):
        head = _head_in_code(model, deep)
        return None if head is None else [head]
    if type(model).__name__ == "Sequential":
        working = [layer for layer in operations(model) if kind_of(layer) not in PASSING]
        outputs = attribute(model, "outputs") or [None]
        return _heads(working[-1] if working else None, outputs[0], deep)
    found: list[Head] = []
    for tensor in attribute(model, "outputs") or []:
        ends = _heads(_behind(tensor), tensor, deep)
        if ends is None:
            return None
        found += ends
    return found or None


def last_layer(model: Any, deep: int = 0) -> Any:
    """Return the layer that makes the output itself, with nothing behind it; None where that is not seen."""
    if deep > DEEPEST or is_leaf(model):
        return None if deep > DEEPEST else model
    if not is_graph(model):
        returned = code_of(model).returned
        found = _resolved(sublayers(model), returned[0][1]) if returned and returned[0][0] == "module" else []
        return last_layer(found[-1], deep + 1) if found else None
    if type(model).__name__ == "Sequential":
        layers = operations(model)
        return last_layer(layers[-1], deep + 1) if layers else None
    outputs = attribute(model, "outputs") or []
    operation, _ = _made_by(outputs[0]) if len(outputs) == 1 else (None, None)
    return None if operation is None else last_layer(operation, deep + 1)


def softmax_over_classes(model: Any) -> bool | None:
    """Whether a softmax layer at the end runs over the last axis, where Keras' losses look for the classes; None where
    no such layer ends the model.
    """
    last = last_layer(model)
    axis, rank = attribute(last, "axis"), len(attribute(attribute(last, "output"), "shape") or ())
    if last is None or type(last).__name__ != "Softmax" or not isinstance(axis, int) or not rank:
        return None
    return axis in {-1, rank - 1}


def depth_of(layer: Any, deep: int = 0) -> int | None:
    """Return the number of weight layers on the longest way through a model or layer; None where it is not seen."""
    if deep > DEEPEST:
        return None
    if is_leaf(layer):
        part = leaf(layer)
        return stacked(layer) if part.weights else 0
    if type(layer).__name__ == "Sequential" and is_graph(layer):
        return _total([depth_of(child, deep + 1) for child in operations(layer)])
    if is_graph(layer):
        return _longest_way(layer, deep)
    code = code_of(layer)
    seen = None if code.steps is None else _longest_in_code(layer, code, deep)
    if seen is not None:
        return seen
    depths = [depth_of(child, deep + 1) for child in operations(layer)]
    # Several layers whose order nobody knows may stand side by side.
    return None if sum(depth != 0 for depth in depths) > 1 else _total(depths)


def joins(model: Any) -> bool:
    """Whether an addition in the model, or in one inside it, joins two tensors of it (not a tensor and a constant)."""
    for operation in operations(model):
        if type(operation).__name__ in {"Add", "Average"} and _joins_two(operation):
            return True
        if is_graph(operation) and joins(operation):
            return True
    return False


def _heads(last: Any, tensor: Any, deep: int) -> list[Head] | None:
    if last is None:
        return None
    if not is_leaf(last):
        return heads_of(last, deep + 1)
    width = None if tensor is None else tensor.shape[-1]
    units = leaf(last).profile.units if tensor is None else None if width is None else int(width)
    return [Head(activation_of(last), units, last)]


def _behind(tensor: Any) -> Any:
    """The operation that made a tensor, past those that only move numbers."""
    for _ in range(DEEPEST):
        operation, node = _made_by(tensor)
        if operation is None:
            return None
        before = attribute(node, "input_tensors") or []
        if kind_of(operation) not in PASSING or len(before) != 1:
            return operation
        tensor = before[0]
    return None


def _made_by(tensor: Any) -> tuple[Any, Any]:
    """The operation and the call of it that made a tensor."""
    history = attribute(tensor, "_keras_history")
    operation = attribute(history, "operation")
    nodes, place = attribute(operation, "_inbound_nodes") or [], attribute(history, "node_index")
    node = nodes[place] if isinstance(place, int) and place < len(nodes) else None
    return operation, node


def _longest_way(model: Any, deep: int) -> int | None:
    """The most weight layers on a way from an input to an output, by the calls that made the outputs."""
    starts = {id(tensor) for tensor in attribute(model, "inputs") or []}
    lengths: dict[int, int | None] = {}
    own: dict[int, int | None] = {}
    waiting = list(attribute(model, "outputs") or [])
    if not waiting:
        return None
    while waiting:
        tensor = waiting[-1]
        operation, node = _made_by(tensor)
        before = [] if id(tensor) in starts or node is None else list(attribute(node, "input_tensors") or [])
        left = [one for one in before if id(one) not in lengths]
        if left and id(tensor) not in lengths:
            waiting += left
            continue
        waiting.pop()
        if operation is None:
            lengths[id(tensor)] = None
        elif id(tensor) not in lengths:
            if id(operation) not in own:
                own[id(operation)] = 0 if id(tensor) in starts else depth_of(operation, deep + 1)
            here, longest = own[id(operation)], [lengths[id(one)] for one in before]
            known = here is not None and None not in longest
            lengths[id(tensor)] = (here or 0) + max((one or 0 for one in longest), default=0) if known else None
    ends = [lengths[id(tensor)] for tensor in attribute(model, "outputs")]
    return None if None in ends else max(end or 0 for end in ends)


def _longest_in_code(layer: Any, code: Forward, deep: int) -> int | None:
    held = sublayers(layer)
    lengths: list[int] = []
    covered: set[int] = set()
    for path, before, chained in code.steps or ():
        found = _resolved(held, path)
        covered |= {id(one) for one in found}
        depths = [1] if path == WEIGHTS else [depth_of(one, deep + 1) for one in found]
        if None in depths:
            return None
        known = [depth or 0 for depth in depths]
        earlier = [lengths[step] for step in before if step < len(lengths)]
        # Layers of a list that do not build on one another stand side by side.
        lengths.append((sum(known) if chained else max(known, default=0)) + max(earlier, default=0))
    used = [one for name, several in held.items() if code.used is None or name in code.used for one in several]
    if any(id(one) not in covered and depth_of(one, deep + 1) != 0 for one in used):
        return None
    return max(lengths, default=0)


def _head_in_code(layer: Any, deep: int) -> Head | None:
    """The end of a model with a ``call`` of its own, as far as its source shows it."""
    held = sublayers(layer)
    activation: str | None = None
    scaled = False
    for how, what in code_of(layer).returned:
        if how == "arithmetic":
            scaled = True
        elif how == "weights":
            return Head(activation, None, layer)
        elif how == "function":
            activation = activation or ("other" if scaled else what)
        else:
            found = _resolved(held, what)
            if not found:
                break
            last = found[-1]
            if is_leaf(last) and kind_of(last) in PASSING:
                continue
            ends = _heads(last, None, deep)
            if ends is None or len(ends) != 1:
                break
            inner = "other" if scaled and ends[0].activation else ends[0].activation
            return Head(activation or inner, ends[0].units, layer if activation or scaled else ends[0].layer)
    return Head(activation, None, layer) if activation else None


def _resolved(held: dict[str, list[Any]], path: str) -> list[Any]:
    """The layers a path in code means: ``blocks[]`` all of them, ``blocks.0`` one, ``dense`` one."""
    name, _, rest = path.replace("[]", "").partition(".")
    found = held.get(name, [])
    if rest.lstrip("-").isdigit() and len(found) > abs(int(rest)) - (int(rest) < 0):
        return [found[int(rest)]]
    return found


def _joins_two(operation: Any) -> bool:
    for node in attribute(operation, "_inbound_nodes") or []:
        if len({id(tensor) for tensor in attribute(node, "input_tensors") or []}) > 1:
            return True
    return False


def _total(depths: list[int | None]) -> int | None:
    return None if None in depths else sum(depth or 0 for depth in depths)
