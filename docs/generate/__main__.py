"""`python -m docs.generate [FOLDER]` writes the generated pages; a test compares them with the committed ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from docs.generate.statements import STATEMENTS, Statement
from expert.advice import Advice
from expert.history import History
from expert.knowledge import Knowledge, load
from expert.remedy import Remedy
from expert.render.pages import remedy_page, rule_page
from expert.rule import Rule
from expert.rulefiles.schema import schema_of

HERE = Path(__file__).parent.parent
WRITTEN_BY = "<!-- Written by `python -m docs.generate`; change the records, not this page. -->\n\n"


@cache
def pages() -> Mapping[str, str]:
    """Every generated page by its path under docs/."""
    _, knowledge = load()
    made = {f"rules/{rule.id}.md": rule_page(rule, knowledge) for rule in knowledge.catalogue.rules.values()}
    made |= {f"remedies/{remedy.id}.md": remedy_page(remedy, knowledge) for remedy in remedies(knowledge)}
    made |= {
        "rules/index.md": "\n".join(_index(knowledge)) + "\n",
        "signals.md": "\n".join(_signals(knowledge)) + "\n",
        "limits.md": "\n".join(_limits(knowledge)) + "\n",
        "article.md": "\n".join(_article(knowledge)) + "\n",
    }
    made = {path: WRITTEN_BY + text for path, text in made.items()}
    for name, model in (("history", History), ("advice", Advice), ("rule", Rule), ("remedy", Remedy)):
        made[f"schema/{name}.json"] = json.dumps(model.model_json_schema(), indent=1, sort_keys=True) + "\n"
    made["schema/rulefile.json"] = json.dumps(schema_of(knowledge), indent=1, sort_keys=True) + "\n"
    return made


def remedies(knowledge: Knowledge) -> list[Remedy]:
    """Each remedy once, by id."""
    once = {remedy.id: remedy for remedy in knowledge.remedies.values()}
    return sorted(once.values(), key=lambda remedy: remedy.id)


def _index(knowledge: Knowledge) -> Iterator[str]:
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


def _limits(knowledge: Knowledge) -> Iterator[str]:
    yield "# Limits\n"
    yield 'Every threshold by name; `advise(..., settings={"limits": {name: value}})` overrides one.\n'
    yield "| limit | value | unit | healthy runs read | source |"
    yield "| --- | --- | --- | --- | --- |"
    for limit in sorted(knowledge.limits.values(), key=lambda limit: limit.name):
        yield f"| {limit.name} | {limit.value:g} | {limit.unit} | {limit.healthy} | {limit.source} |"


def _signals(knowledge: Knowledge) -> Iterator[str]:
    yield "# Signals\n"
    yield "What a condition can read: `signal.ID(series, …)`, with as many series as it reads. One signal, one value.\n"
    yield "| id | reads | value | unit | grade | said as |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for signal in sorted(knowledge.signals.values(), key=lambda signal: signal.id):
        series = {0: "the run", 1: "one series", 2: "two series"}.get(signal.arguments, f"{signal.arguments} series")
        yield f"| `{signal.id}` | {series} | {signal.title} | {signal.unit} | {signal.grade} | {signal.reads} |"


def _article(knowledge: Knowledge) -> Iterator[str]:
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


def main(folder: Path) -> None:
    """Write all pages under the folder, and remove generated ones that are no longer made."""
    made = pages()
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for place in ("rules", "remedies"):
        for old in (folder / place).glob("*.md"):
            if f"{place}/{old.name}" not in made:
                old.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
