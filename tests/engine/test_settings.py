from __future__ import annotations

import pytest

from expert import History, advise
from expert.errors import SettingsError, SourceError
from expert.settings import Settings, settings_from

SWINGS = History.from_columns({"loss": [1.5, 0.5] * 15})


def test_select_and_ignore_by_id_name_family_and_prefix() -> None:
    assert advise(SWINGS).finding("OSC101") is not None
    for word in ("OSC101", "oscillating-loss", "oscillation", "OSC", "OSC1"):
        assert advise(SWINGS, settings={"ignore": (word,)}).finding("OSC101") is None
        assert {one.rule[:3] for one in advise(SWINGS, settings={"select": (word,)}).findings} == {"OSC"}
    assert "not among the rules selected" in advise(SWINGS, settings={"ignore": ("OSC",)}).why_not("OSC101")


def test_limits_are_overridden_by_name() -> None:
    tree = advise(SWINGS).why("OSC101")
    name = tree.split(" (")[1] if False else next(word for word in tree.split() if word.startswith("oscillation-"))
    stricter = advise(SWINGS, settings=Settings(limits={name: 1e9}))
    assert stricter.finding("OSC101") is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"selekt": ()}, "unknown key 'selekt'.*Did you mean 'select'"),
        ({"select": ("oscillating-los",)}, "'oscillating-los' names no rule.*Did you mean 'oscillating-loss'"),
        ({"limits": {"no-such-limit": 1.0}}, "there is no limit 'no-such-limit'"),
        ({"limits": {"x": "much"}}, r"settings\.limits\.x"),
    ],
)
def test_wrong_settings_are_one_sentence(settings: dict[str, object], message: str) -> None:
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
