"""The published JSON Schema of rule files: editors complete and check with it, so it must agree with the reader."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from expert.knowledge import load
from expert.rulefiles import dump_rules
from expert.rulefiles.described import DESCRIBED
from expert.rulefiles.reading import READERS, read_rules
from expert.rulefiles.schema import schema_of
from expert.rulefiles.values import Complaints
from expert.rulefiles.writing import Kind

_, KNOWLEDGE = load()
SCHEMA = schema_of(KNOWLEDGE)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
RULES = list(KNOWLEDGE.catalogue.rules.values())
REMEDIES = sorted({one.id: one for one in KNOWLEDGE.remedies.values()}.values(), key=lambda one: one.id)


def data(text: str, kind: str) -> Any:
    return READERS[kind](text, Complaints("f")).plain()


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", ["yaml", "toml"])
def test_all_we_write_fits_it(kind: Kind) -> None:
    written = data(dump_rules(RULES, REMEDIES, kind), f".{kind}")
    assert [error.message for error in VALIDATOR.iter_errors(written)] == []


RULE = """\
limits:
  few: {value: 4, source: test}
terms:
  noise: {signal: noise_level, of: train.loss}
rules:
  - id: OPT980
    name: tiny-batch
    kind: symptom
    family: optimization
    level: static
    severity: error
    prior: 0.6
    symptom: the batches are tiny
    when: WHEN
    evidence: [{supports: weak, when: {term: noise, known: false}, text: x}]
    remedies: lower-learning-rate
    meaning: A handful of samples says little.
    mechanism: The gradient is a mean over the batch.
    false_alarms: Batches that are accumulated.
    source: our own runs
    fires: [FIRES]
    quiet: []
"""
WHEN = "{field: config.batch_size, below: few}"
FIRES = "{case: x, facts: {config.batch_size: 3, noise: {known: false}}}"


def agreed(when: str = WHEN, fires: str = FIRES, old: str = "", new: str = "") -> bool:
    """Whether the reader takes the file; the schema must say the same."""
    text = RULE.replace("WHEN", when).replace("FIRES", fires).replace(old, new, 1)
    read, fits = not read_rules(text, "f", ".yaml").problems, VALIDATOR.is_valid(data(text, ".yaml"))
    assert read == fits
    return read


@pytest.mark.parametrize(
    "when",
    [
        WHEN,
        "{field: config.batch_size, at_most: 4}",
        "{all: [{term: noise, above: 1}, {not: {field: config.shuffle, is: true}}]}",
        "{any: [{signal: of_a_plugin, is: [a, 1, true]}]}",
        "{signal: relative_gap, of: [val.my_metric, train.loss], below: -1e-3}",
        "{field: config.task, is: [classification, regression]}",
        "{field: model.frozen, above: 0}",
    ],
)
def test_conditions_that_are_right(when: str) -> None:
    assert agreed(when)


@pytest.mark.parametrize(
    "when",
    [
        "{field: config.bach_size, below: 4}",
        "{field: config.batch_size, below: 4, above: 1}",
        "{field: config.batch_size}",
        "{below: 4}",
        "{all: []}",
        "{all: [{term: noise, above: 1}], any: [{term: noise, above: 1}]}",
        "{not: [1]}",
        "config.batch_size < 4",
        "{term: noise, of: train.loss, above: 1}",
        "{signal: noise_level, of: gradient.nrom, above: 1}",
        "{signal: noise_level, term: noise, above: 1}",
        "{field: config.shuffle, is: yes}",
        "{field: config.task, is: clasification}",
        "{field: config.optimizer, above: 3}",
        "{field: config.epochs, is: many}",
        "{field: config.shuffle, is: []}",
        "{term: noise, known: maybe}",
        "{term: noise, above: true}",
    ],
)
def test_conditions_that_are_wrong(when: str) -> None:
    assert not agreed(when)


@pytest.mark.parametrize(
    ("case", "right"),
    [
        ("{case: x, run: {curves: {val.loss: [{decay: [2, 1], count: 3, noise: 0.1}, {flat: 1, count: 2}, {broken: 3}]}}}", True),
        ("{case: x, run: {curves: {val.loss: {per_epoch: 3, strokes: [{zigzag: [2, 1], count: 3}]}}}}", True),
        ("{case: x, run: {layers: {weight_norm: {a: 1, 0: 2}}, config: {epochs: 3}, model: {layers: [{name: a}]}}}", True),
        ("{case: x, run: {data: {nonfinite_where: [{row: 1, column: a, value: nan}]}}}", True),
        ("{case: x, facts: {}}", True),
        ("{case: x}", False),
        ("{facts: {}}", False),
        ("{case: x, facts: {noise: {known: true}}}", False),
        ("{case: x, facts: {noise: [1]}}", False),
        ("{case: x, run: {curve: {}}}", False),
        ("{case: x, run: {curves: {loss: [{broken: 3}]}}}", False),
        ("{case: x, run: {curves: {val.loss: []}}}", False),
        ("{case: x, run: {curves: {val.loss: [{flat: 1}]}}}", False),
        ("{case: x, run: {curves: {val.loss: [{flat: 1, line: [1, 2], count: 3}]}}}", False),
        ("{case: x, run: {curves: {val.loss: [{line: [1], count: 2}]}}}", False),
        ("{case: x, run: {curves: {val.loss: [{flat: 1, count: 0}]}}}", False),
        ("{case: x, run: {curves: {val.loss: [{broken: 3, noise: 1}]}}}", False),
        ("{case: x, run: {layers: {weight_norm: 3}}}", False),
        ("{case: x, run: {config: {bach_size: 1}}}", False),
        ("{case: x, run: {config: {task: fun}}}", False),
        ("{case: x, run: {config: {epochs: 2.5}}}", False),
    ],
)  # fmt: skip
def test_cases_right_and_wrong(case: str, right: bool) -> None:
    assert agreed(fires=case) == right


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("severity: error", "severity: eror"),
        ("    severity: error\n", ""),
        ("id: OPT980", "id: OP980"),
        ("tiny-batch", "Tiny Batch"),
        ("prior: 0.6", "prior: 1"),
        ("supports: weak, ", ""),
        ("supports: weak", "supports: weak, against: weak"),
        ("value: 4", "value: four"),
        (", source: test}", "}"),
        ("limits:", "limit:"),
        ("rules:", "rule:"),
        ("remedies: lower-learning-rate", "remedies: 3"),
        ("meaning: A handful", "meening: A handful"),
    ],
)
def test_records_that_are_wrong(old: str, new: str) -> None:
    assert not agreed(old=old, new=new)


def test_words_of_plugins_are_completed_where_they_are_known() -> None:
    definitions = SCHEMA["definitions"]
    assert "noise_level" in definitions["signal"]["anyOf"][0]["enum"]
    assert "config.optimizer" in definitions["field"]["enum"]
    assert "gradient.norm" in definitions["series"]["anyOf"][0]["enum"]
    assert "lower-learning-rate" in definitions["remedy_name"]["anyOf"][0]["enum"]
    assert "OSC101" in definitions["rule_name"]["anyOf"][0]["enum"]


def test_every_key_of_a_record_is_described_and_no_other() -> None:
    used: set[str] = set()

    def walk(part: object) -> None:
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "properties":
                    used.update(value)
                walk(value)
        elif isinstance(part, list):
            for item in part:
                walk(item)

    walk(SCHEMA)
    assert set(DESCRIBED) <= used
    for name in ("rule", "remedy"):
        assert set(SCHEMA["definitions"][name]["properties"]) <= set(DESCRIBED) | {"when"}
