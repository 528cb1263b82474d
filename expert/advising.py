"""`advise`: from a source to advice, end to end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from expert.advice import Advice, ProblemNote
from expert.errors import AuthoringError, SettingsError, nearest
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits
from expert.judging import judge_all
from expert.knowledge import Knowledge, load
from expert.plan import plan, ranked
from expert.plugins import named_in_environment
from expert.recording import record_next
from expert.relations import Catalogue
from expert.reporting import coverage_of, finding_of, headline_of, is_short, not_judged, outcome_of
from expert.rule import SEVERITIES
from expert.settings import Settings, settings_from
from expert.sources import gather, read


def advise(
    source: object = None,
    *,
    config: object = None,
    model: object = None,
    data: object = None,
    columns: Mapping[str, str] | None = None,
    profile: str | None = None,
    settings: Settings | Mapping[str, object] | None = None,
    plugins: Iterable[object] = (),
    strict: bool = False,
) -> Advice:
    """Say what is wrong with a training run, why, and what to do first.

    ``source`` is a run: a History, a dict of lists, a list of records, a DataFrame, a Keras History, or the path of
    a log. ``config``, ``model`` and ``data`` add what the log does not say: a mapping of fields, the record
    (`RunConfig`, `ModelProfile`, `DataProfile`), a live model, or arrays ``(x, y)``; without a source they are judged
    alone, before any training. ``columns={"val.loss": "my_val"}`` corrects a guessed role. ``profile`` names the kind
    of run whose limits are to be used, ``plugins`` adds plugin modules or objects, ``strict`` raises where a plugin
    fails.

    Raises `SourceError` for a source that cannot be read, `SettingsError` for wrong settings; each in one sentence.
    """
    chosen = settings_from(settings)
    loaded, knowledge = load(named_in_environment(), tuple(plugins))
    if strict and knowledge.problems:
        raise AuthoringError(f"Plugin '{knowledge.problems[0].plugin}': {knowledge.problems[0].what}")
    history, notes = gather(source, {"model": model, "config": config, "data": data}, columns, loaded)
    advice = judge_history(history, knowledge, chosen, profile, notes)
    failed = loaded.observe(advice, history)
    if strict and failed:
        raise AuthoringError(f"Plugin '{failed[0].plugin}': {failed[0].what}")
    return (
        advice.with_problems(tuple(ProblemNote(plugin=one.plugin, what=one.what) for one in failed))
        if failed
        else advice
    )


def read_runs(
    source: object, *, columns: Mapping[str, str] | None = None, plugins: Iterable[object] = ()
) -> tuple[History, ...]:
    """All runs in a source, oldest first."""
    loaded, _ = load(named_in_environment(), tuple(plugins))
    return read(source, "run", loaded, columns)


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
