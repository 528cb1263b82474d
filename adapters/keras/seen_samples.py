"""What some samples tell that a Keras model is trained on: how large they are, and how often each class comes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.array_datasets import even_part
from expert.adapters.keras.profile.ends import PASSING
from expert.adapters.keras.profile.parts import WEIGHT_KINDS
from expert.adapters.keras.profile.pipeline import is_pipeline, source_tensors
from expert.adapters.keras.profile.tree import attribute, is_graph, kind_of, operations
from expert.adapters.live.batches import MOST_CLASSES, MOST_LABELS
from expert.adapters.live.seen_samples import ENOUGH, MOST_COLUMNS, VALUE_LOSSES, SeenInputs, SeenShares, SeenTargets
from expert.adapters.live.telemetry import Telemetry

MOST_PLACES = 32
"""Of each axis of places, as height and width, so many or fewer than twice as many, evenly placed."""
DEEPEST = 8
"""So many models inside of models are followed to the first layer."""
BINARY_LOSSES = ("bce", "bce_with_logits")


class SampleWatch:
    """Looks at samples of one model: at arrays that ``fit`` is given, or batch by batch."""

    def __init__(self, model: Any, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._inputs, self._targets, self._shares = SeenInputs(telemetry), SeenTargets(telemetry), SeenShares(telemetry)
        self._first = _first_layer(model)

    @property
    def wanted(self) -> bool:
        """Whether further batches would tell more."""
        return self._inputs.wanted or self._targets.wanted

    def see(self, x: Any, y: Any, *, sure: bool) -> None:
        """Look at samples, first axis first; ``sure``: the loss gets these targets as they are."""
        inputs, targets = _numbers(x), _numbers(y)
        if inputs is not None and self._inputs.wanted and self._first is not None and inputs.dtype.kind == "f":
            channels_first = attribute(self._first, "data_format") == "channels_first"
            table = _table(inputs, 1 if channels_first and inputs.ndim > 2 else -1)
            zeros = float((table == 0.0).mean())
            self._inputs.take(len(inputs), len(table), table.mean(axis=0), table.var(axis=0), zeros)
        loss = self._telemetry.config.loss
        if targets is None:
            return
        copies = self._telemetry.data.targets_are_inputs is not False
        if copies and inputs is not None and _are_tokens(inputs, targets):
            self._telemetry.know("data", targets_are_inputs=bool(np.array_equal(inputs, targets)))
        if not self._targets.wanted:
            return
        if loss in VALUE_LOSSES or (loss in BINARY_LOSSES and targets.dtype.kind == "f"):
            table = _table(targets if targets.ndim > 1 else targets[:, None], -1)
            ends = float(table.min()), float(table.max()), bool((table == np.round(table)).all())
            self._targets.take(len(targets), len(table), table.mean(axis=0), table.var(axis=0), ends, sure=sure)

    def see_labels(self, y: Any) -> None:
        """Count the classes of a whole set, or of an even part of it."""
        loss = self._telemetry.config.loss
        labels = _numbers(y, MOST_LABELS)
        if labels is None or loss in VALUE_LOSSES or not np.isfinite(labels).all():
            return
        if labels.ndim == 2 and labels.shape[1] > 1:
            if not (((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()):
                return
            labels = labels.argmax(axis=1)
        if labels.size != len(labels) or (loss in BINARY_LOSSES and not ((labels == 0) | (labels == 1)).all()):
            return
        counts = Counter(labels.reshape(-1).astype(np.float64).tolist())
        if len(counts) <= MOST_CLASSES and all(one.is_integer() and one >= 0.0 for one in counts):
            self._shares.tell(counts)


def tell_of_arrays(model: Any, telemetry: Telemetry, x: Any, y: Any) -> None:
    """Look at some samples of the arrays that ``fit`` trains on, or that a pipeline holds in memory as they are."""
    if is_pipeline(x):
        held = source_tensors(x)
        x, y = held[:2] if isinstance(held, tuple) and len(held) > 1 else (None, None)
    watch = SampleWatch(model, telemetry)
    watch.see(x, y, sure=True)
    watch.see_labels(y)


def _first_layer(model: Any) -> Any:
    """The layer of weights that gets the inputs as they are; None where something else does, or it is not seen."""
    layer = model
    for _ in range(DEEPEST):
        if not is_graph(layer):
            return layer if layer is not model and kind_of(layer).startswith(WEIGHT_KINDS) else None
        if len(attribute(layer, "inputs") or [None]) != 1:
            return None
        layer = next((one for one in operations(layer) if kind_of(one) not in PASSING), None)
    return None


def _numbers(samples: Any, most: int = ENOUGH) -> NDArray[Any] | None:
    """At most so many samples, evenly placed, as numbers; None for what does not lie in memory as one array."""
    shape = attribute(samples, "shape")
    try:
        if shape is None or not len(shape) or not int(shape[0]):
            return None
        rows = int(shape[0])
        table = attribute(samples, "iloc")
        held = table if table is not None else samples
        if rows > most:
            chosen = even_part(rows, most)
            few = held[chosen] if isinstance(samples, np.ndarray) or table is not None else _taken(samples, chosen)
        else:
            few = samples
        array = np.asarray(few)
    except Exception:  # of an array of another kind, or on another device
        return None
    if array.dtype.kind not in "biuf" or not array.size:
        return None
    # Bytes are pixels, which a layer of weights is given as numbers.
    return array.astype(np.float64) if array.dtype == np.uint8 and array.ndim > 1 else array


def _are_tokens(inputs: NDArray[Any], targets: NDArray[Any]) -> bool:
    """Whether there is a token for each token."""
    return {inputs.dtype.kind, targets.dtype.kind} == {"i"} and inputs.ndim > 1 and inputs.shape == targets.shape


def _taken(samples: Any, rows: NDArray[np.int64]) -> Any:
    """Rows of a tensor of any backend."""
    import keras

    return keras.ops.convert_to_numpy(keras.ops.take(samples, rows, axis=0))


def _table(numbers: NDArray[Any], axis: int) -> NDArray[np.float64]:
    """(cells, columns), at some places, the columns along ``axis``."""
    few = np.moveaxis(numbers, axis, -1)
    for middle in range(1, few.ndim - 1):
        few = np.moveaxis(np.moveaxis(few, middle, 0)[:: max(1, few.shape[middle] // MOST_PLACES)], 0, middle)
    few = few[..., :: -(-few.shape[-1] // MOST_COLUMNS)]
    return few.reshape(-1, few.shape[-1]).astype(np.float64)
