"""The catalogue of remedies: whole, consistent, and its code compiles whatever is known of the run."""

from __future__ import annotations

import re
import string
from collections import Counter

import pytest

from expert.changing import change_fault
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, judge
from expert.language.nodes import FieldTerm, SignalTerm, leaves
from expert.numbers import snippets
from expert.remedy import Remedy, Snippet

from .catalogue import FRAMEWORKS, REMEDIES, SIGNALS_BY_ID, by_name, known_numbers

KNOWN = known_numbers()
SNIPPETS = [(remedy, snippet) for remedy in REMEDIES.values() for snippet in remedy.snippets]
WITHOUT_CODE = {"fewer-layers", "smaller-model", "lighten-augmentation"}
"""Changes of a design that only its owner can write."""
GRADIENT_REMEDIES = {
    "fine-tune-pretrained": "article 3.2.1",
    "clip-gradient-norm": "article 3.2.2",
    "add-l2-penalty": "article 3.2.2",
    "change-activation": "article 3.2.3",
    "add-normalization": "article 3.2.4",
    "use-gated-recurrence": "article 3.2.5",
    "add-residual-connections": "article 3.2.6",
}
"""The six remedies of article 3.2, the second of which is two."""

each_remedy = pytest.mark.parametrize("remedy", REMEDIES.values(), ids=str)
each_snippet = pytest.mark.parametrize(
    ("remedy", "snippet"), SNIPPETS, ids=[f"{r.name}-{s.framework}" for r, s in SNIPPETS]
)


def placeholders(snippet: Snippet) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(snippet.code) if name}


def test_every_remedy_of_the_catalogue_is_there_once() -> None:
    assert Counter(int(word[2]) for word in REMEDIES) == {1: 16, 2: 7, 3: 15, 4: 16, 5: 10, 6: 13, 7: 12}
    words = [word for remedy in REMEDIES.values() for word in (remedy.id, remedy.name, *remedy.aliases)]
    assert [word for word, count in Counter(words).items() if count > 1] == []


@each_remedy
def test_a_remedy_says_everything_in_plain_sentences(remedy: Remedy) -> None:
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", remedy.do)
    assert 1 <= len(sentences) <= 3
    assert remedy.do.endswith(".")
    assert len(remedy.do) < 420
    assert remedy.title[0].isupper()
    assert not remedy.title.endswith(".")
    assert remedy.watch
    assert not remedy.watch.endswith(".")
    assert "  " not in remedy.do + remedy.watch
    assert bool(remedy.snippets) != (remedy.name in WITHOUT_CODE)


@each_remedy
def test_a_remedy_names_its_source(remedy: Remedy) -> None:
    assert remedy.source
    for source in remedy.source:
        assert re.fullmatch(r"article [1-4](\.\d){0,2}( row [1-8])?|knowledge of the field|[A-Z].+", source), source


@each_remedy
def test_a_remedy_of_the_field_alone_cites_a_work(remedy: Remedy) -> None:
    assert remedy.source != ("knowledge of the field",)


@pytest.mark.parametrize(("name", "paragraph"), GRADIENT_REMEDIES.items())
def test_the_articles_gradient_remedies_say_which_disease_they_treat(name: str, paragraph: str) -> None:
    remedy = by_name(name)
    assert paragraph in remedy.source
    assert re.search(r"explod|vanish", remedy.do)


def test_the_articles_orders_are_told() -> None:
    probe = by_name("probe-learning-rate").do
    assert probe.index("0.1") < probe.index("0.01") < probe.index("0.001")
    assert "Adam first" in by_name("switch-to-adam").do
    assert "SGD last" in by_name("finish-with-sgd").do
    assert "last resort" in by_name("fewer-layers").do


@each_remedy
def test_knob_and_direction_fit(remedy: Remedy) -> None:
    assert remedy.knob or not remedy.direction
    if remedy.kind != "change":
        assert not remedy.knob
        assert remedy.cost == "check"
        assert remedy.changes == ()
    if remedy.decides:
        assert remedy.kind == "experiment"


def test_an_experiment_decides_every_knob_that_is_turned_both_ways() -> None:
    turned: dict[str, set[str]] = {}
    for remedy in REMEDIES.values():
        if remedy.direction:
            turned.setdefault(remedy.knob, set()).add(remedy.direction)
    disputed = {knob for knob, directions in turned.items() if len(directions) == 2}
    decided = {knob for remedy in REMEDIES.values() for knob in remedy.decides}
    assert disputed == {"learning-rate", "batch-size", "capacity", "regularization", "adaptive-steps"}
    assert disputed - decided == {"adaptive-steps"}  # the order is known: Adam first, SGD last
    assert decided <= disputed


@each_remedy
def test_a_change_is_one_that_a_profile_can_hold(remedy: Remedy) -> None:
    assert [fault for change in remedy.changes if (fault := change_fault(change))] == []
    for change in remedy.changes:
        if change.operation == "multiply":
            assert isinstance(change.value, float)
            assert remedy.direction in ("up" if change.value > 1 else "down", "")


