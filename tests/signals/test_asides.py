"""Signals of what is logged beside the losses: repeated batches, sizes of logits, scores, and experiments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import History
from expert.facts import Facts
from expert.language.handles import Metric, signal
from tests.signals.runs import BY_ID


def read(identity: str, *roles: str, columns: dict[str, Any] | None = None, **known: Any) -> Any:
    """The value of a signal on a run of these columns, or the reason why there is none."""
    history = History.from_columns(columns, **known) if columns else History.model_validate(known)
    fact = Facts(history, BY_ID).get(getattr(signal, identity)(*map(Metric, roles)).node)
    return fact.reason if fact.value is None else fact.value


def steps(**series: Any) -> dict[str, Any]:
    length = len(next(iter(series.values())))
    return {"step": list(range(1, length + 1))} | {name.replace("__", "."): list(one) for name, one in series.items()}


def test_repeated_batches_are_counted_and_shared() -> None:
    columns = steps(train__loss=np.linspace(2, 1, 20), batch__repeated=[0] * 15 + [1] * 5)
    assert read("repeated_batches", columns=columns) == 5
    assert read("repeated_batch_share", columns=columns) == 0.25
    assert "no batch.repeated" in read("repeated_batches", columns=steps(train__loss=np.linspace(2, 1, 20)))


@pytest.mark.parametrize(("size", "tuned", "expected"), [(256, 32, 8.0), (32, 256, 8.0), (64, 64, 1.0)])
def test_the_batch_against_the_one_the_rate_was_chosen_for(size: int, tuned: int, expected: float) -> None:
    assert read("batch_over_tuned", config={"batch_size": size, "tuned_batch_size": tuned}) == expected


@pytest.mark.parametrize(("count", "expected"), [(10, 0.32), (50, 1.0)])
def test_what_an_epoch_can_show(count: int, expected: float) -> None:
    told = {"config": {"batch_size": 32, "steps_per_epoch": count}, "data": {"samples": 1000}}
    assert read("seen_share", **told) == pytest.approx(expected)
    assert "not known" in read("seen_share", config={"batch_size": 32})


def test_late_size_and_growth_go_by_size_and_not_by_sign() -> None:
    rising = -np.concatenate([np.full(30, 10.0), np.full(30, 20.0), np.full(30, 50.0)])
    columns = steps(train__loss=np.ones(90), output__log_normalizer=rising)
    assert read("late_size", "output.log_normalizer", columns=columns) == 50.0
    assert read("size_growth", "output.log_normalizer", columns=columns) == 2.5


def test_sizes_count_for_the_steps_they_stand_for() -> None:
    """A collector looks often at first: ten early looks must not outvote the rest of the run."""
    at = [*range(1, 11), *range(100, 1001, 100)]
    values = [5.0] * 10 + [7.0] * 3 + [9.0] * 7
    columns = {"step": at, "train.loss": [1.0] * 20, "attention.largest_logit": values}
    assert read("late_size", "attention.largest_logit", columns=columns) == 9.0
    assert read("size_growth", "attention.largest_logit", columns=columns) == pytest.approx(9 / 7, rel=0.35)


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_scores_are_shares_whether_logged_in_percent_or_not(unit: float) -> None:
    train, val = np.linspace(0.5, 0.8, 12) * unit, np.linspace(0.6, 0.9, 12) * unit
    columns = {"epoch": list(range(1, 13)), "train.accuracy": list(train), "val.accuracy": list(val)}
    assert read("score_lead", "val.accuracy", "train.accuracy", columns=columns) == pytest.approx(0.1, abs=0.02)
    assert read("early_score", "val.accuracy", columns=columns) == pytest.approx(0.6 + 2 * 0.3 / 11, abs=1e-6)


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_what_a_score_lacks_of_a_perfect_one_is_told_of_its_end(unit: float) -> None:
    scores = np.concatenate([np.linspace(0.5, 0.98, 9), np.full(3, 0.96)]) * unit
    columns = {"epoch": list(range(1, 13)), "val.accuracy": list(scores), "val.loss": list(1.0 - scores / unit)}
    assert read("errors_left", "val.accuracy", columns=columns) == pytest.approx(0.04)
    assert "is an error already" in read("errors_left", "val.loss", columns=columns)
    beyond = {"epoch": list(range(1, 7)), "val.accuracy": [1.0 * unit + 1e-6] * 6}
    assert read("errors_left", "val.accuracy", columns=beyond) == 0.0
    short = {"epoch": [1, 2], "val.accuracy": [0.9, 0.9]}
    assert "2 values; 3 are needed" in read("errors_left", "val.accuracy", columns=short)


def test_early_means_the_first_three_epochs() -> None:
    columns = {"epoch": list(range(1, 11)), "val.accuracy": [0.5, 0.6, 0.7, *[0.99] * 7]}
    assert read("early_score", "val.accuracy", columns=columns) == pytest.approx(0.7)


def test_the_run_without_inputs_against_the_one_with_them() -> None:
    columns = {"epoch": list(range(1, 13)), "train.loss": list(np.geomspace(1.4, 0.35, 12))}
    assert read("blind_loss_ratio", columns=columns, config={"blind_loss": 1.4}) == pytest.approx(4.0, rel=0.15)
    assert "without inputs is not known" in read("blind_loss_ratio", columns=columns)
    assert "no ratio" in read("blind_loss_ratio", columns=columns, config={"blind_loss": -1.0})
