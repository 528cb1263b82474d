"""Runs sketched with a few strokes, and the numbers of a run that snippets are filled with."""

from __future__ import annotations

import numpy as np
import pytest

from expert.authoring import broken, case, config, curve, decay, facts, flat, layers, line, run, train, val, zigzag
from expert.errors import AuthoringError
from expert.facts import Facts
from expert.history import History
from expert.numbers import numbers_of, rounded


def test_strokes_have_the_form_they_are_named_for() -> None:
    assert line(1.0, 3.0, 3).values(0).tolist() == [1.0, 2.0, 3.0]
    assert flat(2.0, 2).values(0).tolist() == [2.0, 2.0]
    assert zigzag(0.5, 1.5, 4).values(0).tolist() == [1.5, 0.5, 1.5, 0.5]
    assert np.isnan(broken(3).values(0)).all()
    fall = decay(2.0, 0.5, 20).values(0)
    assert fall[0] == pytest.approx(2.0)
    assert fall[-1] == pytest.approx(0.5)
    assert np.diff(fall)[0] < np.diff(fall)[-1] < 0.0
    assert line(5.0, 7.0, 1).values(0).tolist() == [5.0]


def test_noise_is_relative_and_the_same_each_time() -> None:
    noisy = flat(100.0, 400, noise=0.1)
    assert noisy.values(1).tolist() == noisy.values(1).tolist()
    assert noisy.values(1).tolist() != noisy.values(2).tolist()
    assert np.std(noisy.values(1)) == pytest.approx(10.0, rel=0.2)


def test_a_sketch_becomes_a_history_with_marks_where_steps_are_counted() -> None:
    history = run(
        curve(train.loss, flat(1.0, 30), per_epoch=10),
        curve(val.loss, flat(1.0, 3)),
        layers=(layers("gradient_norm", first=1e-5, last=0.2),),
        config={"batch_size": 4},
    ).history()
    assert history.roles == ("train.loss", "val.loss")
    assert history.get("train.loss").clock == "step"  # type: ignore[union-attr]
    recorded = history.layer("gradient_norm")
    assert recorded is not None
    assert recorded.layers == ("first", "last")
    assert recorded.values.shape == (60, 2)
    assert history.config.batch_size == 4


def test_facts_take_terms_with_values_only() -> None:
    assert case("x", facts(config.batch_size.of(3.0))).given[0].value == 3.0
    with pytest.raises(AuthoringError, match=r"such as data\.samples\.of\(20\)"):
        facts(config.batch_size)  # type: ignore[arg-type]


def test_numbers_come_from_the_run() -> None:
    rows = [
        {"step": step, "epoch": step // 10, "optimizer.learning_rate": 0.1 / (1 + step), "gradient.norm": 1.0 + step}
        for step in range(20)
    ]
    history = History.from_records(
        rows,
        config={"epochs": 4, "steps_per_epoch": 10, "batch_size": 1},
        model={"dropout": 0.5},
        data={
            "nonfinite_where": [{"row": 3, "column": "a", "value": "nan"}, {"row": 1, "column": "b", "value": "inf"}]
        },
    )
    numbers = numbers_of(Facts(history, {}))
    assert numbers["learning_rate"] == 0.1
    assert numbers["a_tenth_of_learning_rate"] == 0.01
    assert numbers["clip_norm"] == pytest.approx(18.0)
    assert (numbers["total_steps"], numbers["warm_up_steps"], numbers["longer_epochs"]) == (40, 2, 8)
    assert numbers["smaller_batch_size"] == 1
    assert numbers["lower_dropout"] == 0.2
    assert numbers["nonfinite_rows"] == "[1, 3]"
    assert "best_epoch" not in numbers
    validated = numbers_of(Facts(History.from_columns({"val_loss": [3.0, 1.0, 2.0]}), {}))
    assert validated["best_epoch"] == 2
    few = History.from_records([{"step": 1, "gradient.norm": 1.0}])
    assert "clip_norm" not in numbers_of(Facts(few, {})), "of a handful of steps no percentile is taken"


def test_what_the_run_used_is_not_rounded_and_what_is_proposed_is() -> None:
    history = History.from_columns({"loss": [1.0]}, config={"learning_rate": 3.1416e-4, "weight_decay": 0.0123})
    numbers = numbers_of(Facts(history, {}))
    assert (numbers["learning_rate"], numbers["a_tenth_of_learning_rate"]) == (3.1416e-4, 3.1e-5)
    assert (numbers["weight_decay"], numbers["threefold_weight_decay"]) == (0.0123, 0.037)
    single = History.from_columns({"loss": [1.0]}, config={"learning_rate": float(np.float32(1e-3))})
    assert numbers_of(Facts(single, {}))["learning_rate"] == 1e-3


def test_two_digits_are_what_a_person_would_type() -> None:
    assert rounded(0.033333) == 0.033
    assert rounded(0.0) == 0.0
    assert rounded(float("inf")) == float("inf")
