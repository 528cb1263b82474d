"""What kind of run it is, from what it tells of itself; what nothing tells stays open."""

from __future__ import annotations

from typing import Any

import pytest

from expert import History
from expert.recognizing import recognized

LAYERS = [{"name": f"block.{number}", "kind": "multihead_attention"} for number in range(4)]
DENSE = {"transformer": False, "recurrent": "none", "convolutional": False, "embedding": False}


def names(**told: Any) -> str:
    return " ".join(one.name for one in recognized(History.model_validate(told)))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ({"transformer": True, "convolutional": True}, "transformer"),
        ({"recurrent": "lstm", "convolutional": True}, "rnn"),
        ({"convolutional": True, "recurrent": "none"}, "cnn"),
        (DENSE, "tabular"),
        ({**DENSE, "embedding": True}, ""),
        ({**DENSE, "transformer": None}, ""),
        ({"recurrent": "none"}, ""),
        ({}, ""),
    ],
)
def test_the_architecture(model: dict[str, Any], name: str) -> None:
    assert names(model=model) == name


@pytest.mark.parametrize(
    ("config", "data", "name"),
    [
        ({"task": "language_model", "loss": "mse"}, {}, "language-model"),
        ({"task": "autoencoder", "loss": "mse"}, {}, "autoencoder"),
        ({"loss": "cross_entropy"}, {"classes": 10}, "classification"),
        ({"loss": "cross_entropy"}, {}, ""),
        ({"loss": "bce_with_logits"}, {}, ""),
        ({"loss": "mse"}, {}, "regression"),
        ({"loss": "mse"}, {"classes": 10}, ""),
        ({}, {"classes": 10}, ""),
    ],
)
def test_the_task(config: dict[str, Any], data: dict[str, Any], name: str) -> None:
    assert names(config=config, data=data) == name


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (("loss", "val_loss"), ""),
        (("loss", "val_accuracy"), "classification"),
        (("loss", "accuracy", "val_ppl"), "language-model"),
        (("train/box_loss", "metrics/mAP50(B)", "metrics/precision(B)"), "detection"),
        (("loss", "val_miou", "val_accuracy"), "segmentation"),
        (("loss", "val_mae"), "regression"),
        (("lm loss",), "language-model"),
        (("train/lm_loss", "grad_norm"), "language-model"),
        (("train_lm_loss",), "language-model"),
        (("film loss",), ""),
        (("loss", "val_f1"), ""),
    ],
)
def test_the_task_from_metrics_alone(columns: tuple[str, ...], name: str) -> None:
    run = History.from_columns({column: [0.9, 0.8, 0.7] for column in columns})
    assert " ".join(one.name for one in recognized(run)) == name


def test_what_is_told_counts_more_than_a_metric() -> None:
    run = History.from_columns(
        {"loss": [3.0, 2.0, 1.0], "accuracy": [0.3, 0.4, 0.5]}, config={"task": "language_model"}
    )
    assert [one.name for one in recognized(run)] == ["language-model"]


FROZEN = {"parameters": 1000, "trainable_parameters": 100}


@pytest.mark.parametrize(
    ("config", "model", "name"),
    [
        ({"pretrained": True}, {}, "fine-tuning"),
        ({"pretrained": False}, FROZEN, ""),
        ({}, FROZEN, "fine-tuning"),
        ({}, {**FROZEN, "trainable_parameters": 900}, ""),
        ({}, {**FROZEN, "trainable_parameters": 0}, ""),
        ({}, {**FROZEN, "initialization": "default"}, ""),
        ({}, {**FROZEN, "recurrent": "none"}, "fine-tuning"),
        ({}, {**FROZEN, "recurrent": "gru"}, "rnn"),
    ],
)
def test_whether_trained_weights_are_trained_further(config: dict[str, Any], model: dict[str, Any], name: str) -> None:
    assert names(config=config, model=model) == name


def test_the_most_specific_comes_first_and_the_signs_are_told() -> None:
    run = History.model_validate(
        {
            "config": {"task": "language_model", "pretrained": True},
            "model": {"transformer": True, "layers": LAYERS},
        }
    )
    assert recognized(run) == (
        ("fine-tuning", "pre-trained weights"),
        ("language-model", "the task language_model"),
        ("transformer", "4 attention layers"),
    )


def test_per_layer_records_tell_the_architecture_where_the_model_does_not() -> None:
    rows = [{"step": step, "time_step_gradient_norm": {"1": 1.0, "2": 0.5}} for step in range(3)]
    assert [one.name for one in recognized(History.from_records(rows))] == ["rnn"]
    attention = History.from_columns({"loss": [1.0, 0.9], "attention/max_logit": [5.0, 6.0]})
    assert [one.name for one in recognized(attention)] == ["transformer"]
