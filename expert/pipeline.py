"""From a History and a body of knowledge to advice: judge, rank, plan, tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expert.advice import Advice, ProblemNote
from expert.asking import in_force
from expert.facts import Facts
from expert.history import History
from expert.judging import judge_all
from expert.knowledge import Knowledge
from expert.plan import plan
from expert.ranking import ranked
from expert.recording import record_next
from expert.reporting import coverage_of, finding_of, headline_of, is_before_training, is_short, not_judged, outcome_of
from expert.rule import is_serious
from expert.settings import Settings
from expert.suppression import suppress, suppressed_of
from expert.understanding import understood

if TYPE_CHECKING:
    from expert.baseline import Baseline


def judge_history(
    history: History,
    knowledge: Knowledge,
    settings: Settings | None = None,
    profile: str | Sequence[str] | None = None,
    notes: Sequence[str] = (),
    *,
    source: str = "",
    baseline: Baseline | None = None,
    runs: int = 1,
) -> Advice:
    """The advice that a body of knowledge gives on a History; ``source`` names the log it was read from, which holds so
    many ``runs``.
    """
    catalogue = knowledge.catalogue
    limits, profiles, asked, hidings = in_force(settings or Settings(), profile, knowledge, history)
    facts = Facts(history, knowledge.signals)
    short, before_training = is_short(facts), is_before_training(history, source)
    judged = judge_all(catalogue, facts, limits, asked, knowledge.calibrations, short=short)
    judgments, hidden, unused = suppress(judged, hidings, source)
    groups = ranked(judgments, catalogue)
    order = [finding for group in groups for finding in group]
    serious = [one for one in order if is_serious(one.severity)]
    remarks = [one for one in order if not is_serious(one.severity)]
    findings = tuple(finding_of(one) for one in (*serious, *remarks))
    if baseline is not None:
        findings, worse, gone = baseline.mark(findings, judgments, catalogue, source)
        notes, unused = (*notes, *worse), (*unused, *gone)
    outcome = outcome_of(serious, judgments, facts, short=short, before_training=before_training)
    advice = Advice(
        verdict=outcome,
        headline=headline_of(outcome, findings, judgments, facts, before_training=before_training),
        recommendations=plan(groups, judgments, knowledge.remedies, facts, limits),
        findings=findings,
        notes=(*notes, *history.notes),
        coverage=coverage_of(judgments, history, before_training=before_training),
        not_judged=not_judged(judgments),
        record_next=record_next(judgments, catalogue, knowledge.calibrations, history),
        problems=(*knowledge.problems, *_failures(facts, knowledge)),
        suppressed=suppressed_of(judgments, hidden),
        unused=tuple(unused),
        understood=understood(history, runs),
        profiles=profiles,
    )
    return advice.remembering(judgments, catalogue)


def _failures(facts: Facts, knowledge: Knowledge) -> Sequence[ProblemNote]:
    """Signals that failed on this run, by the plugin they come from."""
    return [
        ProblemNote(plugin=knowledge.origins.get(name, name), what=what)
        for name, what in sorted(facts.failures.items())
    ]
