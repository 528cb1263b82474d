"""The same on a GPU: no waiting of the host on steps that are not looked at, and the share of a step in our calls."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch

from expert.adapters.torch import watch
from tests.benchmarks.watching.bounds import Bound
from tests.benchmarks.watching.meter import OURS
from tests.benchmarks.watching.trainings import TRANSFORMER

WARM, STEPS = 400, 400
HEAD = "GPT on CUDA | measured"


def measure_cuda() -> tuple[list[str], list[Bound]]:
    """Without a GPU nothing but bounds that say so."""
    waits, share = (
        "host waits in our calls on steps that are not looked at, CUDA",
        "our calls in the steady state, GPT on CUDA",
    )
    if not torch.cuda.is_available():
        none = "this machine has no GPU"
        return [], [Bound(waits, None, 0.0, note=none), Bound(share, None, 1.0, " %", note=none)]
    training = TRANSFORMER.training("cuda")
    clock = _Clock()
    with clock, watch(training.model, training.optimizer) as run:
        watched = run._collector.watches[0]

        def steps(count: int) -> None:
            for _ in range(count):
                clock.strict = watched.sampling.due(watched.count + 1) > watched.count + 2
                loss = training.gradients()
                training.update()
                run.step(loss=loss)
            torch.cuda.synchronize()

        steps(WARM)
        clock.seconds = 0.0
        began = perf_counter()
        steps(STEPS)
        took = perf_counter() - began
        failures = run._collector._failures + clock.waits
    rows = [
        f"| a step, clock time | {1e3 * took / STEPS:.3g} ms |",
        f"| our calls on the host, of each step | {1e6 * clock.seconds / STEPS:.3g} µs |",
    ]
    return rows, [
        Bound(waits, float(failures), 0.0),
        Bound(share, 100 * clock.seconds / (took - clock.seconds), 1.0, " %"),
    ]


class _Clock:
    """Times our calls on the host, and lets none of them wait for the device while ``strict``.

    The watcher keeps errors of its own to itself and counts them; one that escapes is counted here.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.strict = False
        self.waits = 0
        self._kept: list[tuple[type, str, Any]] = []

    def __enter__(self) -> None:
        for owner, name in OURS:
            inner = getattr(owner, name)
            self._kept.append((owner, name, inner))
            setattr(owner, name, self._timed(inner))

    def __exit__(self, *_: object) -> None:
        for owner, name, inner in self._kept:
            setattr(owner, name, inner)

    def _timed(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            strict = self.strict
            if strict:
                torch.cuda.set_sync_debug_mode("error")
            began = perf_counter()
            try:
                return inner(*args, **kwargs)
            except RuntimeError:
                self.waits += 1
                raise
            finally:
                self.seconds += perf_counter() - began
                if strict:
                    torch.cuda.set_sync_debug_mode("default")

        return timed
