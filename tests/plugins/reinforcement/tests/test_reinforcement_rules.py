"""The laws, and what is not taken for trouble."""

from __future__ import annotations

import numpy as np
import pytest
from reinforcement_rules import plugin

from expert import advise
from expert.authoring import Rule
from expert.testing import check_rule

NOISE = np.random.default_rng(0).normal(size=60)


@pytest.mark.parametrize("rule", plugin.expert_rules(), ids=str)
def test_the_rule_keeps_the_laws(rule: Rule) -> None:
    check_rule(rule, signals=plugin.expert_signals())


def test_a_collapse_explains_the_reward_that_stands() -> None:
    advice = advise(
        {"train/reward": 20.0 + NOISE, "train/entropy": 1.4 * np.exp(-np.arange(60) / 4)},
        config={"reinforcement": True, "learning_rate": 0.003},
    )
    assert [one.name for one in advice.findings] == ["entropy-collapse", "reward-stagnates"]
    assert advice.recommendations[0].name == "raise-entropy-bonus"


def test_the_entropy_of_continuous_actions_is_left_alone() -> None:
    advice = advise({"train.reward": 20.0 + NOISE, "train.entropy": 1.4 - np.arange(60) / 10})
    assert "continuous actions" in advice.why_not("entropy-collapse")
