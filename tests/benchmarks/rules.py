"""What judging 100 rules with their evidence costs, against plain lambdas and two rule engines on the same facts.

    python -m tests.benchmarks.rules

The rules are the first hundred of the built-in ones, some of them twice where there are fewer. All terms are known,
with values drawn from the rules' own cases, nine in ten from those where the rule is quiet: still more rules hold than
on any real run. Everybody gets the facts ready made and answers with the rules that hold and the log-odds of each, and
all answers must agree. We also give a verdict on every rule that can tell its reasons, the relations between the rules
and the place of the first sign; the others do not. Engines that are not installed are said to be missing
(``pip install rule-engine experta``, into an environment of one's own).
"""

from __future__ import annotations

# ruff: noqa: E402  (numpy reads the number of threads when it is loaded)
import os

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import collections
import gc
import importlib
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np

from expert.confidence import NATS
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits
from expert.judging import Judgment, judge_all
from expert.knowledge import load
from expert.language.nodes import Compare, ConditionNode, GivenFact, Leaf, OneOf, Scalar, leaves
from expert.relations import Catalogue
from expert.rule import Rule
from expert.signals.signal import Signal
from expert.truth import COMPARISONS

RULES = 100
FIRING = 0.1
"""So often a term has a value from a case in which a rule fires."""
BOUND = 3.0
"""Times what plain lambdas cost that answer the same question: yes, no or unknown, with the confidence."""

Values = Mapping[str, Scalar]
Found = Mapping[str, float]
"""Log-odds by the id of each rule that holds."""
Contestant = Callable[[Values], tuple[Callable[[], object], Callable[[], Found]]]
"""Takes the facts, untimed, and gives what is timed, and what tells its answer."""


@dataclass(frozen=True)
class Body:
    """100 rules, the signals they read, and the values each term has in cases where rules fire, and in others."""

    rules: Sequence[Rule]
    signals: Mapping[str, Signal]
    terms: Mapping[str, tuple[Any, Sequence[Scalar], Sequence[Scalar]]]

    def name(self, leaf: Leaf) -> str:
        """A term as a name that every engine takes."""
        return f"t{list(self.terms).index(str(leaf.term))}"


def body() -> Body:
    _, knowledge = load()
    own = list(knowledge.catalogue.rules.values())
    alone = {"explains": (), "unless": (), "silences": (), "aliases": ()}
    copies = (
        rule.model_copy(update={"id": f"ZZZ{100 + number}", "name": f"{rule.name}-again", **alone})
        for number, rule in enumerate(own)
    )
    rules = list(islice(chain(own, copies), RULES))
    seen: dict[tuple[str, bool], list[Scalar]] = {}
    terms: dict[str, Any] = {}
    for rule in rules:
        for condition in (rule.when, *(item.condition for item in rule.evidence)):
            terms |= {str(leaf.term): leaf.term for leaf in leaves(condition)}
        for fires, cases in ((True, rule.fires), (False, rule.quiet)):
            for given in (given for case in cases for given in case.given):
                if given.value is not None:
                    seen.setdefault((str(given.term), fires), []).append(given.value)
    return Body(
        rules,
        knowledge.signals,
        {
            text: (term, firing := seen.get((text, True), [1.0]), seen.get((text, False), firing))
            for text, term in terms.items()
        },
    )


def drawn(body: Body) -> Iterator[Values]:
    """Sets of facts without end, each new: every term has a value that some case gives it."""
    rng = random.Random(0)
    while True:
        yield {
            text: rng.choice(firing if rng.random() < FIRING else quiet)
            for text, (_, firing, quiet) in body.terms.items()
        }


def ours(body: Body) -> Contestant:
    catalogue, limits = Catalogue(body.rules), Limits()

    def ready(values: Values) -> tuple[Callable[[], object], Callable[[], Found]]:
        given = [GivenFact(body.terms[text][0], value) for text, value in values.items()]
        facts = Facts(History(), body.signals, given)
        for term, *_ in body.terms.values():
            facts.get(term)

        def judge() -> Mapping[str, Judgment]:
            return judge_all(catalogue, facts, limits, short=False)

        def found() -> Found:
            return {
                identity: _log_odds(one.rule, [item.nats for item in one.evidence if item.counts])
                for identity, one in judge().items()
                if one.verdict.truth == "yes"
            }

        return judge, found

    return ready


def plain_lambdas(body: Body) -> Contestant:
    """One lambda for each condition, which reads the values by name and stops as soon as it knows."""

    def made(node: ConditionNode) -> Callable[[Values], bool]:
        function: Callable[[Values], bool] = eval(f"lambda f: {_python(node)}")
        return function

    return _reference(body, made)


