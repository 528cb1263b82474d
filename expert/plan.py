"""The order of recommendations, and conflicts between them.

First what serves the headline (with the rival causes of its symptoms side by side), then what serves the other findings
that nothing explains, then hygiene. Hygiene comes first only where it invalidates the evidence of the headline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from expert.advice import Alternative, Recommendation
from expert.facts import Facts
from expert.inference import Limits, judge
from expert.judging import ENOUGH, Judgment
from expert.language.nodes import SignalTerm
from expert.numbers import numbers_of, snippets
from expert.relations import Catalogue
from expert.remedy import COSTS, Remedy
from expert.rule import LEVELS, SEVERITIES

CLOSE = 0.15
"""Rival causes within this of the best confidence are ordered by level, and conflicts within it are not decided by
evidence.
"""
SURE = 0.8
"""Below this confidence a costly remedy is preceded by its confirming experiment."""
FADE = 0.6
"""How much less is expected of each further remedy of one rule than of the one before it."""
COSTLY = COSTS.index("new structure")


@dataclass
class _Place:
    """A remedy's place in the plan while it is being made."""

    remedy: Remedy
    served: list[Judgment]
    expected: float
    alternatives: list[Alternative] = field(default_factory=list)


def ranked(judgments: Mapping[str, Judgment], catalogue: Catalogue) -> Sequence[Judgment]:
    """The findings in the order they are to be dealt with: the headline's group, the other unexplained, hygiene, the
    explained.
    """
    found = [judgment for judgment in judgments.values() if judgment.found and judgment.rule.kind != "guard"]
    unexplained = sorted((one for one in found if not one.explained_by), key=_weight, reverse=True)
    if not unexplained:
        return sorted(found, key=_weight, reverse=True)
    symptoms = {one.rule.id for one in found if one.rule.kind == "symptom" and _serious(one)}
    untidy = [one for one in unexplained if _is_hygiene(one, symptoms, catalogue)]
    headline = next((one for one in unexplained if one not in untidy), unexplained[0])
    group = _headline_group(headline, found, catalogue)
    rest = [one for one in unexplained if one not in group]
    hygiene = [one for one in rest if one in untidy]
    others = [one for one in rest if one not in hygiene]
    explained = sorted((one for one in found if one.explained_by and one not in group), key=_weight, reverse=True)
    first = [one for one in hygiene if _invalidates(one, group)]
    return [*first, *group, *others, *(one for one in hygiene if one not in first), *explained]


def plan(
    judgments: Mapping[str, Judgment],
    catalogue: Catalogue,
    remedies: Mapping[str, Remedy],
    facts: Facts,
    limits: Limits,
) -> tuple[Recommendation, ...]:
    """The recommendations in order."""
    order = ranked(judgments, catalogue)
    main = [one for one in order if not one.explained_by]
    places: dict[str, _Place] = {}
    blocked: dict[str, str] = {}
    for group in _groups(main, catalogue):
        for remedy, judgment, expected in _offers(group, remedies):
            reason = _contraindication(remedy, facts, limits)
            if reason is not None:
                blocked[remedy.id] = reason
            elif remedy.id in places:
                places[remedy.id].served.append(judgment)
            else:
                places[remedy.id] = _Place(remedy, [judgment], expected)
    kept = _resolve_conflicts(list(places.values()), remedies)
    _add_later_remedies(kept, order, remedies, blocked)
    kept = _confirm_before_costly(kept)
    numbers = numbers_of(facts)
    return tuple(_recommendation(place, kept, numbers) for place in kept)


def _weight(judgment: Judgment) -> tuple[int, float, int, str]:
    return (
        SEVERITIES.index(judgment.severity),
        judgment.confidence,
        -LEVELS.index(judgment.rule.level),
        judgment.rule.id,
    )


def _serious(judgment: Judgment) -> bool:
    return SEVERITIES.index(judgment.severity) >= SEVERITIES.index("warning")


