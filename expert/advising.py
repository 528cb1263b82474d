"""`advise`: from a source to advice, end to end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


from expert.advice import (
    Advice,
    Coverage,
    EvidenceItem,
    Finding,
    NotJudged,
    Outcome,
    ProblemNote,
)
from expert.errors import AuthoringError, SettingsError, nearest
from expert.confidence import Weighed
from expert.facts import Facts, fill
from expert.history import History
from expert.inference import Limits, Verdict
from expert.judging import Judgment, judge_all
from expert.knowledge import Knowledge, load
from expert.plan import plan, ranked
from expert.plugins import named_in_environment
from expert.recording import record_next
from expert.relations import Catalogue
from expert.rule import SEVERITIES
from expert.settings import Settings, settings_from
from expert.signals.curve import FEWEST_EPOCHS, FEWEST_POINTS
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

    ``source`` is a run: a History, a dict of lists, a list of records, a DataFrame, a Keras History, or the path of a log.
    ``config``, ``model`` and ``data`` add what the log does not say: a mapping of fields, the record (`RunConfig`,
    `ModelProfile`, `DataProfile`), a live model, or arrays ``(x, y)``; without a source they are judged alone, before
    any training. ``columns={"val.loss": "my_val"}`` corrects a guessed role. ``profile`` names the kind of run whose limits
    are to be used, ``plugins`` adds plugin modules or objects, ``strict`` raises where a plugin fails.

    Raises `SourceError` for a source that cannot be read, `SettingsError` for wrong settings; each in one sentence.
    """
    chosen = settings_from(settings)
    loaded, knowledge = load(named_in_environment(), tuple(plugins))
    if strict and knowledge.problems:
        raise AuthoringError(f"Plugin '{knowledge.problems[0].plugin}': {knowledge.problems[0].what}")
    history, notes = gather(source, config, model, data, columns, loaded)
    advice = judge_history(history, knowledge, chosen, profile, notes)
    failed = loaded.observe(advice, history)
    if strict and failed:
        raise AuthoringError(f"Plugin '{failed[0].plugin}': {failed[0].what}")
    return advice.with_problems(tuple(ProblemNote(plugin=one.plugin, what=one.what) for one in failed)) if failed else advice


def read_runs(source: object, *, columns: Mapping[str, str] | None = None, plugins: Iterable[object] = ()) -> tuple[History, ...]:
    """All runs in a source, oldest first."""
    loaded, _ = load(named_in_environment(), tuple(plugins))
    return read(source, "run", loaded, columns)


