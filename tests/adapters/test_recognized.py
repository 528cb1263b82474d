"""What real models of other frameworks are recognized as, from what the collectors read of them."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import transformers

from expert import History
from expert.adapters.keras.profile.profiles import profiles_of
from expert.adapters.torch import watch
from expert.recognizing import recognized


def names(history: History) -> str:
    return " ".join(one.name for one in recognized(history))


def keras_attention() -> Any:
    tokens = keras.Input((12,), dtype="int32")
    states = keras.layers.Embedding(50, 16)(tokens)
    states = states + keras.layers.MultiHeadAttention(2, 8)(states, states)
    states = keras.layers.LayerNormalization()(states)
    return keras.Model(tokens, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling1D()(states)))


KERAS = {
    "transformer": keras_attention,
    "rnn": lambda: keras.Sequential([keras.Input((10, 4)), keras.layers.GRU(8), keras.layers.Dense(3)]),
    "cnn": lambda: keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    ),
    "tabular": lambda: keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)]
    ),
}


@pytest.mark.parametrize("name", list(KERAS))
def test_keras_models(name: str) -> None:
    model = KERAS[name]()
    model.compile("adam", keras.losses.MeanSquaredError())
    profile, config = profiles_of(model)
    assert names(History(model=profile, config=config)) == f"regression {name}"


def language_model() -> Any:
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=50, n_positions=16)
    )


def classifier() -> Any:
    config = transformers.BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, vocab_size=50, num_labels=3
    )
    return transformers.BertForSequenceClassification(config)


@pytest.mark.parametrize(
    ("build", "task"), [(language_model, "language-model"), (classifier, "classification")], ids=["gpt2", "bert"]
)
def test_models_of_hugging_face_and_that_they_are_trained_further(build: Any, task: str) -> None:
    torch.manual_seed(0)
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    seen = []
    for _ in range(2):
        with watch(model, optimizer) as run:
            tokens = torch.randint(50, (4, 16))
            loss = model(tokens, labels=tokens if task == "language-model" else torch.randint(3, (4,))).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
        seen.append(names(run.history()))
    assert seen == [f"{task} transformer", f"fine-tuning {task} transformer"]
