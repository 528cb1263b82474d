"""From Python to YAML or TOML and back nothing is lost: every built-in record, and whatever else can be made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from expert.authoring import (
    case,
    config,
    curve,
    facts,
    flat,
    for_profile,
    limit,
    line,
    multiply,
    run,
    signal,
    train,
    val,
)
from expert.cases import Segment
from expert.errors import AuthoringError
from expert.knowledge import load
from expert.language.handles import profile_fields
from expert.language.nodes import All, AnyOf, Compare, ConditionNode, FieldTerm, Known, Not, OneOf, SignalTerm
from expert.language.spelling import field_kind
from expert.limits import Limit
from expert.remedy import Remedy
from expert.rule import Rule
from expert.rulefiles import dump_rule, dump_rules
from expert.rulefiles.reading import read_rules
from expert.rulefiles.writing import Kind
from tests.engine.knowledge import remedy, rule

_, KNOWLEDGE = load()
RULES = list(KNOWLEDGE.catalogue.rules.values())
REMEDIES = sorted({one.id: one for one in KNOWLEDGE.remedies.values()}.values(), key=lambda one: one.id)
KINDS: tuple[Kind, ...] = ("yaml", "toml")


def back(text: str, kind: Kind) -> tuple[tuple[Rule, ...], tuple[Remedy, ...]]:
    read = read_rules(text, f"file.{kind}", f".{kind}")
    assert read.problems == ()
    return read.rules, read.remedies


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_built_in_rule_comes_back_as_it_was(rule: Rule, kind: Kind) -> None:
    text = dump_rule(rule, kind)
    assert back(text, kind) == ((rule,), ())
    assert max(map(len, text.splitlines())) < 2000


@pytest.mark.parametrize("kind", KINDS)
def test_all_rules_and_remedies_come_back_from_one_file(kind: Kind) -> None:
    assert back(dump_rules(RULES, REMEDIES, kind), kind) == (tuple(RULES), tuple(REMEDIES))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.id)
def test_every_built_in_remedy_comes_back_as_it_was(remedy: Remedy, kind: Kind) -> None:
    assert back(dump_rules([], [remedy], kind), kind) == ((), (remedy,))


def test_writing_twice_gives_the_same() -> None:
    for kind in KINDS:
        first = dump_rules(RULES[:5], REMEDIES[:5], kind)
        assert dump_rules(*back(first, kind), kind) == first


TEXTS = some.one_of(
    some.text(some.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40),
    some.sampled_from([
        "no", "yes", "on", "null", "~", "1e-3", "0x1f", ".nan", "1_000", "12:30", "2021-01-01", "= ", "<<", "a: b",
        "# x", "- x", "{value:g}", "[x]", "'", '"', "\\n", "a\nb\n", "  led by blanks", "ends in blank ", "tab\there",
        "\r\n", "word " * 40, "a  b " * 30, "ünïcode " * 20, "! x", "&a", "*a", "%x", "@x", "`x", "|", ">", "?",
        ": ", "end\n\n", '"""', "'''", "\x85", "\u2028", "x\u2028y " * 20, "\ufeff", "\x7f",
    ]),
)  # fmt: skip
NUMBERS = some.floats(allow_nan=False, allow_infinity=False)
SERIES = some.sampled_from(["train.loss", "val.loss", "val.accuracy", "gradient.norm", "train.my_metric"])
SIGNALS = some.builds(
    SignalTerm,
    signal=some.sampled_from(["noise_level", "relative_gap", "of_a_plugin"]),
    of=some.lists(SERIES, max_size=3).map(tuple),
)
FIELDS = some.sampled_from([(home, name) for home in ("config", "model", "data") for name in profile_fields(home)])
NUMERIC = FIELDS.filter(lambda pair: field_kind(".".join(pair))[0] == "number")
LIMITS = some.builds(
    Limit,
    name=some.sampled_from(["a", "b-c", "d.e"]),
    value=some.just(0.5),
    source=some.just("measured: so"),
    profiles=some.just((("fine-tuning", 2.0), for_profile("x", 0.25, source="a paper", healthy="0 to 0.1"))),
)


