"""Map-style data sets as arrays: all of their samples where that is cheap, an even part of them where it is not."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.torch.profile.unwrapping import attribute
from expert.errors import SourceError

LOOKED_AT = 2048
"""So many samples of a data set that makes them one by one are looked at unless the caller asks for more."""
MOST_CELLS = 1 << 25
"""Numbers that are read of such a data set at most: 128 MiB of float32."""
FEWEST = 32
READ_TWICE = 4
LABEL_KEYS = ("label", "labels", "y", "target", "targets")
LABEL_ATTRIBUTES = ("targets", "labels", "_labels", "y")
"""Where data sets keep the labels of all samples, torchvision's among them."""
TORCH = "torch.utils.data.dataset"


@dataclass(frozen=True, slots=True)
class Gathered:
    """Samples of a data set.

    ``x`` and ``y`` are arrays, tensors or mappings of them with one entry for each sample looked at; None where the
    samples have no common shape or no labels. ``rows`` (n,) says which samples of ``total`` they are, None for all.
    ``labels`` (total,) are those of all samples, where the data set keeps them apart. ``redrawn`` says that a sample
    read twice was not the same.
    """

    x: Any
    y: Any
    total: int
    rows: NDArray[np.int64] | None = None
    labels: NDArray[Any] | None = None
    class_names: int | None = None
    redrawn: bool = False
    notes: tuple[str, ...] = ()


def is_dataset(source: object) -> bool:
    """Whether the object is a map-style data set of PyTorch or of Hugging Face: one with a length and an index."""
    kinds = type(source).__mro__
    names = {kind.__name__ for kind in kinds}
    own = any(kind.__name__ == "Dataset" and kind.__module__.split(".")[0] in {"torch", "datasets"} for kind in kinds)
    return own and "IterableDataset" not in names and hasattr(source, "__len__") and hasattr(source, "__getitem__")


