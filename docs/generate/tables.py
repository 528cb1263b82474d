"""The pages that list: rules, remedies, signals, limits, and the statements of the article."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generate.statements import STATEMENTS, Statement
from expert.knowledge import Knowledge
from expert.remedy import Remedy
from expert.rule import Rule


def remedies(knowledge: Knowledge) -> list[Remedy]:
    """Each remedy once, by id."""
    once = {remedy.id: remedy for remedy in knowledge.remedies.values()}
    return sorted(once.values(), key=lambda remedy: remedy.id)


def index(knowledge: Knowledge) -> Iterator[str]:
    yield "# Rules\n"
    yield "| id | name | kind | severity | symptom |"
    yield "| --- | --- | --- | --- | --- |"
    for rule in knowledge.catalogue.rules.values():
        yield f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.kind} | {rule.severity} | {rule.symptom} |"
    yield "\n# Remedies\n"
    yield "| id | name | cost | risk | what |"
    yield "| --- | --- | --- | --- | --- |"
    for remedy in remedies(knowledge):
        link = f"[{remedy.id}](../remedies/{remedy.id}.md)"
        yield f"| {link} | {remedy.name} | {remedy.cost} | {remedy.risk} | {remedy.title} |"


def limits(knowledge: Knowledge) -> Iterator[str]:
    yield "# Limits\n"
    yield 'Every threshold by name; `advise(..., settings={"limits": {name: value}})` overrides one.\n'
    yield "| limit | value | unit | healthy runs read | source |"
    yield "| --- | --- | --- | --- | --- |"
    for limit in sorted(knowledge.limits.values(), key=lambda limit: limit.name):
        yield f"| {limit.name} | {limit.value:g} | {limit.unit} | {limit.healthy} | {limit.source} |"


def signals(knowledge: Knowledge) -> Iterator[str]:
    yield "# Signals\n"
    yield "What a condition can read: `signal.ID(series, …)`, with as many series as it reads. One signal, one value.\n"
    yield "| id | reads | value | unit | grade | said as |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for signal in sorted(knowledge.signals.values(), key=lambda signal: signal.id):
        series = {0: "the run", 1: "one series", 2: "two series"}.get(signal.arguments, f"{signal.arguments} series")
        yield f"| `{signal.id}` | {series} | {signal.title} | {signal.unit} | {signal.grade} | {signal.reads} |"


def article(knowledge: Knowledge) -> Iterator[str]:
    yield "# The seed article, statement by statement\n"
    yield "What the article says, what became of it, the rules that hold it, their remedies, and what proves it."
    yield "The scenarios are real trainings under `tests/scenarios/`.\n"
    yield "| article | says | judgment | rules | remedies | proved by |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for statement in STATEMENTS:
        rules = citing_rules(statement, knowledge)
        cited = citing_remedies(statement, knowledge)
        first = [knowledge.remedies[word].id for rule in rules for word in rule.remedies[:2]]
        listed = list(dict.fromkeys([*(remedy.id for remedy in cited), *first]))
        names = ", ".join(f"[{rule.id}](rules/{rule.id}.md)" for rule in rules)
        remedy_links = ", ".join(f"[{identity}](remedies/{identity}.md)" for identity in listed)
        proofs = ", ".join(f"`{name}`" for name in proving(statement))
        told = f"{statement.paragraph} | {statement.says} | {statement.judgment}"
        yield f"| {told} | {names} | {remedy_links} | {proofs} |"


def citing_rules(statement: Statement, knowledge: Knowledge) -> list[Rule]:
    """The rules that name the statement's paragraph as a source."""
    return [rule for rule in knowledge.catalogue.rules.values() if f"article {statement.paragraph}" in rule.source]


def citing_remedies(statement: Statement, knowledge: Knowledge) -> list[Remedy]:
    """The remedies that name the statement's paragraph as a source."""
    return [remedy for remedy in remedies(knowledge) if f"article {statement.paragraph}" in remedy.source]


def proving(statement: Statement) -> list[str]:
    """The scenarios and tests that prove the statement."""
    from tests.scenarios.cases import CASES
    from tests.test_article import ORDERS

    wanted = statement.paragraph.replace(" row ", ".r")
    parents = {wanted, wanted.rsplit(".", 1)[0]} if wanted.startswith("3.2.") else {wanted}
    names = [case.id for case in CASES.values() if parents & set(case.article)]
    return names + [test for order, test in ORDERS.items() if order == statement.paragraph]
