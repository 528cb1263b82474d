"""What watching changes for a compiled model: graphs, breaks and recompilations, counted with backend `aot_eager`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._dynamo.utils import counters

from expert.adapters.torch import Run, watch
from tests.benchmarks.watching.bounds import Bound
from tests.benchmarks.watching.trainings import MLP, TRANSFORMER, Kind, Training

EPOCHS, STEPS = 4, 12
HEAD = "training | order | graphs | graph breaks | frames compiled"


def measure_compiling() -> tuple[list[str], list[Bound]]:
    """Count for each training without a watcher, and with one put on before and after compiling."""
    rows, bounds = [], []
    for kind in (MLP, TRANSFORMER):
        alone = _counted(kind, _alone)
        rows.append(_row(kind, "compiled, not watched", alone))
        for order, how in (("compiled, then watched", _compile_first), ("watched, then compiled", _watch_first)):
            found = _counted(kind, how)
            rows.append(_row(kind, order, found))
            added = float(sum(abs(a - b) for a, b in zip(found, alone, strict=True)))
            bounds.append(Bound(f"graphs, breaks and compilations added, {kind.name} {order}", added, 0.0))
    return rows, bounds


def _row(kind: Kind, order: str, found: tuple[int, int, int]) -> str:
    return f"| {kind.name} | {order} | {' | '.join(map(str, found))} |"


def _counted(kind: Kind, how: Callable[[Training], None]) -> tuple[int, int, int]:
    """(graphs, breaks, frames compiled) of a training with validation."""
    torch._dynamo.reset()
    counters.clear()
    how(kind.short_training())
    return (
        counters["stats"]["unique_graphs"],
        sum(counters["graph_break"].values()),
        counters["frames"]["total"],
    )


def _compiled(training: Training) -> Any:
    training.model = torch.compile(training.model, backend="aot_eager")  # type: ignore[assignment]
    return training.model


def _alone(training: Training) -> None:
    _compiled(training)
    _epochs(training, None)


def _compile_first(training: Training) -> None:
    with watch(_compiled(training), training.optimizer) as run:
        _epochs(training, run)


def _watch_first(training: Training) -> None:
    with watch(training.model, training.optimizer) as run:
        _compiled(training)
        _epochs(training, run)


def _epochs(training: Training, run: Run | None) -> None:
    for _ in range(EPOCHS):
        training.model.train()
        for _ in range(STEPS):
            loss = training.gradients()
            training.update()
            if run is not None:
                run.step(loss=loss)
        training.model.eval()
        with torch.no_grad():
            training.model(training.x)
        if run is not None:
            run.epoch(val_loss=1.0)
