"""Clipping told from the norms after it alone."""

from __future__ import annotations

import math

import numpy as np

from expert.adapters.live.clipped_norms import Ceiling


def found(norms: list[float], cosines: list[float | None]) -> float | None:
    ceiling = Ceiling()
    answers = [ceiling.add(norm, cosine) for norm, cosine in zip(norms, cosines, strict=True)]
    return next((answer for answer in answers if answer is not None), None)


def test_norms_that_stop_at_one_value_while_directions_change_were_clipped() -> None:
    assert found([0.5, 1.0, 0.7, 1.0, 1.0 - 1e-6, 0.9, 1.0], [0.5] * 7) == 1.0


def test_gradients_that_hardly_change_were_not() -> None:
    assert found([1.0] * 50, [0.9999] * 50) is None
    assert found([1.0] * 50, [None] * 50) is None


def test_no_gradient_is_no_ceiling() -> None:
    assert found([0.0] * 10, [math.nan] * 10) is None
    assert found([math.nan, math.inf] * 5, [0.1] * 10) is None


def test_norms_of_changing_gradients_do_not_meet_by_chance() -> None:
    draw = np.random.default_rng(0)
    for spread in (1e-3, 0.1, 1.0):
        for _ in range(20):
            assert found(list(draw.lognormal(0.0, spread, size=500)), [0.1] * 500) is None
