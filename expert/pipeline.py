"""From a History and a body of knowledge to advice: judge, rank, plan, tell."""

from __future__ import annotations

from collections.abc import Sequence

from expert.advice import Advice, ProblemNote
from expert.errors import SettingsError, nearest
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits
from expert.judging import judge_all
from expert.knowledge import Knowledge
from expert.plan import plan, ranked
from expert.recording import record_next
from expert.relations import Catalogue
from expert.reporting import coverage_of, finding_of, headline_of, is_short, not_judged, outcome_of
from expert.rule import SEVERITIES
from expert.settings import Settings


def judge_history(
    history: History,
    knowledge: Knowledge,
    settings: Settings | None = None,
    profile: str | None = None,
    notes: Sequence[str] = (),
) -> Advice:
    """The advice that a body of knowledge gives on a History."""
    settings = settings or Settings()
    catalogue = knowledge.catalogue
    _check_limits(settings, profile, knowledge)
    facts = Facts(history, knowledge.signals)
    limits = Limits(settings.limits, profile)
    short = is_short(facts)
    judgments = judge_all(catalogue, facts, limits, _asked(catalogue, settings), short=short)
    order = ranked(judgments, catalogue)
    serious = [one for one in order if SEVERITIES.index(one.severity) >= SEVERITIES.index("warning")]
    listed = [*serious, *(one for one in order if one not in serious)]
    findings = tuple(finding_of(one) for one in listed)
    outcome = outcome_of(serious, judgments, facts, short=short)
    return Advice(
        verdict=outcome,
        headline=headline_of(outcome, findings, facts),
        recommendations=plan(judgments, catalogue, knowledge.remedies, facts, limits),
        findings=findings,
        notes=(*notes, *history.notes),
        coverage=coverage_of(judgments, history),
        not_judged=not_judged(judgments),
        record_next=record_next(judgments, catalogue),
        problems=tuple(ProblemNote(plugin=one.plugin, what=one.what) for one in knowledge.problems),
    ).with_judgments(judgments, catalogue)


def _check_limits(settings: Settings, profile: str | None, knowledge: Knowledge) -> None:
    for name in settings.limits:
        if name not in knowledge.limits:
            raise SettingsError(f"settings.limits: there is no limit '{name}'.{nearest(name, knowledge.limits)}")
    profiles = {name for limit in knowledge.limits.values() for name, _ in limit.profiles}
    if profile is not None and profile not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise SettingsError(f"There is no profile '{profile}'; known are {known}.{nearest(profile, profiles)}")


def _asked(catalogue: Catalogue, settings: Settings) -> frozenset[str]:
    def all_of(words: Sequence[str], key: str) -> frozenset[str]:
        chosen: frozenset[str] = frozenset()
        for word in words:
            matching = catalogue.matching(word)
            if not matching:
                known = [name for rule in catalogue.rules.values() for name in (rule.id, rule.name, rule.family)]
                raise SettingsError(
                    f"settings.{key}: '{word}' names no rule, family or id prefix.{nearest(word, known)}"
                )
            chosen |= matching
        return chosen

    selected = all_of(settings.select, "select") if settings.select else frozenset(catalogue.rules)
    return selected - all_of(settings.ignore, "ignore")
