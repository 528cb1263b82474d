"""Training held against validation, through `advise`: the rows of the article's table, what a flag proves, a network
that names one class only, and silence for healthy runs however they are logged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import Advice, advise
from tests.benchmarks.curves.generator import HEALTHY, draw

EPOCHS = np.arange(40)
FALLING = 1.6 * np.exp(-EPOCHS / 12) + 0.1
SETTLED = np.maximum(FALLING, FALLING[8])
CLASSIFIER: dict[str, Any] = {"loss": "cross_entropy", "loss_reduction": "mean"}
FAMILIES = ("GEN", "RUN")
TUNING_SEED = 1005


def found(advice: Advice) -> dict[str, str]:
    return {one.rule: one.severity for one in advice.findings}


def serious(advice: Advice) -> set[str]:
    return {one.rule for one in advice.findings if one.severity != "info"}


def ours(rules: set[str]) -> set[str]:
    return {rule for rule in rules if rule.startswith(FAMILIES)}


def curves(train: np.ndarray, val: np.ndarray, scale: float = 1.0, **more: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    noise = [1 + 0.003 * rng.standard_normal(len(train)) for _ in range(2)]
    return {"loss": scale * train * noise[0], "val_loss": scale * val * noise[1], **more}


ROWS = {
    "row 1, both fall": (FALLING, FALLING * 1.1, set()),
    "row 2, validation flattens": (FALLING, SETTLED * 1.1, {"GEN102"}),
    "row 3, training stands": (SETTLED, FALLING * 1.1, {"GEN104"}),
    "row 6, validation below": (FALLING, FALLING * 0.85, {"GEN105"}),
    "row 7, validation near zero": (SETTLED, np.maximum(1.6 * np.exp(-EPOCHS / 3), 0.01), {"GEN106"}),
    "missing in the article, validation rises": (FALLING, SETTLED * (1 + EPOCHS / 40), {"GEN101"}),
}


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_table_is_told_from_the_others_in_any_unit(row: str, scale: float) -> None:
    train, val, expected = ROWS[row]
    told = set(found(advise(curves(train, val, scale))))
    assert {rule for rule in told if rule in {"GEN101", "GEN102", "GEN104", "GEN105", "GEN106"}} == expected


def test_a_sum_against_a_mean_is_no_validation_near_zero() -> None:
    advice = advise(curves(FALLING * 32, FALLING * 1.1), config={"batch_size": 32})
    assert "GEN106" not in found(advice)
    assert "MOD106" in found(advice)


def test_rest_at_a_high_level_is_underfitting_and_at_a_low_level_is_not() -> None:
    settings: dict[str, Any] = {"data": {"classes": 4}, "config": CLASSIFIER}
    high = 1.386 * (0.8 + 0.2 * np.exp(-EPOCHS / 3))
    low = 1.386 * (0.2 + 0.8 * np.exp(-EPOCHS / 3))
    assert "GEN103" in serious(advise(curves(high, high * 1.02), **settings))
    assert "GEN103" not in found(advise(curves(low, low * 1.02), **settings))


def test_a_loss_that_rises_while_accuracy_holds_is_confidence_not_error() -> None:
    train, val, _ = ROWS["missing in the article, validation rises"]
    better = 0.9 - 0.6 * np.exp(-EPOCHS / 6)
    worse = np.where(EPOCHS < 12, better, better - 0.004 * (EPOCHS - 12))
    assert "GEN107" in found(advise(curves(train, val, val_accuracy=better)))
    assert "GEN107" not in found(advise(curves(train, val, val_accuracy=worse)))


@pytest.mark.parametrize(
    ("flag", "rule", "remedy"),
    [
        ("evaluation_mode_in_validation", "RUN102", "set-training-mode"),
        ("training_mode_in_training", "RUN103", "set-training-mode"),
    ],
)
@pytest.mark.parametrize("part", [{"dropout": 0.5}, {"normalization": "batch"}])
def test_a_forgotten_mode_is_an_error_where_a_layer_depends_on_it(
    flag: str, rule: str, remedy: str, part: dict[str, Any]
) -> None:
    run = curves(FALLING, FALLING * 1.1)
    advice = advise(run, config={flag: False}, model=part)
    assert advice.findings[0].rule == rule
    assert advice.findings[0].severity == "error"
    assert advice.recommendations[0].name == remedy
    assert rule not in found(advise(run, config={flag: True}, model=part))
    assert rule not in found(advise(run, config={flag: False}, model={"dropout": 0.0, "normalization": "layer"}))
    assert rule not in found(advise(run, model=part))


def test_missing_validation_is_a_note_that_keeps_a_run_healthy() -> None:
    advice = advise({"loss": FALLING})
    assert found(advice)["RUN104"] == "info"
    assert not serious(advice)
    assert "RUN104" not in found(advise(curves(FALLING, FALLING * 1.1)))
    assert "RUN104" not in found(advise({"loss": FALLING, "val_accuracy": 1 - FALLING / 2}))


@pytest.mark.parametrize("game", ["adversarial", "reinforcement"])
def test_nothing_is_concluded_from_losses_of_a_game(game: str) -> None:
    swinging = {"loss": 1 + 0.5 * (-1.0) ** EPOCHS, "val_loss": 1.1 + 0.5 * (-1.0) ** EPOCHS}
    judged = {"OSC", "PLT", "GEN"}
    assert any(rule[:3] in judged for rule in serious(advise(swinging)))
    assert not any(rule[:3] in judged for rule in serious(advise(swinging, config={game: True})))


def test_what_a_checkpoint_would_have_saved_is_told_and_a_kept_one_is_not() -> None:
    train, val, _ = ROWS["missing in the article, validation rises"]
    run = curves(train, val)
    lost = advise(run, config={"checkpoint_best": False})
    assert found(lost)["RUN105"] == "warning"
    assert found(advise(run))["RUN105"] == "info"
    assert "RUN105" not in found(advise(run, config={"checkpoint_best": True}))
    assert lost.recommendations[0].name == "keep-best-checkpoint"


@pytest.mark.parametrize("kind", HEALTHY)
def test_healthy_curves_stay_healthy_when_more_is_told_of_the_run(kind: str) -> None:
    more: dict[str, Any] = {"checkpoint_best": False, "evaluation_mode_in_validation": True, "weight_averaging": False}
    for index in range(40):
        run = draw(kind, seed=TUNING_SEED, index=index)
        advice = advise({"loss": run.loss, "val_loss": run.val_loss}, config=CLASSIFIER | more, model={"dropout": 0.2})
        assert not ours(serious(advice)), run


def logistic(weighted: bool) -> Advice:
    """A logistic regression by gradient descent on 5 % positives that overlap with the others, and its advice."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(3000, 6)), (np.arange(3000) % 20 == 0).astype(float)
    x[y == 1] += 0.5
    x_val, y_val, x, y = x[2000:], y[2000:], x[:2000], y[:2000]
    each = np.where(y == 1, 10.0, 10 / 19) if weighted else np.ones(2000)
    weights, bias, rows = np.zeros(6), 0.0, []

    def loss(inputs: np.ndarray, labels: np.ndarray) -> float:
        logits = inputs @ weights + bias
        return float(np.mean(np.logaddexp(0, logits) - labels * logits))

    for _ in range(25):
        for batch in np.split(rng.permutation(2000), 20):
            error = each[batch] * (1 / (1 + np.exp(-x[batch] @ weights - bias)) - y[batch])
            weights -= 0.1 * error @ x[batch] / 100
            bias -= 0.1 * float(error.mean())
        named = (x_val @ weights + bias > 0) == (y_val == 1)
        rows.append((loss(x, y), loss(x_val, y_val), float(named.mean())))
    table = dict(zip(("loss", "val_loss", "val_accuracy"), np.array(rows).T, strict=True))
    counts = (int((y == 0).sum()), int(y.sum()))
    return advise(table, data={"class_counts": counts}, config={"loss": "bce_with_logits", "class_weights": weighted})


def test_a_classifier_that_names_one_class_only_is_found_out() -> None:
    advice = logistic(weighted=False)
    assert "GEN109" in serious(advice)
    assert {one.name for one in advice.recommendations} & {"rebalance-classes", "prior-aware-metrics"}
    assert "GEN109" not in found(logistic(weighted=True))


def test_strong_dropout_is_blamed_only_where_the_model_does_not_fit() -> None:
    settings: dict[str, Any] = {"data": {"classes": 4}, "config": CLASSIFIER | {"weight_decay": 0.0}}
    poor, good = 1.386 * (0.9 + 0.1 * np.exp(-EPOCHS / 4)), 1.386 * (0.3 + 0.7 * np.exp(-EPOCHS / 4))
    advice = advise(curves(poor, poor * 0.99), model={"dropout": 0.9}, **settings)
    assert "GEN201" in serious(advice)
    assert advice.recommendations[0].name == "lower-dropout"
    assert "GEN201" not in found(advise(curves(good, good * 0.99), model={"dropout": 0.9}, **settings))
    assert "GEN201" not in found(advise(curves(poor, poor * 0.99), model={"dropout": 0.2}, **settings))
