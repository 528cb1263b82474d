"""The Keras code of the remedies runs on Keras 3, and does what its remedy says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expert.remedy import Remedy, Snippet

from ..adapters.keras_framework import keras
from .catalogue import REMEDIES, by_name, known_numbers

tf: Any = pytest.importorskip("tensorflow")

pytestmark = pytest.mark.filterwarnings("ignore:.*(tf.data functions|copy keyword|will be ignored since).*")
KNOWN = known_numbers()
OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "adamw": lambda: keras.optimizers.AdamW(0.1, weight_decay=0.001),
}
CODE = [(remedy, one) for remedy in REMEDIES.values() for one in remedy.snippets if one.framework == "keras"]


KEEPING = (
    "accumulate-gradients",
    "average-weights",
    "clip-gradient-norm",
    "fused-loss-on-logits",
    "lower-loss-scale",
    "lower-weight-decay",
    "raise-weight-decay",
    "skip-nonfinite-steps",
    "symmetric-clip",
    "unfreeze-layers",
)
"""Remedies that compile anew with the optimizer the run had."""


@pytest.fixture(autouse=True)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Code may write files and change global settings; eager functions spare a short fit its compilation."""
    monkeypatch.chdir(tmp_path)
    tf.config.run_functions_eagerly("overfit" not in request.node.name)
    keras.utils.set_random_seed(0)
    yield
    tf.config.run_functions_eagerly(False)
    keras.mixed_precision.set_global_policy("float32")
    tf.debugging.disable_check_numerics()


def prepared(optimizer: str = "sgd") -> dict[str, Any]:
    """The names that snippets take as given."""
    y = np.arange(64) % 4
    x = (np.random.default_rng(0).normal(size=(64, 8)) + 3.0 * np.eye(4, 8)[y]).astype("float32")
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(4)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(OPTIMIZERS[optimizer](), loss=loss)
    model.train_on_batch(x, y)  # advice comes to a model that has been trained
    names: dict[str, Any] = {"keras": keras, "np": np, "model": model, "loss": loss}
    return names | {"x_train": x[:48], "y_train": y[:48], "x_val": x[48:], "y_val": y[48:]}


def run(name: str, *, known: bool = True, **given: Any) -> dict[str, Any]:
    """Run a remedy's code on prepared names, or on these, and return all names it leaves."""
    names = prepared() | given
    codes = [snippet.code for snippet in by_name(name).snippets if snippet.framework == "keras"]
    exec(codes[0 if known else -1].format(**KNOWN), names)
    return names


@pytest.mark.parametrize(("remedy", "snippet"), CODE, ids=[remedy.name for remedy, _ in CODE])
def test_code_runs(remedy: Remedy, snippet: Snippet) -> None:
    optimizer = "adamw" if remedy.name in ("lower-beta2", "fix-epsilon") else "sgd"
    exec(compile(snippet.code.format(**KNOWN), remedy.name, "exec"), prepared(optimizer))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", KEEPING)
def test_what_does_not_concern_the_optimizer_leaves_its_kind_and_rate(name: str, optimizer: str) -> None:
    names = prepared(optimizer)
    kind = type(names["model"].optimizer)
    model = run(name, **names)["model"]
    assert type(getattr(model.optimizer, "inner_optimizer", model.optimizer)) is kind
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    model.train_on_batch(names["x_train"], names["y_train"])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("name", "factor"), [("lower-learning-rate", 0.1), ("raise-learning-rate", 10.0)])
def test_the_rate_is_changed_tenfold(name: str, factor: float, known: bool) -> None:
    assert float(run(name, known=known)["model"].optimizer.learning_rate) == pytest.approx(0.1 * factor)


def test_the_probe_leaves_weights_and_rate_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    names = prepared()
    before = names["model"].get_weights()
    run("probe-learning-rate", model=names["model"])
    assert all(np.array_equal(*pair) for pair in zip(before, names["model"].get_weights(), strict=True))
    assert float(names["model"].optimizer.learning_rate) == pytest.approx(0.1)
    assert capsys.readouterr().out


def test_one_batch_is_overfitted() -> None:
    assert float(run("overfit-one-batch")["value"]) < 0.07  # a twentieth of ln 4


def test_the_clip_is_compiled_in() -> None:
    assert run("clip-gradient-norm")["model"].optimizer.global_clipnorm == KNOWN["clip_norm"]
    assert run("symmetric-clip")["model"].optimizer.clipvalue == KNOWN["clip_bound"]


def test_a_warm_up_rises_to_the_runs_rate_and_decays_to_its_end() -> None:
    schedule = run("warm-up-learning-rate")["schedule"]
    steps = int(str(KNOWN["warm_up_steps"]))
    rates = [float(schedule(step)) for step in range(steps + int(str(KNOWN["total_steps"])) + 1)]
    assert rates[0] == 0.0
    assert max(rates) == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.001, rel=0.01)


def test_gradients_of_safe_operators_are_finite() -> None:
    with tf.GradientTape() as tape:
        values = tf.zeros((4, 8))
        tape.watch(values)
        names = run("safe-operators", x_train=values)
        total = tf.reduce_sum(names["length"]) + tf.reduce_sum(names["logarithm"])
    assert np.isfinite(tape.gradient(total, values).numpy()).all()


def test_only_connected_penalties_move_the_gradient() -> None:
    names = prepared()
    layer = keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(100.0))
    model = keras.Sequential([keras.Input((8,)), layer])
    names = run("connect-penalty", model=model)
    assert float(names["total"]) > float(names["entropy"]) + 1
    toward = names["gradients"][0].numpy() * layer.kernel.numpy()
    assert toward.sum() > 0


def test_temperature_calms_an_overconfident_model(capsys: pytest.CaptureFixture[str]) -> None:
    names = prepared()
    layer = keras.layers.Dense(4, use_bias=False)
    model = keras.Sequential([keras.Input((8,)), layer])
    layer.set_weights([100.0 * np.eye(8, 4)])
    run(
        "calibrate-temperature", model=model, x_val=names["x_train"], y_val=(names["y_train"] + np.arange(48) // 36) % 4
    )
    assert float(capsys.readouterr().out.split()[-1]) > 5
