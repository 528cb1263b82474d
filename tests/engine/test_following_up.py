"""What a remedy asks to be watched is looked at in the run that was made with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from expert import ExpertError, worked
from expert.cli import main
from expert.facts import Facts
from expert.following_up import follow_up
from expert.history import History
from expert.inference import Limits
from expert.remedy import Remedy
from expert.signals import SIGNALS
from tests.rules.catalogue import REMEDIES

FALLING = {"train.loss": [2.3 * 0.8**epoch for epoch in range(30)]}
FLAT = {"train.loss": [2.3] * 30}


def test_a_loss_that_falls_shows_that_a_higher_rate_worked_and_a_flat_one_that_it_did_not() -> None:
    assert worked("FX310", FALLING).answer == "yes"
    told = worked("raise-learning-rate", FLAT)
    assert (told.remedy, told.answer) == ("FX310", "no")
    assert "loss" in told.reasons[0]
    assert str(told).startswith(
        "It did not work: Raise the learning rate (FX310 raise-learning-rate)\n  watched: the loss "
    )


def test_what_was_not_recorded_is_said_and_how_to_record_it() -> None:
    told = worked("FX401", FALLING)
    assert told.answer == "unknown"
    assert any("clip" in reason for reason in told.reasons)
    assert told.record
    assert worked("FX708", FALLING).answer == "unknown"
    sound = {"evaluation_mode_in_validation": True, "training_mode_in_training": True}
    assert worked("FX708", FALLING, config=sound).answer == "yes"


def test_what_no_log_can_tell_is_handed_back() -> None:
    told = worked("recompute-metric", FALLING)
    assert told.answer == "unknown"
    assert told.reasons == (
        "no log tells it: see for yourself whether both computations agree to the last digit shown",
    )


def test_a_remedy_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ExpertError, match=r"There is no remedy 'lower-lerning-rate'\. Did you mean 'lower-learning-rate'\?"
    ):
        worked("lower-lerning-rate", FALLING)


@pytest.mark.parametrize("remedy", [one for one in REMEDIES.values() if one.worked is not None], ids=str)
def test_nothing_is_said_to_have_worked_where_nothing_is_known(remedy: Remedy) -> None:
    signals = {signal.id: signal for signal in SIGNALS}
    told = follow_up(remedy, Facts(History(), signals), Limits())
    assert told.answer == "unknown"
    assert told.reasons


@pytest.mark.parametrize(("losses", "status", "said"), [(FALLING, 0, "It worked: "), (FLAT, 1, "It did not work: ")])
def test_the_command_says_it_and_exits_by_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], losses: dict[str, list[float]], status: int, said: str
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("epoch,loss\n" + "".join(f"{n},{value}\n" for n, value in enumerate(losses["train.loss"])))
    assert main(["worked", "FX310", str(log)]) == status
    assert capsys.readouterr().out.startswith(said)
