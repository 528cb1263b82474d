"""What is measured of a rule or a remedy, as blocks of its page; what is not measured says so."""

from __future__ import annotations

from collections.abc import Iterator

from expert.knowledge import Knowledge
from expert.render.document import Block, Code, Item, Items, Line, Link, Paragraph, Piece, Table, joined, text
from expert.render.measured import Measured, OfRule

NOT_MEASURED = "Not measured."
NO_HITS = "How often it names the trouble where there is one is not measured."
NO_FALSE_ALARMS = "False alarms are not measured."
FALSE_ALARMS = "False alarms: raised on {raised} of {runs} {what} ({rate:.2%})."
HITS = "{named} of {runs} {what} were named by this rule or one of the same meaning ({rate:.1%}); {first} by it first."
TRAININGS = "Real trainings in which the trouble occurs, and the place of the right rule among the findings:"
ALONE = "this rule"
OR = " or "
MISSING = "missed"
SILENT = "A rule that cannot be judged from what a run recorded counts as silent there."
TAKEN_FROM = "Taken from "
BENCHMARKS = "the benchmarks"


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
    pieces: list[Piece] = [f"{SILENT} "] if found.false_alarms else []
    if measured.source:
        pieces += [TAKEN_FROM, Link(BENCHMARKS, "page", measured.source), "."]
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
    if not found.false_alarms:
        yield NO_FALSE_ALARMS
    for hits in found.hits:
        yield HITS.format(**hits.model_dump(), rate=hits.named / hits.runs)
    if not found.hits and not found.trainings:
        yield NO_HITS
