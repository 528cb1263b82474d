"""One look at gradients and weights in few operations: norms and samples, packed into one vector and read in one go.

Operations that run one by one cost about ten microseconds each, whatever they compute. So what can be made of samples
is made of them, by NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from expert.adapters.keras.looks import Seen
from expert.adapters.keras.variables import Watched
from expert.adapters.live.sampling import Look

ops: Any = tf.raw_ops
Floats = NDArray[np.float64]
OVERFLOWS = 1e37
"""Sums of squares beyond this leave float32."""


class Numbers(NamedTuple):
    """What was read. Norms and samples go by place among the watched variables; samples as float64."""

    gradient_norms: dict[int, float]
    gradients: dict[int, Floats]
    weight_norms: dict[int, float]
    weights: dict[int, Floats]
    rate: float
    scale: float


class Looker:
    """Looks at some variables. Tables (embeddings) are measured by norm only: most of their rows stand still."""

    def __init__(self, watched: Sequence[Watched], clip_value: float | None) -> None:
        """``clip_value``: the optimizer clips entries at this size, so that samples of all gradients are of use."""
        self.watched, self.clip_value = tuple(watched), clip_value
        self.layers = [place for place, one in enumerate(watched) if one.is_layer]
        self.weights = [place for place, one in enumerate(watched) if one.is_weight]
        self._sampled = {place for place, one in enumerate(watched) if not one.is_table}
        self._sampled &= set(self.layers) if clip_value is None else self._sampled
        self._flat = tf.constant([-1])
        self._slices = {
            place: tuple(tf.constant([number]) for number in (0, watched[place].size, watched[place].stride))
            for place in self._sampled
        }

    def read(self, gradients: Sequence[Any], weights: Sequence[Any], *, rate: Any, scale: Any, look: Look) -> Numbers:
        """Measure as closely as ``look`` says; waits for the device.

        ``gradients`` and ``weights`` go with the watched variables; a gradient may be None or ``IndexedSlices``.
        """
        present = {place: _dense(one) for place, one in enumerate(gradients) if one is not None}
        sampled = [place for place in present if place in self._sampled and look != "norms"]
        layers = self.layers if look == "full" else []
        held = {place: _float(weights[place]) for place in self.weights if look == "full"}
        norms = [ops.L2Loss(t=one) for one in (*present.values(), *held.values())]
        scalars = [tf.cast(one, tf.float32) for one in (rate, scale)]
        pieces = [ops.Pack(values=[*norms, *scalars], axis=0)]
        pieces += [self._sample(place, present[place]) for place in sampled]
        pieces += [self._sample(place, held[place]) for place in layers]
        vector: Floats = np.asarray(tf.concat(pieces, 0)).astype(np.float64)
        sums, rest = np.split(vector, [len(norms)])
        found, rest = rest[:2], rest[2:]
        sizes = [self.watched[place].taken for place in (*sampled, *layers)]
        parts = np.split(rest, np.cumsum(sizes)[:-1]) if sizes else []
        gradient_samples = dict(zip(sampled, parts, strict=False))
        weight_samples = dict(zip(layers, parts[len(sampled) :], strict=True))
        gradient_norms = self._norms(present, sums[: len(present)], gradient_samples)
        weight_norms = self._norms(held, sums[len(present) :], weight_samples)
        return Numbers(
            {place: norm / found[1] for place, norm in gradient_norms.items()},
            {place: sample / found[1] for place, sample in gradient_samples.items()},
            weight_norms,
            weight_samples,
            float(found[0]),
            float(found[1]),
        )

    def samples(self, weights: Sequence[Any]) -> dict[int, Floats]:
        """The samples of the weights alone, to see how far they have moved."""
        if not self.layers:
            return {}
        vector = tf.concat([self._sample(place, _float(weights[place])) for place in self.layers], 0)
        sizes = [self.watched[place].taken for place in self.layers]
        parts = np.split(np.asarray(vector).astype(np.float64), np.cumsum(sizes)[:-1])
        return dict(zip(self.layers, parts, strict=True))

    def cosine(self, earlier: dict[int, Floats], now: dict[int, Floats]) -> float:
        """The cosine of two gradients, each sampled number standing for as many as its variable has more."""
        product = first = second = 0.0
        for place, sample in now.items():
            if place not in earlier or not self.watched[place].is_layer:
                continue
            weight = self.watched[place].size / self.watched[place].taken
            product += weight * float(sample @ earlier[place])
            first += weight * float(earlier[place] @ earlier[place])
            second += weight * float(sample @ sample)
        whole = math.sqrt(first) * math.sqrt(second)
        return product / whole if whole > 0.0 else math.nan

    def seen(self, at: int, numbers: Numbers, cosine: float) -> Seen:
        """What the numbers tell of a step, as the recorder takes it."""
        means = {place: float(np.abs(one).mean()) for place, one in numbers.gradients.items() if place in self.layers}
        return Seen(
            at=at,
            gradient=numbers.gradient_norms,
            mean_abs=means,
            weight=numbers.weight_norms,
            cosine=cosine,
            rate=numbers.rate,
            scale=numbers.scale,
            clipped=None if self.clip_value is None else _clipped(numbers, self.clip_value),
        )

    def _sample(self, place: int, tensor: Any) -> Any:
        flat = ops.Reshape(tensor=tensor, shape=self._flat)
        if self.watched[place].stride == 1:
            return flat
        begin, end, strides = self._slices[place]
        return ops.StridedSlice(input=flat, begin=begin, end=end, strides=strides)

    def _norms(self, places: Any, halves: Floats, samples: dict[int, Floats]) -> dict[int, float]:
        return {
            place: _norm(half, samples.get(place), self.watched[place].size)
            for place, half in zip(places, halves.tolist(), strict=True)
        }


def _norm(half_of_squares: float, sample: Floats | None, size: int) -> float:
    """The norm; from the sample where the sum of the squares left the range of float32 and the numbers did not."""
    plain = math.sqrt(2.0 * half_of_squares) if half_of_squares >= 0.0 else math.nan
    if sample is None or not len(sample) or math.isnan(plain) or 0.0 < plain < math.inf:
        return plain
    squares = float(np.square(sample).mean()) * size
    if plain == 0.0 or (math.isfinite(squares) and squares > OVERFLOWS):
        return math.sqrt(squares)
    return plain


def _clipped(numbers: Numbers, bound: float) -> tuple[float, float] | None:
    """The norm after clipping by value, and the share of entries that reach the bound, as the samples show them.

    None where some gradient has no sample.
    """
    squares, beyond, count = 0.0, 0, 0
    if not numbers.gradients or numbers.gradients.keys() != numbers.gradient_norms.keys():
        return None
    for place, sample in numbers.gradients.items():
        whole = float(np.linalg.norm(sample))
        share = float(np.linalg.norm(np.clip(sample, -bound, bound))) / whole if whole > 0.0 else 1.0
        squares += (numbers.gradient_norms[place] * share) ** 2
        beyond += int((np.abs(sample) >= bound).sum())
        count += len(sample)
    return math.sqrt(squares), beyond / max(1, count)


def _float(tensor: Any) -> Any:
    tensor = tf.convert_to_tensor(tensor)
    return tensor if tensor.dtype == tf.float32 else tf.cast(tensor, tf.float32)


def _dense(gradient: Any) -> Any:
    """A gradient as numbers with the same norm: rows of one index are added up."""
    if not isinstance(gradient, tf.IndexedSlices):
        return _float(gradient)
    indices, places = tf.unique(tf.reshape(gradient.indices, [-1]))
    rows = tf.math.unsorted_segment_sum(_float(gradient.values), places, tf.size(indices))
    return tf.convert_to_tensor(rows)
