"""Other ways to train on two ranks: accumulation, uneven inputs, partitioned optimizers, tensor parallelism."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from expert.adapters.torch import run as run_module
from expert.adapters.torch import watch
from expert.adapters.torch.deferred import DeferredReads
from expert.adapters.torch.losses import Losses
from expert.adapters.torch.ranks import joining, telling
from expert.adapters.torch.resuming import restored

from .pair import LONGEST
from .programs import BATCH, batches, network, replicated, samples, sharded, train, update


def accumulated(rank: int) -> Any:
    """Two batches an update; the gradients of the first stay on their rank."""
    model = replicated(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer)
    norms = []
    for number, (x, y) in enumerate(batches(80, rank)):
        last = number % 2 == 1
        with nullcontext() if last else model.no_sync():  # type: ignore[operator]
            loss = cross_entropy(model(x), y)
            (loss / 2).backward()
        if last:
            norms.append(torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]).item())
            optimizer.step()
            optimizer.zero_grad()
        run.step(loss)
    run.close()
    return run.history(), norms


def clipped(rank: int, kind: str, tell: str) -> Any:
    """Gradients are clipped, and the collector is told the norm, the bound, or nothing."""
    model = replicated(network()) if kind == "ddp" else sharded(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer, config={"clip_norm": 0.01} if tell == "bound" else None)
    norms = []
    for x, y in batches(20, rank):
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        optimizer.step()
        run.step(loss, gradient_norm=norm if tell == "norm" else None)
        norms.append(float(getattr(norm, "full_tensor", lambda norm=norm: norm)()))
    run.close()
    return run.history(), norms


def uneven(rank: int) -> Any:
    """Rank one has fewer batches in each epoch, and rank zero goes on with those it has."""
    from torch.distributed.algorithms.join import Join

    model = replicated(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = watch(model, optimizer)
    for _ in range(3):
        with Join([model]):  # type: ignore[list-item]
            for x, y in batches(30 - 6 * rank, rank):
                run.step(update(model, optimizer, x, y))
        run.epoch()
    run.close()
    return run.history()


def partitioned(rank: int) -> Any:
    """Each rank's optimizer moves other parameters."""
    from torch.distributed.optim import ZeroRedundancyOptimizer

    model = replicated(network())
    optimizer = ZeroRedundancyOptimizer(model.parameters(), torch.optim.SGD, lr=0.05, momentum=0.5)
    run = watch(model, optimizer)
    for step, (x, y) in enumerate(batches(75, rank), 1):
        run.step(update(model, optimizer, x, y))
        if step % 25 == 0:
            run.epoch()
    run.close()
    return run.history()


def flat(rank: int, original: bool) -> Any:
    """The older FSDP, whose parameters are pieces of flat ones."""
    from torch.distributed.fsdp import FullyShardedDataParallel

    warnings.simplefilter("ignore")
    model = FullyShardedDataParallel(network(), use_orig_params=original, device_id=torch.device("cpu"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
    run = watch(model, optimizer)
    for x, y in batches(75, rank):
        run.step(update(model, optimizer, x, y))
    run.close()
    return run.history()


def tensor_parallel(rank: int) -> Any:
    """The layers are divided, and both ranks see all samples. Parameters that are not divided lie on both."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    mesh = init_device_mesh("cpu", (2,))
    model = wide()
    parallelize_module(model, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})
    return _whole_batches(model, BATCH)


def wide() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 8), nn.Tanh(), nn.Linear(8, 3))


def _whole_batches(model: nn.Module, size: int) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, foreach=False)
    run = watch(model, optimizer, every=50)
    x, y = samples(60, 4)
    for start in range(0, 60 * size, size):
        run.step(update(model, optimizer, x[start : start + size], y[start : start + size]))
    run.close()
    return run.history()


def not_parallel(size: int) -> Any:
    """One process that sees batches of so many samples."""
    return _whole_batches(wide(), size)


def on_a_mesh(rank: int, kind: str) -> Any:
    """Four ranks in two axes: copies of shards, or shards of shards with parts that lie on several ranks."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    mesh = init_device_mesh("cpu", (2, 2), mesh_dim_names=("outer", "inner"))
    model = wide()
    if kind == "copies":
        fully_shard(model, mesh=mesh)
        given = batches(60, rank, 4)
    else:
        parallelize_module(model, mesh["inner"], {"0": ColwiseParallel(), "2": RowwiseParallel()})
        fully_shard(model, mesh=mesh["outer"])
        given = batches(60, rank // 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, foreach=False)
    run = watch(model, optimizer)
    for x, y in given:
        run.step(update(model, optimizer, x, y))
    run.close()
    return run.history()


class _OnItsWay:
    """An event of a device that arrives when it was asked a few times."""

    def __init__(self) -> None:
        self.asked = 0

    def query(self) -> bool:
        self.asked += 1
        return self.asked > 4

    def synchronize(self) -> None:
        pass


def on_a_device(rank: int, kind: str, steps: int) -> Any:
    """Numbers are delivered late, as those of a GPU are: looks one by one, losses many at a time."""

    def read(reads: Any, numbers: Tensor, use: Any) -> None:
        reads._waiting.append((numbers.detach().clone(), _OnItsWay(), use))

    def take_any(losses: Losses, at: int, loss: Tensor) -> None:
        losses._keep(at, loss.detach())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DeferredReads, "read", read)
        patch.setattr(Losses, "take_any", take_any)
        patch.setattr(run_module, "WRITTEN_EVERY", 0.02)
        patch.setattr(telling, "TOLD_EVERY", 0.02)
        patch.setattr(telling, "PER_RANK", 0.0)
        return train(rank, kind, steps)


def resumed(rank: int, kind: str, saved_by: str) -> Any:
    """A run that goes on from a checkpoint of rank zero's record, which all ranks or rank zero alone asked for."""
    state: Any = None
    for part in range(2):
        model = replicated(network()) if kind == "ddp" else sharded(network())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, optimizer)
        if state is not None:
            run.load_state_dict(state)
        for x, y in batches(30, rank):
            run.step(update(model, optimizer, x, y))
        run.epoch()
        if part == 0 and (rank == 0 or saved_by == "all"):
            state = run.state_dict()
        run.close()
        if part == 0:
            # All ranks go on from the same file.
            given = [state]
            dist.broadcast_object_list(given)
            state = given[0]
    return run.history()


def saved_while_others_wait(rank: int) -> Any:
    """A checkpoint on rank zero alone, in the midst of an epoch, while rank one is in the next step already."""
    model = replicated(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    states = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "CAUGHT_UP", 0.1)
        patch.setattr(telling, "TOLD_EVERY", LONGEST)
        with watch(model, optimizer) as run:
            for step, (x, y) in enumerate(batches(30, rank), 1):
                run.step(update(model, optimizer, x, y))
                if rank == 0 and step in (10, 20):
                    states.append(run.state_dict())
    return [restored(state)[0] for state in states], run.history()
