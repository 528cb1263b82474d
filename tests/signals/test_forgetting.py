"""How many steps the weights remember what they have learned, against the pull of the weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run, decay


def read(rates: Any = None, **config: Any) -> Reading | Unknown:
    series = {"train.loss": decay(60)} | ({} if rates is None else {"optimizer.learning_rate": rates})
    return Run(series, clock="step", config=config).read("steps_remembered")


def steps(rates: Any = None, **config: Any) -> Any:
    found = read(rates, **config)
    assert isinstance(found, Reading), found
    return found.value


def left_over(count: int, rate: float, decay: float, momentum: float) -> float:
    """What is left of a weight after so many steps of plain descent with a penalty alone."""
    weight, velocity = 1.0, 0.0
    for _ in range(count):
        velocity = momentum * velocity + decay * weight
        weight -= rate * velocity
    return weight


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_after_so_many_steps_of_sgd_the_decay_has_left_37_percent(momentum: float) -> None:
    remembered = steps(optimizer="SGD", learning_rate=0.05, weight_decay=0.02, momentum=momentum)
    assert remembered == pytest.approx((1.0 - momentum) / (0.05 * 0.02))
    assert left_over(round(remembered), 0.05, 0.02, momentum) == pytest.approx(np.exp(-1.0), rel=0.05)


@pytest.mark.parametrize("optimizer", [{"optimizer": "adamw"}, {"optimizer": "adam", "decoupled_weight_decay": True}])
def test_a_decoupled_decay_knows_no_momentum(optimizer: dict[str, Any]) -> None:
    assert steps(learning_rate=1e-3, weight_decay=0.1, momentum=0.9, **optimizer) == pytest.approx(1e4)


def test_a_penalty_pulls_with_twice_its_size_unless_it_is_left_out_of_the_gradients() -> None:
    plain = {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9}
    assert steps(l2_penalty=0.01, **plain) == pytest.approx(0.1 / (0.05 * 0.02))
    assert steps(l2_penalty=0.01, weight_decay=0.02, **plain) == pytest.approx(0.1 / (0.05 * 0.04))
    assert isinstance(read(l2_penalty=0.01, penalty_in_gradient=False, **plain), Unknown)
    assert isinstance(read(l2_penalty=0.01, **plain | {"optimizer": "adamw"}), Unknown)


def test_the_usual_rate_of_a_schedule_counts_and_not_the_one_it_was_told_of() -> None:
    rates = np.concatenate([np.linspace(0.0, 0.1, 10), np.full(40, 0.1), np.linspace(0.1, 0.0, 10)])
    rates[30] = np.nan
    assert steps(rates, optimizer="sgd", learning_rate=1e-6, weight_decay=0.1) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"learning_rate": 0.1, "weight_decay": 0.1}, "are not known"),
        ({"optimizer": "sgd", "learning_rate": 0.1}, "are not known"),
        ({"optimizer": "sgd", "weight_decay": 0.1}, "the learning rate"),
        ({"optimizer": "sgd", "learning_rate": 0.0, "weight_decay": 0.1}, "the learning rate"),
        ({"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0}, "no weight decay"),
        ({"optimizer": "adam", "learning_rate": 0.1, "weight_decay": 0.1}, "size of the gradients"),
    ],
)
def test_a_memory_is_not_known_where_the_decay_is_not(config: dict[str, Any], reason: str) -> None:
    found = read(**config)
    assert isinstance(found, Unknown)
    assert reason in found.reason
