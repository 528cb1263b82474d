"""Wrong labels that a network does not learn by heart: named, whether those of validation are wrong as well or not."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert import Advice
from expert.adapters.torch import watch

CLASSES, TRAINED = 10, 3000


def judged(wrong: float, *, checked: bool) -> Advice:
    """Advice on a small network that learns ten clusters; a share of the labels are drawn anew, ``checked`` leaves
    those of validation right.
    """
    torch.manual_seed(3)
    centers = 2.2 * torch.randn(CLASSES, 20)
    right = torch.randint(CLASSES, (4000,))
    x = centers[right] + 1.5 * torch.randn(4000, 20)
    told = torch.where(torch.rand(4000) < wrong, torch.randint(CLASSES, (4000,)), right)
    y, x_val, y_val = told[:TRAINED], x[TRAINED:], (right if checked else told)[TRAINED:]
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, CLASSES))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def share(outputs: Tensor, labels: Tensor) -> float:
        return float((outputs.argmax(1) == labels).float().mean())

    with watch(model, optimizer, loss_fn=F.cross_entropy) as run:
        for _ in range(25):
            shares = []
            for rows in torch.randperm(TRAINED).split(64):
                outputs = model(x[rows])
                loss = F.cross_entropy(outputs, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
                shares.append(share(outputs, y[rows]))
            with torch.no_grad():
                outputs = model(x_val)
                run.epoch(
                    val_loss=float(F.cross_entropy(outputs, y_val)),
                    val_accuracy=share(outputs, y_val),
                    train_accuracy=sum(shares) / len(shares),
                )
    return run.advise()


@pytest.mark.parametrize("checked", [False, True], ids=["validation is wrong as well", "validation was checked"])
def test_wrong_labels_are_named_and_their_review_comes_first(checked: bool) -> None:
    advice = judged(0.4, checked=checked)
    assert advice.findings[0].rule == "DAT407"
    assert advice.recommendations[0].name == "clean-labels"


@pytest.mark.parametrize("checked", [False, True], ids=["validation is wrong as well", "validation was checked"])
def test_right_labels_are_met_with_silence(checked: bool) -> None:
    assert [one.rule for one in judged(0.0, checked=checked).findings if one.severity != "info"] == []
