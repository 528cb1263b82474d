"""The note a senior colleague would write: the headline, the evidence, what to do first, what next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from expert.advice import Advice, Finding, Recommendation
from expert.confidence import SURE
from expert.judging import ENOUGH
from expert.render.escape import printable
from expert.rule import is_serious
from expert.wording import capitalized

WIDTH = 100
SHOWN_FINDINGS = 4
SHOWN_EVIDENCE = 5
SHOWN_RECOMMENDATIONS = 3
SHOWN_TITLES = 4
SHOWN_ALTERNATIVES = 2
SHOWN_PROBLEMS = 5

SHOWN_HIDDEN = 3
LONGEST_REASON = 60

FINDING = "{severity}: {name} ({rule}, confidence {confidence:.0%}{at}{known}{preview})"
AT = ", first seen at {at}"
KNOWN = ", known"
PREVIEW = ", preview"
SYMPTOM = "{symptom}."
CAUSES = ((SURE, "Cause: {cause}."), (ENOUGH, "Probable cause: {cause}."), (0.0, "Possible cause: {cause}."))
EXPLAINED = "Also seen, and explained by this: {findings}."
EXPLAINED_BY_HIDDEN = "Explained by what the settings suppress: {names}."
EXPLAINED_FINDING = "{name} ({rule})"
MORE_FINDINGS = "… and {count} more: {names}"
PLAN = "What to do, in this order, one change at a time"
RECOMMENDATION = "{number}. {title} ({remedy}; {cost}, {risk} risk)"
WATCH = "Then watch: {watch}"
IF_THAT_FAILS = "If that fails: {title} ({reason})"
LATER = "then: {titles}"
CODE = "code for the others: expert explain ID, with ID one of {ids}"
FIRST_HELP = "First: {title} ({remedy}). {do}"
NOTES = "Notes"
NOTE = "{said} ({rule}{preview})"
NOTE_WITH_REMEDY = "{said} ({rule}{preview}) To go further: {title} ({remedy})."
SURER = "To be surer, record"
RECORD = "{what}: {how}"
PROBLEMS = "Problems with plugins"
PROBLEM = "{plugin}: {what}"
MORE_PROBLEMS = "… and {count} more in advice.problems"
SUPPRESSED = "Suppressed by the settings: {listed}."
SUPPRESSED_FINDING = "{name} ({reason})"
LISTED = "In the baseline, and not counted: {listed}."
MORE_HIDDEN = "{count} more"
PROFILE = "Profile: {profiles}."
NAMED_PROFILES = "{names} (named)"
RECOGNIZED_PROFILES = "{names} (recognized from {signs})"
COVERAGE = "{read} {judged} of {rules} rules judged."
COVERAGE_WITH_UNKNOWN = "{read} {judged} of {rules} rules judged; {unknown} could not be judged from what was recorded."
COVERAGE_BEFORE = "{read} {judged} of {rules} rules judged; the others need a run, or more of what is known of it."


def note(advice: Advice) -> str:
    """The advice as plain text."""
    return printable("\n".join(_lines(advice)))


def _lines(advice: Advice) -> Iterator[str]:
    yield from _wrapped(advice.headline)
    serious = [one for one in advice.findings if is_serious(one.severity)]
    told = {one.rule for one in advice.findings}
    own = [one for one in serious if not told & set(one.explained_by)]
    for finding in own[:SHOWN_FINDINGS]:
        yield ""
        yield from _finding(finding, advice)
    explained = [one for one in serious if told & set(one.explained_by)]
    if explained:
        yield ""
        listed = ", ".join(EXPLAINED_FINDING.format(name=one.name, rule=one.rule) for one in explained)
        yield from _wrapped(EXPLAINED.format(findings=listed))
    more = own[SHOWN_FINDINGS:]
    if more:
        yield ""
        yield from _wrapped(MORE_FINDINGS.format(count=len(more), names=", ".join(one.name for one in more)))
    if serious and advice.recommendations:
        yield ""
        yield PLAN
        shown = advice.recommendations[:SHOWN_RECOMMENDATIONS]
        for number, recommendation in enumerate(shown, 1):
            yield from _recommendation(number, recommendation, with_code=number == 1)
        titles = [one.title for one in advice.recommendations[SHOWN_RECOMMENDATIONS:][:SHOWN_TITLES]]
        if titles:
            yield from _wrapped(LATER.format(titles="; ".join(titles)), "  ", "  ")
        coded = [one.remedy for one in shown[1:] if one.snippet]
        if coded:
            yield from _wrapped(CODE.format(ids=", ".join(coded)), "  ", "  ")
    yield from _remarks(advice)


def _finding(finding: Finding, advice: Advice) -> Iterator[str]:
    fields = finding.model_dump(include={"severity", "name", "rule", "confidence"})
    at, known = AT.format(at=finding.at) if finding.at else "", KNOWN if finding.known else ""
    yield FINDING.format(**fields, at=at, known=known, preview=_preview(finding))
    yield from _wrapped(_said(finding), "  ")
    hidden = [one.finding.name for one in advice.suppressed if one.finding.rule in finding.explained_by]
    if hidden:
        yield from _wrapped(EXPLAINED_BY_HIDDEN.format(names=", ".join(hidden)), "  ")
    for item in finding.evidence[:SHOWN_EVIDENCE]:
        yield from _wrapped(item.text, "  + " if item.supports else "  - ", "    ")


def one_finding(finding: Finding, advice: Advice) -> str:
    """A finding by itself, as it is told while a run goes on, with the first of what helps against it."""
    lines = list(_finding(finding, advice))
    first = next((one for one in advice.recommendations if finding.rule in one.serves), None)
    if first is not None:
        fields = first.model_dump(include={"title", "remedy", "do"})
        lines += _wrapped(FIRST_HELP.format(**fields), "  ")
    return printable("\n".join(lines))


def _recommendation(number: int, recommendation: Recommendation, *, with_code: bool) -> Iterator[str]:
    fields = recommendation.model_dump(include={"title", "remedy", "cost", "risk", "watch"})
    yield from _wrapped(RECOMMENDATION.format(number=number, **fields), "  ", "     ")
    yield from _wrapped(recommendation.do, "     ")
    for framework, code in recommendation.snippet.items() if with_code else ():
        yield f"     {framework}:"
        yield textwrap.indent(code, "       ")
    yield from _wrapped(WATCH.format(**fields), "     ")
    for other in recommendation.if_that_fails[:SHOWN_ALTERNATIVES]:
        yield from _wrapped(IF_THAT_FAILS.format(title=other.title, reason=other.reason), "     ")


def _remarks(advice: Advice) -> Iterator[str]:
    infos = [_remark(one, advice) for one in advice.findings if not is_serious(one.severity)]
    yield from _listed(NOTES, [*infos, *advice.notes, *(one.note for one in advice.unused)])
    yield from _listed(SURER, [RECORD.format(what=one.what, how=one.how) for one in advice.record_next])
    problems = [PROBLEM.format(plugin=one.plugin, what=one.what) for one in advice.problems]
    if len(problems) > SHOWN_PROBLEMS:
        problems[SHOWN_PROBLEMS:] = [MORE_PROBLEMS.format(count=len(problems) - SHOWN_PROBLEMS)]
    yield from _listed(PROBLEMS, problems)
    yield from _hidden(advice)
    yield from _profile(advice)
    yield ""
    coverage = advice.coverage
    template = COVERAGE_WITH_UNKNOWN if coverage.unknown else COVERAGE
    if coverage.before_training and coverage.unknown:
        template = COVERAGE_BEFORE
    read = coverage.read if advice.understood is None else advice.understood.sentence
    yield from _wrapped(template.format(**{**coverage.model_dump(), "read": read}).strip())


def _hidden(advice: Advice) -> Iterator[str]:
    """What does not count, and why, in a line."""
    suppressed = [
        SUPPRESSED_FINDING.format(name=one.finding.name, reason=_shortened(one.reason)) for one in advice.suppressed
    ]
    known = [one.name for one in advice.findings if one.known]
    said = [
        template.format(listed=", ".join(_first(names)))
        for template, names in ((SUPPRESSED, suppressed), (LISTED, known))
        if names
    ]
    if said:
        yield ""
        yield from _wrapped(" ".join(said))


def _profile(advice: Advice) -> Iterator[str]:
    """The kind of run it was judged as, where that was named or gives a limit another value."""
    if not any(one.named or one.limits for one in advice.profiles):
        return
    named = [one.name for one in advice.profiles if one.named]
    recognized = {one.name: one.sign for one in advice.profiles if not one.named}
    groups = [NAMED_PROFILES.format(names=", ".join(named))] if named else []
    if recognized:
        signs = "; ".join(recognized.values())
        groups.append(RECOGNIZED_PROFILES.format(names=", ".join(recognized), signs=signs))
    yield ""
    yield from _wrapped(PROFILE.format(profiles=", ".join(groups)))


def _shortened(reason: str) -> str:
    return textwrap.shorten(reason, LONGEST_REASON, placeholder=" …")


def _first(names: list[str]) -> list[str]:
    more = len(names) - SHOWN_HIDDEN
    return [*names[:SHOWN_HIDDEN], MORE_HIDDEN.format(count=more)] if more > 0 else names


def _remark(finding: Finding, advice: Advice) -> str:
    first = next((one for one in advice.recommendations if finding.rule in one.serves), None)
    if first is None:
        return NOTE.format(said=_said(finding), rule=finding.rule, preview=_preview(finding))
    return NOTE_WITH_REMEDY.format(
        said=_said(finding), rule=finding.rule, preview=_preview(finding), title=first.title, remedy=first.remedy
    )


def _preview(finding: Finding) -> str:
    """The mark of what a rule on trial says."""
    return PREVIEW if finding.preview else ""


def _said(finding: Finding) -> str:
    """What is seen, then its cause, in words no surer than the confidence allows."""
    symptom = SYMPTOM.format(symptom=capitalized(finding.symptom))
    if not finding.cause:
        return symptom
    template = next(words for least, words in CAUSES if finding.confidence >= least)
    return f"{symptom} {template.format(cause=finding.cause)}"


def _listed(title: str, items: list[str]) -> Iterator[str]:
    if items:
        yield ""
        yield title
        for item in items:
            yield from _wrapped(item, "  · ", "    ")


def _wrapped(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
