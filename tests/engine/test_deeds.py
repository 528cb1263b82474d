"""What one deed tells is asked for at once, in words that can be followed."""

from __future__ import annotations

import itertools

import pytest

from expert.authoring import config, data
from expert.deeds import MOST_FIELDS, deed_of, needs_another_run, said_together
from expert.facts import Facts, place_of
from expert.history import DataProfile, History, ModelProfile, RunConfig
from expert.inference import Limits, judge
from expert.language.handles import Condition
from expert.truth import could_hold, prepared

NOTHING_KNOWN = History()


@pytest.mark.parametrize(
    ("hint", "deed"),
    [
        ('advise(..., config={"batch_size": ...})', "config"),
        ('advise(..., config={"adversarial": ...}) or config={"reinforcement": ...}', "config"),
        ("advise(history, model=your_model)", "model"),
        ("advise(..., data=(x, y))", "data"),
        ('advise(..., config={"batch_size": ...}, data={"samples": ...})', None),
        ('repeat the run with all inputs set to zero: advise(..., config={"blind_loss": its last loss})', None),
        ('log "gradient.norm": the norm of all gradients', None),
        ("", None),
    ],
)
def test_hints_that_ask_for_one_profile_are_one_deed(hint: str, deed: str | None) -> None:
    assert deed_of(hint) == (hint if deed is None else deed)


def test_only_what_is_told_needs_no_other_run() -> None:
    assert not needs_another_run("config")
    assert not needs_another_run('advise(..., config={"batch_size": ...}, data={"samples": ...})')
    assert needs_another_run('log "gradient.norm"')


def test_the_fields_of_all_hints_are_named_once_in_their_order() -> None:
    hints = ['advise(..., config={"seed": ..., "momentum": ...})', 'advise(..., config={"momentum": ..., "rho": ...})']
    _, how = said_together("config", hints, NOTHING_KNOWN)
    assert how == 'advise(..., config={"seed": ..., "momentum": ..., "rho": ...})'


def test_what_is_known_already_is_not_asked_for_and_not_too_much_at_once() -> None:
    fields = [*RunConfig.model_fields][: MOST_FIELDS + 2]
    hints = [f'advise(..., config={{"{field}": ...}})' for field in fields]
    _, how = said_together("config", hints, History(config=RunConfig(framework="torch")))
    assert [field for field in fields if field in how] == fields[1 : MOST_FIELDS + 1]


def test_a_model_and_arrays_are_offered_in_place_of_their_fields() -> None:
    _, how = said_together(
        "model", ["advise(history, model=your_model)", 'advise(..., model={"depth": ...})'], History()
    )
    assert how == 'advise(..., model=your_untrained_model) or model={"depth": ...}'
    _, how = said_together("data", ["advise(..., data=(x, y))", "advise(..., data=((x, y), (z, t)))"], History())
    assert how == "advise(..., data=((x, y), (x_val, y_val)))"


def test_hints_without_a_field_are_said_as_they_are() -> None:
    hints = ["advise(..., config=your_optimizer)", "advise(..., config=your_schedule)"]
    assert said_together("config", hints, NOTHING_KNOWN)[1] == hints[0]


@pytest.mark.parametrize(("profile", "record"), [("config", RunConfig), ("model", ModelProfile), ("data", DataProfile)])
def test_every_field_can_be_asked_for(profile: str, record: type) -> None:
    for field in record.model_fields:
        hint = f'advise(..., {profile}={{"{field}": ...}})'
        assert deed_of(hint) == profile
        assert f'"{field}": ...' in said_together(profile, [hint, hint], NOTHING_KNOWN)[1]


a, b, c = config.shuffle, config.nesterov, data.samples > 10
CONDITIONS = (a & b & c, a | (b & c), ~(a & b) & c, ~(a | ~b) | c, (a & ~b) | ~c, ~a & ~b)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: str(one.node))
def test_what_could_hold_is_what_some_answer_makes_hold(condition: Condition) -> None:
    terms = {"shuffle": (False, True), "nesterov": (False, True), "samples": (5, 20)}
    for known in itertools.product(*((None, *values) for values in terms.values())):
        for told in itertools.product((False, True), repeat=3):
            open_ = [name for name, one, value in zip(terms, told, known, strict=True) if one and value is None]
            before = dict(zip(terms, known, strict=True))
            answers = [
                before | dict(zip(open_, values, strict=True))
                for values in itertools.product(*(terms[name] for name in open_))
            ]
            places = [place_of(term) for term in (a.node, b.node, data.samples.node) if term.name in open_]
            ready, view = prepared(condition.node), _facts(before)
            expected = any(judge(condition.node, _facts(answer), Limits()).truth == "yes" for answer in answers)
            assert could_hold(ready, view.read(ready.places).values, None, places) is expected


def test_what_asks_whether_it_is_known_is_answered_by_telling_it() -> None:
    place = place_of(a.node)
    values = _facts({}).read((place,)).values
    assert could_hold(prepared(a.known.node), values, None, {place})
    assert not could_hold(prepared((~a.known).node), values, None, {place})
    assert could_hold(prepared((~a.known).node), values, None, set())


def _facts(fields: dict[str, object]) -> Facts:
    settings = {name: value for name, value in fields.items() if name != "samples"}
    return Facts(History.model_validate({"config": settings, "data": {"samples": fields.get("samples")}}), {})
