"""What is measured of each rule and remedy, read out of the tables that the measurements themselves wrote."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expert.facts import Facts
from expert.history import History
from expert.knowledge import Knowledge
from expert.language.nodes import All, AnyOf, ConditionNode, Known, Not, leaves
from expert.render.measured import FalseAlarms, Hits, InjectedFaults, Measured, OfRule, Training, Trial
from expert.rule import Rule, is_serious

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
SCENARIOS = ROOT / "tests" / "scenarios" / "README.md"
PAGE = "benchmarks.md"
FAULTS = ROOT / "tests" / "benchmarks" / "faults"
FAULTS_PAGE = "benchmarks-faults.md"
TUNING = "the half it was tuned on"
EVALUATION = "evaluation {number}, commit {commit:.12}"
UNHEARD: Mapping[str, int] = dict.fromkeys(("faulty", "right", "consequence", "wrong", "alarms"), 0)
"""What a rule counts that said nothing where nothing was to be said."""
SEED = 1000  # of those that are for tuning: what can be judged is asked, not how well
EVERYTHING = "**all**"
HEALTHY_RUNS = "healthy generated runs"
HEALTHY_TRAININGS = "healthy real trainings"
SICK_RUNS = "generated runs of the kind '{kind}'"
ALL_SILENT = re.compile(r"^Healthy controls met with silence: (\d+) of \1\.$", flags=re.M)


@dataclass(frozen=True)
class Table:
    """A table of a page: the heading above it, the heads of its columns, its rows."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


def measured(knowledge: Knowledge) -> Measured:
    """What the tables say of every rule and remedy; nothing is said where nothing was measured."""
    page = BENCHMARKS.read_text(encoding="utf-8")
    tables = list(tables_of(page))
    from_curves = raised_from_losses(knowledge)
    raised, hits, trainings = _raised(tables), _hits(tables, from_curves), _trainings(tables)
    silent, halves = ALL_SILENT.search(page), list(_halves())
    rules = {}
    for rule in knowledge.catalogue.rules.values():
        alarms = []
        if is_serious(rule.severity) and rule.id in from_curves and raised:
            runs, times = raised
            alarms.append(FalseAlarms(what=HEALTHY_RUNS, runs=runs, raised=times[rule.id]))
        if is_serious(rule.severity) and silent:
            alarms.append(FalseAlarms(what=HEALTHY_TRAININGS, runs=int(silent[1]), raised=0))
        rules[rule.id] = OfRule(
            false_alarms=tuple(alarms),
            hits=tuple(hits[rule.id]),
            injected=tuple(_injected(rule, halves)),
            trainings=tuple(trainings[rule.id]),
        )
    return Measured(
        source=PAGE,
        injected_source=FAULTS_PAGE,
        rules={rule: told for rule, told in rules.items() if told != OfRule()},
        remedies=_trials(tables_of(SCENARIOS.read_text(encoding="utf-8"))),
    )


