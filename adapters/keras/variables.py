"""The variables of a model that are watched: their names, what they belong to, which numbers are a sample of each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

SAMPLED_NUMBERS = 49_152
"""Of all variables of a model together about so many numbers make a sample: 192 KiB in float32."""
FEWEST_PER_VARIABLE, MOST_PER_VARIABLE = 128, 4096
TABLE = "embeddings"
"""Keras' name of the variable of a look-up table."""
NO_WEIGHTS = {"bias", "alpha", "gamma", "beta"}
"""Variables that are added, or scale one unit each, whatever axes they have: the biases of attention have two."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One trainable variable of floating-point numbers."""

    name: str
    key: int
    """The ``id`` of the Keras variable."""
    is_weight: bool
    """It has two or more axes: it multiplies or looks up the signal of a layer."""
    is_table: bool
    """A look-up table, whose gradients and updates reach a few of its rows only."""
    size: int
    stride: int
    """Every so many-th of its numbers, as they lie, belongs to its sample."""

    @property
    def is_layer(self) -> bool:
        """Whether mean gradients and relative updates say something of it."""
        return self.is_weight and not self.is_table

    @property
    def taken(self) -> int:
        """How many numbers its sample has."""
        return -(-self.size // self.stride)


def watched_variables(variables: Iterable[Any], model: Any) -> tuple[Watched, ...]:
    """The variables to watch, in the forward order of the model as far as that is known."""
    kept = [one for one in variables if _is_watched(one)]
    places = {id(one): place for place, one in enumerate(_trainable(model))}
    kept.sort(key=lambda one: places.get(id(one), len(places)))
    share = max(FEWEST_PER_VARIABLE, min(MOST_PER_VARIABLE, SAMPLED_NUMBERS // max(1, len(kept))))
    weights = [len(one.shape) > 1 and one.name not in NO_WEIGHTS for one in kept]
    names = readable_names([(one.path, w) for one, w in zip(kept, weights, strict=True)], getattr(model, "name", ""))
    return tuple(
        Watched(
            name=name,
            key=id(one),
            is_weight=is_weight,
            is_table=one.name == TABLE,
            size=size_of(one),
            stride=_stride(one, share),
        )
        for name, one, is_weight in zip(names, kept, weights, strict=True)
    )


def readable_names(variables: Sequence[tuple[str, bool]], model: str) -> list[str]:
    """Names for variables, given as (path, whether it is a weight): paths without the model's own name.

    The only weight of a layer goes by the name of that layer.
    """
    parts = [path.split("/") for path, _ in variables]
    inner = [one[1:] if len(one) > 2 and one[0] == model else one for one in parts]
    weights = Counter(tuple(one[:-1]) for one, (_, is_weight) in zip(inner, variables, strict=True) if is_weight)
    names = [
        "/".join(one[:-1] if is_weight and len(one) > 1 and weights[tuple(one[:-1])] == 1 else one)
        for one, (_, is_weight) in zip(inner, variables, strict=True)
    ]
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def _stride(variable: Any, most: int) -> int:
    """The distance of the numbers that make a sample of at most so many, from all columns alike."""
    stride = -(-size_of(variable) // most)
    while stride > 1 and math.gcd(stride, int(variable.shape[-1])) > 1:
        stride += 1
    return stride


def size_of(variable: Any) -> int:
    """How many numbers a variable has."""
    size = 1
    for extent in variable.shape:
        size *= int(extent)
    return size


def _trainable(model: Any) -> list[Any]:
    try:
        return list(model.trainable_variables)
    except Exception:  # a property of the user's own
        return []


def _is_watched(variable: Any) -> bool:
    """A Keras variable of floating-point numbers that gradients update; float8 scales are overwritten by theirs."""
    return (
        isinstance(variable, keras.Variable)
        and "float" in str(variable.dtype)
        and size_of(variable) > 0
        and not getattr(variable, "overwrite_with_gradient", False)
    )
