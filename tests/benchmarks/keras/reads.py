"""How often a training reads a tensor on the host, where a step on a GPU would have to be waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tensorflow.python.framework import ops

from tests.benchmarks.keras.trainings import Kind, Way

SHORT, LONG = 100, 300


def reads_per_step(kind: Kind, way: Way) -> float:
    """Reads that each further step of an epoch adds; what is read once an epoch does not count."""
    return (_reads(kind, way, LONG) - _reads(kind, way, SHORT)) / (LONG - SHORT)


def _reads(kind: Kind, way: Way, steps: int) -> int:
    model = kind.model(eager=way.eager)
    with _counting() as count:
        model.fit(kind.data(model.input_shape[1:], steps), epochs=1, callbacks=way.callbacks(), verbose=0)
    return count[0]


@contextmanager
def _counting() -> Iterator[list[int]]:
    """Counts every way from a tensor to numbers: ``numpy()``, ``float()``, ``np.asarray`` and their kin."""
    owner: Any = ops._EagerTensorBase
    count = [0]
    read, as_array = owner._numpy, owner.__array__

    def counted(self: Any) -> Any:
        count[0] += 1
        return read(self)

    def counted_array(self: Any, *args: Any, **named: Any) -> Any:
        count[0] += 1
        return as_array(self, *args, **named)

    owner._numpy, owner.__array__ = counted, counted_array
    try:
        yield count
    finally:
        owner._numpy, owner.__array__ = read, as_array