@each_remedy
def test_each_change_of_a_field_but_the_last_has_a_condition(remedy: Remedy) -> None:
    targets = [change.target for change in remedy.changes]
    hidden = [
        change.target
        for n, change in enumerate(remedy.changes)
        if change.when is None and change.target in targets[n + 1 :]
    ]
    assert hidden == []


@each_remedy
def test_contraindications_name_signals_and_fields_that_exist(remedy: Remedy) -> None:
    for item in remedy.not_when:
        assert item.reason
        assert not item.reason.endswith(".")
        assert item.reason[0].islower() or item.reason.startswith("SGD ")
        for leaf in leaves(item.condition):
            if isinstance(leaf.term, SignalTerm):
                assert SIGNALS_BY_ID[leaf.term.signal].arguments == len(leaf.term.of)
            else:
                assert isinstance(leaf.term, FieldTerm)


@each_remedy
def test_nothing_speaks_against_a_remedy_where_nothing_is_known(remedy: Remedy) -> None:
    facts = Facts(History(), SIGNALS_BY_ID)
    assert [item.reason for item in remedy.not_when if judge(item.condition, facts, Limits()).truth == "yes"] == []


@pytest.mark.parametrize(
    ("name", "known", "reason"),
    [
        ("smaller-batch", {"config": {"batch_size": 4}}, "very small already"),
        ("larger-batch", {"config": {"batch_size": 64}, "data": {"samples": 300}}, "more than a tenth"),
        ("add-dropout", {"model": {"normalization": "batch"}}, "statistics disagree"),
        ("switch-to-adam", {"config": {"optimizer": "adamw"}}, "Adam family"),
        ("add-residual-connections", {"model": {"residual": True}}, "already"),
        ("lower-dropout", {"model": {"dropout": 0.0}}, "no dropout"),
        ("standardize-inputs", {"data": {"largest_mean": 0.1, "largest_std": 1.0, "scale_ratio": 2.0}}, "one scale"),
        ("unscale-before-clipping", {"config": {"precision": "float32"}}, "float16"),
        ("skip-nonfinite-steps", {"data": {"nonfinite_cells": 2}}, "hide"),
        ("raise-learning-rate", {"records": [{"step": 1, "train.loss": float("nan")}]}, "non-finite"),
        ("fix-seeds", {"config": {"seed": 0}}, "logged"),
    ],
)  # fmt: skip
def test_a_remedy_that_would_do_harm_is_held_back(name: str, known: dict[str, object], reason: str) -> None:
    given = dict(known)
    history = History.from_records(given.pop("records", ()), **given)  # type: ignore[arg-type]
    facts = Facts(history, SIGNALS_BY_ID)
    against = [item.reason for item in by_name(name).not_when if judge(item.condition, facts, Limits()).truth == "yes"]
    assert any(reason in one for one in against)


@pytest.mark.parametrize("name", ["clip-gradient-norm", "add-l2-penalty"])
def test_neither_clip_nor_l2_for_vanishing_gradients(name: str) -> None:
    rows = [
        {"step": step, "gradient.norm": 1.0, "gradient_norm": {"first": 1e-4, "middle": 1e-2, "last": 1.0}}
        for step in range(60)
    ]
    facts = Facts(History.from_records(rows), SIGNALS_BY_ID)
    against = [item.reason for item in by_name(name).not_when if judge(item.condition, facts, Limits()).truth == "yes"]
    assert any("vanish" in reason for reason in against)


@each_snippet
def test_placeholders_name_numbers_of_the_run(remedy: Remedy, snippet: Snippet) -> None:
    assert placeholders(snippet) <= KNOWN.keys()


@each_remedy
def test_code_is_there_whatever_is_known(remedy: Remedy) -> None:
    """Per framework, snippets with numbers stand first and one that needs none stands last."""
    for framework in FRAMEWORKS:
        needs = [placeholders(snippet) for snippet in remedy.snippets if snippet.framework == framework]
        assert all(needs[:-1])
        assert not needs or not needs[-1]
    unfilled, filled = snippets(remedy, {}), snippets(remedy, KNOWN)
    assert unfilled.keys() == filled.keys() == {snippet.framework for snippet in remedy.snippets}


@each_snippet
def test_code_compiles(remedy: Remedy, snippet: Snippet) -> None:
    code = snippet.code.format(**KNOWN)
    compile(code, remedy.name, "exec")
    assert "{{" not in code
    assert max(map(len, code.splitlines())) <= 110


def test_numbers_of_the_run_appear_in_the_code() -> None:
    code = snippets(by_name("lower-learning-rate"), KNOWN)
    assert "0.01  # was 0.1" in code["torch"]
    assert "0.01  # was 0.1" in code["keras"]
