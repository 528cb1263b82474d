"""One look at gradients, weights and their update, written in operations of any backend, packed into one row.

The functions here run inside the compiled step as well as outside; they read tensors and change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from expert.adapters.keras.variables import Watched

LARGE_TABLE = 2**20
"""The norm of a look-up table of more numbers, of which a step reads some rows, is taken from its sample."""
NO_GRADIENT = -1.0
"""Stands where a norm would, for a variable that the loss does not reach."""


class Surroundings(NamedTuple):
    """What is known of the step besides gradients and weights; numbers or tensors of one number, NaN for unknown."""

    rate: Any = math.nan
    scale: Any = 1.0
    """What the loss and the gradients are multiplied by."""
    samples: Any = math.nan
    """Samples seen since the epoch began, this batch included."""


class Layout:
    """Where the numbers of a look stand in its row.

    ``clip_value``: the optimizer clips entries at this size, which no norm tells.
    """

    def __init__(self, watched: Sequence[Watched], clip_value: float | None) -> None:
        self.watched, self.clip_value = tuple(watched), clip_value
        self.layers = [place for place, one in enumerate(watched) if one.is_layer]
        self.weights = [place for place, one in enumerate(watched) if one.is_weight]
        self.parts = {
            "gradient": len(self.watched),
            "mean_abs": len(self.layers),
            "weight": len(self.weights),
            "clip": 2 if clip_value is not None else 0,
            "scalars": 4,
        }
        self.before = sum(self.parts.values())
        """Numbers that are known before the update."""
        self.width = self.before + len(self.layers) + 1
        self.sample = sum(self.watched[place].taken for place in self.layers)
        """Length of the sample of all layers together."""
        roots = [math.sqrt(self.watched[p].size / self.watched[p].taken) for p in self.layers]
        counts = [self.watched[p].taken for p in self.layers]
        self.roots: NDArray[np.float32] = np.repeat(np.array(roots, dtype=np.float32), counts)
        """Each number of a sample stands for as many as its variable has more; a product of two roots weighs it so."""

    def measure(
        self, gradients: Sequence[Any], weights: Sequence[Any], around: Surroundings, earlier: Any, follows: Any
    ) -> tuple[Any, Any, Any]:
        """What is seen before the update: the first ``before`` numbers of the row, samples of weights and gradients.

        ``gradients`` and ``weights`` go with ``watched``; a gradient may be None or sparse. ``earlier``: the sample of
        gradients of the look before; ``follows``: whether that was at the update before this one.
        """
        flat = [None if gradient is None else flattened(gradient) for gradient in gradients]
        if not isinstance(around.scale, float) or around.scale != 1.0:
            flat = [None if one is None else one / around.scale for one in flat]
        known = {place: one for place, one in enumerate(flat) if one is not None}
        norms = spread(norms_of(list(known.values())), [*known], len(flat), NO_GRADIENT)
        mean_abs = [ops.mean(ops.abs(known[p])) if p in known else math.nan for p in self.layers]
        sizes = [self._square(place, weights[place], gradients[place]) for place in self.weights]
        samples = self._samples(weights)
        direction = [
            self._sample(place, known[place]) if place in known else ops.zeros((self.watched[place].taken,))
            for place in self.layers
        ]
        weighed = joined(direction) * self.roots if direction else ops.zeros((0,))
        cosine = math.nan
        if direction:
            cosine = ops.where(follows, share(ops.sum(weighed * earlier), length(weighed) * length(earlier)), math.nan)
        scalars = [*mean_abs, *sizes, *self._clipping(flat), cosine, around.rate, around.scale, around.samples]
        return self._packed(norms, stacked(scalars)), samples, weighed

    def _packed(self, norms: Any, scalars: Any) -> Any:
        """The row: sizes of weights come as squares."""
        first, last = len(self.layers), len(self.layers) + len(self.weights)
        return ops.concatenate([norms, scalars[:first], ops.sqrt(scalars[first:last]), scalars[last:]])

    def complete(self, row: Any, before: Any, weights: Sequence[Any], step: Any) -> Any:
        """The whole row, now that the update is made: with the relative update of each layer, and the step."""
        if not self.layers:
            return ops.concatenate([row, stacked([step])])
        moved = ops.sqrt(self._by_layer(ops.square(self._samples(weights) - before)))
        ratios = share(moved, ops.sqrt(self._by_layer(ops.square(before))))
        return ops.concatenate([row, ratios, stacked([step])])

    def _by_layer(self, sample: Any) -> Any:
        """The sum of the numbers that each layer has in a sample of all."""
        if len(self.layers) == 1:
            return stacked([ops.sum(sample)])
        ends = np.cumsum([self.watched[place].taken for place in self.layers])[:-1]
        return stacked([ops.sum(one) for one in ops.split(sample, ends.tolist())])

    def seen(self, row: NDArray[np.float32]) -> Seen:
        """What a row tells."""
        values: dict[str, list[float]] = {}
        start = 0
        for name, length in self.parts.items():
            values[name] = [float(value) for value in row[start : start + length]]
            start += length
        cosine, rate, scale, samples = values["scalars"]
        clip = values["clip"]
        return Seen(
            at=int(row[-1]),
            gradient={p: value for p, value in enumerate(values["gradient"]) if value != NO_GRADIENT},
            mean_abs=dict(zip(self.layers, values["mean_abs"], strict=True)),
            weight=dict(zip(self.weights, values["weight"], strict=True)),
            moved=dict(zip(self.layers, map(float, row[start:-1]), strict=True)),
            cosine=cosine,
            rate=rate,
            scale=scale,
            samples=samples,
            clipped=(clip[0], clip[1]) if clip else None,
        )

    def _square(self, place: int, weights: Any, gradient: Any) -> Any:
        """The square of the norm of a variable."""
        one, flat = self.watched[place], flattened(weights)
        if one.is_table and one.size > LARGE_TABLE and is_sparse(gradient):
            # The step does not read the whole of it either.
            return ops.sum(ops.square(self._sample(place, flat))) * (one.size / one.taken)
        return ops.sum(ops.square(flat))

    def _samples(self, weights: Sequence[Any]) -> Any:
        """The sample of the weights of all layers."""
        samples = [self._sample(place, flattened(weights[place])) for place in self.layers]
        return joined(samples) if samples else ops.zeros((0,))

    def _sample(self, place: int, flat: Any) -> Any:
        stride = self.watched[place].stride
        return flat if stride == 1 else flat[::stride]

    def _clipping(self, flat: Sequence[Any]) -> list[Any]:
        if self.clip_value is None:
            return []
        bound = self.clip_value
        known = [one for one in flat if one is not None]
        if not known:
            return [math.nan, math.nan]
        kept = norms_of(known, bound)
        beyond = [ops.sum(ops.cast(ops.abs(one) >= bound, "float32")) for one in known]
        size = sum(one.size for one, values in zip(self.watched, flat, strict=True) if values is not None)
        return [norms_of([kept]), ops.sum(stacked(beyond)) / size]


@dataclass(slots=True)
class Seen:
    """What one look found, as plain numbers. Keys are places among the watched variables; NaN is "not known"."""

    at: int
    """The call of the optimizer it was at, counted from 1 in each epoch."""
    gradient: dict[int, float] = field(default_factory=dict)
    """Norm of the raw gradient of each variable that has one: unscaled, accumulated, before clipping."""
    mean_abs: dict[int, float] = field(default_factory=dict)
    weight: dict[int, float] = field(default_factory=dict)
    moved: dict[int, float] = field(default_factory=dict)
    """Norm of the update over the norm of the weights, of the sampled numbers."""
    cosine: float = math.nan
    rate: float = math.nan
    scale: float = 1.0
    samples: float = math.nan
    clipped: tuple[float, float] | None = None
    """With clipping by value: the norm after it, and the share of the entries that reach the bound."""


def flattened(tensor: Any) -> Any:
    """The numbers of a tensor or of a sparse gradient in a row, as float32."""
    if is_sparse(tensor):
        tensor = summed_rows(tensor.values, tensor.indices)
    return ops.reshape(ops.cast(ops.stop_gradient(ops.convert_to_tensor(tensor)), "float32"), (-1,))


def is_sparse(gradient: Any) -> bool:
    """Whether a gradient of TensorFlow consists of some rows only."""
    return type(gradient).__name__ == "IndexedSlices"


def summed_rows(values: Any, indices: Any) -> Any:
    """The rows of a sparse gradient, those of one index added up; as many rows as there were, the rest zero."""
    indices = ops.reshape(indices, (-1,))
    order = ops.argsort(indices)
    ordered = ops.take(indices, order)
    steps = ops.cast(ordered[1:] != ordered[:-1], "int32")
    groups = ops.concatenate([ops.zeros((1,), dtype="int32"), ops.cumsum(steps)])
    # As many groups as rows, which are known as a tensor only.
    return ops.segment_sum(ops.take(values, order, axis=0), groups, num_segments=ops.shape(indices)[0])


def norms_of(vectors: Sequence[Any], bound: float = math.inf) -> Any:
    """The Euclidean norms of vectors, whose entries are clipped at ``bound``, as one vector.

    They neither overflow nor underflow on their way, and are not finite if an entry is not.
    """
    if not vectors:
        return ops.zeros((0,))
    # No copy of a vector is kept until all of them are seen: there may not be the memory for it.
    largest = ops.minimum(stacked([ops.max(ops.abs(one)) for one in vectors]), bound)
    units = ops.where(largest > 0.0, largest, ops.ones_like(largest))
    pairs = zip(vectors, ops.unstack(units, len(vectors)), strict=True)
    shares = (ops.clip(one, -bound, bound) / unit if bound < math.inf else one / unit for one, unit in pairs)
    return units * ops.sqrt(stacked([ops.sum(ops.square(one)) for one in shares]))


def spread(values: Any, places: Sequence[int], count: int, otherwise: float) -> Any:
    """A vector of so many numbers, with these in their places."""
    if len(places) == count:
        return values
    found = dict(zip(places, ops.unstack(values, len(places)), strict=True)) if places else {}
    return stacked([found.get(place, otherwise) for place in range(count)])


def length(flat: Any) -> Any:
    """The Euclidean norm of numbers of an ordinary size, as weights are, in fewer operations."""
    return ops.sqrt(ops.sum(ops.square(flat)))


def share(part: Any, whole: Any) -> Any:
    """One number over another; NaN where that is zero."""
    fine = whole != 0.0
    return ops.where(fine, part / ops.where(fine, whole, ops.ones_like(whole)), math.nan)


def stacked(numbers: Sequence[Any]) -> Any:
    """Numbers and tensors of one number as one vector."""
    return ops.stack([ops.reshape(ops.cast(ops.convert_to_tensor(one), "float32"), ()) for one in numbers])


def joined(vectors: Sequence[Any]) -> Any:
    """Vectors in a row, as a copy."""
    return ops.concatenate(list(vectors))


def placed(ring: Any, row: Any, place: Any) -> Any:
    """The rows of ``ring`` with another one in that place; unchanged where there is no such place."""
    here = ops.expand_dims(ops.cast(ops.arange(ring.shape[0]), place.dtype) == place, 1)
    return ops.where(here, row, ring)
