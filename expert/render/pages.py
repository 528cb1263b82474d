"""One page per rule and per remedy, made from the records themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from expert.assembling import conditions
from expert.knowledge import Knowledge
from expert.language.nodes import All, AnyOf, Compare, ConditionNode, Not, leaves
from expert.limits import Limit
from expert.remedy import Remedy
from expert.rule import Evidence, Rule


def rule_page(rule: Rule, knowledge: Knowledge) -> str:
    """The page of a rule in Markdown."""
    return "\n".join(_rule(rule, knowledge)) + "\n"


def remedy_page(remedy: Remedy, knowledge: Knowledge) -> str:
    """The page of a remedy in Markdown."""
    return "\n".join(_remedy(remedy, knowledge)) + "\n"


def _rule(rule: Rule, knowledge: Knowledge) -> Iterator[str]:
    catalogue = knowledge.catalogue
    yield f"# {rule.id} {rule.name}"
    yield ""
    blames = ", ".join(rule.blames) or "nothing by itself"
    yield f"{rule.kind}, {rule.severity}, {rule.status} · family {rule.family} · blames {blames}"
    yield ""
    yield f"**Symptom:** {rule.symptom}."
    if rule.cause:
        yield f"**Cause:** {rule.cause}."
    yield from _section("What it means", [rule.meaning])
    yield from _section("Why it happens", [rule.mechanism])
    yield from _section("How it is detected", _tree(rule.when, 0))
    limits = {
        leaf.bound.name: leaf.bound
        for node in conditions(rule)
        for leaf in leaves(node)
        if isinstance(leaf, Compare) and isinstance(leaf.bound, Limit)
    }
    if limits:
        yield from _section("Limits", [_limit(one) for one in limits.values()])
    yield from _section("Evidence for", _evidence(rule.evidence, supports=True))
    yield from _section("Evidence against", _evidence(rule.evidence, supports=False))
    remedies = [knowledge.remedies[word] for word in rule.remedies]
    yield from _section(
        "What to do",
        [f"{number}. {one.title} ({one.id} {one.name}): {one.do}" for number, one in enumerate(remedies, 1)],
    )
    related = [
        ("explains", catalogue.explains.get(rule.id, ())),
        ("not raised where found", catalogue.unless.get(rule.id, ())),
        ("silences", catalogue.silences.get(rule.id, ())),
    ]
    lines = [f"- {word}: {', '.join(str(catalogue.rules[one]) for one in sorted(ids))}" for word, ids in related if ids]
    explained = [other for other in catalogue.rules if rule.id in catalogue.explains[other]]
    if explained:
        lines.append(f"- explained by: {', '.join(str(catalogue.rules[one]) for one in explained)}")
    yield from _section("Relations", lines)
    yield from _section("Fires on", [f"- {case.name}" for case in rule.fires])
    yield from _section("Stays quiet on", [f"- {case.name}" for case in rule.quiet])
    yield from _section("False alarms", [rule.false_alarms])
    yield from _section("Sources", [f"- {one}" for one in rule.source])


def _remedy(remedy: Remedy, knowledge: Knowledge) -> Iterator[str]:
    yield f"# {remedy.id} {remedy.name}"
    yield ""
    yield f"**{remedy.title}.** {remedy.kind}, cost: {remedy.cost}, risk: {remedy.risk}"
    if remedy.knob:
        yield f"Turns: {remedy.knob}{' ' + remedy.direction if remedy.direction else ''}"
    yield from _section("What to do", [remedy.do])
    for snippet in remedy.snippets:
        yield ""
        yield f"```python\n# {snippet.framework}\n{snippet.code}\n```"
    yield from _section("Not when", [f"- {item.reason} ({item.condition})" for item in remedy.not_when])
    yield from _section("Then watch", [remedy.watch])
    rules = [rule for rule in knowledge.catalogue.rules.values() if {remedy.id, remedy.name} & set(rule.remedies)]
    yield from _section("Recommended by", [f"- {rule}: {rule.symptom}" for rule in rules])
    yield from _section("Sources", [f"- {one}" for one in remedy.source])


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    lines = [line for line in lines if line]
    if lines:
        yield ""
        yield f"## {title}"
        yield ""
        yield from lines


def _tree(node: ConditionNode, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(node, All | AnyOf):
        yield f"{indent}- {'all of' if isinstance(node, All) else 'any of'}"
        for part in node.parts:
            yield from _tree(part, depth + 1)
    elif isinstance(node, Not):
        yield f"{indent}- not"
        yield from _tree(node.part, depth + 1)
    else:
        yield f"{indent}- `{node}`"


def _evidence(items: Iterable[Evidence], *, supports: bool) -> Iterator[str]:
    for item in items:
        if item.supports is supports:
            yield f"- {item.weight}: `{item.condition}`"


def _limit(limit: Limit) -> str:
    healthy = f"; healthy runs read {limit.healthy}" if limit.healthy else ""
    profiles = "".join(f"; {name}: {value:g}" for name, value in limit.profiles)
    return textwrap.shorten(
        f"- `{limit.name}` = {limit.value:g} {limit.unit} (source: {limit.source}{healthy}{profiles})", 400
    )
