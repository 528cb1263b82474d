"""What the two processes do: small trainings, watched, with and without something wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from expert.adapters.torch import run as run_module
from expert.adapters.torch import watch
from expert.adapters.torch.ranks import ranks, telling
from expert.history import History

BATCH = 16
FEATURES = 20


def network(seed: int = 0) -> nn.Sequential:
    """Rows that two ranks cannot share evenly, and a last layer of which one of them holds nothing."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(FEATURES, 33), nn.ReLU(), nn.Linear(33, 5), nn.Tanh(), nn.Linear(5, 1), Stretch(), nn.Linear(1, 3)
    )


class Stretch(nn.Module):
    """A parameter with one number."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def samples(steps: int, size: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(steps * size * BATCH, FEATURES, generator=generator)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 1).long()


def batches(steps: int, rank: int, size: int = 2) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of one rank: together with the others' of the same step they make one of ``size * BATCH`` samples."""
    x, y = samples(steps, size)
    for step in range(steps):
        start = (step * size + rank) * BATCH
        yield x[start : start + BATCH], y[start : start + BATCH]


def replicated(model: nn.Module) -> nn.Module:
    return DistributedDataParallel(model)


def sharded(model: nn.Module) -> nn.Module:
    from torch.distributed.fsdp import fully_shard

    for layer in model.children():
        if isinstance(layer, nn.Linear):
            fully_shard(layer)
    return fully_shard(model)


WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {"ddp": replicated, "fsdp": sharded}


