"""Real arrays, settings and small trainings through `advise`: what is wrong with them is found and placed, and sound
ones are met with silence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from expert import Advice, advise

RNG = np.random.default_rng(0)
X = RNG.normal(size=(800, 12))
Y = RNG.integers(0, 4, 800)
X_VAL = RNG.normal(size=(400, 12))
Y_VAL = RNG.integers(0, 4, 400)
SOUND: dict[str, Any] = {
    "framework": "torch", "optimizer": "adam", "learning_rate": 1e-3, "weight_decay": 0.0, "batch_size": 32,
    "epochs": 10, "shuffle": True, "loss": "cross_entropy", "loss_reduction": "mean", "loss_formula": "fused",
    "precision": "float32",
}  # fmt: skip


def found(advice: Advice) -> dict[str, str]:
    return {one.rule: one.severity for one in advice.findings}


def serious(advice: Advice) -> list[str]:
    return [rule for rule, severity in found(advice).items() if severity != "info"]


def told(advice: Advice, rule: str) -> str:
    return " ".join(item.text for one in advice.findings if one.rule == rule for item in one.evidence)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_broken_cell_is_named_by_row_and_column(value: float) -> None:
    x = X.copy()
    x[321, 7] = value
    advice = advise(data=(x, Y))
    assert advice.findings[0].rule == "DAT101"
    assert f"{value} in row 321, column 7" in told(advice, "DAT101")
    assert ("DAT102" in found(advice)) == bool(np.isinf(value))
    assert advice.recommendations[0].name == "remove-nonfinite-rows"


def test_a_broken_target_is_found_too() -> None:
    y = RNG.normal(size=800)
    y[5] = np.nan
    assert "row 5" in told(advise(data=(X, y)), "DAT101")


def test_a_column_of_zero_over_zero_is_the_preprocessings_fault() -> None:
    x = X.copy()
    with np.errstate(invalid="ignore"):
        x[:, 3] = (x[:, 3] * 0) / 0
    advice = advise(data=(x, Y))
    assert advice.findings[0].rule == "DAT102"
    assert advice.recommendations[0].name == "guard-preprocessing"


def test_missing_values_in_some_rows_are_no_domain_error() -> None:
    x = X.copy()
    x[::3, 2] = np.nan
    assert "DAT102" not in found(advise(data=(x, Y)))


@pytest.mark.parametrize(
    ("spoiled", "rule"),
    [
        ({"data": (X * 60 + 128, Y)}, "DAT201"),
        ({"data": (X, RNG.normal(2e5, 5e4, 800)), "config": {"loss": "mse"}}, "DAT202"),
        ({"data": (X, Y + 1), "config": {"loss": "cross_entropy"}, "model": {"output_units": 4}}, "DAT203"),
        ({"data": (X[np.argsort(Y)], np.sort(Y)), "config": {"shuffle": False}}, "DAT301"),
        ({"data": (X, Y), "config": {"shuffle": False, "epochs": 5}}, "DAT302"),
        ({"data": {"class_counts": (950, 50)}}, "DAT401"),
        ({"data": ((X, Y), (X[:200], Y[:200]))}, "DAT402"),
        ({"data": ((X, Y), (X_VAL + 1.0, Y_VAL))}, "DAT403"),
        ({"data": ((X, Y), (X_VAL, np.minimum(Y_VAL, 1)))}, "DAT403"),
        ({"data": ((X, Y), (X_VAL[:20], Y_VAL[:20]))}, "DAT404"),
        (
            {"data": (X[np.argsort(Y)], np.sort(Y)), "config": {"framework": "keras", "validation_split": 0.2}},
            "DAT406",
        ),
        ({"config": {"optimizer": "adadelta", "learning_rate": 0.001}}, "CFG102"),
        ({"config": {"optimizer": "adam", "learning_rate": 0.5}}, "CFG101"),
        ({"config": {"l2_penalty": 0.01, "penalty_in_gradient": False}}, "CFG104"),
        ({"config": {"probability_clamp": 1e-10}}, "NUM104"),
        ({"config": {"loss_reduction": "sum"}}, "MOD106"),
        ({"model": {"dropout": 0.9}}, "CFG106"),
    ],
)
def test_before_any_run_the_fault_comes_first(spoiled: dict[str, Any], rule: str) -> None:
    advice = advise(**spoiled)
    assert serious(advice)[0] == rule
    assert advice.recommendations


def test_before_any_run_sound_data_and_settings_are_met_with_silence() -> None:
    advice = advise(data=((X, Y), (X_VAL, Y_VAL)), config=SOUND, model={"output_units": 4, "dropout": 0.2})
    assert found(advice) == {}


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_a_random_split_is_no_shift(classes: int) -> None:
    rng = np.random.default_rng(classes)
    x, y = rng.normal(size=(3000, 20)), rng.integers(0, classes, 3000)
    assert "DAT403" not in found(advise(data=((x[:2000], y[:2000]), (x[2000:], y[2000:]))))


def test_imbalance_that_the_run_overcomes_is_only_noted() -> None:
    epochs = np.arange(20.0)
    run = {
        "loss": 0.2 * np.exp(-epochs / 5),
        "val_loss": 0.02 + 0.18 * np.exp(-epochs / 5),
        "val_accuracy": 0.99 - 0.04 * np.exp(-epochs / 5),
    }
    advice = advise(
        {name: list(values) for name, values in run.items()}, config=SOUND, data={"class_counts": (950, 50)}
    )
    assert found(advice).get("DAT401") == "info"
    assert "DAT401" not in found(advise(data={"class_counts": (950, 50)}, config=SOUND | {"class_weights": True}))


def test_cells_that_never_reach_the_loss_do_not_condemn_the_run() -> None:
    x = X.copy()
    x[3, 3] = np.nan
    losses = [1.4 * 0.9**epoch for epoch in range(20)]
    assert found(advise({"loss": losses}, data=(x, Y)))["DAT101"] == "warning"
    assert found(advise({"loss": [1.4, 1.3, *[float("nan")] * 8]}, data=(x, Y)))["DAT101"] == "fatal"


def test_a_zero_that_a_logger_wrote_for_nan_is_seen() -> None:
    norms = [1.0, 1.1, 0.9, 1.0, *[float("nan")] * 6]
    zeros = [1.9, 1.6, 1.4, 1.3, *[0.0] * 6]
    assert found(advise({"loss": zeros, "grad_norm": norms}))["NUM101"] == "fatal"
    assert "NUM101" not in found(advise({"loss": zeros, "grad_norm": [1.0] * 10}))


def test_half_precision_that_overflows_in_every_step_is_told_from_one_that_works() -> None:
    torch = pytest.importorskip("torch")
    collapsed, sound = advise(amp_rows(torch, 1e4)), advise(amp_rows(torch, 1.0))
    assert "NUM201" in serious(collapsed)
    assert {"NUM201", "NUM101"}.isdisjoint(found(sound))


def amp_rows(torch: Any, factor: float) -> Any:
    """A small training under float16 autocast whose activations are scaled by ``factor``."""
    from expert import History

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first, last = torch.nn.Linear(12, 16), torch.nn.Linear(16, 4)
        optimizer = torch.optim.SGD([*first.parameters(), *last.parameters()], 0.05)
        scaler = torch.amp.GradScaler("cpu")
        x, y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y)
        rows = []
        for step in range(80):
            batch = slice(step * 10 % 800, step * 10 % 800 + 10)
            with torch.autocast("cpu", dtype=torch.float16):
                hidden = torch.relu(first(x[batch])) * factor
                loss = torch.nn.functional.cross_entropy(last(hidden * factor), y[batch])
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            before = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            rows.append(
                {
                    "step": step,
                    "train.loss": float(loss.detach()),
                    "scaler.scale": before,
                    "scaler.skipped": float(scaler.get_scale() < before),
                }
            )
    return History.from_records(rows)
