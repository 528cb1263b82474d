"""What the hidden units of a model do with a batch that the user names, in inference, between epochs.

The pass changes nothing: variables are handed in and out (seeds and moving means among them), generators are put back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from expert.adapters.keras.profile.ends import heads_of
from expert.adapters.keras.profile.tree import activation_of, attribute, is_leaf, operations
from expert.adapters.live.flat_ends import ENDS, HEADS, RECTIFIED
from expert.adapters.live.telemetry import Telemetry

NOTHING_SEEN = "The probe batch met no activation between layers, so nothing is said of dead or saturated units."


class Probe:
    """Passes ``inputs`` through a model and records zeros, dead units, saturation and spread of its activations."""

    def __init__(self, inputs: Any, telemetry: Telemetry) -> None:
        self._inputs, self._telemetry = inputs, telemetry

    def look(self, model: Any, at: int) -> None:
        """Record what is seen at step ``at``; raises what the model raises at such inputs."""
        # A reshape may stand between the head and what the model returns.
        heads = {id(head.layer) for head in heads_of(model) or ()}
        sites = [(layer, kind) for layer in _leaves(model) if id(layer) not in heads and (kind := _kind(layer))]
        with _listening([layer for layer, _ in sites]) as heard, _generators_put_back():
            trainable = [one.value for one in model.trainable_variables]
            rest = [one.value for one in model.non_trainable_variables]
            outputs, _ = model.stateless_call(trainable, rest, self._inputs, training=False)
        returned = {id(one) for one in keras.tree.flatten(outputs)}
        rows: dict[str, dict[str, float]] = {
            name: {} for name in ("activation_std", "zero_share", "zero_unit_share", "saturated_share")
        }
        for layer, kind in sites:
            # What the model returns is its head.
            hidden = [one for one in heard.get(id(layer), ()) if id(one) not in returned]
            if hidden:
                _describe(rows, layer, kind, [_as_numbers(one) for one in hidden])
        for quantity, row in rows.items():
            self._telemetry.row(quantity, at, row)
        if not rows["activation_std"]:
            self._telemetry.note(NOTHING_SEEN)


def _describe(rows: dict[str, dict[str, float]], layer: Any, kind: str, outputs: list[NDArray[np.float32]]) -> None:
    name = str(layer.name)
    everything = np.concatenate([one.reshape(-1) for one in outputs])
    rows["activation_std"][name] = float(everything.std())
    if kind in RECTIFIED:
        rows["zero_share"][name] = float((everything == 0.0).mean())
        axis = 1 if attribute(layer, "data_format") == "channels_first" else -1
        silent = [(np.moveaxis(one, axis, -1).reshape(-1, one.shape[axis]) == 0.0).all(axis=0) for one in outputs]
        rows["zero_unit_share"][name] = float(np.logical_and.reduce(silent).mean())
    if kind in ENDS:
        low, high = ENDS[kind]
        rows["saturated_share"][name] = float(((everything < low) | (everything > high)).mean())


def _leaves(layer: Any) -> Iterator[Any]:
    for one in operations(layer):
        if is_leaf(one):
            yield one
        else:
            yield from _leaves(one)


def _kind(layer: Any) -> str | None:
    """The activation that the output of a layer has gone through; None for none, and for what is inside a cell."""
    kind = activation_of(layer)
    inside = any(attribute(layer, name) is not None for name in ("recurrent_activation", "cell", "forward_layer"))
    return None if kind is None or kind in HEADS or inside else kind


def _as_numbers(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(ops.cast(ops.stop_gradient(tensor), "float32")))


@contextmanager
def _listening(layers: list[Any]) -> Iterator[dict[int, list[Any]]]:
    """What layers return while this lasts, by their ids; it stands on the instances and goes with the end."""
    heard: dict[int, list[Any]] = {}
    unique = list({id(layer): layer for layer in layers}.values())
    before = [layer.__dict__.get("call") for layer in unique]
    try:
        for layer in unique:
            layer.__dict__["call"] = _heard(layer.call, heard.setdefault(id(layer), []))
        yield heard
    finally:
        for layer, own in zip(unique, before, strict=True):
            if own is not None:
                layer.__dict__["call"] = own
            else:
                layer.__dict__.pop("call", None)


def _heard(call: Any, outputs: list[Any]) -> Any:
    def listening(*args: Any, **named: Any) -> Any:
        result = call(*args, **named)
        if ops.is_tensor(result) and len(result.shape) > 1:
            outputs.append(result)
        return result

    return listening


@contextmanager
def _generators_put_back() -> Iterator[None]:
    """Layers of a user's own may draw random numbers in inference, too."""
    plain, numbers = random.getstate(), np.random.get_state()
    try:
        if keras.backend.backend() == "torch":
            import torch

            with torch.random.fork_rng(), torch.no_grad():
                yield
        else:
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(numbers)
