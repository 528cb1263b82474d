"""Which trainings are made: a balanced sample of problems × faults × severities × seeds, and the same for healthy ones.

The tuning half always has the same runs. The runs of an evaluation are drawn from the hash of the commit it is of, so
that nobody can have tuned on them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .faults import BY_ID as FAULTS
from .faults import Fault
from .frameworks import SHARES, Framework, can_train
from .healthy import BY_ID as VARIANTS
from .problems import EVALUATED, EVALUATION, FROM_THE_START, PROBLEMS
from .problems.problem import Problem
from .setup import Setup

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
    framework: Framework = "torch"

    @property
    def program(self) -> str:
        """The problem, and the framework where it is another than PyTorch."""
        return self.problem if self.framework == "torch" else f"{self.problem}-{self.framework}"

    @property
    def key(self) -> str:
        """A name that no other case has."""
        what = "+".join(f"{fault}@{severity:g}" for fault, severity in self.faults) or self.variant
        return f"{self.program}/{what}/{self.seed}"

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
        return {
            "problem": self.problem,
            "seed": self.seed,
            "faults": self.faults,
            "variant": self.variant,
            "framework": self.framework,
        }


def case_from(record: dict[str, Any]) -> Case:
    """The case that `Case.as_record` was made of."""
    faults = tuple((fault, severity) for fault, severity in record["faults"])
    # Runs that were kept before there was a choice are of PyTorch.
    framework = record.get("framework", "torch")
    return Case(record["problem"], record["seed"], faults, record["variant"], framework)


def tuning(seeds: int = 1) -> list[Case]:
    """Every fault on every problem of the tuning half at one or two severities, and every healthy variant."""
    cases: list[Case] = []
    for framework, share in SHARES.items():
        # Each framework has a chooser of its own: what one draws does not change what the other does.
        chooser = random.Random(0)
        for seed in range(seeds):
            cases += _balanced(FROM_THE_START, framework, chooser, seed, share)
    for problems, commit in EVALUATED:
        cases += _drawn(problems, commit, 1.0)
    return list(dict.fromkeys(cases))


def evaluation(commit: str, share: float = 1.0) -> list[Case]:
    """A sample of the evaluation half, drawn from the hash of a commit."""
    return list(dict.fromkeys(_drawn(EVALUATION, commit, share)))


def repeats(count: int = 24, seeds: int = 2) -> list[list[Case]]:
    """Some single faults of the tuning half, each of another fault, with the same training under further seeds."""
    single = [case for case in tuning() if len(case.faults) == 1 and case.framework == "torch"]
    # By the hash of their names, so that a case more or less in the half exchanges one of these at most.
    by_chance = sorted(single, key=lambda case: hashlib.sha256(case.key.encode()).hexdigest())
    of_each_fault = {case.faults[0][0]: case for case in reversed(by_chance)}
    chosen = [case for case in by_chance if of_each_fault[case.faults[0][0]] is case][:count]
    return [[replace(case, seed=case.seed + 1000 * number) for number in range(seeds + 1)] for case in chosen]


def twins(cases: list[Case], seeds: int = 4) -> list[Case]:
    """The sound trainings that say what quality each problem can have, and how much it varies."""
    programs = dict.fromkeys((case.problem, case.framework) for case in cases)
    return [
        Case(name, 900 + seed, variant="sound", framework=framework)
        for name, framework in programs
        for seed in range(seeds)
    ]


def _drawn(problems: Sequence[Problem], commit: str, share: float) -> Iterator[Case]:
    for framework, of_programs in SHARES.items():
        chooser = random.Random(int(hashlib.sha256(commit.encode()).hexdigest()[:12], 16))
        seed = chooser.randrange(10_000, 1_000_000_000)
        yield from _balanced(problems, framework, chooser, seed, share * of_programs)


def _balanced(
    problems: Sequence[Problem], framework: Framework, chooser: random.Random, seed: int, share: float
) -> Iterator[Case]:
    for fault in FAULTS.values():
        for problem in _some([p for p in problems if _possible(framework, p, fault)], chooser, share):
            drawn = seed + chooser.randrange(100)
            yield Case(problem.name, drawn, ((fault.id, chooser.choice(fault.severities)),), framework=framework)
    for first, second in PAIRS:
        both = [p for p in problems if _possible(framework, p, FAULTS[first], FAULTS[second])]
        for problem in chooser.sample(both, min(len(both), 2 if SHARES[framework] == 1.0 else 1)):
            severe = (_severe(FAULTS[first]), _severe(FAULTS[second]))
            yield Case(problem.name, seed + chooser.randrange(100), severe, framework=framework)
    for variant in VARIANTS.values():
        fitting = [p for p in problems if variant.fits(p) and can_train(framework, variant.apply(p.sound))]
        for problem in _some(fitting, chooser, share):
            yield Case(problem.name, seed + chooser.randrange(100), variant=variant.id, framework=framework)


def _possible(framework: Framework, problem: Problem, *faults: Fault) -> bool:
    """Whether these faults can be on this problem, trained in this framework."""
    setup = problem.sound
    for fault in faults:
        setup = fault.apply(setup, fault.severities[-1])
    return all(fault.fits(problem) for fault in faults) and can_train(framework, setup)


def _some(problems: list[Problem], chooser: random.Random, share: float) -> list[Problem]:
    some = min(len(problems), max(1, round(share * len(problems))))
    return chooser.sample(problems, some) if share < 1.0 else problems


def _severe(fault: Fault) -> tuple[str, float]:
    return fault.id, fault.severities[-1]
