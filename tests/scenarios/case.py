"""What a scenario is: a sick program, its cures, and what the advice must and must not say of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .program import Program
from .run import Run


@dataclass(frozen=True)
class Cure:
    """A remedy carried out: the changed program, and the measure that shows whether it helped.

    `gain` is the least improvement of the measure that counts, in the measure's own unit; a sick run that ends
    non-finite is improved by any finite end. A cure with `helps=False` is one the article or folklore offers and the
    measurement refutes: it must stay below the gain.
    """

    remedy: str
    program: Program
    measure: str = "val_loss"
    gain: float = 0.1
    higher_is_better: bool = False
    helps: bool = True

    def improvement(self, sick: Run, cured: Run) -> float:
        """How much better the cured run ended; infinite where only the sick one is not finite."""
        before, after = sick.measures[self.measure], cured.measures[self.measure]
        if not math.isfinite(after):
            return -math.inf
        if not math.isfinite(before):
            return math.inf
        return after - before if self.higher_is_better else before - after

    def holds(self, sick: Run, cured: Run) -> bool:
        """Whether the measurement agrees with `helps`."""
        return (self.improvement(sick, cured) >= self.gain) is self.helps


@dataclass(frozen=True)
class Case:
    """One scenario.

    `expect`: rules of which one must be among the first three findings; empty for a healthy control.
    `below`: rules that must be absent or stand below the expected one.
    `curves_only`: symptoms of which one must be named when only the loss and accuracy per epoch are known; empty where
    those curves show nothing that deserves a warning.
    The first cure is what the first recommendation should amount to.
    """

    id: str
    program: Program
    expect: tuple[str, ...] = ()
    cures: tuple[Cure, ...] = ()
    below: tuple[str, ...] = ()
    curves_only: tuple[str, ...] = ()
    article: tuple[str, ...] = ()
    scenario: str = ""
    """The scenario of the knowledge base it enacts."""
    remark: str = ""
    """What to know when reading the expectation."""
    as_note: bool = False
    """The expected finding is no trouble and stands among the notes."""

    @property
    def healthy(self) -> bool:
        return not self.expect
