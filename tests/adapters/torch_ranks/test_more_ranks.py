"""Accumulation, clipping, uneven inputs, partitioned optimizers, tensor parallelism and resuming, on two ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import programs, programs_more
from .pair import Ranks
from .test_ranks import disagreements, series

ROLES = ("gradient.norm", "weight.norm", "update.ratio", "gradient.cosine")


def check_like(history: Any, expected: Any, roles: tuple[str, ...] = ROLES) -> None:
    for role in roles:
        np.testing.assert_allclose(series(history, role).values, series(expected, role).values, rtol=1e-4, atol=1e-6)


def test_accumulation_is_no_disagreement(pair: Ranks) -> None:
    (history, norms), _ = pair.run(programs_more.accumulated)
    assert disagreements(history) == []
    assert history.config.gradient_accumulation_steps == 2
    assert len(series(history, "train.loss")) == 40
    np.testing.assert_allclose(series(history, "gradient.norm").values, norms[:11], rtol=1e-4)


@pytest.mark.parametrize("kind", ["ddp", pytest.param("fsdp", marks=pytest.mark.slow)])
@pytest.mark.parametrize("tell", ["norm", "bound", "nothing"])
def test_norms_after_clipping_are_called_so(pair: Ranks, kind: str, tell: str) -> None:
    (history, norms), _ = pair.run(programs_more.clipped, kind, tell)
    np.testing.assert_allclose(series(history, "gradient.norm_after_clipping").values, 0.01, rtol=1e-3)
    assert history.config.clip_norm == (None if tell == "norm" else 0.01)
    if tell == "norm":
        np.testing.assert_allclose(series(history, "gradient.norm").values, norms, rtol=1e-4)
    else:
        assert history.get("gradient.norm") is None
    assert history.get("gradient.clipped") is None


def test_uneven_inputs_are_told_as_such_and_replicas_not_doubted(pair: Ranks) -> None:
    history, _ = pair.run(programs_more.uneven)
    (told,) = disagreements(history)
    assert told.text.startswith("epoch 1 ended after step 30 on rank 0 and after step 24 on rank 1, as uneven inputs")
    assert len(series(history, "train.loss")) == 90


@pytest.mark.slow
def test_an_optimizer_that_is_partitioned_is_seen_as_a_whole(pair: Ranks) -> None:
    history, _ = pair.run(programs_more.partitioned)
    check_like(history, programs.alone(75)[0])
    assert not [note for note in history.notes if "does not hold" in note or "rank" in note]


@pytest.mark.slow
@pytest.mark.parametrize("original", [False, True])
def test_norms_are_right_with_the_older_sharding(pair: Ranks, original: bool) -> None:
    history, _ = pair.run(programs_more.flat, original)
    check_like(history, programs.alone(75)[0], ("gradient.norm", "gradient.cosine"))
    # Weights, gains and biases lie in one flat parameter, so what the layers' weights are is not known.
    assert history.get("weight.norm") is None


def test_what_lies_on_both_ranks_counts_once(pair: Ranks) -> None:
    history, _ = pair.run(programs_more.tensor_parallel)
    expected = programs_more.not_parallel(programs.BATCH)
    check_like(history, expected)
    np.testing.assert_allclose(
        history.layer("weight_norm").values, expected.layer("weight_norm").values, rtol=1e-4, atol=1e-6
    )
    assert disagreements(history) == []


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "ranks"), [("copies", 4), ("shards", 2)])
def test_on_a_mesh_of_four_ranks_every_part_counts_once(kind: str, ranks: int) -> None:
    four = Ranks(4)
    try:
        history, *_ = four.run(programs_more.on_a_mesh, kind)
    finally:
        four.stop()
    check_like(history, programs_more.not_parallel(ranks * programs.BATCH))
    assert [note for note in history.notes if "rank" in note] == []


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_numbers_that_a_device_delivers_late_are_joined_all_the_same(pair: Ranks, kind: str) -> None:
    (history, own, _), (_, other, _) = pair.run(programs_more.on_a_device, kind, 75)
    loss = series(history, "train.loss")
    np.testing.assert_array_equal(loss.at, np.arange(1.0, 76.0))
    np.testing.assert_allclose(loss.values, (np.array(own) + np.array(other)) / 2, rtol=1e-5)
    check_like(history, programs.alone(75)[0])
    assert disagreements(history) == []


@pytest.mark.parametrize("saved_by", ["all", "rank zero"])
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_a_run_goes_on_after_a_restart(pair: Ranks, kind: str, saved_by: str) -> None:
    history, _ = pair.run(programs_more.resumed, kind, saved_by)
    np.testing.assert_array_equal(series(history, "train.loss").at, np.arange(1.0, 61.0))
    np.testing.assert_array_equal(series(history, "gradient.norm").at, [*range(1, 12), *range(31, 42)])
    assert disagreements(history) == []
    assert [note for note in history.notes if "rank" in note] == []


def test_a_checkpoint_does_not_wait_for_ranks_that_wait_for_it(pair: Ranks) -> None:
    (states, history), _ = pair.run(programs_more.saved_while_others_wait)
    for count, saved in zip((10, 20), states, strict=True):
        assert len(series(saved, "train.loss")) == count
        assert [note for note in saved.notes if "is that of rank 0" in note]
    assert len(series(history, "train.loss")) == 30
    assert [note for note in history.notes if "rank" in note] == []
