"""One record of a distributed run, whatever the ranks do; and the training is what it would be without a watcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expert import advise
from expert.history import History, Series

from . import programs
from .pair import PATIENT, Ranks

STEPS = 75


def series(history: History, role: str) -> Series:
    found = history.get(role)
    assert found is not None, f"{role} is not among {history.roles}"
    return found


def disagreements(history: History) -> list[Any]:
    return [event for event in history.events if event.kind == "ranks_disagree"]


@pytest.fixture(scope="module")
def reference() -> tuple[History, list[list[float]]]:
    return programs.alone(STEPS)


@pytest.fixture(scope="module", params=["ddp", "fsdp"])
def trained(request: pytest.FixtureRequest, pair: Ranks) -> list[tuple[History, list[float], list[torch.Tensor]]]:
    return pair.run(programs.train, request.param, STEPS)


def test_rank_zero_has_the_mean_of_all_losses(trained: Any, reference: Any) -> None:
    (history, own, _), (_, other, _) = trained
    loss = series(history, "train.loss")
    assert loss.labels == ()
    np.testing.assert_array_equal(loss.at, np.arange(1.0, STEPS + 1))
    np.testing.assert_allclose(loss.values, (np.array(own) + np.array(other)) / 2, rtol=1e-12)
    np.testing.assert_allclose(loss.values, np.mean(reference[1], axis=0), rtol=1e-4)


@pytest.mark.parametrize("role", ["gradient.norm", "weight.norm", "update.ratio", "gradient.cosine"])
def test_norms_are_those_of_one_process(trained: Any, reference: Any, role: str) -> None:
    history, expected = series(trained[0][0], role), series(reference[0], role)
    np.testing.assert_array_equal(history.at, expected.at)
    np.testing.assert_allclose(history.values, expected.values, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("quantity", ["gradient_norm", "gradient_mean_abs", "weight_norm", "update_ratio"])
def test_norms_of_layers_are_those_of_one_process(trained: Any, reference: Any, quantity: str) -> None:
    history, expected = trained[0][0].layer(quantity), reference[0].layer(quantity)
    assert history.layers == expected.layers
    np.testing.assert_array_equal(history.at, expected.at)
    np.testing.assert_allclose(history.values, expected.values, rtol=1e-4, atol=1e-7)


def test_a_healthy_run_is_met_with_silence(trained: Any) -> None:
    history = trained[0][0]
    assert disagreements(history) == []
    assert [note for note in history.notes if "rank" in note] == []
    assert not [one for one in history.series if one.labels]
    assert history.epochs == STEPS // 25


def test_other_ranks_keep_a_record_of_their_own_and_say_so(trained: Any) -> None:
    history, own, _ = trained[1]
    np.testing.assert_allclose(series(history, "train.loss").values, own)
    assert [note for note in history.notes if "This is the record of rank 1 alone" in note]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_weights_are_bit_for_bit_those_without_a_watcher(pair: Ranks, kind: str) -> None:
    watched = pair.run(programs.train, kind, 30)
    free = pair.run(_unwatched, kind, 30)
    for (_, _, mine), (_, _, theirs) in zip(watched, free, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(mine, theirs, strict=True))


def _unwatched(rank: int, kind: str, steps: int) -> Any:
    return programs.train(rank, kind, steps, watched=False)


def test_rank_zero_alone_writes_the_file(pair: Ranks, tmp_path: Path) -> None:
    (history, files, loaded), _ = pair.run(programs.journaled, str(tmp_path))
    assert files == ["run.expert"]
    np.testing.assert_array_equal(series(loaded, "train.loss").values, series(history, "train.loss").values)
    assert not [note for note in loaded.notes if "goes back" in note]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_ranks_of_unequal_speed_look_at_the_same_steps(pair: Ranks, kind: str) -> None:
    history, _ = pair.run(programs.at_different_speeds, kind)
    np.testing.assert_array_equal(series(history, "gradient.norm").at, [*range(1, 12), 50, 51])
    assert [note for note in history.notes if "rank" in note] == []


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_epochs_may_be_told_on_rank_zero_only(pair: Ranks, kind: str) -> None:
    history, _ = pair.run(programs.epochs_on_rank_zero, kind)
    assert history.epochs == 3
    assert len(series(history, "train.loss")) == 60
    assert len(series(history, "gradient.norm")) == 13
    assert [note for note in history.notes if "rank" in note] == []


def test_a_watcher_on_rank_zero_only_hangs_nobody(pair: Ranks) -> None:
    (history, seconds), _ = pair.run(programs.watched_on_rank_zero, "ddp")
    assert seconds < PATIENT / 2
    assert len(series(history, "train.loss")) == 20
    assert "Nothing was heard of rank 1; watch has to be called on every rank." in history.notes
    assert len(series(history, "gradient.norm")) == 11


def test_a_part_of_a_model_is_not_taken_for_the_whole(pair: Ranks) -> None:
    (history, _), _ = pair.run(programs.watched_on_rank_zero, "fsdp")
    assert [note for note in history.notes if "those of the part on rank 0" in note]


def test_the_last_records_arrive_although_the_group_is_gone(pair: Ranks) -> None:
    history, _ = pair.run(programs.closed_behind_the_group)
    assert len(series(history, "train.loss")) == 30
    assert [note for note in history.notes if "rank" in note] == []


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_without_a_store_every_rank_has_its_own_record(pair: Ranks, kind: str) -> None:
    history, _ = pair.run(programs.without_store, kind)
    assert len(series(history, "train.loss")) == 30
    assert [note for note in history.notes if "there is no store" in note]


@pytest.mark.parametrize(
    ("fault", "told", "at"),
    [
        ("seeds", "rank 1 holds other weights than rank 0", 1),
        ("rates", "rank 1 holds other weights than rank 0", 2),
        ("bypass", "rank 1 applies other gradients than rank 0", 1),
    ],
)
def test_replicas_that_drift_apart_are_told(pair: Ranks, fault: str, told: str, at: int) -> None:
    history, _ = pair.run(programs.by_hand, fault)
    assert [(event.at, event.text.startswith(told)) for event in disagreements(history)][:1] == [(at, True)]
    assert [note for note in history.notes if told in note]
    assert {one.labels for one in history.series if one.role == "train.loss"} >= {(("rank", "0"),), (("rank", "1"),)}


def test_replicas_kept_together_by_hand_are_fine(pair: Ranks) -> None:
    history, _ = pair.run(programs.by_hand, "none")
    assert disagreements(history) == []


def test_a_loss_that_breaks_on_one_rank_is_told_with_its_rank(pair: Ranks) -> None:
    history, _ = pair.run(programs.broken_batch)
    (told,) = disagreements(history)
    assert told.at == 20
    assert told.text == "the loss is nan on rank 1 and finite on the others"
    (broken, *_) = [event for event in history.events if event.kind == "nonfinite_loss" and event.at == 20]
    assert "rank 1" in broken.text
    assert "row 3, feature 7" in broken.text
    others = next(one for one in history.series if one.labels == (("rank", "1"),))
    assert np.isnan(others.values[-1])
    assert advise(history).findings


def test_a_rank_with_harder_samples_is_told(pair: Ranks) -> None:
    history, _ = pair.run(programs.harder_samples)
    (told,) = disagreements(history)
    assert told.text.startswith("the mean loss of rank 1 stays above that of the others")


@pytest.mark.parametrize(
    ("kind", "victim"),
    [
        ("ddp", 1),
        ("ddp", 0),
        pytest.param("fsdp", 1, marks=pytest.mark.slow),
        pytest.param("fsdp", 0, marks=pytest.mark.slow),
    ],
)
def test_a_rank_that_dies_leaves_the_others_as_they_would_be(kind: str, victim: int, tmp_path: Path) -> None:
    ranks = Ranks()
    try:
        ranks.start(programs.killed, kind, victim, str(tmp_path))
        history, seconds = ranks.answer(1 - victim)
    finally:
        ranks.stop()
    assert seconds < PATIENT / 2
    assert len(series(history, "train.loss")) >= 39
    assert [event for event in history.events if event.kind == "crash"]
    if victim == 0:
        assert len(series(History.load(tmp_path / "run.expert"), "train.loss")) >= 10
