"""Whether recording what is suggested first decides more than recording anything else that is missing.

A sick run is stripped to its curves. What a suggestion asks for is taken from its full record, as somebody would who
does what the sentence says, and the run is judged again: so is it with everything else that could be recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import mean

from expert import advise
from expert.advice import Advice
from expert.history import History

from . import judging, scoring
from .judging import Judged
from .sampling import Case

FIELDS = re.compile(r"\b(config|model|data)=\{([^}]*)\}")
LIVE = re.compile(r"\b(model|data)=(?!\{)")
"""A model or arrays, which tell all their profile holds."""
NAMED = re.compile(r'"(\w+)"')
ROLE = re.compile(r'log "?(\w+\.\w+)')
PER_LAYER = re.compile(r'record "(\w+)"')


@dataclass(frozen=True)
class Recorded:
    """A sick run of which the fault was named within 3, or not: from its curves (``before``), with the first suggestion
    followed, with any of them, and with each of the other things that could have been recorded in its place.
    """

    case: Case
    before: bool
    first: bool
    suggested: bool
    others: tuple[bool, ...]

    @property
    def random(self) -> float:
        """The share of the others that name the fault; nothing is gained where there are none."""
        return mean(self.others) if self.others else float(self.before)

    @property
    def best(self) -> bool:
        """Whether anything that could be recorded names the fault."""
        return self.before or self.suggested or any(self.others)


def followed(full: History, known: History, how: str) -> History:
    """What is known of a run after somebody did what a suggestion says, with the full record as the world it is read
    from; the same as before where that does not hold what is asked for.
    """
    update: dict[str, object] = {}
    for profile, fields in FIELDS.findall(how):
        told = {name: getattr(getattr(full, profile), name) for name in NAMED.findall(fields)}
        update[profile] = update.get(profile, getattr(known, profile)).model_copy(update=told)  # type: ignore[attr-defined]
    update |= {profile: getattr(full, profile) for profile in LIVE.findall(how)}
    logged = set(ROLE.findall(how)) - {one.role for one in known.series}
    series = tuple(one for one in full.series if one.role in logged)
    layers = tuple(one for one in full.layers if one.quantity in PER_LAYER.findall(how))
    if not (update or series or layers):
        return known
    update |= {"series": known.series + series, "layers": known.layers + layers}
    return known.model_copy(update=update)


def could_be_recorded(advice: Advice) -> list[str]:
    """Everything that is missing, each as one thing to do: settings are told at once, and so are model and data."""
    hints = dict.fromkeys([*(one.how for one in advice.record_next), *(one.record for one in advice.not_judged)])
    settings = dict.fromkeys(
        name
        for hint in hints
        for profile, fields in FIELDS.findall(hint)
        if profile == "config"
        for name in NAMED.findall(fields)
    )
    told = ", ".join(f'"{name}": ...' for name in settings)
    at_once = {"config": f"config={{{told}}}", "model": "model=...", "data": "data=..."}
    missing = frozenset().union(*map(_profiles, hints))
    return [
        *(how for profile, how in at_once.items() if profile in missing),
        *(hint for hint in hints if hint and not _profiles(hint)),
    ]


def _profiles(hint: str) -> frozenset[str]:
    """The profiles that a hint asks for."""
    return frozenset([profile for profile, _ in FIELDS.findall(hint)] + LIVE.findall(hint))


def tried(one: Judged) -> Recorded:
    """Follow the suggestions for a run that was judged by its curves, and everything that was not suggested first."""
    full = one.kept.history
    known = judging.seen(full, "curves")

    def named(how: str) -> bool:
        then = followed(full, known, how)
        if then is known:
            return one.named_within(3)
        found = advise(then).findings
        ranks = [next((rank for rank, each in enumerate(found) if each.rule in fault.right), 3) for fault in one.faults]
        return max(ranks) < 3

    suggested = [suggestion.how for suggestion in one.advice.record_next]
    first = suggested[0]
    others = [how for how in could_be_recorded(one.advice) if how != first and not (_profiles(how) & _profiles(first))]
    hits = [named(how) for how in suggested]
    return Recorded(one.case, one.named_within(3), hits[0], any(hits), tuple(named(how) for how in others))


def trials(judged: Iterable[Judged]) -> Iterator[Recorded]:
    """The suggestions followed on every sick run with one fault for which there are any."""
    for one in scoring.single_sick(judged, "curves"):
        if one.advice.record_next:
            yield tried(one)


def table(judged: Iterable[Judged]) -> list[str]:
    """How often the fault is named within 3 before anything is recorded, and after each way to choose what is."""
    recorded = list(trials(judged))
    count = len(recorded)
    rows = {
        "nothing (curves alone)": sum(one.before for one in recorded),
        "any other thing that is missing, on average": sum(one.random for one in recorded),
        "what is suggested first": sum(one.first for one in recorded),
        "the best of what is suggested": sum(one.suggested for one in recorded),
        "the best of everything": sum(one.best for one in recorded),
    }
    return [
        f"{count} sick runs were seen by their curves and met with a suggestion. What their full records hold of it:",
        "",
        "| recorded | right within 3 |",
        "| --- | --- |",
        *(f"| {what} | {scoring.share(round(hits), count)} |" for what, hits in rows.items()),
    ]
