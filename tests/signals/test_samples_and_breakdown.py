"""Signals of broken cells, targets, shifts, and of a loss that breaks or sits at the ceiling of a clamp."""

from __future__ import annotations

import math

import numpy as np
import pytest

from expert.signals.signal import Unknown
from tests.signals.runs import Run

NAN = math.nan


def test_cells_are_counted_and_placed() -> None:
    cells = ({"row": 9, "column": "age", "value": "nan"}, {"row": 11, "column": "time 2, feature 1", "value": "-inf"})
    run = Run(data={"nonfinite_cells": 2, "nonfinite_where": cells})
    assert run.value("nonfinite_cells") == 2.0
    where = run.read("nonfinite_cells").detail["where"]  # type: ignore[union-attr]
    assert where == "nan in row 9, column age; -inf in row 11, time 2, feature 1"
    assert run.value("infinite_cells") is True
    assert Run(data={"nonfinite_cells": 0}).value("infinite_cells") is False
    assert Run(data={"nonfinite_cells": 1, "nonfinite_where": cells[:1]}).value("infinite_cells") is False
    assert isinstance(Run().read("nonfinite_cells"), Unknown)
    assert isinstance(Run(data={"nonfinite_cells": 1}).read("infinite_cells"), Unknown)


def test_the_offset_of_a_target_is_in_its_own_spreads() -> None:
    assert Run(data={"target_mean": -6.0, "target_std": 1.5}).value("target_offset") == 4.0
    assert Run(data={"target_mean": 2.0, "target_std": 0.0}).value("target_offset") == 1e12


@pytest.mark.parametrize("counts", [(500, 500), (900, 80, 20), tuple([20] * 50)])
def test_label_shares_of_random_splits_differ_as_chance_has_it(counts: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(counts)), counts)
    found = []
    for _ in range(40):
        drawn = rng.permutation(np.tile(labels, 2))
        train, val = drawn[:1000], drawn[1000:1400]
        shares = [np.bincount(part, minlength=len(counts)) / len(part) for part in (train, val)]
        data = {
            "samples": len(train),
            "validation_samples": len(val),
            "label_shift": float(np.abs(shares[0] - shares[1]).sum() / 2),
            "class_counts": tuple(np.bincount(train, minlength=len(counts)).tolist()),
        }
        found.append(Run(data=data).value("label_shift_over_chance"))
    assert np.mean(found) == pytest.approx(1.0, abs=0.2)
    assert max(found) < 4.0


def test_a_broken_loss_is_found_in_training_in_validation_and_behind_a_filter() -> None:
    down = [1.4, 1.2, 1.0]
    assert Run({"train.loss": [*down, NAN]}).value("broken_loss") is True
    found = Run({"train.loss": [*down, 0.9], "val.loss": [*down, math.inf]}).read("broken_loss")
    assert (found.value, found.at, found.detail["which"]) == (True, 4.0, "val.loss")  # type: ignore[union-attr]
    assert Run({"train.loss": [*down, 0.0, 0.0], "gradient.norm": [1, 1, 1, NAN, NAN]}).value("broken_loss") is True
    assert Run({"train.loss": [*down, 0.0, 0.0], "gradient.norm": [1, 1, 1, 1, 1]}).value("broken_loss") is False
    assert Run({"train.loss": [*down, 0.0, 0.5]}).value("broken_loss") is False
    assert Run({"train.loss": [1.0, 0.01, 0.0]}).value("broken_loss") is False
    assert isinstance(Run({"val.accuracy": [0.5]}).read("broken_loss"), Unknown)


@pytest.mark.parametrize(
    ("values", "what", "share"),
    [
        ([1.0, NAN, NAN], "NaN from epoch 2 on", 1.0),
        ([1.0, math.inf, 0.9, 0.8], "infinite at epoch 2, and finite afterwards", 1 / 3),
        ([1.0, NAN, 0.9, NAN, 0.8], "NaN at epoch 2, the first of 2 times", 0.5),
    ],
)
def test_a_loss_that_is_finite_again_is_told_from_one_that_stays_broken(
    values: list[float], what: str, share: float
) -> None:
    run = Run({"train.loss": values})
    assert run.read("broken_loss").detail["what"] == what  # type: ignore[union-attr]
    assert run.value("broken_share") == pytest.approx(share)
    assert isinstance(Run({"train.loss": [1.0, 0.5]}).read("broken_share"), Unknown)


def test_growth_before_the_break_is_measured_against_the_median_before() -> None:
    run = Run({"train.loss": [2.0] * 100 + [2.0, 8.0, 20.0, NAN]})
    assert run.value("loss_growth_before_break", "train.loss") == 10.0
    assert Run({"train.loss": [2.0] * 100 + [NAN]}).value("loss_growth_before_break", "train.loss") == 1.0
    assert isinstance(Run({"train.loss": [2.0, 1.0]}).read("loss_growth_before_break", "train.loss"), Unknown)


@pytest.mark.parametrize("clamp", [1e-10, 1e-7])
def test_the_ceiling_of_a_clamp_shows_in_the_price_of_a_wrong_sample(clamp: float) -> None:
    accuracy = np.array([0.25, 0.3, 0.28])
    stuck = Run({"val.loss": -(1 - accuracy) * math.log(clamp), "val.accuracy": accuracy})
    assert stuck.value("clamp_match", "val.loss", "val.accuracy") == pytest.approx(0.0, abs=1e-12)
    honest = Run({"val.loss": [1.39, 1.38, 1.37], "val.accuracy": accuracy})
    assert honest.value("clamp_match", "val.loss", "val.accuracy") > 0.5
    other = Run(
        {"val.loss": -(1 - accuracy) * math.log(clamp), "val.accuracy": accuracy}, config={"probability_clamp": 1e-3}
    )
    assert other.value("clamp_match", "val.loss", "val.accuracy") > 0.5
    by_accident = Run({"val.loss": [0.5139, 0.5131, 0.518], "val.accuracy": [0.9825, 0.9875, 0.985]})
    assert by_accident.value("clamp_match", "val.loss", "val.accuracy") > 0.05
