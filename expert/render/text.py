"""The note a senior colleague would write: the headline, the evidence, what to do first, what next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from expert.advice import Advice, Finding, Recommendation
from expert.rule import SEVERITIES

WIDTH = 100
SHOWN_FINDINGS = 4
SHOWN_RECOMMENDATIONS = 3


def note(advice: Advice) -> str:
    """The advice as plain text."""
    return "\n".join(_lines(advice))


def _lines(advice: Advice) -> Iterator[str]:
    yield from _wrapped(advice.headline)
    serious = [one for one in advice.findings if SEVERITIES.index(one.severity) >= SEVERITIES.index("warning")]
    for finding in serious[:SHOWN_FINDINGS]:
        yield ""
        yield from _finding(finding)
    if len(serious) > SHOWN_FINDINGS:
        rest = serious[SHOWN_FINDINGS:]
        yield f"… and {len(rest)} more findings: {', '.join(one.name for one in rest)}"
    if serious and advice.recommendations:
        yield ""
        yield "What to do, in this order, one change at a time"
        for number, recommendation in enumerate(advice.recommendations[:SHOWN_RECOMMENDATIONS], 1):
            yield from _recommendation(number, recommendation)
        more = advice.recommendations[SHOWN_RECOMMENDATIONS:]
        if more:
            yield f"  then: {'; '.join(one.title for one in more[:4])}"
    yield from _remarks(advice)


def _finding(finding: Finding) -> Iterator[str]:
    place = f", at {finding.at}" if finding.at else ""
    yield f"{finding.severity}: {finding.name} ({finding.rule}, confidence {finding.confidence:.0%}{place})"
    if finding.cause:
        yield from _wrapped(f"{finding.symptom}. Cause: {finding.cause}.", "  ")
    else:
        yield from _wrapped(f"{finding.symptom}.", "  ")
    for item in finding.evidence[:5]:
        yield from _wrapped(item.text, "  + " if item.supports else "  - ", "    ")
    if finding.explained_by:
        yield f"  explained by {', '.join(finding.explained_by)}"


def _recommendation(number: int, recommendation: Recommendation) -> Iterator[str]:
    cost = f"{recommendation.cost}, {recommendation.risk} risk"
    yield f"  {number}. {recommendation.title} ({recommendation.remedy}; {cost})"
    yield from _wrapped(recommendation.do, "     ")
    for framework, code in recommendation.snippet.items():
        yield f"     {framework}:"
        yield textwrap.indent(code, "       ")
    yield from _wrapped(f"Then watch: {recommendation.watch}", "     ")
    for other in recommendation.if_that_fails[:2]:
        yield from _wrapped(f"If that fails: {other.title} ({other.reason})", "     ")


def _remarks(advice: Advice) -> Iterator[str]:
    infos = [one for one in advice.findings if one.severity == "info"]
    remarks = [f"{one.symptom}{': ' + one.cause if one.cause else ''} ({one.rule})" for one in infos] + list(
        advice.notes
    )
    if remarks:
        yield ""
        yield "Notes"
        for remark in remarks:
            yield from _wrapped(remark, "  · ", "    ")
    if advice.record_next:
        yield ""
        yield "To be surer, record"
        for item in advice.record_next:
            yield from _wrapped(f"{item.what}: {item.how}", "  · ", "    ")
    if advice.problems:
        yield ""
        yield "Problems with plugins"
        for problem in advice.problems:
            yield from _wrapped(f"{problem.plugin}: {problem.what}", "  · ", "    ")
    coverage = advice.coverage
    yield ""
    unknown = f"; {coverage.unknown} could not be judged from what was recorded" if coverage.unknown else ""
    yield from _wrapped(f"{coverage.read} {coverage.judged} of {coverage.rules} rules judged{unknown}.".strip())


def _wrapped(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
