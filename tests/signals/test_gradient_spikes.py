"""The gradient at a spike of the loss is held against the gradients of its own time, not of the whole run."""

from __future__ import annotations

import numpy as np
import pytest

from expert import History, advise

STEPS = 600
PLACES = (150, 300, 450)
RNG = np.random.default_rng(0)


def history(at_spikes: float, *, falling: float = 1.0, known: slice = slice(None)) -> History:
    """Losses with three spikes, and gradients that fall to ``falling`` of their first size and rise at the spikes."""
    loss = np.linspace(1.0, 0.6, STEPS) * (1 + 0.02 * RNG.standard_normal(STEPS))
    norm = np.geomspace(1.0, falling, STEPS) * (1 + 0.1 * np.abs(RNG.standard_normal(STEPS)))
    loss[list(PLACES)] *= 5
    norm[list(PLACES)] *= at_spikes
    rows = [
        {"step": step, "train.loss": loss[step]}
        | ({"gradient.norm": norm[step]} if step in range(STEPS)[known] else {})
        for step in range(STEPS)
    ]
    return History.from_records(rows)


def test_a_gradient_that_leaps_with_the_loss_makes_a_spike_of_training() -> None:
    advice = advise(history(50.0))
    assert advice.is_found("OPT204")
    assert "times that of the steps before" in str(advice)


@pytest.mark.parametrize("falling", [1.0, 1 / 40])
def test_a_hard_batch_is_none_however_much_the_gradients_fell(falling: float) -> None:
    advice = advise(history(3.0, falling=falling))
    assert not advice.is_found("OPT204")
    assert "gradient_at_spikes" in advice.why_not("OPT204")


def test_the_size_of_the_leap_is_read_at_the_spikes() -> None:
    told = advise(history(50.0, falling=1 / 40)).why("OPT204")
    read = float(told.split("around the spikes of training loss the gradient norm is ")[1].split(" times")[0])
    assert read == pytest.approx(42.0, rel=0.15)  # it fell by a fifth meanwhile


def test_where_no_gradient_was_recorded_at_the_spikes_the_whole_record_decides() -> None:
    late = slice(460, STEPS)
    assert "no gradient norm was recorded around the spikes" in advise(history(50.0, known=late)).why_not("OPT204")
