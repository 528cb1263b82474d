"""Trainings with batches of four samples and of one, at rates that suit them: small batches are no fault by themselves.

``python -m tests.benchmarks.faults.small_batches`` makes them on every problem of the tuning half and prints what each
reads of what `OSC103` asks for, and what is named at warning or above.
"""

from __future__ import annotations

from collections.abc import Iterator

from expert import advise
from expert.authoring import signal, train
from expert.facts import Facts
from expert.knowledge import load
from expert.plugins import named_in_environment
from expert.rule import is_serious

from . import store
from .judging import LEVELS, seen
from .problems import TUNING
from .problems.problem import Problem
from .sampling import Case
from .setup import Setup

SEED = 4711
SIZES = (4, 1)
MOST_SAMPLES = {4: 800, 1: 400}
MOST_EPOCHS = 10
READ = {
    "jitter": signal.step_jitter(train.loss),
    "early step": signal.early_update_ratio(),
    "late step": signal.update_ratio(),
}


def small(problem: Problem, size: int) -> Setup:
    """The sound training with batches of so few. The rate of plain descent falls with the batch, that of a method that
    divides by the size of the gradients with its root.
    """
    sound = problem.sound
    share = (size / sound.batch) ** (1.0 if sound.optimizer == "sgd" else 0.5)
    return sound.but(
        batch=size, rate=sound.rate * share, accumulation=1, samples=min(sound.samples, MOST_SAMPLES[size]),
        epochs=min(sound.epochs, MOST_EPOCHS),
    )  # fmt: skip


def possible(problem: Problem, size: int) -> bool:
    """Batch normalization knows no batch of one sample."""
    return size > 1 or problem.sound.normalization != "batch"


def made(problem: Problem, size: int) -> store.Kept:
    """The run, trained once and kept."""
    return store.trained(Case(problem.name, SEED, variant="sound"), small(problem, size))


def named(run: store.Kept) -> list[str]:
    """What is named at warning or above of a run, with everything known and with its configuration alone."""
    told = [(level, one) for level in LEVELS[:2] for one in advise(seen(run.history, level)).findings]
    return [f"{one.rule} {level}" for level, one in told if is_serious(one.severity)]


def lines() -> Iterator[str]:
    """One line for each training."""
    signals = load(named_in_environment())[1].signals
    for problem in TUNING:
        for size in SIZES:
            if possible(problem, size):
                run = made(problem, size)
                facts = Facts(run.history, signals)
                values = {name: facts.get(term.node).value for name, term in READ.items()}
                read = ", ".join(f"{name} {value:.2g}" for name, value in values.items() if isinstance(value, float))
                yield f"{problem.name}, batches of {size}: quality {run.quality:.3f}, {read}; {named(run) or 'silence'}"


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