def lambdas_in_three_values(body: Body) -> Contestant:
    """A lambda for each leaf and each joint, which knows of unknown values and looks at every part, as we do."""

    def made(node: ConditionNode) -> Callable[[Values], bool | None]:
        if node.kind == "not":
            part = made(node.part)
            return lambda f: None if (found := part(f)) is None else not found
        if node.kind == "all":
            parts = [made(one) for one in node.parts]
            return lambda f: False if False in (found := [one(f) for one in parts]) else None if None in found else True
        if node.kind == "any":
            parts = [made(one) for one in node.parts]
            return lambda f: True if True in (found := [one(f) for one in parts]) else None if None in found else False
        term = f"f[{str(node.term)!r}]"
        unknown = "" if node.kind == "known" else f"None if {term} is None else "
        function: Callable[[Values], bool | None] = eval(f"lambda f: {unknown}{_python(node)}")
        return function

    return _reference(body, made)


def rule_engine(body: Body) -> Contestant:
    library = importlib.import_module("rule_engine")

    def made(node: ConditionNode) -> Callable[[Values], bool]:
        matches: Callable[[Values], bool] = library.Rule(_rule_engine(node, body)).matches
        return matches

    return _reference(body, made, {text: f"t{place}" for place, text in enumerate(body.terms)})


def experta(body: Body) -> Contestant:
    """Each fact a record of its name and value, each condition a rule of patterns with predicates."""
    collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]  # what it rests on wants Python 3.9
    library = importlib.import_module("experta")
    held: set[tuple[str, int]] = set()
    names = {text: f"t{place}" for place, text in enumerate(body.terms)}
    item = type("Item", (library.Fact,), {})

    def noted(identity: str, place: int) -> Callable[..., None]:
        def act(_self: object) -> None:
            held.add((identity, place))

        act.__name__ = f"{identity}_{place + 1}"
        return act

    def pattern(node: ConditionNode, *, negated: bool = False) -> Any:
        if node.kind == "not":
            return pattern(node.part, negated=not negated)
        if node.kind == "all" or node.kind == "any":  # noqa: PLR1714
            parts = [pattern(part, negated=negated) for part in node.parts]
            return (library.AND if (node.kind == "all") is not negated else library.OR)(*parts)
        return item(**{body.name(node): library.P(_predicate(node, negated=negated))})

    methods = {}
    for rule in body.rules:
        for place, condition in enumerate((rule.when, *(one.condition for one in rule.evidence))):
            act = noted(rule.id, place - 1)
            methods[act.__name__] = library.Rule(pattern(condition))(act)
    engine = type("Engine", (library.KnowledgeEngine,), methods)()
    evidence = {rule.id: list(enumerate(rule.evidence)) for rule in body.rules}

    def ready(values: Values) -> tuple[Callable[[], object], Callable[[], Found]]:
        def judge() -> Found:
            held.clear()
            engine.reset()
            for text, value in values.items():
                engine.declare(item(**{names[text]: value}))
            engine.run()
            return {
                rule.id: _sum(rule, [(one, (rule.id, place) in held) for place, one in evidence[rule.id]])
                for rule in body.rules
                if (rule.id, -1) in held
            }

        return judge, judge

    return ready


def _reference(
    body: Body, made: Callable[[ConditionNode], Callable[[Values], bool | None]], names: Mapping[str, str] | None = None
) -> Contestant:
    """Conditions as functions; evidence is looked at where the rule holds, the strongest of a group counts."""
    rules = [(rule, made(rule.when), [(item, made(item.condition)) for item in rule.evidence]) for rule in body.rules]

    def ready(values: Values) -> tuple[Callable[[], object], Callable[[], Found]]:
        named = values if names is None else {names[text]: value for text, value in values.items()}

        def judge() -> Found:
            return {
                rule.id: _sum(rule, [(item, holds(named)) for item, holds in evidence])
                for rule, when, evidence in rules
                if when(named)
            }

        return judge, judge

    return ready


def _sum(rule: Rule, evidence: Sequence[tuple[Any, bool | None]]) -> float:
    best: dict[str, float] = {}
    for place, (item, holds) in enumerate(evidence):
        if holds:
            nats = NATS[item.weight] if item.supports else -NATS[item.weight]
            group = item.group or f"#{place}"
            if abs(nats) > abs(best.get(group, 0.0)):
                best[group] = nats
    return _log_odds(rule, list(best.values()))


def _log_odds(rule: Rule, nats: Sequence[float]) -> float:
    return math.log(rule.prior / (1.0 - rule.prior)) + sum(nats)


