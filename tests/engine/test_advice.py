from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from expert import Advice, ExpertError, History, advise
from expert.authoring import against, config, moderate, strong, supports, weak
from tests.engine.knowledge import advice as engine_advice
from tests.engine.knowledge import rule

SWINGS = History.from_columns({"loss": [1.5, 0.5] * 15, "val_loss": [1.4, 0.6] * 15})
FALLING = {"loss": [2.3 * 0.85**k + 0.1 for k in range(30)], "val_loss": [2.3 * 0.85**k + 0.15 for k in range(30)]}


def test_a_healthy_run_is_said_to_be_healthy_and_nothing_else() -> None:
    advice = advise(FALLING)
    assert advice.verdict == "healthy"
    assert not advice
    assert "warning" not in str(advice)
    assert str(advice).startswith("Healthy")


def test_a_run_of_four_epochs_is_too_short_to_tell() -> None:
    assert advise({"loss": [1.0, 0.9, 0.85, 0.8]}).verdict == "too_short"


def test_a_run_without_any_loss_cannot_be_judged() -> None:
    advice = advise({"accuracy": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]})
    assert advice.verdict == "cannot_judge"


def test_nothing_at_all_cannot_be_judged() -> None:
    assert advise().verdict == "cannot_judge"


def test_findings_are_true_iterable_and_json() -> None:
    advice = advise(SWINGS)
    assert advice.verdict == "findings"
    assert bool(advice)
    assert list(advice) == list(advice.recommendations)
    assert len(advice) == len(advice.recommendations) > 0
    assert advice.worst() in ("warning", "error", "fatal")
    plain = json.loads(advice.to_json())
    assert plain == advice.to_dict()
    assert plain["schema_version"] == "training-expert/advice/1"
    assert Advice.from_json(advice.to_json()) == advice
    assert "oscillating-loss" in repr(advice)
    assert len(repr(advice)) < 200


def test_parts_name_themselves() -> None:
    advice = advise(SWINGS)
    assert str(advice.findings[0]).startswith(f"{advice.findings[0].rule} {advice.findings[0].name} (")
    first = advice.recommendations[0]
    assert str(first) == f"{first.title} ({first.remedy} {first.name})"


def test_advice_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        advise(SWINGS).verdict = "healthy"  # type: ignore[misc]


def test_why_and_why_not_answer_by_id_and_name() -> None:
    advice = advise(SWINGS)
    assert advice.why("OSC101") == advice.why("oscillating-loss")
    assert "✓" in advice.why("OSC101")
    assert "✗" in advise(FALLING).why_not("OSC101")
    assert "was not found" in advise(FALLING).why("OSC101")
    assert "ask why()" in advice.why_not("OSC101")
    with pytest.raises(ExpertError, match="Did you mean 'oscillating-loss'"):
        advice.why("oscilating-loss")


def test_loaded_advice_says_that_it_cannot_answer() -> None:
    loaded = Advice.from_json(advise(SWINGS).to_json())
    with pytest.raises(ExpertError, match="loaded from a file"):
        loaded.why("OSC101")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-40], "This is no advice of schema training-expert/advice/1. Invalid JSON"),
        (lambda text: text.replace("advice/1", "advice/2"), "schema_version"),
        (lambda text: text.replace('"verdict": "findings"', '"verdict": "sick"'), "verdict: Input should be"),
        (lambda text: "[]", "no advice of schema"),
    ],
)
def test_what_is_no_advice_is_one_sentence(change: Callable[[str], str], message: str) -> None:
    with pytest.raises(ExpertError, match=message) as told:
        Advice.from_json(change(advise(SWINGS).to_json()))
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    "copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy, lambda one: one.model_copy()]
)
def test_a_copy_says_and_answers_the_same(copied: Callable[[Advice], Advice]) -> None:
    advice = advise(SWINGS)
    other = copied(advice)
    assert other == advice
    assert str(other) == str(advice)
    assert other.why("OSC101") == advice.why("OSC101")


def test_advice_equals_only_advice_that_says_the_same() -> None:
    assert advise(SWINGS) != advise(FALLING)
    assert advise(SWINGS) != advise(SWINGS).to_dict()


def test_why_shows_the_evidence_with_its_weight() -> None:
    small = config.batch_size < 8
    items = (
        supports(small, strong, "x", group="size"),
        supports(config.batch_size < 9, weak, "y", group="size"),
        against(config.nesterov, moderate, "z"),
    )
    told = engine_advice([rule("OPT901", "tiny", small, evidence=items)], batch_size=4).why("tiny")
    assert "for, strong (+2.2 nats):\n  ✓ config.batch_size < 8: the batch size is 4" in told
    assert "for, weak (does not count):" in told
    assert "against, moderate (does not count):\n  ? config.nesterov is True: it is not known whether" in told


def test_not_judged_is_grouped_by_what_is_missing_with_how_to_record_it() -> None:
    advice = advise(FALLING)
    assert advice.coverage.unknown == len({rule for group in advice.not_judged for rule in group.rules})
    assert all(group.missing for group in advice.not_judged)
    assert len({group.missing for group in advice.not_judged}) == len(advice.not_judged)


def test_what_to_record_next_is_suggested_for_a_sick_run_only() -> None:
    assert 0 < len(advise(SWINGS).record_next) <= 3
    assert advise(FALLING).record_next == ()


def test_advising_twice_gives_the_same_and_changes_nothing() -> None:
    before = SWINGS.model_copy(deep=True)
    assert advise(SWINGS) == advise(SWINGS)
    assert before == SWINGS


def test_the_text_names_evidence_remedies_and_what_to_watch() -> None:
    text = str(advise(SWINGS))
    assert "OSC101" in text
    assert "What to do, in this order" in text
    assert "Then watch:" in text
    assert max(map(len, text.splitlines())) <= 120
