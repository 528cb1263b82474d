"""The pages that list: rules, remedies, signals, limits, and the statements of the article."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docs.generate.statements import STATEMENTS, Statement
from expert.knowledge import Knowledge
from expert.remedy import COSTS, Remedy
from expert.rule import Family, Rule
from expert.wording import capitalized


def remedies(knowledge: Knowledge) -> list[Remedy]:
    """Each remedy once, by id."""
    once = {remedy.id: remedy for remedy in knowledge.remedies.values()}
    return sorted(once.values(), key=lambda remedy: remedy.id)


FAMILIES: Mapping[Family, str] = {
    "data": "What the network is fed: cells, scales, labels, order, the split.",
    "numerics": "Numbers that stop being numbers, and what makes them.",
    "gradients": "Gradients that vanish, explode, are clipped, are cut off or never cleared.",
    "activations": "Units that never answer, or always the same.",
    "model": "Layers, heads, losses and their first weights.",
    "configuration": "Settings that are wrong whatever the run looks like.",
    "optimization": "Rates, schedules, weight decay, and losses that climb.",
    "oscillation": "Losses and scores that swing.",
    "plateau": "Losses that stand still.",
    "generalization": "Training and validation that part.",
    "run": "How the run was conducted and what it recorded.",
}


def index(knowledge: Knowledge) -> Iterator[str]:
    """Every rule, family by family."""
    rules = knowledge.catalogue.rules.values()
    yield "# Rules\n"
    yield f"{len(rules)} rules. What they recommend stands under [remedies](../remedies/index.md)."
    for family, about in FAMILIES.items():
        yield f"\n## {capitalized(family)}\n"
        yield f"{about}\n"
        yield "| id | name | kind | severity | symptom |"
        yield "| --- | --- | --- | --- | --- |"
        for rule in rules:
            if rule.family == family:
                link = f"[{rule.id}]({rule.id}.md)"
                yield f"| {link} | {rule.name} | {rule.kind} | {rule.severity} | {rule.symptom} |"


def remedy_index(knowledge: Knowledge) -> Iterator[str]:
    """Every remedy, the cheap ones first."""
    yield "# Remedies\n"
    yield "What the [rules](../rules/index.md) recommend, by what it costs to try."
    for cost in COSTS:
        yield f"\n## {capitalized(cost)}\n"
        yield "| id | name | kind | risk | what |"
        yield "| --- | --- | --- | --- | --- |"
        for remedy in remedies(knowledge):
            if remedy.cost == cost:
                link = f"[{remedy.id}]({remedy.id}.md)"
                yield f"| {link} | {remedy.name} | {remedy.kind} | {remedy.risk} | {remedy.title} |"


def limits(knowledge: Knowledge) -> Iterator[str]:
    yield "# Limits\n"
    yield 'Every threshold by name; `advise(..., settings={"limits": {name: value}})` overrides one.'
    yield "Where a kind of run has a value of its own, it stands below the default;"
    yield "[profiles](guide/settings.md#profiles) tells how a run is recognized, and how to say otherwise.\n"
    yield "| limit | value | unit | healthy runs read | source |"
    yield "| --- | --- | --- | --- | --- |"
    for limit in sorted(knowledge.limits.values(), key=lambda limit: limit.name):
        yield f"| {limit.name} | {limit.value:g} | {limit.unit} | {limit.healthy} | {limit.source} |"
        for own in limit.profiles:
            source = own.source or limit.source
            yield f"| … {own.profile} | {own.value:g} | {limit.unit} | {own.healthy} | {source} |"


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
