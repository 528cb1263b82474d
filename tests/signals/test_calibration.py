"""Losses against what the accuracy beside them allows, and against the floor of a doubled softmax."""

from __future__ import annotations

import math

import numpy as np
import pytest

from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run, decay


def calibrated_run(sharpness: float) -> Run:
    """Accuracy and loss of honest probabilities over four classes, raised to a power: 1 keeps them honest."""
    rng = np.random.default_rng(0)
    accuracies, losses = [], []
    for scale in np.linspace(0.5, 4.0, 12):
        logits = scale * rng.standard_normal((4000, 4))
        honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        labels = (honest.cumsum(1) > rng.random((4000, 1))).argmax(1)
        told = honest**sharpness / (honest**sharpness).sum(1, keepdims=True)
        accuracies.append(float((told.argmax(1) == labels).mean()))
        losses.append(float(-np.log(told[np.arange(4000), labels]).mean()))
    return Run({"train.loss": losses, "train.accuracy": accuracies}, data={"classes": 4})


def ratio(run: Run) -> float:
    return float(run.value("loss_over_calibrated", "train.loss", "train.accuracy"))


def test_honest_probabilities_read_about_one_and_timid_ones_more() -> None:
    assert 0.6 < ratio(calibrated_run(1.0)) < 1.1
    assert ratio(calibrated_run(0.1)) > 1.3


def test_a_percentage_is_a_share_times_hundred() -> None:
    loss = decay(12, start=1.3, end=0.75)
    shares = np.linspace(0.5, 0.98, 12)
    runs = [Run({"train.loss": loss, "train.accuracy": shares * scale}) for scale in (1.0, 100.0)]
    assert ratio(runs[0]) == pytest.approx(ratio(runs[1]))


def test_a_sum_or_a_squared_error_is_not_judged() -> None:
    series = {"train.loss": decay(12), "train.accuracy": np.linspace(0.5, 0.98, 12)}
    for config in ({"loss_reduction": "sum"}, {"loss": "mse"}):
        found = Run(series, config=config).read("loss_over_calibrated", "train.loss", "train.accuracy")
        assert isinstance(found, Unknown)


def doubted(classes: int, wrong: float, told: bool = True) -> Reading | Unknown:
    """A network that has learned all there is where a share of the labels names another class, any of them."""
    right = 1.0 - wrong
    loss = -right * math.log(right) - wrong * math.log(wrong / (classes - 1))
    series = {"val.loss": np.linspace(math.log(classes), loss, 12), "val.accuracy": np.linspace(1 / classes, right, 12)}
    series = {name: np.append(values, [values[-1]] * 6) for name, values in series.items()}
    data = {"classes": classes} if told else {}
    return Run(series, data=data).read("loss_over_even_doubt", "val.loss", "val.accuracy")


@pytest.mark.parametrize(("classes", "wrong"), [(2, 0.3), (5, 0.4), (10, 0.6), (100, 0.5)])
def test_wrong_labels_leave_the_same_doubt_about_every_sample(classes: int, wrong: float) -> None:
    found = doubted(classes, wrong)
    assert isinstance(found, Reading)
    assert float(found.value) == pytest.approx(1.0, abs=1e-6)


def test_samples_that_are_hard_to_different_degrees_leave_less_than_the_same_doubt() -> None:
    assert float(calibrated_run(1.0).value("loss_over_even_doubt", "train.loss", "train.accuracy")) < 0.87


def test_without_a_number_of_classes_or_any_skill_no_doubt_is_told() -> None:
    assert isinstance(doubted(10, 0.5, told=False), Unknown)
    assert isinstance(doubted(10, 0.89), Unknown)


@pytest.mark.parametrize(("data", "classes"), [({"classes": 7}, 7), ({"class_counts": (5, 3, 2)}, 3)])
def test_classes_are_counted_as_told(data: dict[str, object], classes: int) -> None:
    assert float(Run({"train.loss": decay(12)}, data=data).value("number_of_classes")) == classes


def test_a_regression_has_no_number_of_classes() -> None:
    run = Run({"train.loss": decay(12)}, config={"loss": "mse"}, data={"classes": 7})
    assert isinstance(run.read("number_of_classes"), Unknown)


@pytest.mark.parametrize("classes", [2, 4, 10, 100])
def test_the_floor_is_what_a_doubled_softmax_reaches_when_it_is_sure(classes: int) -> None:
    sure = np.exp(np.eye(classes)[0])
    floor = -math.log(sure[0] / sure.sum())
    run = Run({"train.loss": np.linspace(math.log(classes), floor, 10)}, data={"classes": classes})
    assert run.value("nearest_softmax_floor", "train.loss") == pytest.approx(0.0, abs=1e-12)


def test_a_start_above_ln_c_rules_c_classes_out() -> None:
    two = math.log(1 + 1 / math.e)
    found = Run({"train.loss": np.linspace(1.6, two, 10)}).read("nearest_softmax_floor", "train.loss")
    assert isinstance(found, Reading)
    assert found.detail["classes"] >= 5
    assert float(found.value) > 0.5
