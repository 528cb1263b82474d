"""Every statement of the article is held by a rule or remedy and proved by a test; the orders it contains are kept."""

from __future__ import annotations

import math

import pytest

from docs.generate.statements import STATEMENTS, Statement
from docs.generate.tables import citing_remedies, citing_rules, proving
from expert import Advice, advise
from expert.knowledge import load
from expert.rule import LEVELS

ORDERS = {
    "order 1": "test_large_rates_are_tried_first",
    "order 2": "test_adam_comes_first_and_sgd_last",
    "order 3": "test_nan_is_looked_for_in_the_input_first",
    "order 4": "test_what_leaves_the_layers_alone_comes_before_a_new_structure",
    "order 5": "test_structure_comes_last",
    "order 6": "test_past_its_best_the_best_point_is_taken",
    "IMPR-4": "test_adam_comes_first_and_sgd_last",
    "ERR-6": "test_snippets (tests/rules/test_remedies.py)",
}
_, KNOWLEDGE = load()


def remedies_of(rule: str) -> list[str]:
    return [KNOWLEDGE.remedies[word].id for word in KNOWLEDGE.catalogue.require(rule).remedies]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: one.paragraph)
def test_every_statement_is_held_and_proved(statement: Statement) -> None:
    if statement.paragraph not in ORDERS:
        assert citing_rules(statement, KNOWLEDGE) or citing_remedies(statement, KNOWLEDGE), "no rule or remedy names it"
    assert proving(statement), "no scenario or test proves it"


def test_every_paragraph_that_is_cited_exists() -> None:
    known = {f"article {one.paragraph}" for one in STATEMENTS}
    records = [*KNOWLEDGE.catalogue.rules.values(), *KNOWLEDGE.remedies.values()]
    assert {source for one in records for source in one.source if source.startswith("article")} <= known


def test_large_rates_are_tried_first() -> None:
    do = KNOWLEDGE.remedies["FX305"].do
    places = [do.find(rate) for rate in ("0.1", "0.01", "0.001")]
    assert -1 not in places
    assert places == sorted(places)


def test_adam_comes_first_and_sgd_last() -> None:
    order = remedies_of("PLT105")
    assert order.index("FX302") < order.index("FX314")


def nan_run(**data: object) -> Advice:
    run = {
        "loss": [1.4, 1.2, 1.0, 0.9, math.nan, math.nan, math.nan],
        "gradient_norm": [1, 5, 40, 900, 1e5, math.nan, math.nan],
    }
    return advise(run, data=data or None)


def test_nan_is_looked_for_in_the_input_first() -> None:
    with_cell = nan_run(nonfinite_cells=1, samples=100)
    assert with_cell.findings[0].rule == "DAT101"
    assert LEVELS.index("data") < LEVELS.index("numerics") < LEVELS.index("signal") < LEVELS.index("capacity")


@pytest.mark.parametrize(("rule", "structure"), [("GRD101", ("FX405", "FX502")), ("GRD102", ("FX405", "FX406"))])
def test_what_leaves_the_layers_alone_comes_before_a_new_structure(rule: str, structure: tuple[str, ...]) -> None:
    order = remedies_of(rule)
    costs = [KNOWLEDGE.remedies[one].cost for one in order]
    first = min(order.index(one) for one in structure if one in order)
    assert first > 0
    assert "new structure" not in costs[:first]


def test_structure_comes_last() -> None:
    assert remedies_of("MOD202")[-1] == "FX502"
    assert LEVELS.index("capacity") > LEVELS.index("optimization")


def test_past_its_best_the_best_point_is_taken() -> None:
    assert remedies_of("OPT103")[0] == "FX705"
