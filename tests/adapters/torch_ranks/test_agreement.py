"""What counts as a disagreement of ranks: no healthy noise does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from expert.adapters.live.agreement import Disagreement, LossAgreement, Norms, Replica, ReplicaAgreement, ranks_named

STEPS = 30


def epochs_of(losses: Any, *, steps: int = STEPS, late: bool = False) -> list[Disagreement]:
    """What is found in losses, ranks x steps, in epochs of so many steps; ``late``: they arrive after the epoch."""
    losses = np.asarray(losses, dtype=float)
    agreement = LossAgreement(len(losses))
    found = []
    for start in range(0, losses.shape[1], steps):
        part = losses[:, start : start + steps]
        at = np.arange(start + 1.0, start + part.shape[1] + 1)
        if late:
            agreement.epoch(start + steps)
        found += agreement.add(at, part, np.ones(part.shape, dtype=bool))
        if not late:
            agreement.epoch(start + steps)
    found += agreement.add(np.array([]), np.empty((len(losses), 0)), np.empty((len(losses), 0), dtype=bool))
    return found


def noisy(draw: Any, ranks: int, epochs: int, spread: float, steps: int = STEPS) -> Any:
    course = 0.1 + 2.0 * np.exp(-np.arange(epochs * steps) / 100.0)
    return course * draw.lognormal(0.0, spread, size=(ranks, epochs * steps))


@pytest.mark.parametrize("ranks", [2, 8, 64])
@pytest.mark.parametrize("steps", [8, 30, 200])
def test_healthy_noise_is_met_with_silence(ranks: int, steps: int) -> None:
    draw = np.random.default_rng(ranks * 1000 + steps)
    for spread in (0.05, 0.3, 1.0):
        for _ in range(20 if ranks < 64 else 4):
            assert epochs_of(noisy(draw, ranks, 10, spread, steps), steps=steps) == []


def test_parts_of_a_small_set_that_are_never_mixed_are_no_disagreement_by_chance() -> None:
    """Each rank meets the same samples in every epoch: what one epoch says, the next one repeats."""
    draw = np.random.default_rng(3)
    told = 0
    for _ in range(100):
        own = draw.lognormal(0.0, 0.5, size=(4, 16))
        losses = np.concatenate([np.array([draw.permutation(part) for part in own]) for _ in range(10)], axis=1)
        told += bool(epochs_of(losses, steps=16))
    assert told == 0


@pytest.mark.parametrize("late", [False, True])
def test_a_rank_that_stays_apart_is_told_once(late: bool) -> None:
    losses = noisy(np.random.default_rng(0), 4, 6, 0.1)
    losses[2] *= 1.5
    (found,) = epochs_of(losses, late=late)
    assert found.ranks[0] == 2
    assert found.at == 1
    assert "rank 2 stays above" in found.text


def test_a_rank_that_is_apart_only_for_a_while_is_not() -> None:
    losses = noisy(np.random.default_rng(0), 4, 6, 0.1)
    losses[2, : 2 * STEPS] *= 1.5
    assert epochs_of(losses) == []


def test_a_small_difference_is_none_however_sure() -> None:
    losses = np.tile(np.linspace(2.0, 1.0, 300), (2, 1))
    losses[1] *= 1.08
    assert epochs_of(losses) == []


@pytest.mark.parametrize("factor", [1e-8, 1.0, 1e8, -1.0])
def test_the_scale_of_the_loss_does_not_matter(factor: float) -> None:
    losses = noisy(np.random.default_rng(0), 2, 6, 0.1)
    losses[1] *= 1.5
    assert len(epochs_of(factor * losses)) == 1


def test_without_epochs_windows_of_steps_are_compared() -> None:
    losses = noisy(np.random.default_rng(0), 2, 30, 0.1)
    losses[1] *= 1.5
    agreement = LossAgreement(2)
    found = []
    for start in range(0, losses.shape[1], 7):
        part = losses[:, start : start + 7]
        found += agreement.add(np.arange(start, start + part.shape[1]) + 1.0, part, np.ones(part.shape, dtype=bool))
    assert len(found) == 1


def test_not_finite_on_one_rank_is_told_with_its_step() -> None:
    losses = np.ones((3, 20))
    losses[1, 11] = math.nan
    losses[:, 15:] = math.nan
    (found,) = epochs_of(losses)
    assert found == Disagreement(12, "the loss is nan on rank 1 and finite on the others", (1,))


def test_not_finite_everywhere_is_no_disagreement() -> None:
    losses = np.ones((3, 20))
    losses[:, 11:] = math.inf
    assert epochs_of(losses) == []


def replica(gradients: Any, weights: Any, mark: Any = None) -> Replica:
    norms = (Norms(tuple(range(len(of))), np.array(of)) for of in (gradients, weights))
    return Replica(*norms, mark)


def compared(*looks: tuple[Replica, Replica]) -> list[Disagreement | None]:
    agreement = ReplicaAgreement()
    return [agreement.add(at, 1, own, other, ["a", "b"]) for at, (own, other) in enumerate(looks, 1)]


SAME = replica([1.0, 2.0], [3.0, 4.0], (0.5, 5.0))


def test_equal_replicas_are_met_with_silence() -> None:
    rounded = replica([1.0 + 1e-6, 2.0], [3.0, 4.0 - 1e-6], (0.5 + 1e-5, 5.0))
    assert compared((SAME, SAME), (SAME, rounded), (SAME, rounded)) == [None, None, None]


def test_a_difference_is_told_when_two_looks_show_it_and_only_once() -> None:
    other = replica([1.0, 2.0], [3.0, 4.1], (0.5, 5.0))
    first, second, third = compared((SAME, other), (SAME, other), (SAME, other))
    assert first is None
    assert third is None
    assert second is not None
    assert second.at == 1
    assert "holds other weights than rank 0 (most in b" in second.text
    assert "differed when they were first looked at" in second.text
    assert compared((SAME, other), (SAME, SAME), (SAME, other)) == [None, None, None]


def test_gradients_that_are_not_averaged_are_told() -> None:
    other = replica([1.0, 2.5], [3.0, 4.0], (0.5, 5.0))
    _, told = compared((SAME, other), (SAME, other))
    assert told is not None
    assert "applies other gradients than rank 0 (most in b, by 0.2 of the norm): they are not averaged" in told.text


def test_numbers_of_the_same_norms_are_told_apart() -> None:
    other = replica([1.0, 2.0], [3.0, 4.0], (-1.5, 5.0))
    _, told = compared((SAME, other), (SAME, other))
    assert told is not None
    assert "of the same norms" in told.text


def test_a_tensor_of_nothing_is_no_evidence() -> None:
    own, other = replica([1e-9, 2.0], [3.0, 4.0]), replica([3e-9, 2.0], [3.0, 4.0])
    assert compared((own, other), (own, other)) == [None, None]


def test_not_finite_on_both_is_equal_and_on_one_is_not() -> None:
    broken = replica([math.nan, 2.0], [3.0, 4.0])
    assert compared((broken, broken), (broken, broken)) == [None, None]
    _, told = compared((SAME, broken), (SAME, broken))
    assert told is not None
    assert "not finite on one of them" in told.text


def test_only_what_both_have_is_compared() -> None:
    own, none = Replica(Norms((0, 1), np.array([1.0, 2.0])), SAME.weights), Norms((), np.array([]))
    assert compared((own, Replica(none, SAME.weights)), (own, Replica(none, SAME.weights))) == [None, None]
    _, told = compared(*[(own, Replica(Norms((1,), np.array([3.0])), SAME.weights))] * 2)
    assert told is not None
    assert "most in b" in told.text


def test_ranks_are_named_as_people_do() -> None:
    assert ranks_named([3]) == "rank 3"
    assert ranks_named([1, 2]) == "ranks 1 and 2"
    assert ranks_named([1, 2, 3, 4]) == "ranks 1, 2, 3 and 4"
    assert ranks_named(range(60)) == "ranks 0, 1, 2 and 57 more"
