"""Times the watcher's own calls from outside, inside real steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from statistics import mean
from time import perf_counter_ns, thread_time, thread_time_ns
from types import TracebackType
from typing import Any, Self

from expert.adapters.torch import activations, clipping, collecting, stepping
from expert.adapters.torch.activations import Activations
from expert.adapters.torch.clipping import Canaries
from expert.adapters.torch.modes import ModeLook
from expert.adapters.torch.run import Run
from expert.adapters.torch.stepping import OptimizerWatch

Method = tuple[type, str]
OURS: tuple[Method, ...] = (
    (OptimizerWatch, "before"),
    (OptimizerWatch, "after"),
    (Canaries, "_added"),
    (Canaries, "_arriving"),
    (Activations, "_hook"),
    (ModeLook, "_hook"),
    (Run, "step"),
)
"""Everything of the watcher that torch or the user calls in the course of a step."""


CLOCKED = (activations, clipping, collecting, stepping)
CLOCK = "perf_counter"
"""The modules that time looks and steps for the budget, and what they call the clock."""


@contextmanager
def processor_clock() -> Iterator[None]:
    """Let the watcher's budget count processor time, as the measurements do.

    What other processes take of the machine would be time of the run for it, and so leave it more.
    """
    kept = [getattr(module, CLOCK) for module in CLOCKED]
    for module in CLOCKED:
        setattr(module, CLOCK, thread_time)
    try:
        yield
    finally:
        for module, clock in zip(CLOCKED, kept, strict=True):
            setattr(module, CLOCK, clock)


class _Nothing:
    """A call that does nothing: what it seems to take is what the timers take."""

    def call(self, _first: object, _second: object, _third: object) -> None:
        return


class Meter:
    """Adds up the time of some methods while it is entered, step by step.

    Each call is timed by two clocks, and the shorter time counts: the clock of the thread does not run on while other
    processes have the core, but to read it takes as long as our shortest calls, and longer in the midst of a step.
    Each step a call that does nothing is timed in the same way; the mean of these is what the clocks themselves take,
    and it is taken off for each call. Enter it before `watch`: hooks are bound then. ``inside``: further methods that
    are called by those; what they take is told by `part` and counts in the whole only once.
    """

    def __init__(self, methods: Sequence[Method] = OURS, inside: Sequence[Method] = ()) -> None:
        self._methods = ((_Nothing, "call"), *methods, *inside)
        self._outer = range(1, 1 + len(methods))
        self._kept: list[tuple[type, str, Any]] = []
        self._nothing = _Nothing()
        self._taken, self._calls = [0] * len(self._methods), [0] * len(self._methods)
        self._outside = [0] * len(self._methods)
        self._steps: list[tuple[list[int], list[int], int]] = []

    def __enter__(self) -> Self:
        for index, (owner, name) in enumerate(self._methods):
            inner = getattr(owner, name)
            self._kept.append((owner, name, inner))
            setattr(owner, name, self._timed(inner, index))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for owner, name, inner in self._kept:
            setattr(owner, name, inner)
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._steps)

    def step_ended(self) -> None:
        """Close the books of one step."""
        self._nothing.call(None, None, None)
        self._steps.append((self._taken[:], self._calls[:], sum(self._outside[index] for index in self._outer)))
        for index in range(len(self._methods)):
            self._taken[index] = self._calls[index] = self._outside[index] = 0

    @cached_property
    def empty(self) -> float:
        """Nanoseconds that timing one call seems to take; ask when all steps are over."""
        return mean(taken[0] for taken, _, _ in self._steps)

    def nanoseconds(self, step: int) -> float:
        """What the calls of a step (counted from 0) took."""
        taken, calls, _ = self._steps[step]
        return sum(taken[index] - self.empty * calls[index] for index in self._outer)

    def outside(self, step: int) -> float:
        """Nanoseconds of a step, by the clock of the thread, that are the calls' or their clocks'."""
        return self._steps[step][2]

    def part(self, step: int, owner: type) -> float:
        """What the calls of one class's methods took."""
        taken, calls, _ = self._steps[step]
        own = [index for index, (one, _) in enumerate(self._methods) if one is owner]
        return sum(taken[index] - self.empty * calls[index] for index in own)

    def _timed(self, inner: Callable[..., Any], index: int) -> Callable[..., Any]:
        all_taken, all_calls, all_outside = self._taken, self._calls, self._outside

        def timed(*args: Any, **kwargs: Any) -> Any:
            before = thread_time_ns()
            started = perf_counter_ns()
            result = inner(*args, **kwargs)
            stopped = perf_counter_ns()
            after = thread_time_ns()
            all_taken[index] += min(stopped - started, after - before)
            all_outside[index] += after - before
            all_calls[index] += 1
            return result

        return timed
