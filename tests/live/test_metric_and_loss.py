"""Accuracies that the loss does not allow, and validation labels that are numbered otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert import Advice
from expert.adapters.torch import watch

Loss = Callable[[Tensor, Tensor], Tensor]
Accuracy = Callable[[Tensor, Tensor], Tensor]
CLASSES = 5


def right(outputs: Tensor, labels: Tensor) -> Tensor:
    return (outputs.argmax(1) == labels).float().mean()


def compared_with_others(outputs: Tensor, labels: Tensor) -> Tensor:
    """The predictions stand in another order than the labels they are compared with."""
    return (outputs.argmax(1).roll(1) == labels).float().mean()


def of_its_own_answers(outputs: Tensor, labels: Tensor) -> Tensor:
    return -F.log_softmax(outputs, 1).max(1).values.mean()


def focal(outputs: Tensor, labels: Tensor) -> Tensor:
    losses = F.cross_entropy(outputs, labels, reduction="none")
    return ((1.0 - torch.exp(-losses)) ** 2 * losses).mean()


def trained(
    loss_fn: Loss,
    accuracy: Accuracy = right,
    *,
    relabel: Callable[[Tensor], Tensor] = lambda y: y,
    apart: float = 4.0,
    epochs: int = 12,
) -> Advice:
    """Train on clouds of samples, one for each class, whose centers lie so many spreads from the origin."""
    torch.manual_seed(0)
    y = torch.randint(0, CLASSES, (300,))
    x = apart * F.normalize(torch.randn(CLASSES, 8))[y] + torch.randn(300, 8)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, CLASSES))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    with watch(model, optimizer, loss_fn=loss_fn, every=50) as run:
        for _ in range(epochs):
            hits, losses = [], []
            for rows in torch.randperm(200).split(25):
                outputs = model(x[rows])
                loss = loss_fn(outputs, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss, batch=(x[rows], y[rows]))
                hits.append(accuracy(outputs, y[rows]))
                losses.append(loss.detach())
            with torch.no_grad():
                outputs, labels = model(x[200:]), relabel(y[200:])
                run.epoch(
                    train_loss=torch.stack(losses).mean(),
                    train_accuracy=torch.stack(hits).mean(),
                    val_loss=loss_fn(outputs, labels),
                    val_accuracy=accuracy(outputs, labels),
                )
    return run.advise()


@pytest.mark.parametrize(
    ("loss_fn", "accuracy", "more"),
    # What is computed by hand may be any loss: it has to be next to nothing.
    [(nn.CrossEntropyLoss(), compared_with_others, {}), (of_its_own_answers, right, {"apart": 8.0, "epochs": 30})],
)
def test_wrong_answers_that_cost_less_than_they_must(loss_fn: Any, accuracy: Accuracy, more: dict[str, Any]) -> None:
    advice = trained(loss_fn, accuracy, **more)
    assert advice.findings[0].rule == "RUN112"
    assert advice.recommendations[0].name == "recompute-metric"


@pytest.mark.parametrize(
    "loss_fn",
    [
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(label_smoothing=0.2),
        nn.CrossEntropyLoss(weight=torch.tensor([10.0, 1.0, 0.1, 1.0, 1.0])),
        nn.CrossEntropyLoss(reduction="sum"),
        nn.MultiMarginLoss(),
        focal,
        lambda outputs, labels: F.mse_loss(outputs.softmax(1), F.one_hot(labels, CLASSES).float()),
    ],
    ids=["plain", "smoothed", "weighted", "summed", "margin", "focal", "squared"],
)
@pytest.mark.parametrize("apart", [0.5, 3.0])
def test_losses_of_every_kind_are_in_keeping_with_their_accuracy(loss_fn: Any, apart: float) -> None:
    assert not trained(loss_fn, apart=apart).is_found("RUN112")


def test_classes_numbered_otherwise_in_validation_are_no_labels_of_other_inputs() -> None:
    advice = trained(nn.CrossEntropyLoss(), relabel=lambda y: (y + 1) % CLASSES)
    assert advice.findings[0].rule == "DAT403"
    assert not advice.is_found("DAT204")


def test_labels_dealt_at_random_in_validation_are_no_other_numbering() -> None:
    advice = trained(nn.CrossEntropyLoss(), relabel=lambda y: y[torch.randperm(len(y))])
    assert not any(one.rule == "DAT403" and one.severity == "error" for one in advice.findings)
