"""Whether an advice says of a case what it should: shared by the tests of recorded and of live trainings."""

from __future__ import annotations

from expert import Advice

from .case import Case

NAMED_WITHIN = 3


def serious(advice: Advice) -> list[str]:
    """The rules found at warning or above."""
    return [one.rule for one in advice.findings if one.severity != "info"]


def place(rules: list[str], wanted: tuple[str, ...]) -> int:
    """Where the first of the wanted rules stands; after all others where none does."""
    return min((rules.index(rule) for rule in wanted if rule in rules), default=len(rules))


def check_named(case: Case, advice: Advice) -> None:
    """Fail unless the case's cause stands among the first findings and above the wrong ones."""
    found = [one.rule for one in advice.findings]
    right = place(found, case.expect)
    assert right < min(NAMED_WITHIN, len(found)), f"expected one of {case.expect} among the first three of {found}"
    assert right < place(found, case.below), f"{case.below} must not stand above {case.expect} in {found}"