def judge_history(
    history: History, knowledge: Knowledge, settings: Settings | None = None, profile: str | None = None, notes: Sequence[str] = ()
) -> Advice:
    """The advice that a body of knowledge gives on a History."""
    settings = settings or Settings()
    catalogue = knowledge.catalogue
    _check_limits(settings, profile, knowledge)
    facts = Facts(history, knowledge.signals)
    limits = Limits(settings.limits, profile)
    short = _is_short(facts)
    judgments = judge_all(catalogue, facts, limits, _asked(catalogue, settings), short=short)
    order = ranked(judgments, catalogue)
    serious = [one for one in order if SEVERITIES.index(one.severity) >= SEVERITIES.index("warning")]
    listed = [*serious, *(one for one in order if one not in serious)]
    findings = tuple(_finding(one) for one in listed)
    outcome = _outcome(serious, judgments, facts, short=short)
    return Advice(
        verdict=outcome,
        headline=_headline(outcome, findings, facts),
        recommendations=plan(judgments, catalogue, knowledge.remedies, facts, limits),
        findings=findings,
        notes=(*notes, *history.notes),
        coverage=_coverage(judgments, history),
        not_judged=_not_judged(judgments),
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
                raise SettingsError(f"settings.{key}: '{word}' names no rule, family or id prefix.{nearest(word, known)}")
            chosen |= matching
        return chosen

    selected = all_of(settings.select, "select") if settings.select else frozenset(catalogue.rules)
    return selected - all_of(settings.ignore, "ignore")


def _is_short(facts: Facts) -> bool:
    """Whether the curves are too few to be sure: fewer than 6 epochs and fewer than 60 points."""
    curves = [facts.curve(role) for role in facts.history.roles if role.endswith(".loss")]
    curves = [curve for curve in curves if curve is not None]
    return all(curve.short for curve in curves)


def _outcome(serious: Sequence[Judgment], judgments: Mapping[str, Judgment], facts: Facts, *, short: bool) -> Outcome:
    if serious:
        return "findings"
    if facts.curve("train.loss") is None and facts.curve("val.loss") is None:
        return "cannot_judge"
    if short:
        return "too_short"
    core = [one for one in judgments.values() if one.rule.core and one.status != "not asked"]
    if facts.curve("val.loss") is None:
        core = [one for one in core if one.rule.family != "generalization"]
    if any(one.status == "unknown" for one in core) or all(one.status != "no" for one in core):
        return "cannot_judge"
    return "healthy"


def _headline(outcome: Outcome, findings: Sequence[Finding], facts: Facts) -> str:
    if outcome == "findings":
        first = findings[0]
        return f"{first.symptom}: {first.cause}." if first.cause else f"{first.symptom}."
    if outcome == "healthy":
        return "Healthy: nothing non-finite, no divergence, no oscillation, and the loss improves."
    if outcome == "too_short":
        return f"Too short to tell: fewer than {FEWEST_EPOCHS} epochs and fewer than {FEWEST_POINTS} recorded steps."
    if not facts.history.series:
        return "No curve was given: nothing in what was given is wrong, and the training itself cannot be judged."
    return "I cannot tell from what was recorded."


def _finding(judgment: Judgment) -> Finding:
    rule = judgment.rule
    observed = [_observed(leaf) for leaf in judgment.verdict.reasons() if leaf.fact is not None and leaf.fact.value is not None]
    weighed = [_weighed(item.evidence.text, item) for item in judgment.evidence if item.counts]
    seen: dict[str, EvidenceItem] = {item.text: item for item in [*weighed, *observed]}
    return Finding(
        rule=rule.id,
        name=rule.name,
        kind=rule.kind,
        family=rule.family,
        severity=judgment.severity,
        confidence=round(judgment.confidence, 3),
        symptom=rule.symptom[0].upper() + rule.symptom[1:],
        cause=rule.cause,
        blames=rule.blames,
        evidence=tuple(sorted(seen.values(), key=lambda item: (item.weight == "observed", not item.supports))),
        at="" if judgment.at is None else f"{judgment.clock} {judgment.at:g}",
        explained_by=judgment.explained_by,
    )


def _observed(leaf: Verdict) -> EvidenceItem:
    fact = leaf.fact
    assert fact is not None
    place = "" if fact.at is None else f"{fact.clock or 'epoch'} {fact.at:g}"
    return EvidenceItem(text=fact.sentence, signal=str(fact.term), value=fact.value, at=place)


def _weighed(template: str, item: Weighed) -> EvidenceItem:
    leaf = next((leaf for leaf in item.verdict.reasons() if leaf.fact is not None and leaf.fact.value is not None), None)
    fact = leaf.fact if leaf is not None else None
    words: dict[str, object] = {}
    place = ""
    if leaf is not None and fact is not None:
        place = "" if fact.at is None else f"{fact.clock or 'epoch'} {fact.at:g}"
        words = {"value": fact.value, "bound": leaf.bound, "at": place} | dict(fact.detail)
    return EvidenceItem(
        text=fill(template, words),
        supports=item.evidence.supports,
        weight=item.evidence.weight,
        signal="" if fact is None else str(fact.term),
        value=None if fact is None else fact.value,
        at=place,
    )


def _coverage(judgments: Mapping[str, Judgment], history: History) -> Coverage:
    statuses = [one.status for one in judgments.values() if one.status != "not asked"]
    return Coverage(
        rules=len(statuses),
        judged=sum(status in ("found", "no") for status in statuses),
        unknown=statuses.count("unknown"),
        silenced=statuses.count("silenced"),
        ruled_out=statuses.count("ruled out"),
        read=history.summary,
    )


def _not_judged(judgments: Mapping[str, Judgment]) -> tuple[NotJudged, ...]:
    groups: dict[str, list[str]] = {}
    how: dict[str, str] = {}
    for identity, judgment in judgments.items():
        if judgment.status != "unknown":
            continue
        leaf = next((leaf for leaf in judgment.verdict.leaves("unknown") if leaf.fact is not None), None)
        if leaf is not None and leaf.fact is not None:
            groups.setdefault(leaf.fact.reason, []).append(identity)
            how.setdefault(leaf.fact.reason, leaf.fact.record)
    ordered = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(NotJudged(missing=missing, record=how[missing], rules=tuple(sorted(rules))) for missing, rules in ordered)
