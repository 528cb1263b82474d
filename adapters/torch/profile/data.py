"""A profile of the data on request: data sets, loaders and arrays, read without disturbing the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expert.adapters.array_datasets import LOOKED_AT
from expert.adapters.arrays import read_arrays
from expert.adapters.torch.profile.loader import inner_loader, is_loader
from expert.history import DataProfile, History


def profile_data(data: object, *, samples: int | None = LOOKED_AT, validation: object = None) -> DataProfile:
    """Return what the training data (and the validation data, where they are given) look like.

    ``data`` is a map-style data set of (x, y) pairs or of mappings with a label, a ``DataLoader`` (its data set is
    read, the loader is not iterated), x, (x, y), ((x, y), (x_val, y_val)), (training set, validation set), or a mapping
    with train, val or with x, y, x_val, y_val; ``validation`` is a validation set of any of these forms.

    Arrays, tensors and a ``TensorDataset`` are read whole, without taking an item. Of a data set that makes its samples
    one by one, ``samples`` of them are looked at, evenly spread (None for all; fewer where they are large), and what
    only all of them can show stays None. Taking items runs the data set's transforms: the global random states of
    Python, NumPy and torch are put back afterwards.

    Raises ``SourceError`` in one sentence for what cannot be read, such as a data set that can only be iterated.
    """
    return read_data(data, samples=samples, validation=validation).data


def read_data(data: object, *, samples: int | None = LOOKED_AT, validation: object = None) -> History:
    """As `profile_data`, but a History: with notes that say how much was looked at, and ``config.augmentation`` True
    where a training sample read twice was not the same.
    """
    return read_arrays(_opened(data), samples=samples, validation=None if validation is None else _opened(validation))


def _opened(source: Any) -> Any:
    """The data set in place of each loader."""
    loader = inner_loader(source)
    if is_loader(loader):
        return _drawn_from(loader)
    if type(source) is tuple:
        return tuple(map(_opened, source))
    if isinstance(source, Mapping) and {"train", "val"} & set(source):
        return {key: _opened(value) for key, value in source.items()}
    return source


def _drawn_from(loader: Any) -> Any:
    """The loader's data set, or the part of it that a ``SubsetRandomSampler`` keeps to."""
    from torch.utils.data import Subset, SubsetRandomSampler

    return (
        Subset(loader.dataset, loader.sampler.indices)
        if type(loader.sampler) is SubsetRandomSampler
        else loader.dataset
    )
