from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from expert.facts import Facts
from expert.history import DataProfile, History, ModelProfile, RunConfig
from expert.language.nodes import FieldTerm
from expert.wording import NOUNS, YES_NO, capitalized, field_template, field_unknown, fill, place, spoken

PROFILES = {"config": RunConfig, "model": ModelProfile, "data": DataProfile}
FIELDS = [(record, name) for record, kind in PROFILES.items() for name in kind.model_fields]


def is_yes_or_no(record: str, name: str) -> bool:
    return bool in get_args(get_type_hints(PROFILES[record])[name])


@pytest.mark.parametrize(("record", "name"), FIELDS)
def test_every_yes_or_no_field_has_its_two_clauses_and_no_other_has(record: str, name: str) -> None:
    assert (name in YES_NO) == is_yes_or_no(record, name)


def test_no_words_are_kept_for_fields_that_are_gone() -> None:
    assert set(NOUNS) | set(YES_NO) <= {name for _, name in FIELDS}


@pytest.mark.parametrize(
    ("record", "fields", "sentence"),
    [
        ("config", {"learning_rate": 0.30000000000000004}, "the learning rate is 0.3"),
        ("config", {"optimizer": "sgd"}, "the optimizer is sgd"),
        ("config", {"shuffle": False}, "the samples are not shuffled"),
        ("config", {"shuffle": True}, "the samples are shuffled"),
        ("model", {"depth": 6}, "the number of weight layers in a row is 6"),
        ("data", {"constant_columns": ("a", "b")}, "the number of constant columns is 2"),
    ],
)
def test_fields_are_said_as_people_say_them(record: str, fields: dict[str, object], sentence: str) -> None:
    history = History.model_validate({record: fields})
    (name,) = fields
    assert Facts(history, {}).get(FieldTerm(record=record, name=name)).sentence == sentence  # type: ignore[arg-type]


def test_what_is_not_known_is_a_clause_as_well() -> None:
    assert field_unknown("shuffle") == "it is not known whether the samples are shuffled"
    assert field_unknown("momentum") == "the momentum is not known"
    assert field_template("momentum", 0.9) == "the momentum is {value}"


@pytest.mark.parametrize(
    ("template", "words", "sentence"),
    [
        ("it is {value}", {"value": 0.1 + 0.2}, "it is 0.3"),
        ("it is {value}", {"value": 1234567.0}, "it is 1.235e+06"),
        ("it is {value:.0%}", {"value": 0.25}, "it is 25%"),
        ("it is {value:.0%}", {"value": "half"}, "it is half"),
        ("it is {value:.1f}", {"value": True}, "it is yes"),
        ("it is {value}", {"value": False}, "it is no"),
        ("{count} of them", {"count": 3}, "3 of them"),
        ("it is {value:.2f} at {last_place}", {"value": 1.0}, "it is 1.00 at (last place not known)"),
        ("it is {value:.2f}", {}, "it is (value not known)"),
        ("it is {value.real.gone}", {"value": 1.0}, "it is 1"),
        ("{series}: {value:q}", {"series": "loss", "value": 0.5}, "loss: 0.5"),
    ],
)
def test_sentences_stay_readable_whatever_fills_them(template: str, words: dict[str, object], sentence: str) -> None:
    assert fill(template, words) == sentence


@pytest.mark.parametrize(
    ("at", "clock", "said"),
    [
        (3.0, "epoch", "epoch 3"),
        (1234567.0, "step", "step 1234567"),
        (2.5, None, "epoch 2.5"),
        (12.0, "seconds", "12 s"),
        (4.0, "token", "token 4"),
        (None, "step", ""),
    ],
)
def test_places_are_said_in_full(at: float | None, clock: str | None, said: str) -> None:
    assert place(at, clock) == said


def test_roles_and_clauses() -> None:
    assert spoken("val.loss") == "validation loss"
    assert spoken("optimizer.learning_rate") == "optimizer learning rate"
    assert capitalized("the loss rises") == "The loss rises"
    assert capitalized("") == ""
