"""The same callback on PyTorch and on JAX, each in a process of its own, for Keras has one backend in a process."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

PROGRAM = "tests.adapters.keras_watch.backend_training"
KINDS = ("plain", "accumulating", "scaling")
needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")


@cache
def trained(backend: str, jit: str = "no", kinds: tuple[str, ...] = KINDS) -> dict[str, dict[str, Any]]:
    """What is told of each kind of training; all of them in one process."""
    around = os.environ | {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, jit, *kinds], env=around, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return told


def check(told: dict[str, Any], kind: str) -> None:
    assert told["notes"] == []
    assert told["layers"] == ["first", "head"]
    assert told["least"] > 0
    steps, norms = told["series"]["gradient.norm"]
    assert steps[:5] == ([2, 4, 6, 8, 10] if kind == "accumulating" else [1, 2, 3, 4, 5])
    assert all(norm > 0 for norm in norms)
    assert told["series"]["train.loss"][0] == list(range(1, 25))
    if kind == "plain":
        clipped = told["series"]["gradient.norm_after_clipping"][1]
        assert clipped == pytest.approx([min(norm, 0.5) for norm in norms])
    if kind == "scaling":
        assert told["series"]["scaler.scale"][1][:6] == [32768.0] * 5 + [65536.0]
        assert max(norms) < 100


@pytest.mark.parametrize("kind", KINDS)
def test_pytorch(kind: str) -> None:
    told = trained("torch")[kind]
    check(told, kind)
    assert told["differing"] == []


def test_a_step_compiled_by_pytorch_is_watched_between_epochs() -> None:
    source = """
import keras, numpy as np
from expert.adapters.keras import ExpertCallback
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
model.compile("adam", "mse", jit_compile=True)
model.make_train_function()
model.train_function = lambda data: model.train_step(data[0])  # as compiled, for there may be no compiler
watcher = ExpertCallback(quiet=True)
model.fit(np.ones((32, 4)), np.ones((32, 2)), batch_size=8, epochs=2, verbose=0, callbacks=[watcher])
history = watcher.history()
assert any("torch.compile" in note for note in history.notes), history.notes
assert history.layer("weight_norm").at.tolist() == [4, 8]
"""
    around = os.environ | {"KERAS_BACKEND": "torch"}
    done = subprocess.run([sys.executable, "-c", source], env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@needs_jax
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_jax(kind: str) -> None:
    told = trained("jax", "jit")[kind]
    check(told, kind)


@needs_jax
@pytest.mark.slow
def test_a_step_of_jax_that_is_not_compiled() -> None:
    told = trained("jax", kinds=("plain",))["plain"]
    check(told, "plain")
    assert told["differing"] == []
