"""Which trainings are made: a balanced sample of problems × faults × severities × seeds, and the same for healthy ones.

The tuning half always has the same runs. The runs of an evaluation are drawn from the hash of the commit it is of, so
that nobody can have tuned on them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import evaluation_problems, tuning_problems
from .faults import BY_ID as FAULTS
from .faults import Fault
from .healthy import BY_ID as VARIANTS
from .problem import Half, Problem
from .setup import Setup

PROBLEMS = {problem.name: problem for problem in (*tuning_problems.PROBLEMS, *evaluation_problems.PROBLEMS)}

PAIRS = (
    ("rate-too-high", "shifted-validation"), ("inputs-not-scaled", "label-noise"), ("sorted-samples", "frozen"),
    ("gradients-not-zeroed", "imbalance"), ("deep-sigmoid", "shifted-validation"), ("rate-too-low", "bad-cells"),
    ("double-softmax", "sorted-samples"), ("dead-units", "imbalance"), ("summed-loss", "shifted-validation"),
    ("weights-too-large", "other-class-map"), ("schedule-ends-early", "inputs-not-scaled"),
    ("targets-not-scaled", "shifted-validation"), ("clip-too-low", "imbalance"), ("left-out", "other-class-map"),
    ("dropout-too-high", "sorted-samples"), ("training-mode-missing", "shifted-validation"),
)  # fmt: skip
"""Faults that are injected together; both have to show."""


@dataclass(frozen=True)
class Case:
    """One training to be made: faults with their severities on a problem, or a healthy variant of it."""

    problem: str
    seed: int
    faults: tuple[tuple[str, float], ...] = ()
    variant: str = ""

    @property
    def key(self) -> str:
        """A name that no other case has."""
        what = "+".join(f"{fault}@{severity:g}" for fault, severity in self.faults) or self.variant
        return f"{self.problem}/{what}/{self.seed}"

    @property
    def healthy(self) -> bool:
        return not self.faults

    @property
    def setup(self) -> Setup:
        """What is trained."""
        setup = PROBLEMS[self.problem].sound
        if self.variant:
            return VARIANTS[self.variant].apply(setup)
        for fault, severity in self.faults:
            setup = FAULTS[fault].apply(setup, severity)
        return setup

    def as_record(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return {"problem": self.problem, "seed": self.seed, "faults": self.faults, "variant": self.variant}


def case_from(record: dict[str, Any]) -> Case:
    """The case that `Case.as_record` was made of."""
    return Case(record["problem"], record["seed"], tuple((f, s) for f, s in record["faults"]), record["variant"])


def tuning(seeds: int = 1) -> list[Case]:
    """Every fault on every problem of the tuning half at one or two severities, and every healthy variant."""
    chooser = random.Random(0)
    cases = [case for seed in range(seeds) for case in _balanced("tuning", chooser, seed, share=1.0)]
    return list(dict.fromkeys(cases))


def evaluation(commit: str, share: float = 1.0) -> list[Case]:
    """A sample of the evaluation half, drawn from the hash of a commit."""
    chooser = random.Random(int(hashlib.sha256(commit.encode()).hexdigest()[:12], 16))
    return list(dict.fromkeys(_balanced("evaluation", chooser, chooser.randrange(10_000, 1_000_000_000), share)))


def twins(cases: list[Case], seeds: int = 4) -> list[Case]:
    """The sound trainings that say what quality each problem can have, and how much it varies."""
    names = dict.fromkeys(case.problem for case in cases)
    return [Case(name, 900 + seed, variant="sound") for name in names for seed in range(seeds)]


def _balanced(half: Half, chooser: random.Random, seed: int, share: float) -> Iterator[Case]:
    problems = [problem for problem in PROBLEMS.values() if problem.half == half]
    for fault in FAULTS.values():
        for problem in _some([p for p in problems if fault.fits(p)], chooser, share):
            yield Case(problem.name, seed + chooser.randrange(100), ((fault.id, chooser.choice(fault.severities)),))
    for first, second in PAIRS:
        both = [p for p in problems if FAULTS[first].fits(p) and FAULTS[second].fits(p)]
        for problem in chooser.sample(both, min(2, len(both))):
            yield Case(problem.name, seed + chooser.randrange(100), (_severe(FAULTS[first]), _severe(FAULTS[second])))
    for variant in VARIANTS.values():
        for problem in _some([p for p in problems if variant.fits(p)], chooser, share):
            yield Case(problem.name, seed + chooser.randrange(100), variant=variant.id)


def _some(problems: list[Problem], chooser: random.Random, share: float) -> list[Problem]:
    some = min(len(problems), max(1, round(share * len(problems))))
    return chooser.sample(problems, some) if share < 1.0 else problems


def _severe(fault: Fault) -> tuple[str, float]:
    return fault.id, fault.severities[-1]
