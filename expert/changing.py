"""What a remedy changes on a run, as data: which of its changes are made there, and from which value to which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expert.facts import Facts
from expert.inference import Limits, judge
from expert.language.nodes import Scalar
from expert.language.spelling import field_fault, field_kind, value_fault
from expert.numbers import rounded
from expert.parts import ProposedChange
from expert.remedy import Change, Remedy

COUNTS = ("config.batch_size", "config.epochs", "config.gradient_accumulation_steps", "config.warmup_steps")
"""Fields that hold whole numbers from 1 on, whatever they are multiplied by."""


def proposed(remedy: Remedy, facts: Facts, limits: Limits, numbers: Mapping[str, object]) -> tuple[ProposedChange, ...]:
    """The changes made on this run; ``numbers`` knows rates and counts that the profiles do not tell."""
    return tuple(
        ProposedChange(
            field=change.target,
            operation=change.operation,
            value=change.value,
            before=(before := _present(change.target, facts, numbers)),
            after=_changed(change, before),
        )
        for change in _made(remedy, facts, limits)
    )


def _made(remedy: Remedy, facts: Facts, limits: Limits) -> Iterator[Change]:
    """Of the changes of one field the first whose condition is known to hold, or that has none."""
    done: set[str] = set()
    for change in remedy.changes:
        holds = change.when is None or judge(change.when, facts, limits).truth == "yes"
        if holds and change.target not in done:
            done.add(change.target)
            yield change


def _present(target: str, facts: Facts, numbers: Mapping[str, object]) -> Scalar | None:
    record, _, name = target.partition(".")
    value = getattr(getattr(facts, record), name)
    if value is None:
        value = numbers.get(name)
    return value if isinstance(value, bool | int | float | str) else None


def _changed(change: Change, before: Scalar | None) -> Scalar | None:
    if change.operation == "set":
        return change.value
    if isinstance(before, bool | str) or before is None or isinstance(change.value, str):
        return None
    after = before * change.value
    return max(1, round(after)) if change.target in COUNTS else rounded(after)


def change_fault(change: Change) -> str:
    """What is wrong with a change: a field that does not exist, or a value that it never has; empty if nothing is."""
    if fault := field_fault(change.target):
        return fault
    if change.operation == "set":
        return value_fault(change.target, change.value)
    if field_kind(change.target)[0] != "number":
        return f"{change.target} is no number that could be multiplied."
    if isinstance(change.value, bool | str) or not change.value > 0.0:
        return f"{change.target} is multiplied by a number above 0, not by {change.value!r}."
    return ""
