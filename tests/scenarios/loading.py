"""Runs of the cases, each trained once in a process."""

from __future__ import annotations

from functools import cache

from .case import Case
from .program import Program
from .run import Run
from .training import train

trained = cache(train)


def load(case: Case, seed: int, cured: bool = False, cure: int = 0) -> Run:
    """The sick run of a case, or the run after its first cure (`cure` counts the others)."""
    return trained(case.cures[cure].program if cured else case.program, seed)


def programs(case: Case) -> dict[str, Program]:
    """The case's programs by name: `sick`, `cured`, and the remaining cures by remedy."""
    rest = {f"cured-{cure.remedy}": cure.program for cure in case.cures[1:]}
    first = {"cured": case.cures[0].program} if case.cures else {}
    return {"sick": case.program} | first | rest
