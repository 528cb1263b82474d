"""One page per rule and per remedy, made from the records themselves, their cases and what is measured of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from expert.assembling import conditions
from expert.knowledge import Knowledge
from expert.language.nodes import Compare, ConditionNode, leaves
from expert.limits import Limit
from expert.numbers import numbers_of, snippets
from expert.remedy import Remedy
from expert.render.conditions import Wording
from expert.render.document import (
    Block,
    Code,
    Item,
    Items,
    Listing,
    Page,
    Paragraph,
    Piece,
    Strong,
    Table,
    joined,
    section,
    text,
)
from expert.render.examples import Shown, firing
from expert.render.measured import NOTHING, Measured
from expert.render.page_parts import listings, references, remedy_link, rule_link
from expert.render.rates import of_remedy, of_rule
from expert.render.references import named
from expert.render.shown import near_miss_of, run_of
from expert.rule import Rule
from expert.wording import capitalized

RULE_LEAD = "{kind} · {severity} · {status} · family {family} · blames {blames}"
ON_TRIAL = (
    "This rule is on trial: it is judged only with --preview (settings: preview = true), or where --select names it by "
    "its own id or name."
)
NOTHING_BLAMED = "nothing by itself"
DETECTED = "The rule is raised when this holds; what is not recorded leaves it open, and then it is not raised."
ESCALATED, TO = "Its severity changes", "to {severity} where:"
AS_WRITTEN = "The same as it is written:"
STRONGEST = "Of the items of one group ({groups}) only the strongest counts."
REMEDY = "{cost}, {risk} risk"
REMEDY_LEAD = "{kind} · cost: {cost} · risk: {risk}"
TURNS = "Turns {knob}"
WORKED = "expert worked {remedy} RUN", " says that it worked where this holds on the run made with it:"
OPPOSITE = "Turns the same knob the other way:"
RELATIONS = {
    "explains": "explains",
    "explained": "explained by",
    "unless": "not raised where found",
    "silences": "silences",
    "invalidates": "makes worthless",
}
FOR_PROFILE = "… of a run of the profile {profile}"
WIDTH = 88


def rule_page(rule: Rule, knowledge: Knowledge, measured: Measured = NOTHING) -> Page:
    """The page of a rule."""
    words = Wording(knowledge.signals)
    blames = ", ".join(rule.blames) or NOTHING_BLAMED
    fields = rule.model_dump(include={"kind", "severity", "status", "family"})
    remedies = [knowledge.remedies[word] for word in rule.remedies]
    shown = firing(rule, knowledge)
    return Page(
        "rules",
        rule.id,
        str(rule),
        (
            text(RULE_LEAD.format(**fields, blames=blames)),
            *([text(ON_TRIAL)] if rule.status == "experimental" else []),
            Items(tuple(_seen(rule))),
        ),
        (
            *section("What it means", text(rule.meaning)),
            *section("Why it happens", text(rule.mechanism)),
            *section("How it is detected", *_detected(rule, words)),
            *section("Thresholds", _limits(conditions(rule))),
            *section("Evidence for", _evidence(rule, words, supports=True)),
            *section("Evidence against", _evidence(rule, words, supports=False)),
            *section("What to do", *_remedies(remedies, shown)),
            *section("A run that shows it", *run_of(shown, rule)),
            *section("A near miss", *near_miss_of(rule, knowledge)),
            *section("False alarms", text(rule.false_alarms)),
            *section("Measured", *of_rule(rule.id, measured, knowledge)),
            *section("Relations", _relations(rule, knowledge)),
            *section("Tested on", *_cases(rule)),
            *section("References", references(rule.source)),
        ),
    )


def remedy_page(remedy: Remedy, knowledge: Knowledge, measured: Measured = NOTHING) -> Page:
    """The page of a remedy."""
    words = Wording(knowledge.signals)
    fields = remedy.model_dump(include={"kind", "cost", "risk"})
    recommending = [
        (rule.remedies.index(word) + 1, rule)
        for rule in knowledge.catalogue.rules.values()
        for word in rule.remedies
        if word in (remedy.id, remedy.name, *remedy.aliases)
    ]
    return Page(
        "remedies",
        remedy.id,
        str(remedy),
        (Paragraph((Strong(f"{remedy.title}."),)), text(REMEDY_LEAD.format(**fields)), *_knob(remedy, knowledge)),
        (
            *section("What to do", text(remedy.do), *_code(remedy)),
            *section("Not when", Items(tuple(_not_when(remedy, words)))),
            *section("Then watch", *_watched(remedy, words)),
            *section(
                "Recommended by",
                Items(
                    tuple(
                        Item((rule_link(rule), f": {rule.symptom} ({place} of {len(rule.remedies)} there)"))
                        for place, rule in recommending
                    )
                ),
            ),
            *section("Measured", *of_remedy(remedy.id, measured)),
            *section("References", references(remedy.source)),
        ),
    )


def _seen(rule: Rule) -> Iterator[Item]:
    yield Item((Strong("Symptom:"), f" {rule.symptom}."))
    if rule.cause:
        yield Item((Strong("Cause:"), f" {rule.cause}."))


def _detected(rule: Rule, words: Wording) -> Iterator[Block]:
    yield text(DETECTED)
    yield Items((words.tree(rule.when),))
    if rule.escalate:
        yield text(ESCALATED)
        yield Items(
            tuple(Item((TO.format(severity=item.severity),), (words.tree(item.condition),)) for item in rule.escalate)
        )
    yield text(AS_WRITTEN)
    yield Listing(textwrap.fill(str(rule.when), WIDTH, subsequent_indent="    ", break_long_words=False))


def _limits(nodes: Iterable[ConditionNode]) -> Table:
    bounds = [leaf.bound for node in nodes for leaf in leaves(node) if isinstance(leaf, Compare)]
    once = {bound.name: bound for bound in bounds if isinstance(bound, Limit)}
    rows = [row for one in once.values() for row in _limit(one)]
    return Table(("limit", "value", "unit", "healthy runs read", "source"), tuple(rows))


def _limit(limit: Limit) -> Iterator[tuple[tuple[Piece, ...], ...]]:
    """A row for the limit, and one for each profile that has another value."""
    values = (f"{limit.value:g}", limit.unit, limit.healthy, named(limit.source))
    yield ((Code(limit.name),), *((value,) for value in values))
    for own in limit.profiles:
        values = (f"{own.value:g}", limit.unit, own.healthy, named(own.source or limit.source))
        yield ((FOR_PROFILE.format(profile=own.profile),), *((value,) for value in values))


def _evidence(rule: Rule, words: Wording, *, supports: bool) -> Items:
    items = [item for item in rule.evidence if item.supports is supports]
    return Items(
        tuple(
            Item((Strong(item.weight), *((f" (group {item.group})",) if item.group else ()), ": ", *line))
            for item in items
            for line in [words.line(item.condition)]
        )
    )


def _remedies(remedies: Sequence[Remedy], shown: Shown | None) -> Iterator[Block]:
    yield Items(
        tuple(
            Item((remedy_link(one, one.title), f" ({REMEDY.format(cost=one.cost, risk=one.risk)}): {one.do}"))
            for one in remedies
        ),
        numbered=True,
    )
    numbers = {} if shown is None else numbers_of(shown.facts)
    for one in remedies:
        if chosen := snippets(one, numbers):
            yield Paragraph(("Code for ", remedy_link(one), ":"))
            yield from listings(chosen)
            return


def _code(remedy: Remedy) -> Iterator[Block]:
    """Code by framework that runs as it stands, else with the names of the numbers it waits for."""
    ready = snippets(remedy, {})
    for snippet in remedy.snippets:
        if snippet.framework not in ready:
            ready = {**ready, snippet.framework: snippet.code.replace("{{", "{").replace("}}", "}")}
    yield from listings(ready)


def _not_when(remedy: Remedy, words: Wording) -> Iterator[Item]:
    for item in remedy.not_when:
        yield Item((f"{item.reason}:",), (words.tree(item.condition),))


def _watched(remedy: Remedy, words: Wording) -> Iterator[Block]:
    yield text(f"{capitalized(remedy.watch)}.")
    if remedy.worked is not None:
        command, says = WORKED
        yield Paragraph((Code(command.format(remedy=remedy.id)), says))
        yield Items((words.tree(remedy.worked),))


def _knob(remedy: Remedy, knowledge: Knowledge) -> Iterator[Block]:
    if not remedy.knob:
        return
    pieces: list[Piece] = [f"{TURNS.format(knob=remedy.knob)}{f' {remedy.direction}' if remedy.direction else ''}."]
    others = {
        one.id: one
        for one in knowledge.remedies.values()
        if one.knob == remedy.knob and {one.direction, remedy.direction} == {"up", "down"}
    }
    if others:
        pieces += [f" {OPPOSITE} ", *joined([(remedy_link(one),) for one in others.values()]), "."]
    yield Paragraph(tuple(pieces))


def _relations(rule: Rule, knowledge: Knowledge) -> Items:
    catalogue = knowledge.catalogue
    related = {
        "explains": sorted(catalogue.explains.get(rule.id, ())),
        "explained": [other for other in catalogue.rules if rule.id in catalogue.explains[other]],
        "unless": sorted(catalogue.unless.get(rule.id, ())),
        "silences": sorted(catalogue.silences.get(rule.id, ())),
    }
    items = [
        Item((f"{RELATIONS[word]}: ", *joined([(rule_link(catalogue.rules[one]),) for one in ids])))
        for word, ids in related.items()
        if ids
    ]
    if rule.invalidates:
        items.append(Item((f"{RELATIONS['invalidates']}: ", *joined([(Code(role),) for role in rule.invalidates]))))
    return Items(tuple(items))


def _cases(rule: Rule) -> Iterator[Block]:
    for told, cases in (("It fires on", rule.fires), ("It stays quiet on", rule.quiet)):
        yield text(f"{told} " + "; ".join(f"“{case.name}”" for case in cases) + ".")
