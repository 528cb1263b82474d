"""How much outputs differ from sample to sample, as it is recorded of real models, and what the rule makes of it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert import advise
from expert.adapters.torch import Run, watch

from .observers import failures


class Pair(nn.Module):
    """Returns a loss and logits in a mapping, as many libraries do."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        logits = self.body(x)
        return {"loss": logits.square().mean(), "logits": logits}


def train(model: nn.Module, *, steps: int = 12, rows: int = 16, scale: float = 1.0) -> tuple[Run, list[Tensor]]:
    """A training whose outputs before each step are kept."""
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    kept = []
    with watch(model, optimizer, every=1) as run:
        for _ in range(steps):
            x, y = scale * torch.randn(rows, 6), torch.randint(0, 3, (rows,))
            output = model(x)
            logits = output["logits"] if isinstance(output, dict) else output
            kept.append(logits.detach().clone())
            optimizer.zero_grad()
            loss = F.cross_entropy(logits, y)
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    assert failures(run) == []
    return run, kept


def spreads(run: Run) -> list[float]:
    series = [one for one in run.history().series if one.role == "output.spread"]
    return series[0].values.tolist() if series else []


def plain(output: Tensor) -> float:
    return float((output.var(0, correction=0).mean() / output.square().mean()).sqrt())


def check(run: Run, kept: list[Tensor], tolerance: float) -> None:
    """All steps were seen, or all but the first, whose forward pass may be the one that is compiled."""
    seen = spreads(run)
    assert len(kept) - len(seen) in (0, 1)
    assert seen == pytest.approx([plain(one) for one in kept[-len(seen) :]], rel=tolerance)


@pytest.mark.parametrize(
    "model", [nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)), Pair()], ids=["logits", "mapping"]
)
def test_the_spread_is_that_of_the_outputs_of_each_step(model: nn.Module) -> None:
    run, kept = train(model)
    check(run, kept, 1e-4)


def test_a_wide_output_is_sampled() -> None:
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 5000))
    run, kept = train(model, steps=3)
    check(run, kept, 0.1)


def test_too_few_samples_tell_nothing() -> None:
    run, _ = train(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)), rows=3)
    assert spreads(run) == []


def test_outputs_that_are_all_the_same_are_found_and_sound_ones_are_not() -> None:
    settings = {"preview": True}
    run, _ = train(nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3)), steps=80, scale=1e-6)
    assert max(spreads(run)) < 1e-3
    advice = advise(run.history(), settings=settings)
    assert advice.is_found("ACT103")
    assert not advise(run.history()).is_found("ACT103")
    sound, _ = train(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)), steps=80)
    assert min(spreads(sound)) > 0.1
    assert not advise(sound.history(), settings=settings).is_found("ACT103")
