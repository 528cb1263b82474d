"""Opponents and rewards are known by the names of what was logged, and a loss that stands is then no plateau."""

from __future__ import annotations

import numpy as np
import pytest

from expert import History, advise
from expert.facts import Facts
from expert.language.handles import signal
from tests.signals.runs import BY_ID

RNG = np.random.default_rng(0)
STANDING = {name: list(0.693 + 0.01 * RNG.normal(size=60)) for name in ("first", "second", "third")}


def history(*names: str) -> History:
    return History.from_columns(dict(zip(names, STANDING.values(), strict=False)))


def holds(given: History, identity: str) -> object:
    return Facts(given, BY_ID).get(getattr(signal, identity)().node).value


@pytest.mark.parametrize(
    "names",
    [
        ("g_loss", "d_loss"), ("loss_G", "loss_D"), ("gen_loss", "disc_loss"), ("errG", "errD"), ("G/loss", "D/loss"),
        ("train/generator_loss", "train/discriminator_loss"), ("critic_loss", "generator_loss"),
    ],
)  # fmt: skip
def test_two_losses_of_opponents_guard_a_run(names: tuple[str, str]) -> None:
    given = history(*names, "loss")
    assert holds(given, "opposed_losses") is True
    advice = advise(given)
    assert not advice.is_found("PLT104")
    assert "adversarial-or-reinforcement" in advice.why_not("PLT104")


@pytest.mark.parametrize("names", [("loss", "val_loss"), ("g_loss", "loss"), ("actor_loss", "critic_loss"), ("d", "g")])
def test_other_losses_are_no_opponents(names: tuple[str, str]) -> None:
    assert holds(history(*names), "opposed_losses") is False


def test_without_opponents_the_same_loss_stands_at_chance() -> None:
    assert advise(history("loss")).is_found("PLT104")


def test_who_says_that_they_are_no_opponents_is_believed() -> None:
    given = history("g_loss", "d_loss", "loss").model_copy(
        update={"config": History().config.model_copy(update={"adversarial": False})}
    )
    assert advise(given).is_found("PLT104")


@pytest.mark.parametrize(
    "name", ["reward", "ep_rew_mean", "episode_reward", "ep_return", "returns_mean", "eval/reward"]
)
def test_rewards_guard_a_run(name: str) -> None:
    given = history("loss", name)
    assert holds(given, "rewards_recorded") is True
    assert not advise(given).is_found("PLT104")


@pytest.mark.parametrize(
    "names",
    [
        ("policy_loss", "value_loss"), ("actor_loss", "critic_loss"), ("losses/policy_loss", "losses/entropy"),
        ("train/policy_gradient_loss", "train/entropy_loss"), ("pi_loss", "v_loss"), ("actor_loss", "qf1_loss"),
    ],
)  # fmt: skip
def test_losses_of_a_policy_and_of_its_values_are_told_as_rewards_are(names: tuple[str, str]) -> None:
    given = history(*names, "loss")
    assert holds(given, "rewards_recorded") is True
    assert not advise(given).is_found("PLT104")


@pytest.mark.parametrize(
    "names", [("policy_loss", "loss"), ("value_loss", "loss"), ("policy", "value"), ("critic_loss", "generator_loss")]
)
def test_a_policy_without_its_values_is_none(names: tuple[str, str]) -> None:
    assert holds(history(*names), "rewards_recorded") is False


@pytest.mark.parametrize("name", ["rewards/chosen", "rewards/margins", "return_code", "forward", "asset_return"])
def test_preferences_and_other_words_are_no_rewards(name: str) -> None:
    assert holds(history("loss", name), "rewards_recorded") is False
