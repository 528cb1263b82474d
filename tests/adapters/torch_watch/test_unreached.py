"""Look-up tables and positions that no gradient ever reaches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from expert import advise
from expert.adapters.torch import Run, watch

from .observers import failures


class Reader(nn.Module):
    """Words and places, each of which can be cut off; ``late`` says from which forward pass on a table is used."""

    def __init__(self, words: bool = True, places: bool = True, late: int = 0, sparse: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(12, 6, sparse=sparse)
        self.places = nn.Parameter(torch.randn(1, 5, 6))
        self.out = nn.Linear(6, 3)
        self.words, self.used, self.late, self.passes = words, places, late, 0

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        with torch.set_grad_enabled(self.words and self.passes > self.late):
            hidden = self.table(x)
        if self.used:
            hidden = hidden + self.places
        answer: Tensor = self.out(hidden.mean(1))
        return answer


def train(model: Reader, optimizers: list[torch.optim.Optimizer] | None = None, steps: int = 12) -> Run:
    torch.manual_seed(1)
    x = torch.randint(0, 12, (64, 5))
    y = x[:, 0] % 3
    optimizers = optimizers or [torch.optim.SGD(model.parameters(), lr=0.1)]
    with watch(model, optimizers, every=1, loss_fn=nn.functional.cross_entropy) as run:
        for _ in range(steps):
            for one in optimizers:
                one.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            for one in optimizers:
                one.step()
            run.step(loss=loss)
    assert failures(run) == []
    return run


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        (Reader(), ()),
        (Reader(words=False), ("table.weight",)),
        (Reader(places=False), ("places",)),
        (Reader(words=False, places=False), ("table.weight", "places")),
        (Reader(sparse=True), ()),
        (Reader(late=6), ()),
        (Reader(late=40), ("table.weight",)),
    ],
)
def test_what_no_gradient_reaches_is_named(model: Reader, missing: tuple[str, ...]) -> None:
    run = train(model)
    assert set(run.history().model.without_gradient or ()) == set(missing)
    assert run.history().model.without_gradient is not None
    assert advise(run).is_found("no-gradient-parameter") == bool(missing)


def test_what_is_frozen_is_not_missed() -> None:
    model = Reader()
    model.table.weight.requires_grad_(False)
    assert train(model).history().model.without_gradient == ()


def test_what_no_optimizer_holds_is_told_as_that() -> None:
    model = Reader(words=False)
    history = train(model, [torch.optim.SGD([model.places, *model.out.parameters()], lr=0.1)]).history()
    assert (history.model.without_gradient, history.model.not_optimized) == ((), ("table.weight",))


def test_each_of_several_optimizers_tells_of_its_own() -> None:
    model = Reader(words=False, places=False)
    parts = [[model.table.weight], [model.places, *model.out.parameters()]]
    history = train(model, [torch.optim.SGD(part, lr=0.1) for part in parts]).history()
    assert set(history.model.without_gradient or ()) == {"table.weight", "places"}


def test_too_few_looks_tell_nothing() -> None:
    assert train(Reader(words=False), steps=2).history().model.without_gradient is None
