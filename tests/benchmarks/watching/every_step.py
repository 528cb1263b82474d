"""Watching every step, our way and other ways: norms of gradients, weights and updates, activations."""

from __future__ import annotations

import importlib.util
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from time import process_time_ns, thread_time_ns
from typing import Any

import torch
from torch import Tensor, nn

from expert.adapters.live.sampling import Look, Sampling
from expert.adapters.torch import watch
from expert.adapters.torch.activations import Activations
from expert.adapters.torch.parameters import norms
from tests.benchmarks.watching.meter import Meter
from tests.benchmarks.watching.trainings import Kind, Training

WARM = 4
"""Steps at the start of each block that are not counted: caches fill, and a new run asks more of its first steps."""
FLUSHED = 24 * 2**20
"""So many float32, 96 MiB, are read to drive everything else out of the caches."""

FLOORS = 3
"""So often the floor is taken behind each block of bare steps."""

FLOOR = "floor: one `vector_norm` over as many bytes as all gradients have"
OUR_NORMS = "the norms of all gradients as a look takes them, read"
TOTAL_NORM = "`torch.nn.utils.get_total_norm(...).item()`: one number, no layers"
LOOP = "a loop of `p.grad.norm().item()`"
LIGHTNING = "Lightning `grad_norm`, each as a float"

NORMS_LOOK = "**our norms-only look**, with clipping seen and all recorded"
FULL_LOOK = "**our look in full**: gradients, weights, updates, directions, activations"
OUR_ACTIVATIONS = "of that the activations"
FULL_ACTIVATIONS = "all activation numbers, plain forward hooks: dead share, share above 6, mean, std"
WANDB = '`wandb.watch(log="all", log_freq=1)` and `wandb.log`, offline'


@dataclass
class Taken:
    """Seconds of calls in steps, by way, and of the bare steps round them. ``missing`` says why a way has none."""

    kind: Kind
    seconds: dict[str, list[float]] = field(default_factory=dict)
    bare: list[float] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def usual(self, way: str) -> float | None:
        """The median of a way; None where it could not be taken."""
        found = self.seconds.get(way)
        return median(found) if found else None

    def share(self, way: str) -> float | None:
        """The median of a way as a share of the bare step."""
        usual = self.usual(way)
        return None if usual is None else usual / median(self.bare)

    def ratio(self, way: str, other: str) -> float | None:
        """One way against another."""
        first, second = self.usual(way), self.usual(other)
        return None if first is None or second is None else first / second

    def add(self, way: str, seconds: float) -> None:
        self.seconds.setdefault(way, []).append(seconds)

    def forget(self) -> None:
        """Start again."""
        self.seconds.clear()
        self.bare.clear()


def measure_norms(kind: Kind, rounds: int) -> tuple[Taken, Taken]:
    """Ways to take norms of real gradients: in the step, right behind the backward pass, and with cold caches.

    In the step each way has steps of its own, in turn; cold they follow each other in changing order.
    """
    training, in_step, cold = kind.training(), Taken(kind), Taken(kind)
    ways = _ways(training, in_step.missing)
    elsewhere = torch.randn(FLUSHED)
    order = random.Random(0)
    for number in range(rounds + 1):
        _bare_step(training)
        for way in order.sample(list(ways), len(ways)):
            in_step.bare.append(_bare_step(training, partial(_take, in_step, way, ways[way])))
        training.gradients()
        for way in order.sample(list(ways), len(ways)):
            elsewhere.sum()
            _take(cold, way, ways[way])
        if number == 0:  # the first round loads code
            in_step.forget()
            cold.forget()
    cold.bare = in_step.bare
    return in_step, cold


def _ways(training: Training, missing: dict[str, str]) -> dict[str, Callable[[], object]]:
    long = _long(training)
    ways: dict[str, Callable[[], object]] = {
        FLOOR: lambda: torch.linalg.vector_norm(long).item(),
        OUR_NORMS: partial(_our_norms, training),
        TOTAL_NORM: lambda: torch.nn.utils.get_total_norm([_grad(p) for p in training.weights]).item(),
        LOOP: lambda: [_grad(p).norm().item() for p in training.weights],
    }
    if importlib.util.find_spec("lightning") is None:
        missing[LIGHTNING] = "lightning is not installed"
    else:
        from lightning.pytorch.utilities import grad_norm

        ways[LIGHTNING] = lambda: {name: float(norm) for name, norm in grad_norm(training.model, 2).items()}
    return ways


def _bare_step(training: Training, between: Callable[[], None] = lambda: None) -> float:
    """Seconds of a step without what is called between its backward pass and its update."""
    started = thread_time_ns()
    training.gradients()
    stopped = thread_time_ns()
    between()
    resumed = thread_time_ns()
    training.update()
    return 1e-9 * (thread_time_ns() - resumed + stopped - started)


def _take(taken: Taken, way: str, call: Callable[[], object]) -> None:
    started = thread_time_ns()
    call()
    taken.add(way, 1e-9 * (thread_time_ns() - started))


