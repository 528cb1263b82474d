from __future__ import annotations

from typing import Any

import pytest

from expert import History, advise
from expert.authoring import config, limit
from expert.errors import SettingsError, SourceError
from expert.pipeline import judge_history
from expert.settings import Settings, settings_from
from tests.engine.knowledge import advice, known, rule

SWINGS = History.from_columns({"loss": [1.5, 0.5] * 15, "val_loss": [1.4, 0.6] * 15})


@pytest.mark.parametrize("word", ["OSC101", "oscillating-loss", "oscillation", "OSC", "OSC1"])
def test_select_and_ignore_by_id_name_family_and_prefix(word: str) -> None:
    assert advise(SWINGS).finding("OSC101") is not None
    assert advise(SWINGS, settings={"ignore": (word,)}).finding("OSC101") is None
    assert {one.rule[:3] for one in advise(SWINGS, settings={"select": (word,)}).findings} == {"OSC"}


def test_what_is_left_out_is_said_when_asked() -> None:
    assert "not among the rules selected" in advise(SWINGS, settings={"ignore": ("OSC",)}).why_not("OSC101")


def test_limits_are_overridden_by_name_and_the_tree_shows_the_one_in_force() -> None:
    small = limit("small-batch", 8.0, source="test")
    tiny = rule("OPT901", "tiny-batch", config.batch_size < small)
    assert "small-batch (8)" in advice([tiny], batch_size=4).why("tiny-batch")
    stricter = advice([tiny], settings=Settings(limits={"small-batch": 2.0}), batch_size=4)
    assert stricter.finding("tiny-batch") is None
    assert "small-batch (2)" in stricter.why_not("tiny-batch")


def test_a_profile_changes_the_limits_that_name_it() -> None:
    small = limit("small-batch", 8.0, source="test", profiles=(("recurrent", 2.0),))
    knowledge = known([rule("OPT901", "tiny-batch", config.batch_size < small)])
    run = History.model_validate({"config": {"batch_size": 4}})
    assert judge_history(run, knowledge).findings
    assert not judge_history(run, knowledge, profile="recurrent").findings
    with pytest.raises(
        SettingsError, match=r"There is no profile 'recurent'; known are .*, recurrent, none\. Did you mean 'recurrent'"
    ):
        judge_history(run, knowledge, profile="recurent")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"selekt": ()}, "unknown key 'selekt'.*Did you mean 'select'"),
        ({"select": ("oscillating-los",)}, "'oscillating-los' names no rule.*Did you mean 'oscillating-loss'"),
        ({"limits": {"no-such-limit": 1.0}}, "there is no limit 'no-such-limit'"),
        ({"limits": {"x": "much"}}, r"settings\.limits\.x"),
        ({"limits": {"x": float("nan")}}, r"settings\.limits\.x.*finite"),
        (7, "settings must be a mapping, Settings or the path of a file, not int"),
    ],
)
def test_wrong_settings_are_one_sentence(settings: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        advise(SWINGS, settings=settings)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(SettingsError, match="There is no profile 'nonsense'"):
        advise(SWINGS, profile="nonsense")


def test_settings_pass_through() -> None:
    settings = Settings(ignore=("OSC",))
    assert settings_from(settings) is settings
    assert settings_from(None) == Settings()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": {"lerning_rate": 0.1}}, "config: unknown field 'lerning_rate'. Did you mean 'learning_rate'"),
        ({"config": {"learning_rate": "fast"}}, "config: learning_rate"),
        ({"model": {"depht": 3}}, "unknown field 'depht'. Did you mean 'depth'"),
        ({"columns": {"val.loss": "nowhere"}}, "nowhere"),
    ],
)
def test_wrong_profiles_and_columns_are_one_sentence(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        advise({"loss": [1.0, 0.5, 0.3]}, **arguments)  # type: ignore[arg-type]
