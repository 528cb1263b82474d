"""The laws of a rule, and the rule at work: what the author of a plugin tests."""

from __future__ import annotations

from throughput_rules.growing_steps import RULE
from throughput_rules.signals import SLOWDOWN

from expert import History, advise
from expert.testing import check_rule


def test_the_rule_keeps_the_laws() -> None:
    check_rule(RULE, signals=[SLOWDOWN])


def test_a_run_that_slows_down_is_told() -> None:
    rows = [
        {"step": step, "train.loss": 2.0 * 0.97**step, "time.step_seconds": 0.1 + 0.005 * step}
        for step in range(1, 101)
    ]
    advice = advise(History.from_records(rows))
    assert advice.finding("growing-steps") is not None
    assert "detach-what-is-kept" in [one.name for one in advice.recommendations]
    assert not advice.problems