def term_of(pair: tuple[str, str]) -> FieldTerm:
    return FieldTerm.model_validate({"record": pair[0], "name": pair[1]})


def value_of(field: str) -> some.SearchStrategy[Any]:
    kind, words = field_kind(field)
    if kind == "word":
        return some.sampled_from(words) if words else TEXTS
    return some.booleans() if kind == "flag" else NUMBERS


ABOUT_FIELDS = FIELDS.flatmap(
    lambda pair: some.builds(
        OneOf,
        term=some.just(term_of(pair)),
        values=some.lists(value_of(".".join(pair)), min_size=1, max_size=3).map(tuple),
    )
)
LEAVES: some.SearchStrategy[Any] = some.one_of(
    some.builds(
        Compare,
        term=some.one_of(SIGNALS, NUMERIC.map(term_of)),
        operator=some.sampled_from(["<", "<=", ">", ">="]),
        bound=some.one_of(NUMBERS, LIMITS),
    ),
    some.builds(
        OneOf,
        term=SIGNALS,
        values=some.lists(some.one_of(some.booleans(), NUMBERS, TEXTS), min_size=1, max_size=3).map(tuple),
    ),
    ABOUT_FIELDS,
    some.builds(Known, term=some.one_of(SIGNALS, FIELDS.map(term_of))),
)
CONDITIONS: some.SearchStrategy[ConditionNode] = some.recursive(
    LEAVES,
    lambda inner: some.one_of(
        some.builds(All, parts=some.lists(inner, min_size=1, max_size=3).map(tuple)),
        some.builds(AnyOf, parts=some.lists(inner, min_size=1, max_size=3).map(tuple)),
        some.builds(Not, part=inner),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(when=CONDITIONS, word=TEXTS, number=NUMBERS, kind=some.sampled_from(KINDS))
def test_whatever_can_be_said_comes_back_as_it_was(when: ConditionNode, word: str, number: float, kind: Kind) -> None:
    given_facts = facts(signal.noise_level(train.loss).of(number), signal.noise_level(val.loss).of(None))
    sketch = run(curve(train.loss, line(number, 1.0, 3), flat(2.0, 1), per_epoch=2), config={"optimizer": word})
    made = rule(
        "OPT990",
        "made",
        when,
        meaning=word,
        source=(word, "x"),
        fires=(case(word, given_facts), case("run", sketch), case("nothing", ())),
    )
    assert back(dump_rule(made, kind), kind) == ((made,), ())


@settings(max_examples=60)
@given(code=TEXTS, value=some.one_of(some.booleans(), NUMBERS, TEXTS), kind=some.sampled_from(KINDS))
def test_a_remedy_comes_back_whatever_its_code_is(code: str, value: object, kind: Kind) -> None:
    made = remedy(
        "ZX990",
        "made",
        snippets=({"framework": "torch", "code": code.replace("{", "{{").replace("}", "}}")},),
        changes=(
            {"target": "config.optimizer", "operation": "set", "value": value},
            multiply(config.epochs, 2.0, when=config.epochs < 9),
        ),
        worked=config.epochs > 3,
    )
    assert back(dump_rules([], [made], kind), kind) == ((), (made,))


def test_what_a_rule_file_cannot_say_is_refused_not_changed() -> None:
    one, other = limit("same", 1.0, source="test"), limit("same", 2.0, source="test")
    torn = rule("OPT990", "torn", (config.batch_size > one) & (config.epochs > other))
    with pytest.raises(AuthoringError, match="OPT990 torn cannot be written as a rule file"):
        dump_rule(torn)
    level = Segment(form="nan", start=1.0, end=0.0, count=3)
    strange = rule("OPT990", "strange", config.shuffle, fires=(case("x", run(curve(train.loss, level))),))
    with pytest.raises(AuthoringError, match="a stretch of NaN has no level"):
        dump_rule(strange)
    with pytest.raises(AuthoringError, match="written as yaml or toml, not as 'json'"):
        dump_rule(torn, "json")  # type: ignore[arg-type]
