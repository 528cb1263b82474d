"""The default set-up: what it takes of each step once its budget rules, and what the start of a run costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import thread_time_ns

from expert.adapters.live.sampling import FIRST, GROWTH, Look, Sampling
from expert.adapters.torch import Run, watch
from tests.benchmarks.watching.bounds import Bound, quartiles, short_time
from tests.benchmarks.watching.meter import Meter, processor_clock
from tests.benchmarks.watching.trainings import Kind, Training

LOOKS = 12
"""The steady state is measured over so many looks in full, or more."""
PARTS = 4
OUTLYING = 3.0


@dataclass(frozen=True)
class Step:
    """Seconds of one step: ours, and all the rest; ``look`` is how closely we looked at it."""

    ours: float
    bare: float
    look: Look | None


@dataclass(frozen=True)
class Default:
    """Steps of a watched run: its start, in which it is looked at more often, and then whole cycles of looks."""

    kind: Kind
    start: list[Step]
    steady: list[Step]

    @property
    def share(self) -> float:
        """Our calls as a share of the rest of the step, in the steady state."""
        return _share(self.steady)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest share of the parts into which whole cycles divide the steady state."""
        begins = [at for at, step in enumerate(self.steady) if step.look == "full"]
        cuts = [begins[len(begins) * part // PARTS] for part in range(PARTS)] + [len(self.steady)]
        shares = [_share(self.steady[low:high]) for low, high in pairwise(cuts)]
        return min(shares), max(shares)

    def bound(self) -> Bound:
        return Bound(f"default set-up, our calls in the steady state, {self.kind.name}", 100 * self.share, 1.0, " %")

    def row(self) -> str:
        first, start = (sum(step.ours for step in steps) for steps in (self.start[:FIRST], self.start))
        low, high = self.spread
        costs = []
        for look in ("full", "pair", "norms", None):
            ours = [step.ours for step in self.steady if step.look == look]
            costs.append(f"{short_time(median(ours))} ({len(ours)})" if ours else "-")
        return (
            f"| {self.kind.said} | {short_time(median(step.bare for step in self.steady))} | {100 * self.share:.2f} % "
            f"({100 * low:.2f} to {100 * high:.2f}) | {' | '.join(costs)} | {short_time(first)} | {len(self.start)} | "
            f"{short_time(start)} ({100 * _share(self.start):.1f} %) |"
        )


HEAD = (
    "training | bare step | our calls (parts of the run) | a look in full (how many) | norms and direction | norms | "
    "no look | steps 1 to 10 together | budget rules from step | until then together"
)


def measure_default(kind: Kind) -> Default:
    """Watch a run as `watch` does by itself."""
    training = kind.training()
    with processor_clock(), Meter() as meter, watch(training.model, training.optimizer) as run:
        watched = _sampling(run)
        taken: list[int] = []
        looks: list[Look | None] = []
        began: int | None = None
        cycles = 0
        # What this loop itself takes is time of the run for the watcher: little may stand in it.
        while cycles <= LOOKS:
            look = watched.look(len(looks) + 1)
            looks.append(look)
            taken.append(_step(training, run))
            meter.step_ended()
            if look == "full":
                if began is None and _budget_rules(watched, len(looks)):
                    began = len(looks) - 1
                cycles += began is not None
        assert began is not None
        steps = []
        for number, (nanoseconds, look) in enumerate(zip(taken, looks, strict=True)):
            steps.append(Step(1e-9 * meter.nanoseconds(number), 1e-9 * (nanoseconds - meter.outside(number)), look))
    return Default(kind, steps[:began], steps[began:-1])


def _step(training: Training, run: Run) -> int:
    started = thread_time_ns()
    loss = training.gradients()
    training.update()
    run.step(loss=loss)
    return thread_time_ns() - started


def _sampling(run: Run) -> Sampling:
    return run._collector.watches[0].sampling


def _budget_rules(sampling: Sampling, step: int) -> bool:
    """Whether the distance of looks is no longer a share of the steps so far: the start of the run is over."""
    ahead = {"full": sampling.next_full - step, "norms": sampling.next_norms - step}
    return step > FIRST and all(ahead[look] < math.ceil(step * GROWTH[look]) for look in ("full", "norms"))


def _share(steps: list[Step]) -> float:
    """Our calls over the rest of the steps. What stands out among its like is the machine's doing and is cut short."""
    kinds: dict[object, list[float]] = {}
    # Before a look hooks are put on: another kind of step.
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        kinds.setdefault((step.look, after is not None and after.look is not None), []).append(step.ours)
    return sum(map(_total, kinds.values())) / _total([step.bare for step in steps])


def _total(times: list[float]) -> float:
    most = OUTLYING * median(times)
    return sum(min(one, most) for one in times)


def bare_steps(kind: Kind, blocks: int, count: int) -> tuple[float, float, float]:
    """Quartiles of the ratio of successive blocks of bare steps: what a comparison of whole steps could not tell."""
    training = kind.training()
    medians = []
    for _ in range(blocks + 1):
        taken = []
        for _ in range(count):
            started = thread_time_ns()
            training.gradients()
            training.update()
            taken.append(thread_time_ns() - started)
        medians.append(median(taken))
    return quartiles([b / a - 1.0 for a, b in pairwise(medians)])
