"""The order in which findings are dealt with: the headline with its rivals, others unexplained, hygiene, the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from expert.confidence import CLOSE
from expert.facts import GRADES
from expert.judging import ENOUGH, Judgment
from expert.language.nodes import SignalTerm
from expert.relations import Catalogue
from expert.rule import LEVELS, SEVERITIES, is_serious

Group = Sequence[Judgment]
"""Findings that are dealt with together: a symptom and the rival causes that would account for it."""


def ranked(judgments: Mapping[str, Judgment], catalogue: Catalogue) -> Sequence[Group]:
    """The findings in groups, in the order they are to be dealt with; guards are no findings.

    First the headline's (behind what invalidates its evidence), then the other unexplained ones, then hygiene (causes
    that account for no symptom present), last the explained ones, each by itself.
    """
    return _Ranking(judgments, catalogue).groups()


class _Ranking:
    def __init__(self, judgments: Mapping[str, Judgment], catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.found = [one for one in judgments.values() if one.found and one.rule.kind != "guard"]
        self.symptoms = {one.rule.id for one in self.found if one.rule.kind == "symptom" and is_serious(one.severity)}
        self.gravity = {one.rule.id: self._gravity(one) for one in self.found}

    def groups(self) -> Sequence[Group]:
        unexplained = self._sorted(one for one in self.found if not one.explained_by)
        explained = self._sorted(one for one in self.found if one.explained_by)
        if not unexplained:  # relations are acyclic: nothing was found, or what explains it is suppressed
            return [[one] for one in explained]
        headline = next(
            (one for one in unexplained if not self._is_hygiene(one)),
            next((one for one in unexplained if not self._only_doubts(one)), unexplained[0]),
        )
        group = self._group(headline, unexplained)
        rest = [one for one in unexplained if one not in group]
        before = [one for one in rest if is_serious(one.severity) and _invalidates(one, headline)]
        rest = [one for one in rest if one not in before]
        others = [one for one in rest if not self._is_hygiene(one)]
        hygiene = [one for one in rest if self._is_hygiene(one)]
        return [
            *([one] for one in before),
            group,
            *self._gathered(others),
            *([one] for one in hygiene),
            *([one] for one in explained),
        ]

    def _sorted(self, findings: Iterable[Judgment]) -> list[Judgment]:
        return sorted(
            findings,
            key=lambda one: (
                -self.gravity[one.rule.id],
                -self._promise(one),
                LEVELS.index(one.rule.level),
                one.rule.id,
            ),
        )

    @staticmethod
    def _promise(judgment: Judgment) -> float:
        """The strength of a finding. Of notes that are close a cause comes first: what is done about it is more to the
        point than what is done about a symptom.
        """
        mere_symptom = judgment.rule.kind == "symptom" and not is_serious(judgment.severity)
        return judgment.strength - CLOSE * mere_symptom

    def _gravity(self, judgment: Judgment) -> int:
        """How severe a finding is, or the worst of what it explains: who removes it removes that."""
        of_effects = [one.severity for one in self.found if judgment.rule.id in one.explained_by]
        return max(SEVERITIES.index(severity) for severity in (judgment.severity, *of_effects))

    def _present(self, judgment: Judgment) -> set[str]:
        """The serious symptoms present that a finding is or would account for."""
        return self.symptoms & {judgment.rule.id, *self.catalogue.consequences(judgment.rule.id)}

    def _is_hygiene(self, judgment: Judgment) -> bool:
        if not self._present(judgment) and (not is_serious(judgment.severity) or self._only_doubts(judgment)):
            return True
        return bool(self.symptoms) and judgment.rule.kind == "cause" and not self._present(judgment)

    def _only_doubts(self, judgment: Judgment) -> bool:
        """Whether a finding doubts a measurement on which another one, as grave as it, does not rest."""
        return bool(judgment.rule.invalidates) and any(
            self.gravity[one.rule.id] >= self.gravity[judgment.rule.id]
            and not one.rule.invalidates
            and not one.explained_by
            and not _invalidates(judgment, one)
            for one in self.found
        )

    def _group(self, headline: Judgment, among: Sequence[Judgment]) -> Group:
        """A finding with its rivals: all that are or account for the same symptoms, causes before a symptom that one
        of them may well account for.
        """
        present = self._present(headline)
        rivals = [one for one in among if one is headline or self._present(one) & present]
        causes = differential([one for one in rivals if one.rule.kind == "cause"])
        symptoms = [one for one in rivals if one.rule.kind != "cause"]
        if headline.rule.kind == "cause" or any(one.confidence >= ENOUGH for one in causes):
            return [*causes, *symptoms]
        return [headline, *causes, *(one for one in symptoms if one is not headline)]

    def _gathered(self, findings: Sequence[Judgment]) -> list[Group]:
        groups: list[Group] = []
        left = list(findings)
        while left:
            groups.append(self._group(left[0], left))
            left = [one for one in left if one not in groups[-1]]
        return groups


def differential(causes: Sequence[Judgment]) -> list[Judgment]:
    """Rival causes: those close to the best by level and then by the grade of their evidence, the others by
    strength.
    """
    if not causes:
        return []
    best = max(one.strength for one in causes)
    return sorted(
        causes,
        key=lambda one: (
            one.strength < best - CLOSE,
            (LEVELS.index(one.rule.level), GRADES.index(one.grade)) if one.strength >= best - CLOSE else (0, 0),
            -one.strength,
            one.rule.id,
        ),
    )


def _invalidates(judgment: Judgment, headline: Judgment) -> bool:
    """Whether a finding means that series which the headline's condition was read from cannot be trusted. What only
    supports it may well fall away.
    """
    used = {
        role
        for leaf in headline.verdict.reasons()
        if leaf.fact is not None and isinstance(leaf.fact.term, SignalTerm)
        for role in leaf.fact.term.of
    }
    return any(role in used or _is_score(role, used) for role in judgment.rule.invalidates)


def _is_score(role: str, used: set[str]) -> bool:
    """Whether a metric may be the one that ``val.score`` stands for."""
    subject, _, quantity = role.partition(".")
    return quantity != "loss" and f"{subject}.score" in used
