"""Per-layer statistics: which layers learn, which are dead, saturated or frozen. Arrays are positions x layers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from expert.history import LayerStatistics
from expert.signals.curve import Flags, Floats
from expert.signals.gradients import ratio
from expert.signals.signal import WATCHED, Reading, Signal, Unknown, View

FIRST_STEPS = 50
MOST_ROWS = 512
FEWEST_ROWS = 3

RECORD_GRADIENTS = (
    'record "gradient_norm" per layer: {name: p.grad.norm() for the weight tensors}, after backward' + WATCHED
)
RECORD_MEAN = (
    'record "gradient_mean_abs" per layer: {name: p.grad.abs().mean() for the weight tensors}, after backward' + WATCHED
)
RECORD_UPDATES = 'record "update_ratio" per layer: {name: |new - old| / |old| for the weight tensors}' + WATCHED
RECORD_ZEROS = 'record "zero_unit_share" per layer: the share of units that are 0 for every sample of a batch' + WATCHED
RECORD_SATURATION = 'record "saturated_share" per layer: the share of activations at the flat ends' + WATCHED
RECORD_WEIGHTS = 'log "weight.norm": the norm of all weights, at each step or epoch' + WATCHED


def table(view: View, quantity: str, record: str) -> LayerStatistics | Unknown:
    """The layer statistic, if it has any row and layer."""
    found = view.layers(quantity)
    if found is None or found.values.size == 0:
        return Unknown(f"no {quantity.replace('_', ' ')} per layer was recorded", record)
    return found


def thinned(values: Floats) -> Floats:
    """At most 512 rows, evenly placed: medians over more cost time and tell no more."""
    return values if len(values) <= MOST_ROWS else values[np.arange(MOST_ROWS) * len(values) // MOST_ROWS]


def column_medians(values: Floats) -> Floats:
    """Median of each column without its NaNs; NaN for a column of nothing else."""
    ordered = np.sort(thinned(values), axis=0)  # NaN sorts last
    count = (~np.isnan(ordered)).sum(axis=0)
    columns = np.arange(ordered.shape[1])
    lower, upper = np.maximum(count - 1, 0) // 2, count // 2
    upper = np.minimum(upper, np.maximum(count - 1, 0))
    middle = ordered[lower, columns] / 2.0 + ordered[upper, columns] / 2.0
    return np.where(count > 0, np.where(np.isinf(ordered[upper, columns]), ordered[upper, columns], middle), np.nan)


def still(values: Floats) -> Flags:
    """For each column whether it is exactly 0 wherever it is known, and known at all."""
    known = ~np.isnan(values)
    return np.asarray(known.any(axis=0) & ~(known & (values != 0.0)).any(axis=0), dtype=bool)


def declared_frozen(view: View, layers: Sequence[str]) -> Flags:
    """For each layer whether the model profile lists it, or the module it belongs to, as not trained."""
    names = list(view.model.frozen or ())
    names += [layer.name for layer in view.model.layers or () if layer.trainable is False]
    listed = [any(layer == name or layer.startswith(name + ".") for name in names if name) for layer in layers]
    return np.asarray(listed, dtype=bool)


def _only_embeddings_frozen(view: View) -> Reading | Unknown:
    frozen = {layer.name: layer.kind for layer in view.model.layers or () if layer.trainable is False}
    if not frozen:
        return Unknown("no layer is known to be frozen", "advise(history, model=your_model)")
    others = [name for name, kind in frozen.items() if kind != "embedding"]
    return Reading(not others, detail={"layers": ", ".join(sorted(frozen))})


def trained_medians(view: View, found: LayerStatistics, rows: Floats) -> tuple[list[str], Floats]:
    """Names and column medians of the layers that are trained and whose gradient is not 0 throughout."""
    medians = column_medians(rows)
    kept = ~still(found.values) & ~declared_frozen(view, found.layers) & ~np.isnan(medians)
    return [name for name, keep in zip(found.layers, kept.tolist(), strict=True) if keep], medians[kept]


def _first_to_last_gradient(view: View) -> Reading | Unknown:
    found = table(view, "gradient_norm", RECORD_GRADIENTS)
    if isinstance(found, Unknown):
        return found
    early = max(1, int(np.searchsorted(found.at, found.at[0] + FIRST_STEPS)))
    names, medians = trained_medians(view, found, found.values[:early])
    if len(names) < 2:
        return Unknown(f"{len(names)} layers have a gradient; 2 are needed", RECORD_GRADIENTS)
    first, last = 0, len(names) - 1
    if view.model.transformer:
        first, last = _like_layers(names, medians) or (first, last)
    detail: dict[str, float | str] = {"first": names[first], "last": names[last]}
    return Reading(ratio(float(medians[first]), float(medians[last])), detail=detail)


def _like_layers(names: Sequence[str], medians: Floats) -> tuple[int, int] | None:
    """A layer of the first block and its like in the last one: of all such pairs that with the middle ratio.

    In a transformer the gradients of queries, of a feed-forward layer and of the head differ by orders of magnitude by
    their place in a block, healthy or not; what shrinks from block to block shows between layers of one kind. Blocks
    are known by names that differ in one number.
    """
    places: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        for number in re.finditer(r"\d+", name):
            places.setdefault(f"{name[: number.start()]}#{name[number.end() :]}", []).append(index)
    pairs = [(found[0], found[-1]) for found in places.values() if len(found) > 1]
    pairs.sort(key=lambda pair: ratio(float(medians[pair[0]]), float(medians[pair[1]])))
    return pairs[len(pairs) // 2] if pairs else None


def _smallest_layer_gradient(view: View) -> Reading | Unknown:
    found = table(view, "gradient_mean_abs", RECORD_MEAN)
    if isinstance(found, Unknown):
        return found
    names, medians = trained_medians(view, found, found.values)
    if not names:
        return Unknown("no layer has a gradient", RECORD_MEAN)
    index = int(medians.argmin())
    return Reading(float(medians[index]), detail={"layer": names[index]})


def _worst_share(view: View, quantity: str, record: str) -> Reading | Unknown:
    found = table(view, quantity, record)
    if isinstance(found, Unknown):
        return found
    medians = column_medians(found.values[-max(1, len(found.at) // 3) :])
    if np.isnan(medians).all():
        return Unknown(f"no {quantity.replace('_', ' ')} is a number", record)
    index = int(np.nanargmax(medians))
    return Reading(float(medians[index]), detail={"layer": found.layers[index]})


def _dead_unit_share(view: View) -> Reading | Unknown:
    return _worst_share(view, "zero_unit_share", RECORD_ZEROS)


def _saturated_share(view: View) -> Reading | Unknown:
    return _worst_share(view, "saturated_share", RECORD_SATURATION)


def _frozen(view: View) -> tuple[LayerStatistics, Flags, Flags] | Unknown:
    """The update ratios, which of their layers are meant to be trained, and which of those never moved."""
    found = table(view, "update_ratio", RECORD_UPDATES)
    if isinstance(found, Unknown):
        return found
    if len(found.at) < FEWEST_ROWS:
        return Unknown(f"updates were recorded at {len(found.at)} steps; {FEWEST_ROWS} are needed", RECORD_UPDATES)
    meant = ~declared_frozen(view, found.layers) & (~np.isnan(found.values)).any(axis=0)
    if not meant.any():
        return Unknown("no layer is known to be trained", RECORD_UPDATES)
    return found, meant, still(found.values) & meant


def _frozen_layer_share(view: View) -> Reading | Unknown:
    judged = _frozen(view)
    if isinstance(judged, Unknown):
        return judged
    found, meant, frozen = judged
    names = [name for name, stands in zip(found.layers, frozen.tolist(), strict=True) if stands]
    if len(names) == int(meant.sum()):
        return Reading(0.0, detail={"layers": "none while others move"})
    return Reading(len(names) / int(meant.sum()), detail={"layers": ", ".join(names[:5]) or "none"})


def _all_layers_frozen(view: View) -> Reading | Unknown:
    judged = _frozen(view)
    if isinstance(judged, Unknown):
        return judged
    layers, frozen = float(judged[1].sum()), float(judged[2].sum())
    return Reading(frozen == layers, detail={"moving": layers - frozen, "layers": layers})


def _weight_norm_change(view: View) -> Reading | Unknown:
    curve = view.curve("weight.norm")
    if curve is not None and len(curve.points) >= 2:
        start, end = float(curve.points[0]), float(curve.points[-1])
    else:
        found = table(view, "weight_norm", RECORD_WEIGHTS)
        if isinstance(found, Unknown):
            return found
        both = ~np.isnan(found.values[0]) & ~np.isnan(found.values[-1])
        if len(found.at) < 2 or not both.any():
            return Unknown("the weights were recorded only once", RECORD_WEIGHTS)
        start, end = (float(np.sqrt((row[both] ** 2).sum())) for row in (found.values[0], found.values[-1]))
    return Reading(ratio(end, start), detail={"start": start, "end": end})


def _update_ratio_per_layer_spread(view: View) -> Reading | Unknown:
    found = table(view, "update_ratio", RECORD_UPDATES)
    if isinstance(found, Unknown):
        return found
    medians = column_medians(found.values)
    moving = np.flatnonzero(medians > 0.0)
    if len(moving) < 2:
        return Unknown(f"{len(moving)} layers move; 2 are needed", RECORD_UPDATES)
    fastest, slowest = moving[medians[moving].argmax()], moving[medians[moving].argmin()]
    detail: dict[str, float | str] = {"fastest": found.layers[fastest], "slowest": found.layers[slowest]}
    return Reading(ratio(float(medians[fastest]), float(medians[slowest])), detail=detail)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="only_embeddings_frozen",
        title="Whether the layers that are not trained are all look-up tables",
        unit="yes or no",
        grade="config",
        reads="the layers that are not trained, {layers}, are look-up tables: {value}",
        compute=_only_embeddings_frozen,
        arguments=0,
        record="advise(history, model=your_model)",
    ),
    Signal(
        id="first_to_last_gradient",
        title="Gradient of the first trained layer over that of the last, first 50 steps",
        unit="ratio of median norms",
        grade="internal",
        reads="the gradient of {first} is {value:.2g} times that of {last}",
        compute=_first_to_last_gradient,
        arguments=0,
        record=RECORD_GRADIENTS,
    ),
    Signal(
        id="smallest_layer_gradient",
        title="Smallest mean absolute gradient of a trained layer",
        unit="mean absolute gradient",
        grade="internal",
        reads="the smallest gradient is that of {layer}: {value:.2g} on average",
        compute=_smallest_layer_gradient,
        arguments=0,
        record=RECORD_MEAN,
    ),
    Signal(
        id="dead_unit_share",
        title="Share of dead units in the worst layer, last third of the record",
        unit="share of units",
        grade="internal",
        reads="{value:.0%} of the units of {layer} are 0 for every sample",
        compute=_dead_unit_share,
        arguments=0,
        record=RECORD_ZEROS,
    ),
    Signal(
        id="saturated_share",
        title="Share of saturated activations in the worst layer, last third of the record",
        unit="share of activations",
        grade="internal",
        reads="{value:.0%} of the activations of {layer} are saturated",
        compute=_saturated_share,
        arguments=0,
        record=RECORD_SATURATION,
    ),
    Signal(
        id="frozen_layer_share",
        title="Share of layers that never move while others do",
        unit="share of layers not declared frozen",
        grade="proof",
        reads="{value:.0%} of the layers never move: {layers}",
        compute=_frozen_layer_share,
        arguments=0,
        record=RECORD_UPDATES,
    ),
    Signal(
        id="all_layers_frozen",
        title="No layer moves",
        unit="yes or no",
        grade="proof",
        reads="{moving:.0f} of {layers:.0f} layers move",
        compute=_all_layers_frozen,
        arguments=0,
        record=RECORD_UPDATES,
    ),
    Signal(
        id="weight_norm_change",
        title="Norm of the weights at the end over that at the start",
        unit="ratio",
        grade="internal",
        reads="the norm of the weights went from {start:.3g} to {end:.3g}",
        compute=_weight_norm_change,
        arguments=0,
        record=RECORD_WEIGHTS,
    ),
    Signal(
        id="update_ratio_per_layer_spread",
        title="Relative update of the fastest layer over that of the slowest",
        unit="ratio of medians",
        grade="internal",
        reads="{fastest} moves {value:.3g} times as fast as {slowest}",
        compute=_update_ratio_per_layer_spread,
        arguments=0,
        record=RECORD_UPDATES,
    ),
)
