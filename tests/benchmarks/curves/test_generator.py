"""The generator keeps its promises: checked on the clean curves, before any rule is involved."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.benchmarks.curves.generator import (
    HEALTHY,
    KINDS,
    LARGEST_NOISE,
    NOISE_MULTIPLE,
    SHORTEST_SICK,
    SICK,
    SLOWEST_DIVERGENCE,
    SMALLEST_DIVERGENCE,
    SMALLEST_OVERFIT,
    SMALLEST_SWING,
    Curve,
    draw,
    draw_many,
    needed_epochs,
)

SEED = 7
MANY = 300
TINY = 1e-9


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Curve]]:
    return {kind: list(draw_many(kind, SEED, MANY)) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_arguments_draw_the_same_run(kind: str) -> None:
    one, two, other = draw(kind, 3, 5), draw(kind, 3, 5), draw(kind, 4, 5)
    np.testing.assert_array_equal(one.loss, two.loss)
    np.testing.assert_array_equal(one.val_loss, two.val_loss)
    assert one.epochs != other.epochs or not np.array_equal(one.loss, other.loss)


@pytest.mark.parametrize("kind", KINDS)
def test_lengths_noise_and_scale_cover_their_ranges(kind: str, drawn: dict[str, list[Curve]]) -> None:
    runs = drawn[kind]
    lengths = [run.epochs for run in runs]
    shortest, longest = (6, 11) if kind == "short" else (6, 500) if kind in HEALTHY else (12, 500)
    assert shortest <= min(lengths) <= shortest + 2
    assert longest * 0.9 <= max(lengths) <= longest
    for run in runs:
        assert len(run.loss) == len(run.val_loss) == run.epochs
        assert 0.0 <= run.noise <= LARGEST_NOISE
    if kind not in ("flat", "slow"):
        assert max(run.noise for run in runs) > 0.28
    if kind != "flat":
        assert min(run.scale for run in runs) < 2e-3
        assert max(run.scale for run in runs) > 5e2


def test_noise_has_the_size_it_claims(drawn: dict[str, list[Curve]]) -> None:
    for run in (r for runs in drawn.values() for r in runs if r.epochs >= 100 and r.kind != "nan"):
        for noisy, clean in ((run.loss, run.clean_loss), (run.val_loss, run.clean_val_loss)):
            assert np.std(np.log(noisy / clean)) == pytest.approx(run.noise, rel=0.45)


@pytest.mark.parametrize("kind", HEALTHY)
def test_healthy_runs_fall_to_less_than_half_and_never_rise(kind: str, drawn: dict[str, list[Curve]]) -> None:
    for run in drawn[kind]:
        assert np.all(np.diff(run.clean_loss) <= TINY * run.scale)
        assert np.all(np.diff(run.clean_val_loss) <= TINY * run.scale)
        assert run.clean_loss[-1] <= 0.45 * run.clean_loss[0] * (1 + TINY)
        assert run.fault_start is None


def test_validation_stands_where_the_kind_says(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["healthy"]:
        assert np.all(run.clean_val_loss > run.clean_loss)
        assert np.all(run.clean_val_loss < 1.2 * run.clean_loss)
    for run in drawn["dropout"]:
        assert np.all(run.clean_val_loss < run.clean_loss)
    for run in drawn["near_zero"]:
        assert run.clean_loss[-1] / run.scale < 0.01


@pytest.mark.parametrize("kind", SICK)
def test_a_fault_is_present_long_enough(kind: str, drawn: dict[str, list[Curve]]) -> None:
    for run in drawn[kind]:
        assert run.fault_start is not None
        assert run.epochs - run.fault_start >= max(5, math.ceil(0.1 * run.epochs))
        assert run.fault_size >= NOISE_MULTIPLE * run.noise * (1 - TINY)


def test_overfitting_keeps_its_size_while_training_falls(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["overfit"]:
        above_best = np.log(run.clean_val_loss / run.clean_val_loss.min())[-needed_epochs(run.epochs) :]
        assert above_best.min() >= max(SMALLEST_OVERFIT, NOISE_MULTIPLE * run.noise) * (1 - TINY)
        assert np.all(np.diff(run.clean_loss) < 0)
        assert run.clean_loss[-1] <= run.clean_loss[run.fault_start] * math.exp(-max(0.2, run.noise)) * (1 + TINY)
        assert run.clean_val_loss.argmin() == run.fault_start


def test_divergence_lifts_both_losses_far_above_their_best(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["diverge"]:
        for clean in (run.clean_loss, run.clean_val_loss):
            above_best = np.log(clean / clean.min())[-needed_epochs(run.epochs) :]
            assert above_best.min() >= max(SMALLEST_DIVERGENCE, NOISE_MULTIPLE * run.noise) * (1 - TINY)
        assert run.fault_start is not None
        assert np.log(run.clean_loss / run.clean_loss.min()).max() >= 0.8 * SLOWEST_DIVERGENCE * (
            run.epochs - run.fault_start - needed_epochs(run.epochs)
        )
    assert 0.1 < np.mean([run.details["settles"] == "True" for run in drawn["diverge"]]) < 0.3


def test_oscillation_swings_both_losses_on_a_level_that_does_not_fall(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["oscillate"]:
        assert run.fault_start is not None
        for clean, share in ((run.clean_loss, 1.0), (run.clean_val_loss, float(run.details["val_share"]))):
            swing = np.log(clean[max(run.fault_start, 1) :])
            amplitude = math.sqrt(2.0) * swing.std() / share
            if run.fault_start:
                assert amplitude == pytest.approx(run.fault_size, rel=1e-6)
            assert amplitude >= 0.85 * max(SMALLEST_SWING, NOISE_MULTIPLE * run.noise)
            turns = np.sum(np.diff(np.sign(np.diff(swing))) != 0)
            assert turns >= 3


def test_flat_runs_stay_at_the_logarithm_of_the_number_of_classes(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["flat"]:
        level = math.log(float(run.details["classes"]))
        assert np.all(np.abs(run.clean_loss[2:] / level - 1.0) < 0.02)
        assert np.all(np.abs(run.clean_val_loss / level - 1.0) < 0.01)
        assert NOISE_MULTIPLE * run.noise <= math.log(2.0)


def test_slow_runs_descend_on_a_straight_line_that_shows(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["slow"]:
        fall = 1.0 - run.clean_loss[-1] / run.clean_loss[0]
        assert 0.003 * (1 - TINY) <= fall <= 0.12
        assert fall >= NOISE_MULTIPLE * run.noise * (1 - TINY)
        np.testing.assert_allclose(np.diff(run.clean_loss), np.diff(run.clean_loss)[0], rtol=1e-6)


def test_not_a_number_lasts_to_the_end(drawn: dict[str, list[Curve]]) -> None:
    for run in drawn["nan"]:
        assert np.all(np.isfinite(run.loss[: run.fault_start]))
        assert run.fault_start
        assert not np.any(np.isfinite(run.loss[run.fault_start :]))
    assert 0.5 < np.mean([not np.isfinite(run.val_loss[-1]) for run in drawn["nan"]]) < 0.8


@pytest.mark.parametrize("kind", SICK)
def test_brief_runs_are_shorter_than_any_other_sick_run(kind: str) -> None:
    for run in draw_many(kind, SEED, 50, brief=True):
        assert 6 <= run.epochs < SHORTEST_SICK
        assert run.brief
        assert run.fault_start is not None
        assert run.epochs - run.fault_start >= needed_epochs(run.epochs)
