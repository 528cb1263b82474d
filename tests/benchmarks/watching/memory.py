"""What a watched run keeps alive: everything that goes when the run goes."""

from __future__ import annotations

import gc
import tracemalloc

import torch

from expert.adapters.torch import watch
from tests.benchmarks.watching.bounds import Bound
from tests.benchmarks.watching.trainings import Kind

STEPS = 600
"""More than the rows that are kept of a layer statistic."""


def measure_memory(kind: Kind) -> tuple[str, Bound]:
    """Look at every one of `STEPS` steps in full, more than any default run does, and then let go of the run.

    Python's and NumPy's memory is what `tracemalloc` misses afterwards; a tensor's is its storage, of the tensors the
    garbage collector knows. The batch is short, for what a run keeps depends on the weights alone.
    """
    training = kind.short_training()
    tracemalloc.start()
    try:
        run = watch(training.model, training.optimizer, every=1)
        for _ in range(STEPS):
            loss = training.gradients()
            training.update()
            run.step(loss=loss)
        run.close()
        del loss
        gc.collect()
        held, tensors = tracemalloc.get_traced_memory()[0], _tensor_bytes()
        del run
        gc.collect()
        held -= tracemalloc.get_traced_memory()[0]
        tensors -= _tensor_bytes()
    finally:
        tracemalloc.stop()
    weights = sum(p.numel() * p.element_size() for p in training.weights)
    allowed = 0.02 * weights + 1e6
    row = (
        f"| {kind.name} | {weights / 1e6:.2f} MB | {held / 1e6:.2f} MB | {tensors / 1e6:.2f} MB | "
        f"{(held + tensors) / 1e6:.2f} MB |"
    )
    return row, Bound(
        f"memory held after {STEPS} looks in full, {kind.name}", (held + tensors) / 1e6, allowed / 1e6, " MB"
    )


HEAD = "training | weights | held in Python and NumPy | held in tensors | together"


def _tensor_bytes() -> int:
    storages = {}
    for one in gc.get_objects():
        if type(one) in (torch.Tensor, torch.nn.Parameter):
            storage = one.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())
