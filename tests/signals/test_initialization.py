"""The first steps of a run, and weights that no gradient reaches."""

from __future__ import annotations

import math

import pytest

from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run


def steps(norms: list[float], losses: list[float], **config: object) -> Run:
    return Run({"gradient.norm": norms, "train.loss": losses}, clock="step", config=config)


def test_the_first_gradient_of_a_cross_entropy_is_taken_as_it_is() -> None:
    found = steps([5e4, 1.0, 1.0], [100.0, 1.0, 1.0], loss="cross_entropy").read("first_gradient_per_error")
    assert isinstance(found, Reading)
    assert (found.value, found.at) == (5e4, 1.0)


def test_the_first_gradient_of_a_squared_error_is_divided_by_the_error() -> None:
    run = steps([600.0, 1.0], [900.0, 1.0], loss="mse")
    assert run.value("first_gradient_per_error") == pytest.approx(600.0 / 60.0)


def test_the_first_gradient_of_a_summed_loss_is_divided_by_the_batch() -> None:
    summed = {"loss_reduction": "sum", "batch_size": 32}
    assert steps([64.0], [50.0], loss="cross_entropy", **summed).value("first_gradient_per_error") == 2.0
    assert steps([384.0], [32 * 9.0], loss="mse", **summed).value("first_gradient_per_error") == 2.0
    assert isinstance(steps([64.0], [50.0], loss_reduction="sum").read("first_gradient_per_error"), Unknown)


def test_a_gradient_first_recorded_later_says_nothing_of_the_start() -> None:
    run = Run({"gradient.norm": [1.0, 1.0]}, clock="step", at=[100.0, 200.0])
    assert isinstance(run.read("first_gradient_per_error"), Unknown)


def test_the_mean_over_an_epoch_of_updates_says_nothing_of_the_start() -> None:
    each_epoch = Run({"gradient.norm": [5e4, 1.0], "train.loss": [9.0, 1.0]}, clock="epoch")
    assert isinstance(each_epoch.read("first_gradient_per_error"), Unknown)
    tenths = [k / 10 for k in range(20)]
    each_step = Run({"gradient.norm": [5e4] * 20, "train.loss": [9.0] * 20}, clock="epoch", at=tenths)
    assert isinstance(each_step.read("first_gradient_per_error"), Reading)


def test_of_an_unknown_loss_the_gradient_may_be_as_large_as_that_of_a_squared_error() -> None:
    assert steps([3e4, 3e4], [1e8, 1e8]).value("first_gradient_per_error") == pytest.approx(1.5)
    assert steps([3e4, 3e4], [0.04, 0.04]).value("first_gradient_per_error") == 3e4
    assert Run({"gradient.norm": [3e4]}, clock="step").value("first_gradient_per_error") == 3e4


def test_weights_that_stay_zero_are_told_from_weights_that_leave_zero() -> None:
    stays = {"a": [0.0, 0.0, 0.0], "b": [0.0, 0.1, 0.2], "c": [1.0, 1.0, 1.0], "d": [0.0, 0.0, math.nan]}
    found = Run(layers={"weight_norm": stays}).read("zero_weight_share")
    assert isinstance(found, Reading)
    assert found.value == 0.5
    assert found.detail["layers"] == "a, d"
    assert isinstance(Run(layers={"weight_norm": {"a": [0.0, 0.0]}}).read("zero_weight_share"), Unknown)


def test_a_layer_without_any_gradient_is_found_unless_it_is_declared_frozen() -> None:
    weights = {"fc1.weight": [1.0] * 3, "fc2.weight": [1.0] * 3, "out.weight": [1.0] * 3}
    gradients = {"fc1.weight": [math.nan] * 3, "out.weight": [0.1, math.nan, math.nan]}
    layers = {"weight_norm": weights, "gradient_norm": gradients}
    found = Run(layers=layers).read("without_gradient_share")
    assert isinstance(found, Reading)
    assert found.value == pytest.approx(2 / 3)
    assert found.detail["layers"] == "fc1.weight, fc2.weight"
    assert Run(layers=layers, model={"frozen": ("fc1", "fc2.weight")}).value("without_gradient_share") == 0.0


def test_a_table_that_no_gradient_reaches_counts_beside_the_layers() -> None:
    layers = {"weight_norm": {"a": [1.0] * 3}, "gradient_norm": {"a": [0.1] * 3}}
    assert Run(layers=layers, model={"without_gradient": ()}).value("without_gradient_share") == 0.0
    found = Run(layers=layers, model={"without_gradient": ("embedding.weight",)}).read("without_gradient_share")
    assert isinstance(found, Reading)
    assert (found.value, found.detail["layers"]) == (0.5, "embedding.weight")


def test_without_any_gradient_recorded_nothing_is_said_of_missing_ones() -> None:
    run = Run(layers={"weight_norm": {"a": [1.0] * 3}, "gradient_norm": {"a": [math.nan] * 3}})
    assert isinstance(run.read("without_gradient_share"), Unknown)


def test_the_gradient_of_the_first_time_step_is_compared_with_the_last() -> None:
    norms = {"t0": [1e-6, 1e-6, 3.0], "t1": [1e-3, 1e-3, 1e-3], "t2": [0.5, 0.5, 0.5]}
    assert Run(layers={"time_step_gradient_norm": norms}).value("first_to_last_time_step") == pytest.approx(2e-6)
