"""Suggestions are followed as they are said, and nothing else is taken from the full record."""

from __future__ import annotations

import pytest

from expert import advise
from expert.history import DataProfile, History, ModelProfile, RunConfig

from .judging import seen
from .problems import PROBLEMS
from .recording import could_be_recorded, followed
from .training import train


@pytest.fixture(scope="module")
def full() -> History:
    problem = PROBLEMS["digits-mlp"]
    return train(problem, problem.sound.but(samples=200, validation_samples=60, epochs=2), 3).history


@pytest.mark.parametrize(
    ("how", "series", "layers"),
    [
        ('log "gradient.norm": the norm of all gradients', {"gradient.norm"}, set()),
        ("log optimizer.learning_rate", {"optimizer.learning_rate"}, set()),
        ('record "weight_norm" per layer: {name: p.norm()}', set(), {"weight_norm"}),
    ],
)
def test_what_is_to_be_logged_is_taken_from_the_full_record(
    full: History, how: str, series: set[str], layers: set[str]
) -> None:
    known = seen(full, "curves")
    after = followed(full, known, how)
    assert {one.role for one in after.series} - {one.role for one in known.series} == series
    assert {one.quantity for one in after.layers} == layers
    assert (after.config, after.model, after.data) == (RunConfig(), ModelProfile(), DataProfile())


def test_fields_are_told_one_by_one_and_a_model_or_arrays_tell_all_of_theirs(full: History) -> None:
    known = seen(full, "curves")
    told = followed(full, known, 'advise(..., config={"optimizer": ...}, data={"samples": ...})')
    assert told.config == RunConfig(optimizer=full.config.optimizer)
    assert told.data == DataProfile(samples=full.data.samples)
    live = followed(full, known, 'advise(..., model=your_model) or model={"dropout": ...}')
    assert (live.model, live.data) == (full.model, DataProfile())
    assert followed(full, known, "advise(..., data=((x, y), (x_val, y_val)))").data == full.data


@pytest.mark.parametrize("how", ["record more epochs", "log scaler.scale", "log train.loss"])
def test_what_the_full_record_does_not_hold_changes_nothing(full: History, how: str) -> None:
    known = seen(full, "curves")
    assert followed(full, known, how) is known


def test_settings_model_and_data_are_one_thing_to_record_each(full: History) -> None:
    possible = could_be_recorded(advise(seen(full, "curves")))
    assert [how for how in possible if how.startswith(("config", "model", "data"))] == possible[:3]
    assert not [how for how in possible[3:] if "config=" in how or "model=" in how or "data=" in how]
    after = followed(full, seen(full, "curves"), possible[0])
    assert after.config.learning_rate == full.config.learning_rate
