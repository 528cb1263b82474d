"""The recommendations in order: which remedies, which of two opposed ones, what to try if one fails.

First what serves the headline (with the rival causes of its symptom side by side), then what serves the other findings
that nothing explains, then hygiene. Notes ask for something only where nothing serious stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from expert.advice import Alternative, Recommendation
from expert.changing import proposed
from expert.confidence import CLOSE, SURE
from expert.facts import GRADES, Facts
from expert.inference import Limits, judge
from expert.judging import Judgment
from expert.numbers import numbers_of, snippets
from expert.ranking import Group
from expert.remedy import COSTS, Remedy
from expert.rule import LEVELS, is_serious

FADE = 0.6
"""How much less is expected of each further remedy of one rule than of the one before it: after two remedies of the
best cause a rival of a third of its confidence gets its turn.
"""
COSTLY = COSTS.index("new structure")
NEXT = 2
"""So many of the recommendations that follow are named under "if that fails"."""

NEXT_REMEDY = "the next remedy for {rule}"
TREATS_EFFECT = "it treats {rule}, which {explainers} explains"
OPPOSED = "it turns the {knob} the other way, and the evidence for {winner} is stronger than for {loser}"
OPPOSED_UNDECIDED = "it turns the {knob} the other way; the evidence does not decide between {winner} and {loser}"
OPPOSED_IN_RULE = "it turns the {knob} the other way; for {winner} it comes second"


@dataclass
class _Place:
    """A remedy's place in the plan while it is being made."""

    remedy: Remedy
    served: list[Judgment]
    alternatives: list[Alternative] = field(default_factory=list)

    @property
    def confidence(self) -> float:
        return max(one.confidence for one in self.served)

    @property
    def strength(self) -> float:
        return max(one.strength for one in self.served)

    @property
    def names(self) -> str:
        return " and ".join(dict.fromkeys(one.rule.name for one in self.served))

    def shares_finding(self, other: _Place) -> bool:
        return bool({one.rule.id for one in self.served} & {one.rule.id for one in other.served})

    def add(self, remedy: Remedy, reason: str) -> None:
        if all(other.remedy != remedy.id for other in self.alternatives):
            self.alternatives.append(Alternative(remedy=remedy.id, title=remedy.title, reason=reason))


def plan(
    groups: Sequence[Group],
    judgments: Mapping[str, Judgment],
    remedies: Mapping[str, Remedy],
    facts: Facts,
    limits: Limits,
) -> tuple[Recommendation, ...]:
    """The recommendations for ranked findings, in order. Notes ask for something only where nothing is serious."""
    only_notes = not any(is_serious(one.severity) and not one.rule.invalidates for group in groups for one in group)
    made = _Plan(judgments, remedies, facts, limits)
    for group in groups:
        asking = [one for one in group if not one.explained_by and (only_notes or _asks(one, group))]
        made.offer(asking)
    made.offer_for_unserved([one for group in groups for one in group])
    made.settle_conflicts()
    made.name_remedies_of_effects([one for group in groups for one in group])
    made.confirm_before_costly()
    return made.recommendations()


def _asks(judgment: Judgment, group: Group) -> bool:
    """Whether a finding asks for remedies: it is serious, or a rival cause of something serious."""
    return any(is_serious(one.severity) for one in (judgment, *group))


