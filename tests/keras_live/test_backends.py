"""A choice of the scenarios on PyTorch and on JAX, in a process of its own: Keras chooses its backend when loaded."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.scenarios.judging import NAMED_WITHIN, place

from .cases import HEALTHY, SCENARIOS, Live

CHOSEN = (
    "rate_too_high_sgd", "rate_too_low_sgd", "nan_cell", "deep_sigmoid", "dead_relu_from_bias", "softmax_twice",
    "weight_decay_far_too_high", "zero_initialization", "healthy_adam", "healthy_cnn_adam", "healthy_batch_norm",
)  # fmt: skip
LIVES = {live.case.id: live for live in (*SCENARIOS, *HEALTHY)}
needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")


def trained(backend: str, seed: int) -> dict[str, dict[str, Any]]:
    around = os.environ | {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
    program = [sys.executable, "-m", "tests.keras_live.on_backend", str(seed), *CHOSEN]
    done = subprocess.run(program, env=around, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    assert set(told) == set(CHOSEN)
    return told


def wrong(live: Live, told: dict[str, Any]) -> str | None:
    """What is wrong with what was found; None where nothing is."""
    found = [rule for rule, _ in told["findings"]]
    if [note for note in told["notes"] if "failed" in note]:
        return f"failed: {told['notes']}"
    if live.case.healthy:
        return None if all(severity == "info" for _, severity in told["findings"]) else f"found {found}"
    right = place(found, live.case.expect)
    if right >= min(NAMED_WITHIN, len(found)) or right >= place(found, live.case.below):
        return f"expected one of {live.case.expect} first, found {found}"
    first = {*(one[0] for one in told["recommended"][:1])}
    first |= {*[remedy for remedy, kind in told["recommended"] if kind == "change"][:1]}
    return None if first & {cure.remedy for cure in live.case.cures if cure.helps} else f"recommended {first}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("backend", ["torch", pytest.param("jax", marks=needs_jax)])
def test_causes_are_named_and_sound_trainings_met_with_silence(backend: str, seed: int) -> None:
    told = trained(backend, seed)
    faults = {name: wrong(LIVES[name], one) for name, one in told.items()}
    assert not {name: fault for name, fault in faults.items() if fault}
