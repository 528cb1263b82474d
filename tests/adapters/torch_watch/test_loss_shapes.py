"""A loss that spreads outputs over targets is noticed, and named as the cause."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from expert.adapters.torch import Run, watch


def trained(criterion: nn.Module, *, squeezed: bool) -> Run:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    weights = torch.randn(6)
    with watch(model, optimizer, every=5) as run, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(12):
            for _ in range(20):
                x = torch.randn(32, 6)
                outputs = model(x)
                loss = criterion(outputs.squeeze(-1) if squeezed else outputs, x @ weights)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
            run.epoch()
    return run


@pytest.mark.parametrize(
    "criterion", [nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss()], ids=lambda one: type(one).__name__
)
def test_a_column_of_outputs_against_a_row_of_targets(criterion: nn.Module) -> None:
    run = trained(criterion, squeezed=False)
    assert run.history().config.loss_broadcast is True
    assert run.advise().findings[0].rule == "MOD108"
    assert run.advise().recommendations[0].remedy == "FX509"


def test_one_shape_is_met_with_silence() -> None:
    run = trained(nn.MSELoss(), squeezed=True)
    assert run.history().config.loss_broadcast is False
    assert [one.rule for one in run.advise().findings if one.severity != "info"] == []


def test_a_loss_that_does_not_compare_number_by_number_says_nothing() -> None:
    torch.manual_seed(0)
    model, criterion = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, every=1) as run:
        for _ in range(4):
            loss = criterion(model(torch.randn(8, 4)), torch.randint(0, 3, (8,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    assert run.history().config.loss_broadcast is None