class _Plan:
    def __init__(
        self, judgments: Mapping[str, Judgment], remedies: Mapping[str, Remedy], facts: Facts, limits: Limits
    ) -> None:
        self.judgments, self.remedies, self.facts, self.limits = judgments, remedies, facts, limits
        self.places: list[_Place] = []
        self.harmful: dict[str, bool] = {}

    def offer(self, group: Group) -> None:
        """Place the remedies of findings that are dealt with together, the most promising first.

        What may be expected of a remedy is its finding's strength, fading along the rule's own order; findings close
        to the best count as equals. Of equals the earlier level, the better evidence and the lower cost come first.
        """
        if not group:
            return
        best = max(one.strength for one in group)
        offers = []
        for place, judgment in enumerate(group):
            strength = best if judgment.strength >= best - CLOSE else judgment.strength
            for index, word in enumerate(judgment.rule.remedies):
                remedy = self.remedies[word]
                rank = (LEVELS.index(judgment.rule.level), GRADES.index(judgment.grade), COSTS.index(remedy.cost))
                offers.append((-strength * FADE**index, rank, place, remedy, judgment))
        for *_, remedy, judgment in sorted(offers, key=lambda offer: offer[:3]):
            self._place(remedy, judgment)

    def offer_for_unserved(self, findings: Sequence[Judgment]) -> None:
        """Place the remedies of explained findings whose explanations have none that can be recommended."""
        for judgment in findings:
            if judgment.explained_by and is_serious(judgment.severity) and not self._treating(judgment):
                self.offer([judgment])

    def settle_conflicts(self) -> None:
        """Of two remedies that turn one knob opposite ways the better supported stays; the other is named under "if
        that fails". What the evidence does not decide the cheapest experiment does, before either.
        """
        for place in list(self.places):
            rival = next((one for one in self.places if one is not place and _opposed(one.remedy, place.remedy)), None)
            if rival is None or place not in self.places:
                continue
            first, second = sorted((rival, place), key=self.places.index)
            lead = first.strength - second.strength
            winner, loser = (second, first) if lead < -CLOSE else (first, second)
            same = first.shares_finding(second)
            template = OPPOSED_IN_RULE if same else OPPOSED if abs(lead) >= CLOSE else OPPOSED_UNDECIDED
            reason = template.format(knob=loser.remedy.knob, winner=winner.names, loser=loser.names)
            if template is OPPOSED_UNDECIDED:
                self._decide_first(first, second)
            winner.add(loser.remedy, reason)
            self.places.remove(loser)

    def name_remedies_of_effects(self, findings: Sequence[Judgment]) -> None:
        """The remedies of explained findings become alternatives of what serves their explanation, behind its own."""
        placed = {place.remedy.id for place in self.places}
        for judgment in findings:
            if not judgment.explained_by:
                continue
            for place in self._treating(judgment)[-1:]:
                for remedy in (self.remedies[word] for word in judgment.rule.remedies):
                    if remedy.id not in placed and not self._harms(remedy):
                        place.add(remedy, TREATS_EFFECT.format(rule=judgment.rule.name, explainers=place.names))

    def confirm_before_costly(self) -> None:
        """A costly remedy for a finding that is not sure comes behind a check or an experiment: one that serves the
        same finding, else the cheapest that decides about the knob it turns.
        """
        for place in list(self.places):
            if COSTS.index(place.remedy.cost) < COSTLY or place.remedy.kind != "change" or place.confidence >= SURE:
                continue
            here = self.places.index(place)
            confirming = [one for one in self.places if one.remedy.kind != "change" and self._confirms(one, place)]
            if not confirming:
                experiment = self._deciding(place.remedy.knob)
                if experiment is not None:
                    self.places.insert(here, _Place(experiment, list(place.served)))
            elif all(self.places.index(one) > here for one in confirming):
                self.places.remove(confirming[0])
                self.places.insert(here, confirming[0])

    def recommendations(self) -> tuple[Recommendation, ...]:
        numbers = numbers_of(self.facts)
        return tuple(self._recommendation(index, place, numbers) for index, place in enumerate(self.places))

    def _place(self, remedy: Remedy, judgment: Judgment) -> None:
        there = next((place for place in self.places if place.remedy.id == remedy.id), None)
        if there is not None:
            there.served.append(judgment)
        elif not self._harms(remedy):
            self.places.append(_Place(remedy, [judgment]))

    def _harms(self, remedy: Remedy) -> bool:
        """Whether one of the remedy's contra-indications holds on this run."""
        if remedy.id not in self.harmful:
            self.harmful[remedy.id] = any(
                judge(item.condition, self.facts, self.limits).truth == "yes" for item in remedy.not_when
            )
        return self.harmful[remedy.id]

    def _treating(self, judgment: Judgment) -> list[_Place]:
        """The places that serve what explains a finding, directly or through others."""
        explainers: set[str] = set()
        ahead = list(judgment.explained_by)
        while ahead:
            one = ahead.pop()
            if one not in explainers:
                explainers.add(one)
                ahead.extend(self.judgments[one].explained_by)
        return [place for place in self.places if any(one.rule.id in explainers for one in place.served)]

    def _decide_first(self, one: _Place, other: _Place) -> None:
        """Put the experiment that decides between two places before both."""
        experiment = self._deciding(one.remedy.knob)
        if experiment is None:
            return
        there = next((place for place in self.places if place.remedy.id == experiment.id), None)
        if there is None:
            served = {judgment.rule.id: judgment for judgment in (*one.served, *other.served)}
            there = _Place(experiment, list(served.values()))
        else:
            self.places.remove(there)
        self.places.insert(min(self.places.index(one), self.places.index(other)), there)

    def _deciding(self, knob: str) -> Remedy | None:
        """The cheapest check or experiment that decides about a knob."""
        able = {
            remedy.id: remedy
            for remedy in self.remedies.values()
            if knob and knob in remedy.decides and not self._harms(remedy)
        }
        return min(able.values(), key=lambda remedy: (COSTS.index(remedy.cost), remedy.id), default=None)

    @staticmethod
    def _confirms(one: _Place, place: _Place) -> bool:
        return one.shares_finding(place) or bool(place.remedy.knob and place.remedy.knob in one.remedy.decides)

    def _recommendation(self, index: int, place: _Place, numbers: Mapping[str, object]) -> Recommendation:
        first, remedy = place.served[0], place.remedy
        following = [other.remedy for other in self.places[index + 1 :] if place.shares_finding(other)][:NEXT]
        reason = NEXT_REMEDY.format(rule=first.rule.name)
        return Recommendation(
            remedy=remedy.id,
            name=remedy.name,
            title=remedy.title,
            do=remedy.do,
            kind=remedy.kind,
            snippet=snippets(remedy, numbers, self.facts.config.framework),
            changes=proposed(remedy, self.facts, self.limits, numbers),
            again=remedy.again,
            because=first.rule.cause or first.rule.symptom,
            serves=tuple(dict.fromkeys(one.rule.id for one in place.served)),
            cost=remedy.cost,
            risk=remedy.risk,
            watch=remedy.watch,
            if_that_fails=(
                *(Alternative(remedy=other.id, title=other.title, reason=reason) for other in following),
                *place.alternatives,
            ),
        )


def _opposed(one: Remedy, other: Remedy) -> bool:
    return bool(
        one.knob and one.knob == other.knob and one.direction and other.direction and one.direction != other.direction
    )
