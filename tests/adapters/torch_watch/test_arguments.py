"""Wrong arguments are refused before the training, each in one sentence: what was seen, what was expected."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from expert.adapters.torch import watch
from expert.errors import SourceError

MODEL = nn.Linear(3, 1)
OPTIMIZER = torch.optim.SGD(MODEL.parameters(), lr=0.1)


@pytest.mark.parametrize(
    ("positional", "named", "words"),
    [
        (("model", OPTIMIZER), {}, ("model is str", "torch.nn.Module")),
        ((None, OPTIMIZER), {}, ("model is NoneType", "torch.nn.Module")),
        ((nn.Linear, OPTIMIZER), {}, ("model is", "torch.nn.Module")),
        ((MODEL.state_dict(), OPTIMIZER), {}, ("model is OrderedDict", "torch.nn.Module")),
        ((MODEL, "adam"), {}, ("optimizer is str", "torch.optim.Optimizer")),
        ((MODEL, 0.1), {}, ("optimizer is float", "torch.optim.Optimizer")),
        ((MODEL, MODEL.parameters()), {}, ("optimizer is Parameter", "torch.optim.Optimizer")),
        ((MODEL, torch.optim.SGD), {}, ("optimizer is", "torch.optim.Optimizer")),
        ((MODEL, [OPTIMIZER, OPTIMIZER]), {}, ("optimizer is given twice",)),
        ((MODEL, [OPTIMIZER, None]), {}, ("optimizer is NoneType", "torch.optim.Optimizer")),
        ((MODEL, OPTIMIZER), {"every": 0}, ("every is 0", "1 or more")),
        ((MODEL, OPTIMIZER), {"every": -3}, ("every is -3", "1 or more")),
        ((MODEL, OPTIMIZER), {"every": 2.5}, ("every is 2.5", "whole number")),
        ((MODEL, OPTIMIZER), {"every": True}, ("every is True", "whole number")),
        ((MODEL, OPTIMIZER), {"budget": 1.5}, ("budget is 1.5", "between 0 and 1")),
        ((MODEL, OPTIMIZER), {"budget": float("nan")}, ("budget is nan", "between 0 and 1")),
        ((MODEL, OPTIMIZER), {"budget": "1%"}, ("budget is '1%'", "between 0 and 1")),
        ((MODEL, OPTIMIZER), {"stop_on": "eror"}, ("stop_on is 'eror'", "Did you mean 'error'?")),
        ((MODEL, OPTIMIZER), {"config": {"batch_sise": 4}}, ("'batch_sise'", "Did you mean 'batch_size'?")),
        ((MODEL, OPTIMIZER), {"config": {"lr": 0.1}}, ("'lr'", "Did you mean 'learning_rate'?")),
        ((MODEL, OPTIMIZER), {"config": {"batch_size": "many"}}, ("batch_size", "'many'")),
        ((MODEL, OPTIMIZER), {"config": "config.yaml"}, ("config is str", "mapping")),
        ((MODEL, OPTIMIZER), {"path": 3}, ("path is int", "name of a file")),
        ((MODEL, OPTIMIZER), {"loss_fn": "mse"}, ("loss", "str")),
        ((MODEL, OPTIMIZER), {"scheduler": "cosine"}, ("scheduler is str",)),
        ((MODEL, OPTIMIZER), {"scaler": 1024.0}, ("scaler is float", "GradScaler")),
        ((MODEL, OPTIMIZER), {"on_finding": "print"}, ("on_finding is str", "function")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_argument_is_refused_in_one_sentence(
    positional: tuple[Any, ...], named: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(SourceError) as refused:
        watch(*positional, **named)
    sentence = str(refused.value)
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence
    assert len(sentence) < 250


def test_a_wrong_loader_or_an_odd_loss_function_is_not_in_the_way() -> None:
    with watch(MODEL, OPTIMIZER, loader=[1, 2], loss_fn=lambda x, y: (x - y).abs().mean()) as run:
        assert run.history().config.loss == "custom"


def test_what_is_told_wins_over_what_is_seen() -> None:
    with watch(MODEL, OPTIMIZER, config={"learning_rate": 0.7, "pretrained": True}) as run:
        config = run.history().config
    assert (config.learning_rate, config.pretrained, config.optimizer) == (0.7, True, "sgd")


def test_an_empty_list_of_optimizers_is_none() -> None:
    with watch(MODEL, []) as run:
        run.step(loss=1.0)
        run.step(loss=2.0)
    series = run.history().get("train.loss")
    assert series is not None
    assert series.at.tolist() == [1.0, 2.0]
