"""Recurrent nets as a user would train and watch them: that nothing comes back to the first time steps is a fault only
where the answer lies there.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert import Advice, advise
from expert.adapters.torch import watch

SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]


class Reader(nn.Module):
    """Classifies a sequence from what a recurrent layer holds at its end."""

    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 16)
        self.recurrence: Any = kind(16, 24, batch_first=True)
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.recurrence(torch.relu(self.inner(x)))[0][:, -1])
        return out


def judged(kind: type[nn.RNNBase], length: int, telling: slice, seed: int) -> Advice:
    """Advice on a training whose classes are thirds of a sum over the time steps that tell."""
    torch.manual_seed(seed)
    x = torch.randn(1200, length, 4)
    sums = x[:, telling, 0].sum(1)
    y = (sums > sums.quantile(1 / 3)).long() + (sums > sums.quantile(2 / 3)).long()
    model = Reader(kind)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    with watch(model, optimizer, every=5) as run:
        for _ in range(8):
            for rows in torch.randperm(len(x)).split(32):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
            run.epoch()
    return advise(run.history())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plain_recurrence_that_cannot_reach_the_beginning_is_named(seed: int) -> None:
    advice = judged(nn.RNN, 60, slice(0, 5), seed)
    # The length is told by the collector: too long for this recurrence, which is why nothing comes back.
    assert [one.rule for one in advice.findings[:2]] == ["MOD203", "GRD103"]
    assert advice.recommendations[0].name in ("use-gated-recurrence", "shorten-gradient-path")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kind", "length", "telling"),
    [(nn.RNN, 60, slice(-5, None)), (nn.RNN, 10, slice(None)), (nn.GRU, 60, slice(None))],
    ids=["the end tells", "a short sequence", "gates"],
)
def test_a_recurrence_that_learns_is_left_alone(kind: type[nn.RNNBase], length: int, telling: slice, seed: int) -> None:
    advice = judged(kind, length, telling, seed)
    assert [one.rule for one in advice.findings if one.severity != "info"] == []