def update(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Tensor:
    loss = cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def final_weights(model: nn.Module) -> list[Tensor]:
    """This rank's part of the weights."""
    return [getattr(p, "_local_tensor", p).detach().clone() for p in model.parameters()]


def train(rank: int, kind: str, steps: int, *, watched: bool = True, epoch: int = 25, **options: Any) -> Any:
    """A healthy training; returns the history, the losses this rank saw and its weights."""
    model = WRAPPERS[kind](network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
    run = watch(model, optimizer, **options) if watched else None
    losses = []
    for step, (x, y) in enumerate(batches(steps, rank), 1):
        loss = update(model, optimizer, x, y)
        losses.append(loss.item())
        if run is not None:
            run.step(loss, batch=(x, y))
            if step % epoch == 0:
                run.epoch(val_loss=1.0 / step)
    if run is not None:
        run.close()
    return (run and run.history()), losses, final_weights(model)


def alone(steps: int, epoch: int = 25) -> tuple[History, list[list[float]]]:
    """The same training in one process, on whole batches: the reference. Also the losses of either half."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
    run = watch(model, optimizer, every=50)
    x, y = samples(steps)
    halves: list[list[float]] = [[], []]
    for step in range(steps):
        start = step * 2 * BATCH
        with torch.no_grad():
            for rank in range(2):
                part = slice(start + rank * BATCH, start + (rank + 1) * BATCH)
                halves[rank].append(cross_entropy(model(x[part]), y[part]).item())
        batch = slice(start, start + 2 * BATCH)
        run.step(update(model, optimizer, x[batch], y[batch]))
        if (step + 1) % epoch == 0:
            run.epoch()
    run.close()
    return run.history(), halves


def journaled(rank: int, folder: str) -> Any:
    """Every rank is given the path and the callback, as in any script."""
    found: list[Any] = []
    path = Path(folder, "run.expert")
    history, _, _ = train(rank, "ddp", 30, path=path, on_finding=found.append, stop_on="warning")
    return history, sorted(os.listdir(folder)), History.load(path)


def at_different_speeds(rank: int, kind: str) -> Any:
    """Rank one is slow in some steps, and rank zero in others."""
    model = WRAPPERS[kind](network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer)
    for step, (x, y) in enumerate(batches(60, rank)):
        if step % 20 == 7 * rank:
            time.sleep(0.3)
        run.step(update(model, optimizer, x, y))
    run.close()
    return run.history()


def epochs_on_rank_zero(rank: int, kind: str) -> Any:
    model = WRAPPERS[kind](network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer) as run:
        for step, (x, y) in enumerate(batches(60, rank), 1):
            run.step(update(model, optimizer, x, y))
            if rank == 0 and step % 20 == 0:
                run.epoch(val_loss=1.0)
                assert run.history().epochs
    return run.history()


class Lone(nn.Sequential):
    """A network that only one rank watches; its names are its own."""


def watched_on_rank_zero(rank: int, kind: str) -> Any:
    torch.manual_seed(0)
    lone = Lone()
    for name, layer in zip("abcde", network()[:5], strict=True):
        lone.add_module(name, layer)
    model = WRAPPERS[kind](lone)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer) if rank == 0 else None
    for x, y in batches(20, rank):
        loss = update(model, optimizer, x, y * 0)
        if run is not None:
            run.step(loss)
    began = time.monotonic()
    if run is not None:
        run.close()
        return run.history(), time.monotonic() - began
    return None


def closed_behind_the_group(rank: int) -> Any:
    """The process group is gone when the run is closed, and rank one is late."""
    model = replicated(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer)
    for x, y in batches(30, rank):
        run.step(update(model, optimizer, x, y))
    del model
    dist.destroy_process_group()
    if rank == 1:
        time.sleep(0.5)
    run.close()
    return run.history()


def without_store(rank: int, kind: str) -> Any:
    def nowhere() -> Any:
        raise RuntimeError("there is no store")

    kept, ranks.default_store = ranks.default_store, nowhere
    try:
        return train(rank, kind, 30)[0]
    finally:
        ranks.default_store = kept


def averaged(model: nn.Module) -> None:
    """What DDP does, by hand."""
    for parameter in model.parameters():
        assert parameter.grad is not None
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()


def by_hand(rank: int, fault: str, steps: int = 40) -> Any:
    """Replicas kept together by hand, or not: ``fault`` is what is wrong."""
    model = network(seed=rank if fault == "seeds" else 0)
    forward: nn.Module = replicated(model) if fault == "bypass" else model
    rate = 0.1 * (1 + rank) if fault == "rates" else 0.1
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    run = watch(forward, optimizer)
    for x, y in batches(steps, rank):
        # Calling the module that DDP wraps leaves out the averaging.
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        if fault != "bypass":
            averaged(model)
        optimizer.step()
        run.step(loss)
    run.close()
    return run.history()


def broken_batch(rank: int) -> Any:
    """One cell of one batch of rank one is NaN."""
    model = replicated(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer)
    for step, (x, y) in enumerate(batches(30, rank), 1):
        given = x.clone()
        if rank == 1 and step == 20:
            given[3, 7] = torch.nan
        run.step(update(model, optimizer, given, y), batch=(given, y))
    run.close()
    return run.history()


def harder_samples(rank: int) -> Any:
    """The labels of rank one belong to other samples."""
    model = replicated(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    run = watch(model, optimizer)
    for step, (x, y) in enumerate(batches(200, rank), 1):
        run.step(update(model, optimizer, x, y.roll(1) if rank == 1 else y))
        if step % 40 == 0:
            run.epoch()
    run.close()
    return run.history()


def killed(rank: int, kind: str, victim: int, folder: str) -> Any:
    """One rank is gone in the middle; the other one goes on until the training itself fails.

    Rank zero dies when it has written something, which is soon but not at a step known before.
    """
    path = Path(folder, "run.expert")
    telling.TOLD_EVERY = run_module.WRITTEN_EVERY = 0.2  # instead of a second
    model = WRAPPERS[kind](network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    try:
        with watch(model, optimizer, path=path) as run:
            for step, (x, y) in enumerate(batches(1000, rank), 1):
                if step >= 40 and rank == victim and (rank != 0 or _losses_in(path) >= 10):
                    os.kill(os.getpid(), signal.SIGKILL)
                run.step(update(model, optimizer, x, y))
                time.sleep(0.05)
                failed_at = time.monotonic()
    except RuntimeError:
        return run.history(), time.monotonic() - failed_at
    raise AssertionError("the training outlived a rank")


def _losses_in(path: Path) -> int:
    loss = History.load(path).get("train.loss")
    return 0 if loss is None else len(loss)
