"""Language models whose targets are their inputs, and those that are shifted, wherever that is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import points

TOKENS = 30


def text(count: int, length: int = 17) -> Tensor:
    """Each token is the one before plus one or two, so that half a bit is never foretold."""
    steps = torch.randint(1, 3, (count, length))
    return (torch.randint(0, TOKENS, (count, 1)) + steps.cumsum(1)) % TOKENS


Batches = Callable[[Tensor], tuple[Any, Tensor, Tensor]]


def trained(batches: Batches, shift_in_loss: bool = False) -> Run:
    """Train a table from token to token; ``batches`` gives what is handed over, the inputs and the targets."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(TOKENS, 32), nn.Linear(32, TOKENS))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        logits = model(x)
        if shift_in_loss:
            logits, y = logits[:, :-1], y[:, 1:]
        return F.cross_entropy(logits.flatten(0, 1), y.flatten())

    with watch(model, optimizer, every=50) as run:
        for _ in range(12):
            for _ in range(15):
                batch, x, y = batches(text(16))
                loss = loss_of(x, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss, batch=batch)
            _, x, y = batches(text(50))
            with torch.no_grad():
                run.epoch(val_loss=loss_of(x, y))
    assert failures(run) == []
    return run


def same(tokens: Tensor) -> tuple[Any, Tensor, Tensor]:
    return (tokens, tokens.clone()), tokens, tokens


def same_and_not_handed_over(tokens: Tensor) -> tuple[Any, Tensor, Tensor]:
    return None, tokens, tokens


def shifted(tokens: Tensor) -> tuple[Any, Tensor, Tensor]:
    x, y = tokens[:, :-1], tokens[:, 1:]
    return (x, y), x, y


def as_transformers_want_it(tokens: Tensor) -> tuple[Any, Tensor, Tensor]:
    return {"input_ids": tokens, "labels": tokens}, tokens, tokens


@pytest.mark.parametrize(("batches", "told"), [(same, True), (same_and_not_handed_over, None)])
def test_a_model_that_copies_is_named(batches: Batches, told: bool | None) -> None:
    run = trained(batches)
    assert run.history().data.targets_are_inputs is told
    assert min(points(run, "output.copied_share").values()) < 0.3
    assert max(points(run, "output.copied_share").values()) > 0.95
    advice = run.advise()
    assert advice.findings[0].rule == "DAT205"
    assert advice.recommendations[0].name == "shift-targets"


@pytest.mark.parametrize(
    ("batches", "inside", "told"),
    [(shifted, False, False), (same, True, None), (as_transformers_want_it, True, None)],
    ids=["by the data", "by the loss", "as of Transformers"],
)
def test_a_model_that_foretells_is_left_alone(batches: Batches, inside: bool, told: bool | None) -> None:
    run = trained(batches, inside)
    assert max(points(run, "output.copied_share").values()) < 0.3
    assert run.history().data.targets_are_inputs is told
    assert not run.advise().is_found("DAT205")


def test_numbers_and_classes_are_no_tokens() -> None:
    model = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.randn(8, 4)
    with watch(model, optimizer) as run:
        for _ in range(3):
            loss = F.mse_loss(model(x), x)
            loss.backward()
            optimizer.step()
            run.step(loss=loss, batch=(x, x))
    assert run.history().data.targets_are_inputs is None