def gather(dataset: Any, where: str, most: int | None) -> Gathered:
    """Read a data set, or an even part of it of at most ``most`` samples; None for all, however long that takes.

    A ``TensorDataset``, and a ``Subset`` of one, is read without taking items. Of any other the items are taken, so its
    transforms run; the global random states of Python, NumPy and torch are put back afterwards. Other traces a data set
    leaves (caches, open files, a generator of its own) are its own business.

    Raises ``SourceError`` naming ``where`` when it is empty or an item cannot be read.
    """
    total = _length(dataset, where)
    tensors, indices = _tensors(dataset)
    if tensors is not None:
        return _from_tensors(tensors, indices, total, most)
    with undisturbed():
        return _from_items(dataset, where, total, most)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put the global random states of Python, NumPy and torch (where it is loaded) back at the end."""
    torch: Any = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state()
    torch_state = None if torch is None else torch.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch_state is not None:
            torch.set_rng_state(torch_state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)


def even_part(total: int, count: int) -> NDArray[np.int64]:
    """Return ``count`` of ``total`` indices in order: one at a random place in each of as many equal stretches.

    The places come from a generator of its own with a fixed seed. Equal steps would fall in with samples whose classes
    take turns.
    """
    edges = np.linspace(0, total, count + 1).astype(np.int64)
    return edges[:-1] + np.random.default_rng(0).integers(0, np.diff(edges))


def _from_tensors(tensors: Sequence[Any], indices: Any, total: int, most: int | None) -> Gathered:
    notes: list[str] = []
    x, y = _parts(tuple(tensors), notes)
    if indices is None:
        return Gathered(x, y, total, notes=tuple(notes))
    rows = None
    cells = int(np.prod(x.shape[1:])) * total
    if most is not None and cells > MOST_CELLS:
        rows = even_part(total, max(most, MOST_CELLS // max(1, cells // total)))
    chosen = indices if rows is None else [indices[row] for row in rows.tolist()]
    chosen = np.asarray(chosen, dtype=np.int64)
    return Gathered(x[chosen], None if y is None else y[chosen], total, rows, notes=tuple(notes))


def _from_items(dataset: Any, where: str, total: int, most: int | None) -> Gathered:
    first = _item(dataset, 0, where)
    count = total
    if most is not None:
        count = min(total, most, max(FEWEST, MOST_CELLS // max(1, _size(first))))
    rows = even_part(total, count)
    items = [_item(dataset, row, where) for row in rows.tolist()]
    again = [_item(dataset, row, where) for row in rows[:READ_TWICE].tolist()]
    redrawn = not all(_same(one, other) for one, other in zip(items, again, strict=False))
    notes: list[str] = []
    pairs = [_parts(item, notes if number == 0 else []) for number, item in enumerate(items)]
    x = _stacked([pair[0] for pair in pairs], "samples", notes)
    y = None if pairs[0][1] is None else _stacked([pair[1] for pair in pairs], "labels", notes)
    whole = len(rows) == total
    labels = None if whole else _confirmed(known_labels(dataset, total), rows, y)
    names = attribute(_base(dataset), "classes")
    return Gathered(
        x,
        y,
        total,
        None if whole else rows,
        labels,
        len(names) if isinstance(names, list | tuple) and names else None,
        redrawn,
        tuple(notes),
    )


def known_labels(dataset: Any, total: int) -> NDArray[Any] | None:
    """Return the labels of all ``total`` samples from the attribute a data set keeps them in; no item is taken."""
    indices = attribute(dataset, "indices") if _reads_items_as(dataset, "Subset") else None
    if indices is not None:
        inner = attribute(dataset, "dataset")
        of_all = known_labels(inner, len(inner)) if hasattr(inner, "__len__") else None
        return None if of_all is None else of_all[np.asarray(indices, dtype=np.int64)]
    if _reads_items_as(dataset, "ConcatDataset"):
        parts = [known_labels(part, len(part)) for part in dataset.datasets]
        return None if any(part is None for part in parts) else np.concatenate(parts)  # type: ignore[arg-type]
    for name in LABEL_ATTRIBUTES:
        kept = attribute(dataset, name)
        if kept is None or isinstance(kept, str) or not hasattr(kept, "__len__") or len(kept) != total:
            continue
        try:
            labels = _cells(kept)
        except (TypeError, ValueError):
            continue
        if labels.ndim == 1 and labels.dtype.kind in "biufU":
            return labels
    return None


def _confirmed(labels: NDArray[Any] | None, rows: NDArray[np.int64], seen: Any) -> NDArray[Any] | None:
    """The labels kept apart, if those of the items that were taken are the same: a transform may have changed them."""
    if labels is None or not isinstance(seen, np.ndarray) or seen.shape != rows.shape:
        return None
    return labels if bool((labels[rows] == seen).all()) else None


def _tensors(dataset: Any) -> tuple[Sequence[Any] | None, Any]:
    """The tensors of a TensorDataset, and the indices of what subsets take of it (None for everything)."""
    indices: Any = None
    while _reads_items_as(dataset, "Subset"):
        of_inner = attribute(dataset, "indices")
        indices = of_inner if indices is None else [of_inner[index] for index in indices]
        dataset = attribute(dataset, "dataset")
    if not _reads_items_as(dataset, "TensorDataset"):
        return None, None
    return attribute(dataset, "tensors"), indices


def _base(dataset: Any) -> Any:
    while _reads_items_as(dataset, "Subset"):
        dataset = attribute(dataset, "dataset")
    return dataset


def _reads_items_as(dataset: Any, name: str) -> bool:
    """Whether taking an item runs the code of this class of torch, whatever was derived from it."""
    owner = next((kind for kind in type(dataset).__mro__ if "__getitem__" in vars(kind)), None)
    return owner is not None and (owner.__module__, owner.__name__) == (TORCH, name)


def _length(dataset: Any, where: str) -> int:
    try:
        total = len(dataset)
    except Exception as error:  # a stranger's code
        raise SourceError(
            f"{where}: the length of the {type(dataset).__name__} is not known ({type(error).__name__}: {error})."
        ) from error
    if total == 0:
        raise SourceError(f"{where}: there are no samples.")
    return total


def _item(dataset: Any, row: int, where: str) -> Any:
    try:
        return dataset[row]
    except Exception as error:  # a stranger's code
        kind = type(dataset).__name__
        raise SourceError(
            f"{where}: sample {row} of the {kind} cannot be read ({type(error).__name__}: {error})."
        ) from error


def _parts(item: Any, notes: list[str]) -> tuple[Any, Any]:
    """(inputs, labels or None) of one item, or of the tensors of a TensorDataset."""
    if isinstance(item, Mapping):
        key = next((key for key in LABEL_KEYS if key in item), None)
        rest = {str(name): value for name, value in item.items() if name != key}
        return (next(iter(rest.values())) if len(rest) == 1 else rest), None if key is None else item[key]
    if not isinstance(item, tuple | list):
        return item, None
    if len(item) > 2:
        notes.append(
            f"An item has {len(item)} parts: the first is taken for the inputs, the others were not looked at."
        )
    return (item[0] if item else item), item[1] if len(item) == 2 else None


def _stacked(parts: list[Any], what: str, notes: list[str]) -> Any:
    """One array, or a mapping of arrays, of the parts of all items; None, and a note, where they do not fit."""
    first = parts[0]
    if isinstance(first, tuple | list) and not all(isinstance(value, int | float) for value in first):
        parts = [dict(enumerate(part)) if isinstance(part, tuple | list) else part for part in parts]
        first = parts[0]
    if isinstance(first, Mapping):
        same = all(isinstance(part, Mapping) and part.keys() == first.keys() for part in parts)
        found = {str(key): _stacked([part[key] for part in parts], what, notes) for key in first} if same else {}
        return {key: value for key, value in found.items() if value is not None} or None
    try:
        arrays = [_cells(part) for part in parts]
    except (TypeError, ValueError):
        arrays = []
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) != 1 or arrays[0].dtype == object:
        shown = ", ".join(map(str, shapes[:3])) + (" ..." if len(shapes) > 3 else "")
        seen = f"have different shapes ({shown})" if shapes else f"are no arrays ({type(first).__name__})"
        notes.append(f"The {what} {seen}, so their numbers were not looked at.")
        return None
    return np.stack(arrays)


def _cells(value: Any) -> NDArray[Any]:
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        value = (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    return np.asarray(value)


def _size(item: Any) -> int:
    parts = item.values() if isinstance(item, Mapping) else item if isinstance(item, tuple | list) else [item]
    sizes = [int(np.prod(shape)) for part in parts if (shape := getattr(part, "shape", None)) is not None]
    # A picture that is no array yet has a size in pixels, for three channels.
    sizes += [3 * int(np.prod(part.size)) for part in parts if isinstance(getattr(part, "size", None), tuple)]
    return sum(sizes)


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(_same, first, second))
    try:
        one, other = _cells(first), _cells(second)
        return one.shape == other.shape and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    except (TypeError, ValueError):
        return True  # what is no array tells nothing
