"""What the graph of a loss tells: its kind, the axis of its softmax, and what it compares."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert import Advice
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch import Run, watch
from expert.adapters.torch.loss_graph import LossGraph
from expert.history import RunConfig

from .observers import failures

CLASSES = 4
LABELS = torch.arange(12) % CLASSES
ONE_HOT = F.one_hot(LABELS, CLASSES).float()


def told(loss: Callable[[Tensor], Tensor], units: int = CLASSES, *, after_backward: bool = True) -> RunConfig:
    """What is known of the configuration after a look at the loss of a linear layer's outputs (12, units)."""
    telemetry = Telemetry("a run")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = loss(nn.Linear(3, units)(torch.randn(12, 3)))
    if after_backward:
        made.sum().backward()
    graph = LossGraph(telemetry)
    graph.see(made)
    assert graph.left == 2
    return telemetry.config


@pytest.mark.parametrize("after_backward", [True, False])
@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (lambda out: F.cross_entropy(out, LABELS), "cross_entropy"),
        (lambda out: F.cross_entropy(out, LABELS, weight=torch.rand(CLASSES), reduction="sum"), "cross_entropy"),
        (lambda out: F.cross_entropy(out, LABELS, reduction="none"), "cross_entropy"),
        (lambda out: F.cross_entropy(out, LABELS, reduction="none").mean() / 8, "cross_entropy"),
        (lambda out: F.nll_loss((out.softmax(1) + 1e-9).log(), LABELS), "nll"),
        (lambda out: F.nll_loss(out.softmax(1).log(), LABELS), "nll"),
        (lambda out: F.nll_loss(out, LABELS), "nll"),
        (lambda out: F.mse_loss(out, ONE_HOT), "mse"),
        (lambda out: ((out - ONE_HOT) ** 2).mean(), "mse"),
        (lambda out: ((ONE_HOT - out) ** 2).sum(1).mean(), "mse"),
        (lambda out: F.l1_loss(out, ONE_HOT), "mae"),
        (lambda out: F.huber_loss(out, ONE_HOT), "huber"),
        (lambda out: F.binary_cross_entropy(out.sigmoid(), ONE_HOT), "bce"),
        (lambda out: F.binary_cross_entropy_with_logits(out, ONE_HOT), "bce_with_logits"),
        (lambda out: ((out - ONE_HOT) ** 4).mean(), None),
        (lambda out: out.mean(), None),
        (lambda out: F.cross_entropy(out, LABELS) + 0.1 * out.square().mean(), None),
        (lambda out: -F.log_softmax(out, 1).max(1).values.mean(), None),
    ],
)
def test_the_kind_of_a_loss(loss: Callable[[Tensor], Tensor], name: str | None, after_backward: bool) -> None:
    assert told(loss, after_backward=after_backward).loss == name


def test_how_a_loss_is_reduced() -> None:
    assert told(lambda out: F.cross_entropy(out, LABELS)).loss_reduction == "mean"
    assert told(lambda out: F.cross_entropy(out, LABELS, reduction="sum")).loss_reduction == "sum"
    assert told(lambda out: F.cross_entropy(out, LABELS, reduction="sum") / 12).loss_reduction is None


PICTURES = torch.arange(12).reshape(3, 2, 2) % CLASSES


