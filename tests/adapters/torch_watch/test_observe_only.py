"""The same seed gives the same training to the last bit, with the collector and without it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from .observers import Observer, Setup, differences, failures, trained
from .setups import PLAIN_SETUPS, mlp_sgd
from .special_setups import SPECIAL_SETUPS

SETUPS = (*PLAIN_SETUPS, *SPECIAL_SETUPS)


def everything(folder: Path) -> Observer:
    said: list[Any] = []
    arguments = {
        "every": 1, "path": folder / "run.expert", "check_every_step": True, "on_finding": said.append,
        "stop_on": "fatal",
    }  # fmt: skip
    return Observer(arguments, batches=True)


MODES: dict[str, Callable[[Path], Observer]] = {
    "as it comes": lambda folder: Observer({}),
    "every step": lambda folder: Observer({"every": 1}),
    "everything": everything,
}


@cache
def alone(setup: Setup) -> dict[str, Any]:
    return trained(setup, Observer())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.__name__)
def test_a_watched_training_is_the_same_to_the_last_bit(setup: Setup, mode: str, tmp_path: Path) -> None:
    observer = MODES[mode](tmp_path)
    watched = trained(setup, observer)
    assert list(differences(alone(setup), watched)) == []
    # It was looked at, and nothing of the collector's own went wrong: else this would prove nothing.
    assert observer.run is not None
    history = observer.run.history()
    norms = history.get("gradient.norm_after_clipping") or history.get("gradient.norm")
    assert norms is not None
    assert len(norms) >= 10
    assert history.layer("update_ratio" if setup.__name__ != "sparse_table" else "gradient_norm") is not None
    assert failures(observer.run) == []


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.__name__)
def test_a_training_depends_on_its_seed_alone(setup: Setup) -> None:
    assert list(differences(alone(setup), trained(setup, Observer()))) == []
    assert list(differences(alone(setup), trained(setup, Observer(), seed=1))) != []


def test_one_draw_more_and_one_bit_more_are_told_apart() -> None:
    after_a_draw, after_a_nudge = trained(mlp_sgd, Observer()), trained(mlp_sgd, Observer())
    torch.rand(1)
    after_a_draw["generators"] = (torch.get_rng_state(), *after_a_draw["generators"][1:])
    weight = after_a_nudge["weights"][0]["2.bias"]
    weight[0] = torch.nextafter(weight[0], weight[0] + 1.0)
    assert list(differences(alone(mlp_sgd), after_a_draw)) == [".generators[0]: numbers differ"]
    assert list(differences(alone(mlp_sgd), after_a_nudge)) == [".weights[0].2.bias: numbers differ"]
