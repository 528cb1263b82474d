"""What loaders tell of their workers' random numbers, and optimizers of what their decay acts on; both true of the real
thing.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from expert import advise
from expert.adapters.torch.profile.loader import read_loader
from expert.adapters.torch.profile.workers import workers_share_randomness


class Noisy(Dataset[Tensor]):
    """Adds a random number to each sample, from a generator that it may keep."""

    def __init__(self, generator: Any = None) -> None:
        self.generator = generator

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Tensor:
        drawn = np.random.rand() if self.generator is None else self.generator.random()
        return torch.tensor(float(drawn))


class Moved(Dataset[Tensor]):
    """Leaves the change of its samples to a transform."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(float(self.transform.generator.random()))


def draws(loader: DataLoader[Tensor]) -> list[float]:
    return [float(one) for batch in loader for one in batch]


@pytest.mark.parametrize("generator", [np.random.default_rng(0), np.random.RandomState(0), random.Random(0)])
def test_a_kept_generator_repeats_itself_in_every_worker_and_is_found(generator: Any) -> None:
    loader = DataLoader(Noisy(generator), batch_size=1, num_workers=2)
    first = draws(loader)
    assert first[0::2] == first[1::2], "both workers draw the same"
    assert draws(loader) == first, "and so does the next epoch"
    assert workers_share_randomness(loader) is True
    advice = advise(config=read_loader(loader).config, settings={"select": ["DAT304"]})
    assert advice.finding("DAT304") is not None


def test_the_global_generator_is_seeded_apart_and_not_accused() -> None:
    loader = DataLoader(Noisy(), batch_size=1, num_workers=2)
    first = draws(loader)
    assert first[0::2] != first[1::2]
    assert workers_share_randomness(loader) is None


def test_a_generator_is_found_behind_a_transform_and_a_subset() -> None:
    inner = Moved(Noisy(np.random.default_rng(0)))
    assert workers_share_randomness(DataLoader(inner, num_workers=2)) is True
    assert workers_share_randomness(DataLoader(Subset(inner, [0, 1, 2]), num_workers=2)) is True


@pytest.mark.parametrize(
    "settings", [{"num_workers": 0}, {"num_workers": 1}, {"num_workers": 2, "worker_init_fn": print}]
)
def test_where_nothing_is_shared_or_someone_may_have_seen_to_it_nothing_is_said(settings: dict[str, Any]) -> None:
    assert workers_share_randomness(DataLoader(Noisy(np.random.default_rng(0)), **settings)) is None


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        return x + self.out(self.attention(y, y, y)[0])


def groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """The usual two groups: decay for what has two axes or more."""
    parameters = list(model.parameters())
    return [
        {"params": [one for one in parameters if one.dim() >= 2], "weight_decay": decay},
        {"params": [one for one in parameters if one.dim() < 2], "weight_decay": 0.0},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda model: torch.optim.AdamW(model.parameters(), weight_decay=0.1), True),
        (lambda model: torch.optim.AdamW(groups(model, 0.1)), False),
        (lambda model: torch.optim.Adam(model.parameters()), None),
    ],
)
def test_what_the_decay_acts_on_is_read_from_the_groups(given: Any, expected: bool | None) -> None:
    model = nn.Sequential(Block(), nn.Linear(8, 4))
    optimizer = given(model)
    advice = advise(
        model={"model": model, "optimizer": optimizer}, config={"task": "classification"}, settings={"preview": True}
    )
    assert (advice.finding("CFG107") is not None) is (expected is True)


def test_without_levels_nothing_is_said() -> None:
    from expert.adapters.torch.profile.decay import decays_norm_and_bias

    model = nn.Linear(4, 4, bias=False)
    assert decays_norm_and_bias(model, [torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1)]) is None


def test_the_remedys_code_gives_each_worker_and_epoch_numbers_of_its_own() -> None:
    from expert.knowledge import load

    names: dict[str, Any] = {"torch": torch, "dataset": Noisy(np.random.default_rng(0))}
    code = next(one.code for one in load()[1].remedies["seed-workers-apart"].snippets if one.framework == "torch")
    exec(code, names)
    first = draws(names["loader"])
    assert first[0::2] != first[1::2]
    assert draws(names["loader"]) != first
    assert workers_share_randomness(names["loader"]) is None
