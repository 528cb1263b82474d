"""How far adaptive steps reach, whether a loss breaks at once, what a rise gives back, and a score worse than luck."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from expert.signals.signal import Unknown
from tests.signals.runs import Run, decay


def test_rate_times_steps_bounds_what_an_adaptive_optimizer_can_have_moved() -> None:
    adam = {"optimizer": "adam", "learning_rate": 3e-5}
    stepwise = Run({"train.loss": decay(400)}, clock="step", config=adam)
    assert stepwise.value("adaptive_reach") == pytest.approx(400 * 3e-5)
    by_epoch = Run({"train.loss": decay(10)}, config=adam | {"steps_per_epoch": 40})
    assert by_epoch.value("adaptive_reach") == pytest.approx(400 * 3e-5)
    scheduled = {"train.loss": decay(400), "optimizer.learning_rate": np.linspace(1e-3, 0.0, 400)}
    assert Run(scheduled, clock="step", config=adam).value("adaptive_reach") == pytest.approx(0.2, rel=0.01)


@pytest.mark.parametrize(
    ("config", "clock"),
    [
        ({"optimizer": "sgd", "learning_rate": 0.1}, "step"),
        ({"optimizer": "adam"}, "step"),
        ({"optimizer": "adam", "learning_rate": 0.1}, "epoch"),
    ],
)
def test_reach_is_unknown_where_a_factor_is(config: dict[str, Any], clock: str) -> None:
    assert isinstance(Run({"train.loss": decay(20)}, clock=clock, config=config).read("adaptive_reach"), Unknown)


def test_a_loss_that_breaks_in_its_first_step() -> None:
    broken = Run({"train.loss": [math.nan] * 5}, clock="step")
    assert broken.value("broke_at_once", "train.loss") is True
    assert Run({"train.loss": [2.0, math.nan]}, clock="step").value("broke_at_once", "train.loss") is False
    assert isinstance(Run({"train.loss": [math.nan] * 5}).read("broke_at_once", "train.loss"), Unknown)
    late = Run({"train.loss": [math.nan] * 5}, clock="step", at=[50, 100, 150, 200, 250])
    assert isinstance(late.read("broke_at_once", "train.loss"), Unknown)


def test_what_a_rise_gives_back_of_the_fall() -> None:
    course = [2.0, 1.5, 1.0, 0.8, 0.7, 0.7, 0.7, 0.8, 0.9, 1.0, 1.0, 1.0]
    assert Run({"val.loss": course}).value("share_given_back", "val.loss") == pytest.approx(0.3 / 1.3, rel=0.15)
    assert Run({"val.loss": decay(20)}).value("share_given_back", "val.loss") == 0.0
    assert isinstance(Run({"val.loss": [1.0] * 9}).read("share_given_back", "val.loss"), Unknown)


def test_what_is_given_back_is_measured_against_the_way_from_guessing_where_that_is_longer() -> None:
    fine_tuned = [0.31, 0.30, 0.30, 0.30, 0.31, 0.32, 0.33, 0.33, 0.34, 0.34]
    chance = math.log(10)
    told: dict[str, Any] = {"config": {"loss": "cross_entropy"}, "data": {"classes": 10}}
    assert Run({"val.loss": fine_tuned}).value("share_given_back", "val.loss") > 1.0
    from_chance = Run({"val.loss": fine_tuned}, **told).value("share_given_back", "val.loss")
    assert from_chance == pytest.approx(0.04 / (chance - 0.30), rel=0.01)
    # A start above guessing has come down by more than that, and a score knows no such level.
    high = [5.0, 2.0, 1.0, 0.8, 0.7, 0.7, 0.7, 0.8, 0.9, 1.0, 1.0, 1.0]
    assert Run({"val.loss": high}, **told).value("share_given_back", "val.loss") == pytest.approx(0.3 / 4.3, rel=0.05)
    scores = {"val.accuracy": [0.5, 0.6, 0.7, 0.8, 0.8, 0.8, 0.75, 0.7, 0.7, 0.7]}
    assert Run(scores, **told).value("share_given_back", "val.accuracy") == pytest.approx(1 / 3)


def test_a_fall_and_a_rise_within_the_noise_give_nothing_back() -> None:
    dent = np.concatenate([np.full(10, 1.0), np.full(10, 0.98), np.full(10, 1.0)])
    scattered = dent + np.where(np.arange(30) % 2 == 0, 0.05, -0.05)
    assert Run({"val.loss": dent}).value("share_given_back", "val.loss") == pytest.approx(1.0, abs=0.1)
    assert Run({"val.loss": scattered}).value("share_given_back", "val.loss") == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_a_rise_beyond_the_noise_that_no_fall_went_before_gives_back_more_than_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    climbing = np.linspace(1.0, 2.0, 20) * np.exp(0.02 * rng.standard_normal(20))
    assert Run({"val.loss": climbing}).value("share_given_back", "val.loss") > 5.0


def test_a_score_below_guessing_counts_beyond_the_luck_of_so_many_samples() -> None:
    def shortfall(score: float, samples: int, classes: int = 10) -> Any:
        data = {"classes": classes, "validation_samples": samples}
        run = Run({"val.accuracy": [score] * 6}, data=data, config={"loss": "cross_entropy"})
        return run.value("worse_than_blind", "val.accuracy")

    assert shortfall(0.02, 1000) == pytest.approx(0.8 - 3 * math.sqrt(0.1 * 0.9 / 1000) / 0.1)
    assert shortfall(0.02, 50) == 0.0
    assert shortfall(0.12, 1000) == 0.0
    unknown = Run({"val.accuracy": [0.02] * 6}, data={"classes": 10}, config={"loss": "cross_entropy"})
    assert isinstance(unknown.read("worse_than_blind", "val.accuracy"), Unknown)


def test_a_first_loss_with_a_penalty_in_it_is_not_held_against_guessing() -> None:
    plain: dict[str, Any] = {"loss": "cross_entropy", "task": "classification"}
    steps = {"train.loss": [7.0, 6.0, 5.0, 4.0]}

    def read(**more: Any) -> Any:
        return Run(steps, clock="step", config=plain | more, data={"classes": 10}).read(
            "initial_loss_over_chance", "train.loss"
        )

    assert read().value == pytest.approx(7.0 / math.log(10))
    assert isinstance(read(penalty_in_loss=True), Unknown)


@pytest.mark.parametrize("digits", [16, 4])
def test_accuracies_tell_of_how_many_samples_they_are_shares(digits: int) -> None:
    right = [6, 5, 2, 1, 1, 0]
    scores = [round(one / 360, digits) for one in right]
    run = Run({"val.accuracy": scores}, data={"classes": 10}, config={"loss": "cross_entropy"})
    found = run.read("worse_than_blind", "val.accuracy")
    assert not isinstance(found, Unknown)
    # Shares of 360 are shares of its multiples as well, and where these are even, of fewer.
    assert 180 <= found.detail["samples"] <= 360
    assert float(found.value) > 0.4


def test_what_wrong_answers_cost_at_least() -> None:
    def read(level: float, score: float, **config: Any) -> Any:
        run = Run(
            {"train.loss": decay(10) * 2.3, "val.loss": [level] * 10, "val.accuracy": [score] * 10},
            data={"classes": 10},
            config={"loss": "cross_entropy"} | config,
        )
        return run.read("loss_over_least", "val.loss", "val.accuracy")

    assert read(0.2, 0.5).value == pytest.approx(0.2 / (0.5 * math.log(2)))
    assert read(20.0, 0.5).value == pytest.approx(20.0 / (0.5 * math.log(2)))
    assert read(0.2, 50.0).value == pytest.approx(0.2 / (0.5 * math.log(2)))
    assert read(0.0, 1.0).value > 1e6
    assert isinstance(read(0.2, 0.5, loss="mse"), Unknown)
    assert isinstance(read(-0.2, 0.5), Unknown)
