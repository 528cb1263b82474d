"""Weights that were trained before are noticed when a run begins, and fresh ones are not taken for such."""

from __future__ import annotations

import os

import pytest
import torch
from torch import nn

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras

from expert.adapters.keras.profile.profiles import profiles_of
from expert.adapters.torch import watch
from expert.adapters.torch.profile.trained_before import trained_before
from expert.recognizing import recognized


class ScaleNorm(nn.Module):
    """A normalization with a scale and no shift, as language models have it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scaled: torch.Tensor = self.weight * x / x.pow(2).mean(-1, keepdim=True).add(1e-6).sqrt()
        return scaled


def networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {
        "batch": nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)),
        "layer": nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 3)),
        "scale": nn.Sequential(nn.Flatten(), nn.Linear(64, 8), ScaleNorm(8), nn.ReLU(), nn.Linear(8, 3)),
        "transformer": nn.Sequential(
            nn.Flatten(2), nn.TransformerEncoderLayer(64, 2, 16, batch_first=True), nn.Flatten(), nn.Linear(64, 3)
        ),
    }


def train(model: nn.Module, steps: int = 3) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.randn(8, 1, 8, 8)), torch.randint(3, (8,))).backward()
        optimizer.step()


@pytest.mark.parametrize("name", list(networks()))
def test_a_training_leaves_its_mark_in_the_normalization(name: str) -> None:
    model = networks()[name]
    assert trained_before(model) is None
    model(torch.randn(8, 1, 8, 8))
    assert trained_before(model) is None  # a look at shapes trains nothing
    train(model)
    assert trained_before(model) is True


def test_scales_drawn_at_random_are_no_sign() -> None:
    model = networks()["batch"]
    nn.init.normal_(model[1].weight, 1.0, 0.02)
    assert trained_before(model) is None


def test_without_normalization_nothing_is_known() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    train(model)
    assert trained_before(model) is None


def test_weights_without_memory_are_left_alone() -> None:
    with torch.device("meta"):
        assert trained_before(networks()["batch"]) is None


def test_the_collector_says_so_unless_it_is_told_otherwise() -> None:
    model = networks()["batch"]
    train(model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
    with watch(model, optimizer) as run:
        pass
    assert run.history().config.pretrained is True
    assert [one.name for one in recognized(run.history())] == ["fine-tuning", "cnn"]
    with watch(model, optimizer, config={"pretrained": False}) as run:
        pass
    assert run.history().config.pretrained is False


@pytest.mark.parametrize("normalization", ["BatchNormalization", "LayerNormalization"])
def test_a_keras_model_that_was_trained_before(normalization: str) -> None:
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8), getattr(keras.layers, normalization)(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("adam", "mse")
    assert profiles_of(model)[1].pretrained is None
    model.fit(keras.random.normal((32, 4)), keras.random.normal((32, 1)), epochs=1, verbose=0)
    assert profiles_of(model)[1].pretrained is True
