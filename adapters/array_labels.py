"""What labels tell: classes and their counts, range, order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.samples import Samples, is_frame, numeric, read_samples, to_array

FEW = 20
"""Up to this many different whole numbers are classes; more only if they are numbered without gaps from 0 or 1."""
GROUPED = 3.0
"""Standard deviations by which neighbors must agree more often than in a shuffled set."""
IGNORED = -100
"""The class number the losses of PyTorch leave out."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of n samples; ``classes`` (n,) holds a class for each sample, None where the target is continuous."""

    samples: Samples
    classes: NDArray[Any] | None
    profile: dict[str, Any]
    notes: tuple[str, ...]


def read_labels(source: Any, where: str) -> Labels:
    """Read labels given as class numbers, class names, one-hot rows or continuous targets."""
    if is_frame(source) and source.shape[1] == 1:
        source = source.iloc[:, 0]
    given = read_samples(source, where)
    notes: list[str] = []
    array = to_array(source, where)
    values = numeric(array)
    if values is None:
        flat = array.reshape(len(array), -1)
        return _named(given, flat[:, 0].astype(str)) if flat.shape[1] == 1 else Labels(given, None, {}, ())
    if values.ndim > 1 and values.shape[1:] == (1,) * (values.ndim - 1):
        values = values.reshape(len(values))
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    counted = finite[finite != IGNORED] if values.dtype.kind == "i" else finite
    if counted.size < finite.size and counted.min(initial=0) >= 0:
        notes.append(f"Labels of {IGNORED} were not counted: the losses of PyTorch leave them out.")
        finite = counted
        values = counted if values.ndim == 1 else values
    if not finite.size:
        return Labels(given, None, {}, ())
    whole = values.dtype.kind in "biu" or bool((finite == np.floor(finite)).all())
    if values.ndim == 2 and _is_one_hot(values):
        classes = values.argmax(axis=1)
        width = values.shape[1]
        notes.append("The labels are one-hot rows.")
        profile = _class_profile(classes, width)
        return Labels(given, classes, profile | {"labels_integer": True}, tuple(notes))
    profile = {"label_minimum": float(finite.min()), "label_maximum": float(finite.max()), "labels_integer": whole}
    if values.ndim == 1 and whole and _are_classes(finite, len(values)):
        classes = values
        if values.dtype.kind == "f":
            classes = np.where(np.isfinite(values), values, finite[0])
        return Labels(given, classes, profile | _class_profile(classes, None), tuple(notes))
    if values.ndim == 1 or not whole:  # whole numbers in several dimensions are tokens or pixels of a class each
        profile |= _target_profile(values)
    if values.ndim == 1:
        steps = np.diff(values.astype(np.float64))
        profile["sorted_by_label"] = bool(len(steps) > 1 and steps.any() and ((steps >= 0).all() or (steps <= 0).all()))
    return Labels(given, None, profile, tuple(notes))


def total_variation(train: Labels, val: Labels) -> float | None:
    """Return half the summed difference of the class shares, 0 for equal and 1 for disjoint labels."""
    if train.classes is None or val.classes is None:
        return None
    first, second = _shares(train.classes), _shares(val.classes)
    return sum(abs(first.get(name, 0.0) - second.get(name, 0.0)) for name in first | second) / 2


def _named(given: Samples, names: NDArray[Any]) -> Labels:
    profile = _class_profile(names, None) | {"labels_integer": False}
    return Labels(given, names, profile, ("The labels are names, which a loss cannot read before they are numbered.",))


def _class_profile(classes: NDArray[Any], width: int | None) -> dict[str, Any]:
    if width is None:
        counts = np.unique(classes, return_counts=True)[1].tolist()
    else:
        counts = np.bincount(classes, minlength=width).tolist()
    total = sum(counts)
    return {
        "classes": len(counts),
        "class_counts": tuple(counts),
        "target_prior": tuple(count / total for count in counts),
        "sorted_by_label": _is_grouped(classes, counts),
    }


def _target_profile(values: NDArray[Any]) -> dict[str, Any]:
    """Mean and standard deviation; of several targets their root mean squares, as a squared error weighs them."""
    columns = values.reshape(len(values), -1).astype(np.float64)
    columns = np.where(np.isfinite(columns), columns, np.nan)
    columns = columns[:, ~np.isnan(columns).all(axis=0)]
    means, stds = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)
    if len(means) == 1:
        return {"target_mean": float(means[0]), "target_std": float(stds[0])}
    size = float(np.sqrt(np.square(means).mean()))
    sign = -1.0 if float(means[np.abs(means).argmax()]) < 0 else 1.0
    return {"target_mean": sign * size, "target_std": float(np.sqrt(np.square(stds).mean()))}


def _is_one_hot(values: NDArray[Any]) -> bool:
    return values.shape[1] > 1 and bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _are_classes(whole: NDArray[Any], count: int) -> bool:
    distinct = np.unique(whole)
    if len(distinct) <= FEW:
        return len(distinct) < count or count <= 2
    from_start = distinct[0] in {0, 1} and distinct[-1] - distinct[0] + 1 == len(distinct)
    return bool(from_start and len(distinct) * 5 <= count)


def _is_grouped(classes: NDArray[Any], counts: list[int]) -> bool | None:
    """Whether neighbors share a label far more often than chance has it.

    Compares the number of changes from sample to sample with its expectation in a random order,
    (n - 1)·(1 - Σ nᵢ(nᵢ - 1) / (n(n - 1))), in units of a standard deviation that is at most its square root.
    """
    count = len(classes)
    if count < 10 or len(counts) < 2:
        return None
    changes = int((classes[1:] != classes[:-1]).sum())
    expected = (count - 1) * (1 - sum(n * (n - 1) for n in counts) / (count * (count - 1)))
    completely = changes == sum(n > 0 for n in counts) - 1 and count >= 2 * len(counts)
    return bool(completely or (changes < expected / 2 and (expected - changes) / np.sqrt(expected) > GROUPED))


def _shares(classes: NDArray[Any]) -> dict[Any, float]:
    names, counts = np.unique(classes, return_counts=True)
    return dict(zip(names.tolist(), (counts / len(classes)).tolist(), strict=True))
