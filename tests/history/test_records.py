"""The records by themselves: what they accept, keep, refuse and say in JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from pydantic import ValidationError

from expert.errors import ExpertError, SourceError, nearest, sentence
from expert.history import Event, History, LayerStatistics, RunConfig, Series
from tests.history.strategies import histories

NAN, INFINITY = float("nan"), float("inf")


def problem(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Series(**{"name": "loss", "at": [1, 2], "values": [0.5, 0.4], **fields})
    return sentence(caught.value)


def test_float64_arrays_are_shared_and_only_the_view_is_read_only() -> None:
    at, values = np.arange(3.0), np.array([1.0, NAN, -INFINITY])
    series = Series(name="loss", at=at, values=values)
    assert np.shares_memory(series.values, values)
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 2.0
    values[0] = 7.0
    assert series.values[0] == 7.0
    np.testing.assert_array_equal(series.values, [7.0, NAN, -INFINITY])


@pytest.mark.parametrize(
    "given_values",
    [[1, 2], (1.0, 2.0), np.array([1, 2], dtype=np.float32), np.arange(4.0)[::2] + 1 - np.array([0, 1]), [True, 2]],
)
def test_other_sequences_are_copied_to_contiguous_float64(given_values: object) -> None:
    series = Series(name="loss", at=[1, 2], values=given_values)
    assert series.values.dtype == np.float64
    assert series.values.flags.c_contiguous
    assert series.values.tolist() == [1.0, 2.0]


def test_a_strided_view_is_not_shared() -> None:
    table = np.arange(6.0).reshape(3, 2)
    series = Series(name="loss", at=[1, 2, 3], values=table[:, 1])
    table[:] = 0
    assert series.values.tolist() == [1.0, 3.0, 5.0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"values": [0.5]}, "values: series 'loss' has 2 positions but 1 values."),
        ({"at": [2, 2]}, "at: series 'loss': positions must rise, but 2 is followed by 2 (entry 1)."),
        ({"at": [3, 2]}, "at: series 'loss': positions must rise, but 3 is followed by 2 (entry 1)."),
        ({"at": [1, NAN]}, "at: series 'loss': position 1 is nan, expected a finite number."),
        ({"at": [1, INFINITY]}, "at: series 'loss': position 1 is inf, expected a finite number."),
        ({"at": [NAN], "values": [1]}, "at: series 'loss': position 0 is nan, expected a finite number."),
        ({"values": [0.5, None]}, "values: expected numbers: entry 1 is None; leave out what was not recorded."),
        ({"values": ["low", 1]}, "values: expected numbers: entry 0 is 'low'; leave out what was not recorded."),
        ({"values": [[1], [2]]}, "values: expected an array with 1 axes, got one of shape (2, 1)."),
        ({"values": 3.0}, "values: expected a sequence of numbers, got float."),
        ({"values": np.array([1j, 2])}, "values: expected numbers, got an array of complex128."),
    ],
)
def test_a_bad_series_is_refused_in_one_sentence(fields: dict[str, object], said: str) -> None:
    assert problem(**fields) == said


def test_records_are_frozen_and_closed() -> None:
    config = RunConfig(optimizer="adam")
    with pytest.raises(ValidationError):
        config.optimizer = "sgd"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="bacth_size"):
        RunConfig(bacth_size=3)  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Event(kind="crash", at=NAN)


def test_an_empty_config_knows_nothing() -> None:
    assert set(RunConfig().model_dump().values()) == {None}


def test_profiles_take_numpy_scalars() -> None:
    config = RunConfig(batch_size=np.int64(32), learning_rate=np.float32(0.5), shuffle=np.bool_(True))
    assert (config.batch_size, config.learning_rate, config.shuffle) == (32, 0.5, True)


def test_layer_statistics_are_positions_by_layers() -> None:
    with pytest.raises(ValidationError) as caught:
        LayerStatistics(quantity="gradient_norm", layers=("a", "b"), at=[1], values=[[1, 2, 3]])
    assert sentence(caught.value) == (
        "values: layer statistic 'gradient_norm' has values of shape (1, 3), "
        "expected (1, 2) for its positions x layers."
    )
    with pytest.raises(ValidationError, match="names a layer twice"):
        LayerStatistics(quantity="gradient_norm", layers=("a", "a"), at=[1], values=[[1, 2]])


def test_nan_equals_nan_and_everything_else_counts() -> None:
    def made(value: float, name: str = "loss") -> History:
        return History(series=(Series(name=name, at=[1, 2], values=[value, NAN]),), config=RunConfig(seed=3))

    assert made(1.0) == made(1.0)
    assert made(NAN) == made(NAN)
    assert made(1.0) != made(1.5)
    assert made(1.0) != made(NAN)
    assert made(1.0) != made(1.0, "val_loss")
    assert made(1.0) != "a history"
    assert RunConfig(learning_rate=NAN) == RunConfig(learning_rate=NAN)
    assert RunConfig(learning_rate=NAN) != RunConfig(learning_rate=None)


def test_json_spells_what_json_has_no_number_for() -> None:
    values = [1.5, NAN, INFINITY, -INFINITY, -0.0, 5e-324]
    series = Series(name="loss", at=range(6), values=values)
    text = series.model_dump_json()
    assert json.loads(text)["values"] == [1.5, "NaN", "Infinity", "-Infinity", -0.0, 5e-324]
    back = Series.model_validate_json(text)
    assert back == series
    assert math.copysign(1.0, back.values[4]) == -1.0
    assert json.loads(RunConfig(learning_rate=NAN).model_dump_json())["learning_rate"] == "NaN"


@given(histories)
def test_json_round_trip_is_exact(history: History) -> None:
    assert History.model_validate_json(history.model_dump_json()) == history
    assert History.model_validate(json.loads(history.model_dump_json())) == history


def test_json_schema_describes_what_is_written() -> None:
    schema = History.model_json_schema()
    values = schema["$defs"]["Series"]["properties"]["values"]
    assert values["type"] == "array"
    assert {"type": "number"} in values["items"]["anyOf"]
    assert schema["$defs"]["LayerStatistics"]["properties"]["values"]["items"]["type"] == "array"
    json.dumps(schema)


def test_lookup_and_summary() -> None:
    first = Series(name="loss", role="train.loss", at=[1, 2], values=[2, 1])
    second = Series(name="other", role="train.loss", at=[1, 2], values=[4, 3])
    norms = LayerStatistics(quantity="gradient_norm", layers=("a",), at=[10, 20], values=[[1], [2]])
    history = History(series=(first, second, Series(name="x", at=[1], values=[1])), layers=(norms,))
    assert history.get("train.loss") is first
    assert history.get("val.loss") is None
    assert history.layer("gradient_norm") is norms
    assert history.layer("weight_norm") is None
    assert history.roles == ("train.loss",)
    assert history.summary == "3 series (train.loss) and 1 layer statistic over 2 epochs, 20 steps."
    assert History().summary == "0 series."
    assert bool(History())


@pytest.mark.parametrize(
    ("at", "epochs"),
    [
        ([0, 1, 2], 3),
        ([1, 2, 3], 3),
        ([2, 4, 6], 6),
        ([6, 7, 8, 9], 4),
        ([0.5, 1.0, 1.5, 2.0], 2),
        ([0], 1),
        ([0.1, 0.2], 1),
    ],
)
def test_epochs_are_counted_however_the_log_counts(at: list[float], epochs: int) -> None:
    history = History(series=(Series(name="loss", at=at, values=at, clock="epoch"),))
    assert history.epochs == epochs
    assert history.steps is None


def test_nearest_spelling() -> None:
    assert nearest("optimiser", ["optimizer", "momentum"]) == " Did you mean 'optimizer'?"
    assert nearest("qqq", ["optimizer"]) == ""
    assert issubclass(SourceError, ExpertError)
    assert issubclass(ExpertError, ValueError)
