"""Where findings start on which clock, and what settings leave out."""

from __future__ import annotations

import numpy as np
import pytest

from expert import advise
from expert.advice import Advice
from expert.authoring import Reading, Signal, config, signal, train
from expert.history import ClockMarks, History, Series
from expert.knowledge import assemble
from expert.pipeline import judge_history
from expert.settings import Settings
from tests.engine.knowledge import advice, rule

MARKS = ClockMarks(step=np.arange(0.0, 60.0, 10.0), epoch=np.arange(6.0))


def starts(name: str, at: float | None, clock: str | None) -> Signal:
    return Signal(name, name, "", "internal", f"{name} at {{at}}", lambda view: Reading(True, at, clock), arguments=0)


def judged(
    cause_at: tuple[float | None, str | None], effect_at: tuple[float | None, str | None], marks: bool
) -> Advice:
    cause = rule("OPT940", "the-cause", signal.cause_starts(), kind="cause", explains=("the-effect",))
    effect = rule("OPT941", "the-effect", signal.effect_starts())
    knowledge = assemble([cause, effect], [], [starts("cause_starts", *cause_at), starts("effect_starts", *effect_at)])
    return judge_history(History(marks=MARKS if marks else None), knowledge)


@pytest.mark.parametrize(
    ("cause_at", "effect_at", "marks", "explained"),
    [
        ((3.0, "epoch"), (3.0, "epoch"), True, True),
        ((2.0, "epoch"), (3.0, "epoch"), True, True),
        ((4.0, "epoch"), (3.0, "epoch"), True, False),
        ((31.0, "step"), (30.0, "step"), True, False),
        # an epoch is known at its end, so what was read at step 25 lies in the epoch read at 3
        ((3.0, "epoch"), (25.0, "step"), True, True),
        ((30.0, "step"), (3.0, "epoch"), True, True),
        ((31.0, "step"), (3.0, "epoch"), True, False),
        ((4.0, "epoch"), (25.0, "step"), True, False),
        # what cannot be compared is given the benefit of the doubt
        ((4.0, "epoch"), (25.0, "step"), False, True),
        ((4.0, "seconds"), (1.0, "epoch"), True, True),
        ((9e9, "step"), (1.0, "epoch"), True, True),
        ((None, None), (1.0, "epoch"), True, True),
        ((1.0, "epoch"), (None, None), True, True),
        ((4.0, None), (3.0, "epoch"), True, False),
    ],
)
def test_a_cause_that_starts_later_explains_nothing(
    cause_at: tuple[float | None, str | None],
    effect_at: tuple[float | None, str | None],
    marks: bool,
    explained: bool,
) -> None:
    found = judged(cause_at, effect_at, marks).finding("the-effect")
    assert found is not None
    assert found.explained_by == (("OPT940",) if explained else ())


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        (MARKS, "step 15"),
        (None, "epoch 2"),  # without marks the epoch is what can be placed
    ],
)
def test_a_finding_starts_with_its_first_sign(marks: ClockMarks | None, said: str) -> None:
    both = rule("OPT942", "both", signal.early() & signal.late())
    knowledge = assemble([both], [], [starts("early", 15.0, "step"), starts("late", 2.0, "epoch")])
    (finding,) = judge_history(History(marks=marks), knowledge).findings
    assert finding.at == said


RIVAL = rule("DAT940", "rival", config.shuffle, family="data", level="data")
RULED_OUT = rule("OPT943", "ruled-out", config.shuffle, unless=("rival",))
GUARD = rule(
    "RUN940",
    "guarding",
    config.adversarial,
    family="run",
    kind="guard",
    silences=("OPT943",),
    severity="info",
    cause="",
)


def test_rules_that_are_not_selected_still_rule_out_and_silence() -> None:
    selected = Settings(select=("ruled-out",))
    given = advice([RIVAL, RULED_OUT], settings=selected, shuffle=True)
    assert given.findings == ()
    assert "rival accounts for the same signs" in given.why_not("ruled-out")
    given = advice([RIVAL, GUARD, RULED_OUT], settings=selected, shuffle=True, adversarial=True)
    assert given.findings == ()
    assert given.coverage.silenced == given.coverage.rules == 1


def test_rules_that_are_ignored_do_not() -> None:
    ignoring = Settings(ignore=("rival", "guarding"))
    given = advice([RIVAL, GUARD, RULED_OUT], settings=ignoring, shuffle=True, adversarial=True)
    assert [one.name for one in given.findings] == ["ruled-out"]


def test_words_are_compared_as_people_write_them() -> None:
    named = rule("CFG940", "named", config.optimizer.is_("adam"), family="configuration")
    assert advice([named], optimizer="Adam").findings
    assert not advice([named], optimizer="AdamW").findings


def test_a_score_is_the_accuracy_or_else_the_first_metric_that_should_rise() -> None:
    low = rule("GEN940", "low", signal.last_value(train.score) < 0.5, family="generalization")

    def found(**roles: float) -> bool:
        series = tuple(
            Series(
                role=f"train.{name}", name=name, at=np.arange(1.0, 9.0), values=np.full(8, value), direction=direction
            )
            for (name, value), direction in zip(roles.items(), ("lower", "higher", "higher"), strict=False)
        )
        return bool(judge_history(History(series=series), assemble([low], [])).findings)

    assert found(loss=9.0, f1=0.2)
    assert not found(loss=0.1, f1=0.9, accuracy=0.9)
    assert found(loss=9.0, f1=0.9, accuracy=0.2)
    assert not found(loss=0.1)


def test_a_run_with_steps_but_without_epochs_is_judged() -> None:
    """Its windows are places on no clock that marks could convert."""
    steps = np.arange(1.0, 101.0)
    values = 1.386 + 0.01 * np.sin(9.7 * steps)
    history = History(
        series=(Series(role="train.loss", name="loss", clock="step", at=steps, values=values),),
        marks=ClockMarks(step=np.array([0.0]), epoch=np.array([0.0]), seconds=np.array([0.0])),
    )
    assert advise(history).verdict
