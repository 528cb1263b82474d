"""How much of a run it takes: every run judged after its first epochs, and the epoch at which the fault is first named.

A run that has fewer epochs is seen as a whole. Sick is what became sick in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from . import judging, sampling, scoring, store
from .judging import LEVELS, Judged
from .sampling import Case

EPOCHS = (1, 2, 3, 5, 10, 20)
WHOLE = "all"


def table(cases: Sequence[Case], whole: Sequence[Judged]) -> list[str]:
    """The numbers by level of evidence and by how many epochs were seen; ``whole`` are the runs judged as a whole."""
    rows: dict[str, list[str]] = {level: [] for level in LEVELS}
    for epochs in EPOCHS:
        judged = judging.judged(cases, epochs=epochs)
        for level in LEVELS:
            rows[level].append(scoring.row(f"{level}, {epochs}", [one for one in judged if one.level == level]))
    for level in LEVELS:
        rows[level].append(scoring.row(f"{level}, {WHOLE}", [one for one in whole if one.level == level]))
    return [*scoring.head("seen, epochs"), *(row for level in LEVELS for row in rows[level])]


def first_named(one: Judged, twin: tuple[float, float]) -> int | None:
    """After how many epochs the fault is named within 3 for the first time, if it ever is."""
    epochs = one.kept.history.epochs or 0
    told = (judging.judge(one.kept, one.level, twin, count) for count in range(1, epochs + 1))
    return next((count for count, then in enumerate(told, 1) if then.named_within(3)), None)


def time_to_first(judged: Sequence[Judged]) -> str:
    """By which epoch the fault is first named within 3, on the sick runs with one fault."""
    sick = scoring.single_sick(judged, "internals")
    twins = judging.twins_quality(list(store.kept(sampling.twins([one.case for one in sick]))))
    whole = [one.kept.history.epochs or 1 for one in sick]
    first = [first_named(one, twins[one.case.program]) for one in sick]
    named = [(epoch, epochs) for epoch, epochs in zip(first, whole, strict=True) if epoch is not None]
    if len(named) < 2:
        return "Too few sick runs to say when a fault is first named."
    epochs = [epoch for epoch, _ in named]
    return (
        f"Named within 3 at some epoch, with internals: {scoring.share(len(named), len(sick))}. Half of those by epoch "
        f"{median(epochs):g} ({median(epoch / of for epoch, of in named):.0%} of the run), nine in ten by epoch "
        f"{quantiles(epochs, n=10)[-1]:g} ({quantiles([epoch / of for epoch, of in named], n=10)[-1]:.0%})."
    )