def _long(training: Training) -> Tensor:
    """One vector of as many bytes as all gradients."""
    return torch.randn(sum(p.numel() for p in training.weights))


def _our_norms(training: Training) -> list[float]:
    with torch.no_grad():
        return norms([_grad(p) for p in training.weights]).tolist()


def _grad(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def measure_in_steps(kind: Kind, rounds: int, count: int) -> Taken:
    """Ways that need hooks, in blocks of ``count`` steps that take turns ``rounds`` times. Only their calls count."""
    taken = Taken(kind)
    ways: dict[str, Callable[[Training, Taken], Iterator[Callable[[], None]]]] = {
        "": _bare,
        NORMS_LOOK: partial(_looks, "norms"),
        FULL_LOOK: partial(_looks, "full"),
        FULL_ACTIVATIONS: _all_activations,
    }
    with ExitStack() as kept:
        if importlib.util.find_spec("wandb") is None:
            taken.missing[WANDB] = "wandb is not installed"
        else:
            kept.enter_context(wandb_run())
            ways[WANDB] = _wandb
        trainings = {way: kind.training() for way in ways}
        order = random.Random(0)
        for _ in range(rounds):
            for way in ("", *order.sample([way for way in ways if way], len(ways) - 1)):
                with contextmanager(ways[way])(trainings[way], taken) as step:
                    for _ in range(count):
                        step()
    return taken


def _bare(training: Training, taken: Taken) -> Iterator[Callable[[], None]]:
    long, elsewhere = _long(training), torch.randn(FLUSHED)

    def step() -> None:
        taken.bare.append(_bare_step(training))

    step()
    taken.bare.pop()
    yield step
    for _ in range(FLOORS):
        elsewhere.sum()
        _take(taken, FLOOR, lambda: torch.linalg.vector_norm(long).item())


class EveryStep(Sampling):
    """Looks at every step as closely as it is told, whatever that costs."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._always = look

    def look(self, step: int) -> Look | None:
        return self._always

    def due(self, step: int) -> int:
        return step

    def took(self, step: int, look: Look, seconds: float) -> None:
        return


def _looks(look: Look, training: Training, taken: Taken) -> Iterator[Callable[[], None]]:
    way = NORMS_LOOK if look == "norms" else FULL_LOOK
    inside = ((Activations, "arm"), (Activations, "disarm")) if look == "full" else ()
    with Meter(inside=inside) as meter, watch(training.model, training.optimizer) as run:
        run._collector.watches[0].sampling = EveryStep(look)

        def step() -> None:
            loss = training.gradients()
            training.update()
            run.step(loss=loss)
            meter.step_ended()

        for _ in range(WARM):
            step()
        yield step
    for number in range(WARM, len(meter)):
        taken.add(way, 1e-9 * meter.nanoseconds(number))
        if look == "full":
            taken.add(OUR_ACTIVATIONS, 1e-9 * meter.part(number, Activations))


def _all_activations(training: Training, taken: Taken) -> Iterator[Callable[[], None]]:
    seconds = 0.0

    def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        nonlocal seconds
        started = thread_time_ns()
        with torch.no_grad():
            numbers = output.detach()
            for number in ((numbers == 0).float().mean(), (numbers > 6).float().mean(), *torch.std_mean(numbers)):
                number.item()
        seconds += 1e-9 * (thread_time_ns() - started)

    handles = [
        module.register_forward_hook(hook)
        for module in training.model.modules()
        if isinstance(module, nn.ReLU | nn.GELU)
    ]

    def step() -> None:
        nonlocal seconds
        seconds = 0.0
        training.gradients()
        training.update()
        taken.add(FULL_ACTIVATIONS, seconds)

    step()
    taken.seconds[FULL_ACTIVATIONS].pop()
    yield step
    for handle in handles:
        handle.remove()


@contextmanager
def wandb_run() -> Iterator[None]:
    """An offline run in a folder that goes away."""
    import wandb

    with tempfile.TemporaryDirectory() as folder:
        os.environ["WANDB_ERROR_REPORTING"] = "false"
        settings = wandb.Settings(console="off", silent=True, x_disable_stats=True, x_disable_meta=True)
        run = wandb.init(mode="offline", dir=folder, settings=settings)
        try:
            yield
        finally:
            run.finish()


def _wandb(training: Training, taken: Taken) -> Iterator[Callable[[], None]]:
    import wandb

    wandb.watch(training.model, log="all", log_freq=1)

    def step() -> None:
        # The whole step, less a bare one: part of its work is done by threads of its own.
        started = process_time_ns()
        loss = training.gradients()
        training.update()
        wandb.log({"loss": loss.item()})
        taken.add(WANDB, 1e-9 * (process_time_ns() - started) - median(taken.bare))

    step()
    taken.seconds[WANDB].pop()
    yield step
    wandb.unwatch(training.model)