@pytest.mark.parametrize(
    ("loss", "right"),
    [
        (lambda out: F.cross_entropy(out, LABELS), True),
        (lambda out: F.nll_loss(F.log_softmax(out, -1), LABELS), True),
        (lambda out: F.nll_loss(F.log_softmax(out, 0), LABELS), False),
        (lambda out: F.nll_loss(out.softmax(0).log(), LABELS), False),
        (lambda out: F.nll_loss(F.log_softmax(out.view(2, 6, CLASSES), -1).flatten(0, 1), LABELS), True),
        (lambda out: F.nll_loss(F.log_softmax(out.view(2, 6, CLASSES), 1).flatten(0, 1), LABELS), False),
        (lambda out: F.cross_entropy(out.view(2, 6, CLASSES).transpose(1, 2), LABELS.view(2, 6)), True),
        (lambda out: F.cross_entropy(out.view(3, CLASSES, 2, 2), PICTURES), True),
        (lambda out: F.nll_loss(F.log_softmax(out.view(3, CLASSES, 2, 2), 3), PICTURES), False),
        (lambda out: F.nll_loss(out, LABELS), None),
        (lambda out: F.mse_loss(out, ONE_HOT), None),
    ],
)
def test_the_axis_of_a_softmax(loss: Callable[[Tensor], Tensor], right: bool | None) -> None:
    assert told(loss).softmax_over_classes is right


ROW, COLUMN = torch.randn(12), torch.randn(12, 1)


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_a_functional_loss_that_spreads_a_column_over_a_row(loss: Any) -> None:
    assert told(lambda out: loss(out, ROW), 1).loss_broadcast is True
    assert told(lambda out: loss(out.squeeze(1), COLUMN), 1).loss_broadcast is True
    assert told(lambda out: loss(out, COLUMN), 1).loss_broadcast is False
    assert told(lambda out: loss(out.squeeze(1), ROW), 1).loss_broadcast is False


def test_a_loss_that_is_written_out_and_spreads() -> None:
    assert told(lambda out: ((out - ROW) ** 2).mean(), 1).loss_broadcast is True
    assert told(lambda out: (ROW - out).abs().mean(), 1).loss_broadcast is True
    assert told(lambda out: ((out - COLUMN) ** 2).mean(), 1).loss_broadcast is False
    # Whoever adds the axis wants each to meet all, and several quantiles of one target are meant as well.
    assert told(lambda out: ((out.squeeze(1)[:, None] - ROW[None]) ** 2).mean(), 1).loss_broadcast is None
    assert told(lambda out: ((out - COLUMN) ** 2).mean(), 5).loss_broadcast is False
    assert told(lambda out: ((out - torch.zeros(())) ** 2).mean(), 5).loss_broadcast is False


def test_what_was_said_is_not_replaced() -> None:
    telemetry = Telemetry("a run")
    telemetry.know("config", loss="hinge", loss_reduction="sum")
    LossGraph(telemetry).see(F.mse_loss(nn.Linear(3, 1)(torch.randn(12, 3)), COLUMN))
    assert (telemetry.config.loss, telemetry.config.loss_reduction) == ("hinge", "sum")


def trained(loss_of: Callable[[Tensor, Tensor], Tensor], units: int) -> tuple[Run, Advice]:
    torch.manual_seed(0)
    centers = 3.0 * torch.randn(CLASSES, 6)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, units))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=50) as run, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(8):
            for _ in range(10):
                labels = torch.randint(0, CLASSES, (32,))
                x = centers[labels] + torch.randn(32, 6)
                loss = loss_of(model(x), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss, batch=(x, labels))
            run.epoch()
    assert failures(run) == []
    return run, run.advise()


def test_a_training_whose_softmax_runs_over_the_samples() -> None:
    run, advice = trained(lambda out, labels: F.nll_loss(F.log_softmax(out, 0), labels), CLASSES)
    assert advice.findings[0].rule == "MOD109"
    assert advice.recommendations[0].remedy == "FX510"
    assert float(run.history().series[0].values[0]) > 1.2 * torch.log(torch.tensor(float(CLASSES)))


def test_a_training_that_spreads_outputs_without_a_loss_module() -> None:
    _, advice = trained(lambda out, labels: F.mse_loss(out, labels.float()), 1)
    assert advice.findings[0].rule == "MOD108"


def test_a_training_as_it_should_be_is_met_with_silence() -> None:
    run, advice = trained(F.cross_entropy, CLASSES)
    assert run.history().config.softmax_over_classes is True
    assert [one for one in advice.findings if one.severity != "info"] == []
