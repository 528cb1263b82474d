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