def as_json(found: Measured) -> str:
    """The file that is shipped with the rules."""
    return json.dumps(found.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def tables_of(page: str) -> Iterator[Table]:
    """The tables of a Markdown page."""
    heading, rows = "", []
    for line in [*page.splitlines(), ""]:
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            head, _, *cells = rows
            yield Table(heading, tuple(head), tuple(dict(zip(head, row, strict=False)) for row in cells))
            rows = []


def raised_from_losses(knowledge: Knowledge) -> frozenset[str]:
    """The rules that can be raised on the generated runs, which are a training and a validation loss and not a word
    more.
    """
    from tests.benchmarks.curves.generator import KINDS, draw_many

    runs = [draw for kind in KINDS for draw in draw_many(kind, SEED, 1)]
    every = [Facts(History.from_columns(run.columns()), knowledge.signals) for run in runs]
    rules = knowledge.catalogue.rules.values()
    terms = {leaf.term for rule in rules for leaf in leaves(rule.when)}
    known = frozenset(term for term in terms if any(facts.get(term).value is not None for facts in every))
    return frozenset(rule.id for rule in rules if _possible(rule.when, known)[0])


def _possible(node: ConditionNode, known: Container[object]) -> tuple[bool, bool]:
    """Whether a condition can hold, and whether it can fail to, where no more than these terms is known."""
    if isinstance(node, Not):
        holds, fails = _possible(node.part, known)
        return fails, holds
    if isinstance(node, All | AnyOf):
        holding, failing = zip(*(_possible(part, known) for part in node.parts), strict=True)
        return (all(holding), any(failing)) if isinstance(node, All) else (any(holding), all(failing))
    is_known = node.term in known
    return (is_known, True) if isinstance(node, Known) else (is_known, is_known)


def _raised(tables: Iterable[Table]) -> tuple[int, Counter[str]] | None:
    """The healthy generated runs of all kinds and seeds, and on how many of them each rule was raised."""
    runs, times = 0, Counter[str]()
    for table in tables:
        if {"kind", "runs", "false alarms", "by rule"} <= set(table.head):
            for row in table.rows:
                if row["kind"] != EVERYTHING:
                    runs += int(row["runs"])
                    times.update(_counts(row["by rule"]))
    return (runs, times) if runs else None


def _hits(tables: Iterable[Table], from_curves: frozenset[str]) -> Mapping[str, list[Hits]]:
    """Of each kind of sick run: how many were named, and on how many each rule that names it stood first."""
    from tests.benchmarks.curves.accepted import ACCEPTED
    from tests.benchmarks.curves.generator import TITLES

    runs, named = Counter[str](), Counter[str]()
    first: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for table in tables:
        if {"kind", "runs", "named", "what stands first"} <= set(table.head):
            for row in table.rows:
                runs[row["kind"]] += int(row["runs"])
                named[row["kind"]] += int(row["named"].split()[0])
                first[row["kind"]].update(_counts(row["what stands first"]))
    found: defaultdict[str, list[Hits]] = defaultdict(list)
    for kind, expected in ACCEPTED.items():
        title = TITLES[kind]
        for rule in sorted(expected.right & from_curves) if runs[title] else ():
            what = SICK_RUNS.format(kind=title)
            found[rule].append(Hits(what=what, runs=runs[title], named=named[title], first=first[title][rule]))
    return found


def _trainings(tables: Iterable[Table]) -> Mapping[str, list[Training]]:
    """The real trainings, under each rule that is expected in them."""
    found: defaultdict[str, list[Training]] = defaultdict(list)
    for table in tables:
        place = next((head for head in table.head if head.startswith("place (seeds")), None)
        for row in table.rows if place is not None and {"scenario", "expected"} <= set(table.head) else ():
            expected = row["expected"].split(", ")
            places = tuple(int(word) if word.isdigit() else 0 for word in row[place].split(", "))
            for rule in expected:
                others = tuple(other for other in expected if other != rule)
                found[rule].append(Training(scenario=row["scenario"], places=places, with_others=others))
    return found


def _halves() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What each rule said of runs with injected faults: of the tuning half, and of the evaluations that counted it."""
    tuning = FAULTS / "by_rule.json"
    if tuning.exists():
        yield TUNING, json.loads(tuning.read_text(encoding="utf-8"))
    evaluations = json.loads((FAULTS / "evaluations.json").read_text(encoding="utf-8"))
    for number, one in enumerate(evaluations, 1):
        if "rules" in one:
            yield EVALUATION.format(number=number, commit=one["commit"]), one["rules"]


def _injected(rule: Rule, halves: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[InjectedFaults]:
    """A serious rule that said nothing is told of, too: it raised no false alarm."""
    for what, counted in halves:
        counts = counted["rules"].get(rule.id)
        if counts or (is_serious(rule.severity) and rule.status == "stable"):
            runs = {"sick": counted["sick"], "healthy": counted["healthy"]}
            yield InjectedFaults(what=what, **runs, **(counts or UNHEARD))


def _trials(tables: Iterable[Table]) -> Mapping[str, tuple[Trial, ...]]:
    """The remedies carried out in real trainings; a row without a name belongs to the one above it."""
    found: defaultdict[str, list[Trial]] = defaultdict(list)
    for table in tables:
        name = ""
        for row in table.rows if {"case", "remedy", "measure", "sick", "cured", "verdict"} <= set(table.head) else ():
            name = row["case"] or name
            if row["verdict"] in ("helps", "no help"):
                found[row["remedy"]].append(
                    Trial(
                        scenario=name,
                        measure=row["measure"],
                        before=tuple(row["sick"].split(", ")),
                        after=tuple(row["cured"].split(", ")),
                        verdict="helps" if row["verdict"] == "helps" else "no help",
                    )
                )
    return {remedy: tuple(trials) for remedy, trials in sorted(found.items())}


def _counts(cell: str) -> Mapping[str, int]:
    """What a cell such as "GEN104 2, GEN101 1" counts."""
    return {rule: int(count) for rule, count in re.findall(r"([\w ]+?) (\d+)(?:, |$)", cell)}
