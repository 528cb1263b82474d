"""The cure tried: what the advice on a sick run recommends, carried out, and the training made again.

The order is that of a reader: the first recommendation, then what stands under its "if that fails", then the next
one. A check or an experiment is carried out as well, and what follows from its outcome belongs to the same try. A
change that helped is kept, and the expert is asked again about the run made with it; one that did not is taken back,
unless nothing else was recommended. There are three tries at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from expert import advise
from expert.changing import proposed
from expert.facts import Facts
from expert.following_up import follow_up
from expert.history import History
from expert.inference import Limits
from expert.numbers import numbers_of
from expert.parts import ProposedChange
from expert.remedy import Remedy

from .carrying_out import carried_out
from .experiments import EXPERIMENTS, KNOWLEDGE, final_loss, order_of, probed
from .judging import Judged
from .problems import PROBLEMS
from .problems.problem import Problem
from .retraining import Retrained, retrained
from .sampling import Case
from .setup import Setup

CLOSED = 0.8
"""Share of the gap to the healthy twin that has to be closed."""
HELPED = 0.1
"""Share of the gap from which on a change is kept."""
LOWER = 0.99
"""A loss is lower if it is below so much of the other one."""
TRIES = 3
STEPS = 3
"""So often a remedy that says "once more" is taken, in one try."""


RATE_ANEW: Mapping[str, Callable[[Setup, Setup], bool]] = {
    "FX302": lambda before, after: True,
    "FX307": lambda before, after: True,
    "FX501": lambda before, after: before.loss != after.loss,
}
"""Remedies that say to look for the rate again afterwards, and whether they say so of a setup before and after."""


@dataclass(frozen=True)
class Try:
    """One recommendation carried out: its remedy, the share of the gap closed after it, and how many trainings it took.
    None were made where there was nothing that could be done by machine, or nothing to change.
    """

    remedy: str
    gain: float
    cured: bool
    trainings: int
    worked: str = ""
    """What the run itself says of whether the remedy worked: yes, no or unknown; empty where no run was made."""


@dataclass(frozen=True)
class Tried:
    """A sick run and what became of it. ``gap`` is how much better its twin is, the sound training on the same samples;
    ``noise`` how much sound trainings differ, as a standard deviation.
    """

    case: Case
    gap: float
    noise: float
    of_measurement: bool
    tries: tuple[Try, ...]

    @property
    def curable(self) -> bool:
        """Whether there is a gap that could be told from noise, or what is measured is wrong."""
        return self.of_measurement or self.gap > 2.0 * self.noise

    @property
    def cured_at(self) -> int | None:
        """The try that cured it, from 1."""
        return next((number for number, one in enumerate(self.tries, 1) if one.cured), None)

    def gain_within(self, tries: int) -> float:
        """The largest share of the gap that so many tries have closed."""
        return max((one.gain for one in self.tries[:tries]), default=0.0)


def tried(judged: Judged) -> Tried:
    """Carry out the recommendations of the advice in their order."""
    return _Cure(judged).run()


class _Cure:
    """One sick run while it is being cured."""

    def __init__(self, judged: Judged) -> None:
        self.judged, self.case = judged, judged.case
        self.problem: Problem = PROBLEMS[judged.case.problem]
        self.setup, self.history = judged.case.setup, judged.kept.history
        self.ahead = list(order_of(judged.advice))
        self.done: set[str] = set()
        self.tries: list[Try] = []
        self.last: tuple[Setup, Retrained] | None = None
        """What was tried last and taken back: it is asked about where nothing else is recommended."""
        self.of_measurement = any(fault.of_measurement for fault in judged.faults)
        # Numbers that are none count as bad as knowing nothing: to get to a constant answer is no cure.
        self.start = max(judged.quality, self.problem.ignorant)
        healthy = self.problem.sound
        for fault in judged.faults:
            healthy = fault.twin(healthy, self.setup)
        self.gap = retrained(self.case, healthy).quality - self.start

    def run(self) -> Tried:
        untried = Tried(self.case, self.gap, self.judged.spread, self.of_measurement, ())
        while untried.curable and len(self.tries) < TRIES and (remedy := self._next()) is not None:
            if remedy.kind != "change":
                self._look(remedy)
            else:
                self._make(remedy.id, self._setups(remedy))
            if self.tries and self.tries[-1].cured:
                break
        return replace(untried, tries=tuple(self.tries))

    def _next(self) -> Remedy | None:
        if all(name in self.done for name in self.ahead) and self.last is not None:
            self._go_on(*self.last)
        while self.ahead:
            remedy = KNOWLEDGE.remedies[self.ahead.pop(0)]
            if remedy.id not in self.done:
                self.done.add(remedy.id)
                return remedy
        return None

    def _look(self, remedy: Remedy) -> None:
        """Carry out a check or an experiment; only a change that follows from it is a try."""
        if remedy.id not in EXPERIMENTS:
            return
        outcome = EXPERIMENTS[remedy.id](self.case, self.setup, self.history)
        if isinstance(outcome, tuple):
            self.ahead = list(outcome)
        elif isinstance(outcome, frozenset):
            self.done |= outcome
        elif outcome is not None and outcome != self.setup:
            self._make(remedy.id, iter([outcome]))

    def _setups(self, remedy: Remedy) -> Iterator[Setup]:
        """The setups of a remedy, step by step: one, or several where it says "once more"."""
        setup = self.setup
        for _ in range(STEPS if remedy.again else 1):
            changes = proposed_by(remedy, self.history)
            setup = carried_out(remedy.id, changes, setup, self.problem)
            yield setup

    def _make(self, remedy: str, setups: Iterator[Setup]) -> None:
        """Train with the first setup, and with the next ones as long as the loss ends lower by that."""
        made: list[tuple[Setup, Retrained]] = []
        before = self.setup
        for setup in setups:
            if setup == before:
                break
            made.append((setup, retrained(self.case, setup)))
            if len(made) > 1 and not final_loss(made[-1][1].history) < LOWER * final_loss(made[-2][1].history):
                break
            before = setup
        if not made:
            self.tries.append(Try(remedy, 0.0, False, 0))
            return
        best = min(made, key=lambda one: final_loss(one[1].history))
        if remedy in RATE_ANEW and RATE_ANEW[remedy](self.setup, best[0]):
            setup = probed(self.case, best[0])
            made.append((setup, retrained(self.case, setup)))
            best = min(best, made[-1], key=lambda one: final_loss(one[1].history))
        gain = self._gain(*best)
        self.last = best
        facts = Facts(best[1].history, KNOWLEDGE.signals)
        worked = follow_up(KNOWLEDGE.remedies[remedy], facts, Limits()).answer
        self.tries.append(Try(remedy, gain, gain >= CLOSED, len(made), worked))
        if gain >= HELPED and gain >= max((one.gain for one in self.tries[:-1]), default=0.0):
            self._go_on(*best)

    def _go_on(self, setup: Setup, run: Retrained) -> None:
        """Keep a change, and ask the expert about the run made with it; what was still ahead comes after that."""
        self.last = None
        self.setup, self.history = setup, run.history
        self.ahead = [*order_of(advise(self.history)), *self.ahead]

    def _gain(self, setup: Setup, run: Retrained) -> float:
        if self.of_measurement:
            return float(setup.validation == "apart" and setup.evaluation_mode)
        return (run.quality - self.start) / max(1e-9, self.gap)


def proposed_by(remedy: Remedy, history: History) -> tuple[ProposedChange, ...]:
    """What the remedy's own data change on this run."""
    facts = Facts(history, KNOWLEDGE.signals)
    return proposed(remedy, facts, Limits(), numbers_of(facts))
