"""Signals of chance level, data and configuration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run, decay, flat


def stuck(level: float, **more: Any) -> Run:
    return Run({"train.loss": np.full(20, level)}, **more)


def test_chance_level_of_equal_and_of_unequal_classes() -> None:
    assert stuck(math.log(10), data={"classes": 10}).value("loss_over_chance", "train.loss") == pytest.approx(1.0)
    entropy = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    assert stuck(entropy, data={"class_counts": (90, 10)}).value("loss_over_chance", "train.loss") == pytest.approx(1.0)
    learned = Run({"train.loss": decay(50)}, data={"classes": 10})
    assert learned.value("loss_over_chance", "train.loss") < 0.2
    assert learned.value("best_loss_over_chance", "train.loss") < 0.2


def test_chance_level_of_a_regression_is_the_variance() -> None:
    run = stuck(4.0, config={"loss": "mse"}, data={"target_std": 2.0})
    assert run.value("loss_over_chance", "train.loss") == pytest.approx(1.0)


@pytest.mark.parametrize(
    "more",
    [
        {}, {"config": {"loss": "mse"}}, {"config": {"loss": "custom"}, "data": {"classes": 10}},
        {"config": {"loss_reduction": "sum"}, "data": {"classes": 10}}, {"data": {"class_counts": (0, 0)}},
        {"model": {"output_units": 10}},
    ],
)  # fmt: skip
def test_no_chance_level_is_made_up(more: dict[str, Any]) -> None:
    assert isinstance(stuck(2.3, **more).read("loss_over_chance", "train.loss"), Unknown)


def test_output_units_tell_the_classes_of_a_classification() -> None:
    run = stuck(math.log(7), model={"output_units": 7}, config={"loss": "cross_entropy"})
    assert run.value("loss_over_chance", "train.loss") == pytest.approx(1.0)


def test_initial_loss() -> None:
    steps = Run({"train.loss": np.linspace(6.9, 1, 100)}, clock="step", data={"classes": 10})
    assert steps.value("initial_loss_over_chance", "train.loss") == pytest.approx(3.0, abs=0.01)
    mean_of_first_epoch = Run({"train.loss": decay(10, start=1.0)}, data={"classes": 10})
    assert isinstance(mean_of_first_epoch.read("initial_loss_over_chance", "train.loss"), Unknown)
    high = Run({"train.loss": decay(10, start=9.0)}, data={"classes": 10})
    assert high.value("initial_loss_over_chance", "train.loss") > 3


@pytest.mark.parametrize("classes", [2, 4, 10, 100])
def test_a_level_that_betrays_the_number_of_classes(classes: int) -> None:
    found = Run({"train.loss": flat(50, 0.005, level=math.log(classes))}).read("best_chance_match", "train.loss")
    assert isinstance(found, Reading)
    assert found.value < 0.005
    assert found.detail["classes"] == classes
    assert stuck(2.0).value("best_chance_match", "train.loss") > 0.02


@pytest.mark.parametrize(("classes", "floor"), [(2, 0.313), (4, 0.744), (10, 1.461), (1000, 5.91)])
def test_the_floor_of_a_doubled_softmax(classes: int, floor: float) -> None:
    run = stuck(floor * 1.05, data={"classes": classes})
    assert run.value("softmax_floor_distance", "train.loss") == pytest.approx(0.05, abs=0.002)


def test_score_over_majority() -> None:
    run = Run({"val.accuracy": np.full(10, 0.95)}, data={"class_counts": (95, 5)})
    assert run.value("score_over_majority", "val.accuracy") == pytest.approx(0.0)
    percent = Run({"val.accuracy": np.full(10, 97.0)}, data={"class_counts": (95, 5)})
    assert percent.value("score_over_majority", "val.accuracy") == pytest.approx(0.02)


def test_classes_and_samples() -> None:
    run = Run(
        {"val.accuracy": np.full(10, 0.8)},
        data={
            "class_counts": (90, 9, 1),
            "samples": 100,
            "validation_samples": 16,
            "classes": 3,
            "rows_with_nonfinite": 2,
        },
        config={"batch_size": 30},
        model={"parameters": 5000},
    )
    assert run.value("class_imbalance") == pytest.approx(90)
    assert run.value("majority_share") == pytest.approx(0.9)
    assert run.value("validation_standard_error") == pytest.approx(0.1)
    assert run.value("nonfinite_row_share") == pytest.approx(0.02)
    assert run.value("batch_share_of_set") == pytest.approx(0.3)
    assert run.value("batch_per_class") == pytest.approx(10)
    assert run.value("parameters_per_sample") == pytest.approx(50)


def test_the_narrowest_layer_is_sought_where_the_last_one_alone_gives_the_outputs() -> None:
    layers = [{"name": name, "kind": "linear", "units": units} for name, units in (("a", 9), ("b", 3), ("c", 2))]
    model = {"depth": 3, "output_units": 2, "layers": layers}
    found = Run(model=model).read("narrowest_layer")
    assert isinstance(found, Reading)
    assert (found.value, found.detail["layer"]) == (3.0, "b")
    # Two heads, or two networks beside each other.
    for unclear in ({"depth": None}, {"output_units": None}):
        assert isinstance(Run(model={**model, **unclear}).read("narrowest_layer"), Unknown)


@pytest.mark.parametrize(
    ("optimizer", "momentum", "rate", "distance"),
    [
        ("adam", None, 1e-3, 0.0), ("adam", None, 0.1, 1.0), ("adamw", None, 1e-7, -2.0), ("sgd", None, 10.0, 1.0),
        ("sgd", 0.0, 1.0, 0.0), ("sgd", 0.9, 1.0, math.log10(1 / 0.3)), ("adadelta", None, 1e-3, -2.0),
    ],
)  # fmt: skip
def test_rates_outside_the_usual_range(optimizer: str, momentum: float | None, rate: float, distance: float) -> None:
    run = Run(config={"optimizer": optimizer, "momentum": momentum, "learning_rate": rate})
    assert run.value("learning_rate_over_usual") == pytest.approx(distance)


def test_the_rate_may_come_from_its_series() -> None:
    run = Run({"optimizer.learning_rate": [0.01, 0.1, 0.01]}, config={"optimizer": "adam"})
    assert run.value("learning_rate_over_usual") == pytest.approx(1.0)
    assert isinstance(Run(config={"optimizer": "unheard"}).read("learning_rate_over_usual"), Unknown)


def test_usual_rates_of_sgd_grow_with_a_large_batch() -> None:
    config = {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 3.2}
    assert Run(config={**config, "batch_size": 8192}).value("learning_rate_over_usual") == 0.0
    assert Run(config={**config, "batch_size": 64}).value("learning_rate_over_usual") == pytest.approx(1.03, abs=0.01)
    adam = {"optimizer": "adam", "learning_rate": 0.1, "batch_size": 8192}
    assert Run(config=adam).value("learning_rate_over_usual") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("low", "high", "turns"), [(0.1, 5.0, True), (0.0, 1.0, True), (-5.0, 5.0, False), (-0.1, 5.0, True)]
)
def test_bounds_that_turn_gradients_round(low: float, high: float, turns: bool) -> None:
    assert Run(config={"clip_value_low": low, "clip_value_high": high}).value("clip_asymmetry") is turns


@pytest.mark.parametrize(
    ("loss", "model", "low", "high", "outside"),
    [
        ("cross_entropy", {"output_units": 10}, 0, 9, False), ("cross_entropy", {"output_units": 10}, 1, 10, True),
        ("nll", {"output_units": 3}, -1, 2, True), ("bce", {}, 0, 1, False), ("bce_with_logits", {}, -1, 1, True),
        ("hinge", {}, -1, 1, False), ("hinge", {}, 0, 1, True), ("mse", {"output_activation": "sigmoid"}, 0, 5, True),
        ("mse", {"output_activation": "none"}, -50, 50, False), ("mae", {"output_activation": "relu"}, -1, 1, True),
    ],
)  # fmt: skip
def test_labels_the_loss_does_not_admit(
    loss: str, model: dict[str, Any], low: float, high: float, outside: bool
) -> None:
    run = Run(config={"loss": loss}, model=model, data={"label_minimum": low, "label_maximum": high})
    assert run.value("label_out_of_range") is outside
