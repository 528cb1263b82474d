"""How answers are counted, on made-up answers."""

from __future__ import annotations

import sys

import pytest

from tests.benchmarks.curves import rivals
from tests.benchmarks.curves.generator import HEALTHY, SICK, draw
from tests.benchmarks.curves.run import Judgement, markdown, misses


def answer(kind: str, *alarms: str, verdict: str = "findings", brief: bool = False) -> Judgement:
    return Judgement(draw(kind, 3, 0, brief=brief), verdict, alarms)


def test_any_alarm_on_a_healthy_run_is_false() -> None:
    assert answer("noisy", "PLT104").false_alarm
    assert not answer("noisy", verdict="healthy").false_alarm
    assert not answer("flat", "PLT104").false_alarm


@pytest.mark.parametrize(
    ("kind", "alarms", "named", "above"),
    [
        ("oscillate", ("OSC101",), True, ()),
        ("oscillate", ("OPT106", "OSC101"), True, ("OPT106",)),
        ("oscillate", ("OSC101", "OPT106"), True, ()),
        ("oscillate", ("OSC101", "OPT106", "OSC102"), True, ("OPT106",)),
        ("oscillate", ("OPT106",), False, ("OPT106",)),
        ("flat", ("OPT101", "PLT104"), True, ("OPT101",)),
        ("flat", ("RUN105", "PLT106"), True, ()),
        ("slow", ("PLT102",), True, ()),
        ("slow", (), False, ()),
        ("nan", ("NUM101", "OPT106"), True, ()),
    ],
)
def test_what_stands_above_the_right_cause(
    kind: str, alarms: tuple[str, ...], named: bool, above: tuple[str, ...]
) -> None:
    given = answer(kind, *alarms)
    assert (given.named, given.wrong_above_right) == (named, above)


def test_only_brief_runs_may_be_called_too_short() -> None:
    assert answer("overfit", verdict="too_short", brief=True).acceptable
    assert not answer("overfit", verdict="too_short").acceptable
    assert not answer("overfit", "OPT106", verdict="too_short", brief=True).acceptable


def test_the_tables_show_every_kind_and_the_misses_how_to_draw_them_again() -> None:
    answers = [answer(kind, "GEN101") for kind in HEALTHY + SICK] + [answer("slow", brief=True)]
    text = markdown(answers, seed=3)
    assert "| oscillating | 1 | 0 (0.0%) | 1 (100.0%) | GEN101 1 | 1 (100.0%) | GEN101 1 |" in text
    assert "| healthy, noisy | 1 | 1 (100.0%) | GEN101 1 |" in text
    listed = misses(answers)
    assert "false alarm: [GEN101] draw('noisy', seed=3, index=0):" in listed
    assert "draw('slow', seed=3, index=0, brief=True)" in listed
    assert "draw('overfit'" not in listed


def test_the_rivals_table_says_what_is_not_installed() -> None:
    curves = rivals.draw_runs(seed=3, runs=11)
    installed, names = rivals.ask(sys.executable, curves)
    assert [len(given) for given in names.values()] == [len(curves)] * len(installed)
    text = rivals.markdown(curves, installed, names)
    assert all(tool in text for tool in rivals.NAMES)


def test_a_rival_is_judged_by_the_names_it_has() -> None:
    curves = [draw("oscillate", 3, 0), draw("healthy", 3, 0), draw("nan", 3, 0)]
    given = {"sk-autod": [["Dying ReLU proxy", "LR too high"], ["Noisy training"], ["crash: ValueError"]]}
    text = rivals.markdown(curves, {"sk-autod": "0.1.1"}, given)
    assert "named 100%; wrong name above 100% (Dying ReLU proxy 1)" in text
    assert "false alarm 100% (Noisy training 1)" in text
    assert "named 0%; wrong name above 100% (crash: ValueError 1)" in text
