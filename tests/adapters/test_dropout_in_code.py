"""Dropout functions in the code of a model that evaluation mode does not turn off."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.functional import dropout

from expert import advise
from expert.adapters.keras.profile.profiles import profiles_of
from expert.adapters.torch import watch
from tests.adapters.keras_framework import keras


class Base(nn.Module):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p
        self.first, self.last, self.drop = nn.Linear(6, 16), nn.Linear(16, 3), nn.Dropout(0.5)


class Forgotten(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(F.relu(self.first(x)), 0.5))


class Imported(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(dropout(F.relu(self.first(x)), p=self.p))


class InAMethod(Base):
    def thinned(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(x, self.p)

    def forward(self, x: Tensor) -> Any:
        return self.last(self.thinned(F.relu(self.first(x))))


class OnPurpose(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(F.relu(self.first(x)), 0.5, training=True))


class Told(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(F.relu(self.first(x)), 0.5, training=self.training))


class ToldByPlace(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(F.relu(self.first(x)), 0.5, self.training))


class Asked(Base):
    def forward(self, x: Tensor) -> Any:
        hidden = F.relu(self.first(x))
        if self.training:
            hidden = F.dropout(hidden, 0.5)
        return self.last(hidden)


class RateAsked(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(F.relu(self.first(x)), 0.5 if self.training else 0.0))


class AsModule(Base):
    def forward(self, x: Tensor) -> Any:
        return self.last(self.drop(F.relu(self.first(x))))


class NoRate(Base):
    def __init__(self) -> None:
        super().__init__(0.0)

    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(F.relu(self.first(x)), self.p))


class NeverCalled(Base):
    def sampled(self, x: Tensor) -> Any:
        return F.dropout(x, 0.5)

    def forward(self, x: Tensor) -> Any:
        return self.last(F.relu(self.first(x)))


@pytest.mark.parametrize("kind", [Forgotten, Imported, InAMethod, OnPurpose])
def test_a_dropout_that_stays_on_is_seen(kind: type[nn.Module]) -> None:
    model = kind().eval()
    x = torch.randn(4, 6)
    assert not torch.equal(model(x), model(x))
    run = watch(nn.Sequential(model, nn.ReLU()), None)
    assert run.history().model.dropout_in_evaluation is True
    run.close()


@pytest.mark.parametrize("kind", [Told, ToldByPlace, Asked, RateAsked, AsModule, NoRate, NeverCalled])
def test_one_that_is_turned_off_is_left_alone(kind: type[nn.Module]) -> None:
    model = kind().eval()
    x = torch.randn(4, 6)
    assert torch.equal(model(x), model(x))
    run = watch(model, None)
    assert run.history().model.dropout_in_evaluation is None
    run.close()


@pytest.mark.parametrize("kind", [Forgotten, Told])
def test_a_training_that_is_validated_with_a_thinned_network(kind: type[Base]) -> None:
    torch.manual_seed(0)
    centers = 2.0 * torch.randn(3, 6)
    model = kind()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer, loss_fn=nn.CrossEntropyLoss(), every=50) as run:
        for _ in range(8):
            model.train()
            for _ in range(10):
                labels = torch.randint(0, 3, (32,))
                loss = F.cross_entropy(model(centers[labels] + torch.randn(32, 6)), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
            model.eval()
            labels = torch.arange(90) % 3
            with torch.no_grad():
                run.epoch(val_loss=F.cross_entropy(model(centers[labels] + torch.randn(90, 6)), labels))
    advice = advise(run)
    assert advice.is_found("RUN102") is (kind is Forgotten)
    if kind is Forgotten:
        assert next(one.name for one in advice.recommendations if "RUN102" in one.serves) == "tell-dropout-the-mode"


def test_layers_of_keras_that_drop_at_all_times() -> None:
    class Thinned(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        def call(self, x: Any) -> Any:
            return keras.random.dropout(x, 0.5)

    class Knowing(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any, training: bool = False) -> Any:
            return keras.random.dropout(x, 0.5) if training else x

    for kind, expected in ((Thinned, True), (Knowing, None)):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), kind(), keras.layers.Dense(2)])
        assert profiles_of(model)[0].dropout_in_evaluation is expected