def _headline_group(headline: Judgment, found: Sequence[Judgment], catalogue: Catalogue) -> list[Judgment]:
    """The headline with its rivals: all causes found that would explain the same symptoms, best first."""
    symptoms = catalogue.consequences(headline.rule.id) | (
        {headline.rule.id} if headline.rule.kind == "symptom" else set()
    )
    present = {one.rule.id for one in found if one.rule.id in symptoms and one.rule.kind == "symptom"}
    causes = [
        one
        for one in found
        if one.rule.kind == "cause"
        and not one.explained_by
        and (one is headline or catalogue.consequences(one.rule.id) & present)
    ]
    ordered = _differential(causes)
    if headline.rule.kind == "symptom":
        return [*ordered, headline] if any(one.confidence >= ENOUGH for one in ordered) else [headline, *ordered]
    return ordered


def _differential(causes: Sequence[Judgment]) -> list[Judgment]:
    """Rival causes: those close to the best by level, the others by confidence."""
    if not causes:
        return []
    best = max(one.confidence for one in causes)
    close = [one for one in causes if one.confidence >= best - CLOSE]
    close.sort(key=lambda one: (LEVELS.index(one.rule.level), -one.confidence, one.rule.id))
    others = sorted((one for one in causes if one not in close), key=lambda one: (-one.confidence, one.rule.id))
    return [*close, *others]


def _is_hygiene(judgment: Judgment, symptoms: set[str], catalogue: Catalogue) -> bool:
    if not _serious(judgment):
        return True
    return bool(symptoms) and judgment.rule.kind == "cause" and not catalogue.consequences(judgment.rule.id) & symptoms


def _invalidates(judgment: Judgment, group: Sequence[Judgment]) -> bool:
    roles = set(judgment.rule.invalidates)
    used = {
        role
        for one in group[:1]
        for leaf in one.verdict.reasons()
        if leaf.fact is not None and isinstance(leaf.fact.term, SignalTerm)
        for role in leaf.fact.term.of
    }
    return bool(roles & used)


def _groups(order: Sequence[Judgment], catalogue: Catalogue) -> Iterator[list[Judgment]]:
    """Neighbors in the order that are rivals for a symptom share a group; their remedies are interleaved."""
    group: list[Judgment] = []
    for judgment in order:
        if group and not _rivals(group[0], judgment, catalogue):
            yield group
            group = []
        group.append(judgment)
    if group:
        yield group


def _rivals(one: Judgment, other: Judgment, catalogue: Catalogue) -> bool:
    mine = catalogue.consequences(one.rule.id) | {one.rule.id}
    return bool(mine & (catalogue.consequences(other.rule.id) | {other.rule.id}))


def _offers(group: Sequence[Judgment], remedies: Mapping[str, Remedy]) -> Sequence[tuple[Remedy, Judgment, float]]:
    """Remedies of a group by what may be expected of them: the finding's confidence, fading along the rule's own
    order.
    """
    best = max(one.confidence for one in group)
    offers = []
    for place, judgment in enumerate(group):
        confidence = best if judgment.confidence >= best - CLOSE else judgment.confidence
        for index, word in enumerate(judgment.rule.remedies):
            offers.append((remedies[word], judgment, confidence * FADE**index, place))
    offers.sort(key=lambda offer: (-offer[2], offer[3]))
    return [(remedy, judgment, expected) for remedy, judgment, expected, _ in offers]


def _contraindication(remedy: Remedy, facts: Facts, limits: Limits) -> str | None:
    return next((item.reason for item in remedy.not_when if judge(item.condition, facts, limits).truth == "yes"), None)


