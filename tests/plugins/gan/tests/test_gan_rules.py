"""The laws, and the rules at work on logs as GAN trainers write them."""

from __future__ import annotations

import numpy as np
import pytest
from gan_rules import plugin

from expert import advise
from expert.authoring import Rule
from expert.testing import check_rule


@pytest.mark.parametrize("rule", plugin.expert_rules(), ids=str)
def test_the_rule_keeps_the_laws(rule: Rule) -> None:
    check_rule(rule, signals=plugin.expert_signals())


@pytest.mark.parametrize("names", [("d_loss", "g_loss"), ("train/d_loss", "train/g_loss"), ("D_loss", "G_loss")])
def test_the_names_that_trainers_use_are_understood(names: tuple[str, str]) -> None:
    epochs = np.arange(40)
    advice = advise({names[0]: 1.2 * np.exp(-epochs / 7), names[1]: 0.9 + epochs / 8})
    assert advice.finding("discriminator-wins") is not None
    assert advice.recommendations[0].name == "weaken-discriminator"


def test_losses_that_may_be_negative_are_left_alone() -> None:
    wave = np.sin(np.arange(40))
    advice = advise({"d_loss": wave - 0.5, "g_loss": -wave}, config={"adversarial": True})
    assert "not positive" in advice.why_not("discriminator-wins")