def _python(node: ConditionNode) -> str:
    if node.kind == "not":
        return f"not ({_python(node.part)})"
    if node.kind == "all" or node.kind == "any":  # noqa: PLR1714
        return (" and " if node.kind == "all" else " or ").join(f"({_python(part)})" for part in node.parts)
    term = f"f[{str(node.term)!r}]"
    if node.kind == "compare":
        return f"{term} {node.operator} {_bound(node)!r}"
    if node.kind == "known":
        return f"{term} is not None"
    if len(node.values) == 1:
        return f"{term} is {node.values[0]}" if isinstance(node.values[0], bool) else f"{term} == {node.values[0]!r}"
    return f"{term} in {node.values!r}"


def _rule_engine(node: ConditionNode, body: Body) -> str:
    if node.kind == "not":
        return f"not ({_rule_engine(node.part, body)})"
    if node.kind == "all" or node.kind == "any":  # noqa: PLR1714
        joint = " and " if node.kind == "all" else " or "
        return joint.join(f"({_rule_engine(part, body)})" for part in node.parts)
    term = body.name(node)
    if node.kind == "compare":
        return f"{term} {node.operator} {_bound(node)!r}"
    if node.kind == "known":
        return f"{term} != null"
    words = (str(value).lower() if isinstance(value, bool) else repr(value) for value in node.values)
    return " or ".join(f"{term} == {word}" for word in words)


def _predicate(leaf: Leaf, *, negated: bool) -> Callable[[Any], bool]:
    if isinstance(leaf, Compare):
        compare, bound = COMPARISONS[leaf.operator], _bound(leaf)
        return lambda value: compare(value, bound) is not negated
    if isinstance(leaf, OneOf):
        wanted = {(one, isinstance(one, bool)) for one in leaf.values}  # 1.0 is not True
        return lambda value: ((value, isinstance(value, bool)) in wanted) is not negated
    return lambda value: (value is not None) is not negated


def _bound(leaf: Compare) -> float:
    return leaf.bound if isinstance(leaf.bound, float) else leaf.bound.value


CONTESTANTS: Mapping[str, Callable[[Body], Contestant]] = {
    "ours": ours,
    "plain lambdas": lambdas_in_three_values,
    "lambdas of yes and no that stop early": plain_lambdas,
    "rule-engine": rule_engine,
    "experta": experta,
}


def measure(repeats: int = 101) -> tuple[Mapping[str, float], Mapping[str, str]]:
    """Median processor seconds by contestant, taken in turn on the same facts; and who is missing, with the reason."""
    rules = body()
    entered: dict[str, Contestant] = {}
    missing: dict[str, str] = {}
    for name, enter in CONTESTANTS.items():
        try:
            entered[name] = enter(rules)
        except ImportError as error:
            missing[name] = str(error)
    sets = drawn(rules)
    taken: dict[str, list[float]] = {name: [] for name in entered}
    for number in range(repeats):
        values = next(sets)
        answers = {}
        for name, contestant in entered.items():
            if name == "experta" and number % 20:
                continue  # a thousand times slower
            judge, found = contestant(values)
            answers[name] = found()
            gc.collect(1)  # nobody pays for what another left behind
            start = time.process_time()
            judge()
            taken[name].append(time.process_time() - start)
        for name, answer in answers.items():
            if answer.keys() != answers["plain lambdas"].keys() or any(
                abs(answer[identity] - odds) > 1e-9 for identity, odds in answers["plain lambdas"].items()
            ):
                raise SystemExit(f"{name} finds something else than plain lambdas: {_difference(answers, name)}")
    return {name: float(np.median(seconds[1:])) for name, seconds in taken.items()}, missing


def _difference(answers: Mapping[str, Found], name: str) -> str:
    mine, plain = answers[name], answers["plain lambdas"]
    return ", ".join(
        f"{identity} {mine.get(identity)} against {plain.get(identity)}"
        for identity in sorted(mine.keys() | plain.keys())
        if mine.get(identity) != plain.get(identity)
    )


def main() -> None:
    taken, missing = measure()
    floor = taken["plain lambdas"]
    print(f"| {RULES} rules with evidence | milliseconds | times plain lambdas |\n| --- | --- | --- |")
    for name, seconds in taken.items():
        print(f"| {name} | {1e3 * seconds:.3g} | {seconds / floor:.2f} |")
    for name, reason in missing.items():
        print(f"| {name} | not installed here ({reason}) | – |")
    ratio = taken["ours"] / floor
    print(f"\n{'PASS' if ratio <= BOUND else 'FAIL'}: {ratio:.2f} times plain lambdas, at most {BOUND:g}")
    sys.exit(ratio > BOUND)


if __name__ == "__main__":
    main()
