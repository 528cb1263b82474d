"""What is measured of a rule or a remedy, as blocks of its page; what is not measured says so."""

from __future__ import annotations

from collections.abc import Iterator

from expert.knowledge import Knowledge
from expert.render.document import Block, Code, Item, Items, Line, Link, Paragraph, Piece, Table, joined, text
from expert.render.measured import InjectedFaults, Measured, OfRule

NOT_MEASURED = "Not measured."
NO_HITS = "How often it names the trouble where there is one is not measured."
NO_FALSE_ALARMS = "False alarms are not measured."
FALSE_ALARMS = "False alarms: raised on {raised} of {runs} {what} ({rate:.2%})."
HITS = "{named} of {runs} {what} were named by this rule or one of the same meaning ({rate:.1%}); {first} by it first."
INJECTED = "Injected faults, {what}: {sick}; {healthy}."
OWNED = (
    "named on {right} of {faulty} sick runs with a fault of its own, as a true consequence on {consequence} others, "
    "wrongly on {wrong}"
)
NOT_OWNED = "none of the faults is its own; a true consequence on {consequence} of {sick} sick runs, wrong on {wrong}"
ON_HEALTHY = "a false alarm on {alarms} of {healthy} healthy runs"
TRAININGS = "Real trainings in which the trouble occurs, and the place of the right rule among the findings:"
ALONE = "this rule"
OR = " or "
MISSING = "missed"
SILENT = "A rule that cannot be judged from what a run recorded counts as silent there."
TAKEN_FROM = "Taken from "
BENCHMARKS = "the benchmarks"
AND = " and "
OF_FAULTS = "the injected faults"


def of_rule(identity: str, measured: Measured, knowledge: Knowledge) -> Iterator[Block]:
    """Hits and false alarms of a rule."""
    found = measured.rules.get(identity, OfRule())
    if found == OfRule():
        yield text(NOT_MEASURED)
        return
    yield Items(tuple(Item((line,)) for line in _lines(found)))
    if found.trainings:
        yield text(TRAININGS)
        rows: list[tuple[Line, ...]] = []
        for one in found.trainings:
            others = [
                (Link(str(knowledge.catalogue.rules[other]), "rules", other),)
                for other in one.with_others
                if other in knowledge.catalogue.rules
            ]
            places = ", ".join(str(place) if place else MISSING for place in one.places)
            rows.append(((Code(one.scenario),), joined([(ALONE,), *others], OR), (places,)))
        yield Table(("training", "right rule", "place, run by run"), tuple(rows))
    pieces: list[Piece] = [f"{SILENT} "] if found.false_alarms or found.injected else []
    sources = [
        (BENCHMARKS, measured.source, bool(found.false_alarms or found.hits or found.trainings)),
        (OF_FAULTS, measured.injected_source, bool(found.injected)),
    ]
    links: list[Line] = [(Link(words, "page", page),) for words, page, used in sources if page and used]
    if links:
        pieces += [TAKEN_FROM, *joined(links, AND), "."]
    if pieces:
        yield Paragraph(tuple(pieces))


def of_remedy(identity: str, measured: Measured) -> Iterator[Block]:
    """The real trainings in which a remedy was carried out."""
    trials = measured.remedies.get(identity, ())
    if not trials:
        yield text(NOT_MEASURED)
        return
    rows = [
        ((Code(one.scenario),), (Code(one.measure),), (", ".join(one.before),), (", ".join(one.after),), (one.verdict,))
        for one in trials
    ]
    yield Table(("training", "measure", "before", "after", "verdict"), tuple(rows))


def _lines(found: OfRule) -> Iterator[str]:
    for alarms in found.false_alarms:
        yield FALSE_ALARMS.format(**alarms.model_dump(), rate=alarms.raised / alarms.runs)
    if not found.false_alarms and not found.injected:
        yield NO_FALSE_ALARMS
    for hits in found.hits:
        yield HITS.format(**hits.model_dump(), rate=hits.named / hits.runs)
    for one in found.injected:
        yield _of_injected(one)
    if not found.hits and not found.trainings and not any(one.faulty for one in found.injected):
        yield NO_HITS


def _of_injected(one: InjectedFaults) -> str:
    counts = one.model_dump()
    template = OWNED if one.faulty else NOT_OWNED
    return INJECTED.format(what=one.what, sick=template.format(**counts), healthy=ON_HEALTHY.format(**counts))