def _resolve_conflicts(places: list[_Place], remedies: Mapping[str, Remedy]) -> list[_Place]:
    """Of two remedies that turn one knob opposite ways the better supported stays; a near tie is decided by an
    experiment.
    """
    kept: list[_Place] = []
    for place in places:
        rival = next((other for other in kept if _opposed(other.remedy, place.remedy)), None)
        if rival is None:
            kept.append(place)
            continue
        if rival.expected - place.expected < CLOSE and not _same_finding(rival, place):
            experiment = _deciding(place.remedy.knob, remedies)
            if experiment is not None and all(one.remedy.id != experiment.id for one in kept):
                kept.insert(kept.index(rival), _Place(experiment, [*rival.served, *place.served], rival.expected))
        evidence = f"the evidence for {_names(rival)} is stronger than for {_names(place)}"
        reason = f"it turns the {place.remedy.knob} the other way, and {evidence}"
        rival.alternatives.append(Alternative(remedy=place.remedy.id, title=place.remedy.title, reason=reason))
    return kept


def _opposed(one: Remedy, other: Remedy) -> bool:
    return bool(
        one.knob and one.knob == other.knob and one.direction and other.direction and one.direction != other.direction
    )


def _same_finding(one: _Place, other: _Place) -> bool:
    return bool({item.rule.id for item in one.served} & {item.rule.id for item in other.served})


def _deciding(knob: str, remedies: Mapping[str, Remedy]) -> Remedy | None:
    experiments = [remedy for remedy in remedies.values() if remedy.kind == "experiment" and knob in remedy.decides]
    return min(experiments, key=lambda remedy: (COSTS.index(remedy.cost), remedy.id), default=None)


def _confirm_before_costly(places: list[_Place]) -> list[_Place]:
    """A costly remedy for a finding that is not sure goes behind the checks and experiments that serve the same
    finding.
    """
    ordered = list(places)
    for place in places:
        if COSTS.index(place.remedy.cost) < COSTLY or max(one.confidence for one in place.served) >= SURE:
            continue
        confirming = [
            other
            for other in ordered[ordered.index(place) + 1 :]
            if other.remedy.kind != "change" and _same_finding(place, other)
        ]
        if confirming:
            ordered.remove(confirming[0])
            ordered.insert(ordered.index(place), confirming[0])
    return ordered


def _add_later_remedies(
    places: list[_Place], order: Sequence[Judgment], remedies: Mapping[str, Remedy], blocked: Mapping[str, str]
) -> None:
    """The remedies of explained findings become alternatives of what serves their explanation."""
    present = {place.remedy.id for place in places}
    for judgment in order:
        for explainer in judgment.explained_by:
            place = next((one for one in places if any(item.rule.id == explainer for item in one.served)), None)
            if place is None:
                continue
            for word in judgment.rule.remedies:
                remedy = remedies[word]
                listed = {item.remedy for item in place.alternatives}
                if remedy.id not in present and remedy.id not in listed and remedy.id not in blocked:
                    reason = f"it treats {judgment.rule.name}, which {_names(place)} explains"
                    place.alternatives.append(Alternative(remedy=remedy.id, title=remedy.title, reason=reason))


def _recommendation(place: _Place, places: Sequence[_Place], numbers: Mapping[str, object]) -> Recommendation:
    first = place.served[0]
    nexts = [
        Alternative(remedy=other.remedy.id, title=other.remedy.title, reason=f"the next remedy for {first.rule.name}")
        for other in places[places.index(place) + 1 :]
        if _same_finding(place, other)
    ][:2]
    return Recommendation(
        remedy=place.remedy.id,
        name=place.remedy.name,
        title=place.remedy.title,
        do=place.remedy.do,
        kind=place.remedy.kind,
        snippet=snippets(place.remedy, numbers),
        because=first.rule.cause or first.rule.symptom,
        serves=tuple(dict.fromkeys(one.rule.id for one in place.served)),
        cost=place.remedy.cost,
        risk=place.remedy.risk,
        watch=place.remedy.watch,
        if_that_fails=(*nexts, *place.alternatives),
    )


def _names(place: _Place) -> str:
    return " and ".join(dict.fromkeys(one.rule.name for one in place.served))
