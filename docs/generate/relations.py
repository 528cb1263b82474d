"""The page on order, explanations and conflicts: what stands in rules and remedies as data, laid side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from docs.generate.tables import remedies
from expert.confidence import CLOSE, SURE
from expert.facts import GRADES
from expert.judging import ENOUGH
from expert.knowledge import Knowledge
from expert.plan import FADE
from expert.remedy import COSTS, Remedy
from expert.rule import LEVELS, Level, Rule

ASKS: Mapping[Level, str] = {
    "measurement": "Can what was measured be believed?",
    "data": "Is the network fed what it should learn?",
    "static": "Do loss, head, loop and settings fit each other?",
    "numerics": "Are all numbers numbers?",
    "signal": "Do gradients reach every layer, and are the units alive?",
    "optimization": "Are the steps of the right size, and in the right direction?",
    "capacity": "Can the network express it at all?",
    "generalization": "Does what was learned hold beyond the training set?",
}
"""What each level asks, in the order in which the answers matter: the later ones mean little while an earlier one is
open.
"""


def relations(knowledge: Knowledge) -> Iterator[str]:
    """Which cause comes first, which finding explains which, and which advice contradicts which."""
    yield "# Order, explanations and conflicts\n"
    yield "What decides where several findings or several remedies meet: it stands in the rules and remedies as data."
    yield "\n## Which comes first\n"
    yield from _order(knowledge)
    yield "\n## What explains what\n"
    yield from _explanations(knowledge)
    yield "\n## Which advice contradicts which\n"
    yield from _conflicts(knowledge)
    yield "\n## When a remedy is not recommended\n"
    yield "| remedy | not when |"
    yield "| --- | --- |"
    for remedy in remedies(knowledge):
        if remedy.not_when:
            yield f"| {_remedy(remedy)} | {'; '.join(item.reason for item in remedy.not_when)} |"


def _order(knowledge: Knowledge) -> Iterator[str]:
    yield f"Rival causes whose confidences lie within {CLOSE:g} of the best are taken in the order of their levels;"
    yield "farther apart the more probable one comes first. Within a level better evidence comes first"
    yield f"({', '.join(GRADES)}), then what costs less ({', '.join(COSTS)})."
    yield f"Of each further remedy of one rule {FADE:g} times as much is expected as of the one before it. A remedy"
    yield "that needs a new structure or new data waits for a check or an experiment while its cause is below"
    yield f"{SURE:g}.\n"
    yield "| level | it asks | rules |"
    yield "| --- | --- | --- |"
    for level in LEVELS:
        here = [rule for rule in knowledge.catalogue.rules.values() if rule.level == level]
        yield f"| {level} | {ASKS[level]} | {_rules(here)} |"


def _explanations(knowledge: Knowledge) -> Iterator[str]:
    catalogue = knowledge.catalogue
    yield f"From a confidence of {ENOUGH:g} on a finding explains others, which are then shown behind it, unless it is"
    yield "known to start later. A rule that gives way to another is not raised beside it. A guard silences what its"
    yield "kind of run does by design. A rule that makes series doubtful comes before whatever was read from them.\n"
    yield "| rule | explains | gives way to | silences | makes doubtful |"
    yield "| --- | --- | --- | --- | --- |"
    for rule in catalogue.rules.values():
        related = [catalogue.explains[rule.id], catalogue.unless[rule.id], catalogue.silences[rule.id]]
        if any(related) or rule.invalidates:
            told = (_rules(catalogue.rules[one] for one in sorted(ids)) for ids in related)
            doubtful = ", ".join(f"`{role}`" for role in rule.invalidates)
            yield f"| {_rule(rule)} {rule.name} | {' | '.join(told)} | {doubtful} |"


def _conflicts(knowledge: Knowledge) -> Iterator[str]:
    yield "Remedies that turn one knob opposite ways are never recommended together: the one whose cause is better"
    yield 'supported stays, and the other stands under "if that fails". Where the confidences lie within'
    yield f"{CLOSE:g} of each other, the cheapest experiment that decides about the knob comes before either.\n"
    yield "| knob | one way | the other way | decided by |"
    yield "| --- | --- | --- | --- |"
    all_of_them = remedies(knowledge)
    for knob in sorted({remedy.knob for remedy in all_of_them if remedy.knob}):
        ways = [[one for one in all_of_them if (one.knob, one.direction) == (knob, way)] for way in ("up", "down")]
        if all(ways):
            deciding = sorted(
                (one for one in all_of_them if knob in one.decides), key=lambda one: COSTS.index(one.cost)
            )
            yield f"| {knob} | {_listed(ways[0])} | {_listed(ways[1])} | {_listed(deciding)} |"


def _rules(rules: Iterable[Rule]) -> str:
    return " ".join(map(_rule, sorted(rules, key=attrgetter("id"))))


def _rule(rule: Rule) -> str:
    return f"[{rule.id}](rules/{rule.id}.md)"


def _listed(those: Iterable[Remedy]) -> str:
    return ", ".join(map(_remedy, those))


def _remedy(remedy: Remedy) -> str:
    return f"[{remedy.id} {remedy.name}](remedies/{remedy.id}.md)"
