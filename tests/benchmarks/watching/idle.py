"""What a step costs that is not looked at, in a loop: the hooks alone, and `run.step`."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import thread_time_ns

from expert.adapters.torch import watch
from tests.benchmarks.watching.bounds import Bound, quartiles
from tests.benchmarks.watching.trainings import MLP

CALLS = 2000
NEVER = 10**9


def measure_idle(rounds: int = 41) -> tuple[list[str], list[Bound]]:
    """Medians over ``rounds`` of blocks of calls in turn; ways to call less the way without."""
    training = MLP.training()
    # Steps 1 to 10 are looked at, and the next one after that comes far behind the end.
    with watch(training.model, training.optimizer, every=NEVER) as run:
        for _ in range(20):
            loss = training.gradients()
            training.update()
            run.step(loss=loss)
        watched, optimizer = run._collector.watches[0], training.optimizer
        before, after, step = watched.before, watched.after, run.step

        def hooks() -> None:
            before(optimizer, (), {})
            after(optimizer, (), {})

        def all_calls() -> None:
            before(optimizer, (), {})
            after(optimizer, (), {})
            step(loss=loss)

        def detach() -> None:
            loss.detach()

        ways: dict[str, Callable[[], object]] = {
            "nothing": lambda: None,
            "hooks": hooks,
            "all": all_calls,
            "detach": detach,
        }
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, call in ways.items():
                taken[way].append(_seconds_each(call))
    assert run.history().series
    hook = [one - nothing for one, nothing in zip(taken["hooks"], taken["nothing"], strict=True)]
    steps = [one - hook for one, hook in zip(taken["all"], taken["hooks"], strict=True)]
    bare = [one - nothing for one, nothing in zip(taken["detach"], taken["nothing"], strict=True)]
    rows = [
        f"| {what} | {1e6 * middle:.3f} µs | {1e6 * low:.3f} to {1e6 * high:.3f} |"
        for what, (low, middle, high) in (
            ("the optimizer's two hooks", quartiles(hook)),
            ("`run.step(loss=loss)`", quartiles(steps)),
            ("`loss.detach()`", quartiles(bare)),
        )
    ]
    return rows, [
        Bound("optimizer hooks of a step that is not looked at", 1e6 * median(hook), 1.0, " µs"),
        Bound("`run.step(loss=…)` against `loss.detach()`", median(steps) / median(bare), 3.0, " x"),
    ]


def _seconds_each(call: Callable[[], object]) -> float:
    started = thread_time_ns()
    for _ in range(CALLS):
        call()
    return 1e-9 * (thread_time_ns() - started) / CALLS
