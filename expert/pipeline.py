"""From a History and a body of knowledge to advice: judge, rank, plan, tell."""

from __future__ import annotations

from collections.abc import Sequence

from expert.advice import Advice, ProblemNote
from expert.errors import SettingsError, nearest
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits
from expert.judging import Asked, judge_all
from expert.knowledge import Knowledge
from expert.plan import plan
from expert.ranking import ranked
from expert.recording import record_next
from expert.relations import Catalogue
from expert.reporting import coverage_of, finding_of, headline_of, is_short, not_judged, outcome_of
from expert.rule import is_serious
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
    groups = ranked(judgments, catalogue)
    order = [finding for group in groups for finding in group]
    serious = [one for one in order if is_serious(one.severity)]
    remarks = [one for one in order if not is_serious(one.severity)]
    findings = tuple(finding_of(one) for one in (*serious, *remarks))
    outcome = outcome_of(serious, judgments, facts, short=short)
    advice = Advice(
        verdict=outcome,
        headline=headline_of(outcome, findings, judgments, facts),
        recommendations=plan(groups, judgments, knowledge.remedies, facts, limits),
        findings=findings,
        notes=(*notes, *history.notes),
        coverage=coverage_of(judgments, history),
        not_judged=not_judged(judgments),
        record_next=record_next(judgments, catalogue),
        problems=(*knowledge.problems, *_failures(facts, knowledge)),
    )
    return advice.remembering(judgments, catalogue)


def _failures(facts: Facts, knowledge: Knowledge) -> Sequence[ProblemNote]:
    """Signals that failed on this run, by the plugin they come from."""
    return [
        ProblemNote(plugin=knowledge.origins.get(name, name), what=what)
        for name, what in sorted(facts.failures.items())
    ]


def _check_limits(settings: Settings, profile: str | None, knowledge: Knowledge) -> None:
    for name in settings.limits:
        if name not in knowledge.limits:
            raise SettingsError(f"settings.limits: there is no limit '{name}'.{nearest(name, knowledge.limits)}")
    if profile is None:
        return
    profiles = {name for limit in knowledge.limits.values() for name, _ in limit.profiles}
    if profile not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise SettingsError(f"There is no profile '{profile}'; known are {known}.{nearest(profile, profiles)}")


def _asked(catalogue: Catalogue, settings: Settings) -> Asked | None:
    """What the settings ask for. Rules that are merely not selected still rule out and silence; ignored ones do not."""
    if not settings.select and not settings.ignore:
        return None

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

    ignored = all_of(settings.ignore, "ignore")
    heeded = frozenset(catalogue.rules) - ignored
    return Asked(told=(all_of(settings.select, "select") if settings.select else heeded) - ignored, heeded=heeded)
