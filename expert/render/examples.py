"""A rule's own cases as runs to look at: the engine judges them here, with every other rule in force."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expert.advice import Advice
from expert.cases import Case
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits
from expert.judging import judge_rule
from expert.knowledge import Knowledge
from expert.pipeline import judge_history
from expert.render.figure import Figure, figure_of
from expert.render.text import note
from expert.reporting import is_short
from expert.rule import Rule
from expert.settings import Settings

BULLET = "  · "
ADVISE, WHY, WHY_NOT = "print(advice)", 'print(advice.why("{name}"))', 'print(advice.why_not("{name}"))'


@dataclass(frozen=True)
class Shown:
    """A case to show: what is drawn of it, what was told beside the curves, and what the engine says to which call."""

    case: Case
    figure: Figure
    told: Mapping[str, Mapping[str, Any]]
    call: str
    says: str
    facts: Facts


def firing(rule: Rule, knowledge: Knowledge) -> Shown | None:
    """The case that shows the rule best: a run on which the advice tells of it in lines of its own, with a picture
    where there is one.
    """
    best: tuple[tuple[bool, bool, bool], Shown] | None = None
    for case, facts, advice in _judged(rule.fires, rule, knowledge):
        call, said = _said(advice, rule)
        judged = judge_rule(rule, facts, Limits(), short=is_short(facts))
        figure = figure_of(facts.history, judged.at, judged.clock)
        finding = advice.finding(rule.id)
        merit = (finding is not None, finding is not None and not finding.explained_by, bool(figure))
        if best is None or merit > best[0]:
            best = merit, Shown(case, figure, _told(case), call, said, facts)
    return None if best is None else best[1]


def near_miss(rule: Rule, knowledge: Knowledge) -> Shown | None:
    """The first quiet case with a picture that is judged *no*, else one without a picture, else facts that are."""
    best: Shown | None = None
    for case, facts, advice in _judged(rule.quiet, rule, knowledge):
        if judge_rule(rule, facts, Limits(), short=False).status == "no":
            reason = advice.why_not(rule.id)
            shown = Shown(case, figure_of(facts.history), _told(case), WHY_NOT.format(name=rule.name), reason, facts)
            if shown.figure:
                return shown
            best = best or shown
    return best or _by_facts(rule, knowledge)


def quoted(advice: Advice, rule: Rule) -> str:
    """The lines of the note that tell of the rule, as they are printed; empty where it has none of its own."""
    for paragraph in note(advice).split("\n\n"):
        lines = paragraph.split("\n")
        if f"({rule.id}, confidence" in lines[0]:
            return paragraph
        for entry in _entries(lines):
            if re.search(rf"\({rule.id}(, preview)?\)", " ".join(entry)):
                return "\n".join(entry)
    return ""


def _said(advice: Advice, rule: Rule) -> tuple[str, str]:
    """What shows best what became of the rule, and the call that prints it."""
    if told := quoted(advice, rule):
        return ADVISE, told
    # a guard is no finding to be told of, and another rule may account for the signs of this one
    if advice.finding(rule.id) is None and rule.kind != "guard":
        return WHY_NOT.format(name=rule.name), advice.why_not(rule.id)
    return WHY.format(name=rule.name), advice.why(rule.id)


def _entries(lines: Sequence[str]) -> Iterator[list[str]]:
    """The entries of a list with their further lines, or the whole paragraph where it is none."""
    starts = [place for place, line in enumerate(lines) if line.startswith(BULLET)] or [0]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield list(lines[start:end])


def _judged(cases: Sequence[Case], rule: Rule, knowledge: Knowledge) -> Iterator[tuple[Case, Facts, Advice]]:
    """The cases that are runs, each with its facts and advice; of a rule on trial as it is told in preview."""
    settings = Settings(preview=rule.status == "experimental")
    for case in cases:
        if case.run is not None:
            try:
                history = case.run.history()
            except ValueError:  # a stranger's case that is no run: `check_rule` says why
                continue
            yield case, Facts(history, knowledge.signals), judge_history(history, knowledge, settings)


def _told(case: Case) -> Mapping[str, Mapping[str, Any]]:
    """What the run says beside its curves, as `advise` takes it."""
    if case.run is None:
        return {}
    records = {"config": case.run.config, "model": case.run.model, "data": case.run.data}
    told = {name: record.model_dump(exclude_defaults=True) for name, record in records.items()}
    return {name: fields for name, fields in told.items() if fields}


def _by_facts(rule: Rule, knowledge: Knowledge) -> Shown | None:
    for case in rule.quiet:
        if case.run is None:
            facts = Facts(History(), knowledge.signals, case.given)
            judged = judge_rule(rule, facts, Limits(), short=False)
            if judged.status == "no":
                return Shown(case, (), {}, WHY_NOT.format(name=rule.name), str(judged.verdict), facts)
    return None
