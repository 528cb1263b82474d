from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from expert.adapters.torch.profile.loader import count_samples, inner_loader, is_loader, read_loader
from expert.history import History

HUNDRED = TensorDataset(torch.zeros(100, 3), torch.arange(100) % 4)


class Untouchable(Dataset[Any]):
    """Has a length, and a person who takes an item is found out."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> Any:
        raise AssertionError("an item was taken")


class Drawn(Sampler[int]):
    """A sampler of somebody's own."""

    def __iter__(self) -> Iterator[int]:
        raise AssertionError("the sampler was iterated")

    def __len__(self) -> int:
        raise AssertionError("the sampler had to count")


class Buckets(Sampler[list[int]]):
    batch_size = 8

    def __iter__(self) -> Iterator[list[int]]:
        raise AssertionError("the batch sampler was iterated")

    def __len__(self) -> int:
        raise AssertionError("the batch sampler had to count")


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        raise AssertionError("the data set was iterated")


class CountedStream(Stream):
    def __len__(self) -> int:
        return 100


class NeverIterated(DataLoader[Any]):
    def __iter__(self) -> Any:
        raise AssertionError("the loader was iterated")


def config(loader: Any, **told: Any) -> dict[str, Any]:
    found = read_loader(loader, **told).config.model_dump(exclude_none=True)
    assert found.pop("framework") == "torch"
    return found


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"batch_size": 1, "steps_per_epoch": 100, "last_batch_size": 1, "shuffle": False, "order_redrawn": False}),
        (
            {"batch_size": 32, "shuffle": True},
            {"batch_size": 32, "steps_per_epoch": 4, "last_batch_size": 4, "shuffle": True, "order_redrawn": True},
        ),
        (
            {"batch_size": 32, "shuffle": True, "drop_last": True},
            {"batch_size": 32, "steps_per_epoch": 3, "last_batch_size": 32, "shuffle": True, "order_redrawn": True},
        ),
        (
            {"batch_size": 50, "num_workers": 2},
            {
                "batch_size": 50,
                "steps_per_epoch": 2,
                "last_batch_size": 50,
                "shuffle": False,
                "order_redrawn": False,
                "loader_workers": 2,
            },
        ),
        (
            {"batch_size": 128, "drop_last": True},
            {"batch_size": 128, "steps_per_epoch": 0, "shuffle": False, "order_redrawn": False},
        ),
    ],
    ids=["default", "shuffled", "rest dropped", "workers", "nothing left"],
)
def test_plain_loaders(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    loader: DataLoader[Any] = DataLoader(HUNDRED, **settings)
    assert config(loader) == {"loader_workers": 0} | expected
    assert expected["steps_per_epoch"] == len(loader)
    assert read_loader(loader).data.samples == 100


SAMPLERS = {
    "sequential": (SequentialSampler(HUNDRED), False, False, 100, 100),
    "random": (RandomSampler(HUNDRED), True, True, 100, 100),
    "random, fewer": (RandomSampler(HUNDRED, num_samples=40), True, True, 40, 100),
    "with replacement": (RandomSampler(HUNDRED, replacement=True, num_samples=300), True, True, 300, 100),
    "a random part": (SubsetRandomSampler(range(60)), True, True, 60, 60),
    "weighted": (WeightedRandomSampler([1.0] * 100, 200), True, True, 200, 100),
    "a list": ([5, 3, 8], None, False, 3, 3),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_of_torch(name: str) -> None:
    sampler, shuffle, redrawn, drawn, samples = SAMPLERS[name]
    history = read_loader(DataLoader(HUNDRED, batch_size=10, sampler=sampler))
    assert (history.config.shuffle, history.config.order_redrawn) == (shuffle, redrawn)
    assert history.config.steps_per_epoch == -(-drawn // 10)
    assert history.data.samples == samples


def test_weights_that_balance_classes_are_told_from_others() -> None:
    labels = torch.tensor([0] * 90 + [1] * 10)
    balanced = (1.0 / torch.bincount(labels))[labels]
    assert config(DataLoader(HUNDRED, sampler=WeightedRandomSampler(balanced, 100)))["class_weights"] is True
    for weights in (torch.ones(100), torch.arange(100.0)):
        assert "class_weights" not in config(DataLoader(HUNDRED, sampler=WeightedRandomSampler(weights, 100)))


def test_a_distributed_sampler_repeats_its_order_until_it_is_told_the_epoch() -> None:
    def loader(**settings: Any) -> DataLoader[Any]:
        return DataLoader(
            HUNDRED, batch_size=10, sampler=DistributedSampler(HUNDRED, num_replicas=4, rank=1, **settings)
        )

    assert config(loader(shuffle=False))["order_redrawn"] is False
    fresh = loader()
    assert (config(fresh)["shuffle"], config(fresh)["steps_per_epoch"]) == (True, 3)
    assert "order_redrawn" not in config(fresh), "before the second epoch nobody can tell"
    assert "order_redrawn" not in config(fresh, epochs=1)
    forgotten = read_loader(fresh, epochs=2)
    assert forgotten.config.order_redrawn is False
    assert any("set_epoch" in note for note in forgotten.notes)
    fresh.sampler.set_epoch(1)  # type: ignore[attr-defined]
    told = read_loader(fresh, epochs=2)
    assert (told.config.order_redrawn, told.notes) == (True, ())
    assert told.data.samples == 100


def test_what_strangers_decide_is_unknown_and_not_false() -> None:
    own = config(DataLoader(HUNDRED, batch_size=10, sampler=Drawn()))
    assert own == {"batch_size": 10, "loader_workers": 0}
    assert config(DataLoader(HUNDRED, batch_sampler=Buckets())) == {"batch_size": 8, "loader_workers": 0}

    class Reversed(RandomSampler):
        def __iter__(self) -> Iterator[int]:
            raise AssertionError("the sampler was iterated")

    assert config(DataLoader(HUNDRED, batch_size=10, sampler=Reversed(HUNDRED))) == {
        "batch_size": 10,
        "loader_workers": 0,
    }

    class Named(RandomSampler):
        """Draws as its base does, but may count otherwise."""

        name = "mine"

    named = config(DataLoader(HUNDRED, batch_size=10, sampler=Named(HUNDRED)))
    assert (named["shuffle"], named["order_redrawn"], "steps_per_epoch" in named) == (True, True, False)


def test_a_fixed_list_of_batches_and_batches_without_the_loader() -> None:
    fixed = config(DataLoader(HUNDRED, batch_sampler=[[0, 1], [2, 3], [4]]))
    assert fixed == {"order_redrawn": False, "steps_per_epoch": 3, "loader_workers": 0}
    batches = BatchSampler(RandomSampler(HUNDRED), 30, drop_last=False)
    for loader in (DataLoader(HUNDRED, batch_sampler=batches), DataLoader(HUNDRED, sampler=batches, batch_size=None)):
        found = config(loader)
        assert (found["batch_size"], found["steps_per_epoch"], found["last_batch_size"]) == (30, 4, 10)
        assert (found["shuffle"], found["order_redrawn"]) == (True, True)
    whole = config(DataLoader(HUNDRED, batch_size=None))
    assert "batch_size" not in whole
    assert whole["shuffle"] is False


def test_streams() -> None:
    assert config(DataLoader(Stream(), batch_size=16)) == {"batch_size": 16, "loader_workers": 0}
    assert read_loader(DataLoader(Stream(), batch_size=16)).data.samples is None
    counted = DataLoader(CountedStream(), batch_size=16)
    found = config(counted)
    assert (found["steps_per_epoch"], found["last_batch_size"], found.get("shuffle")) == (7, 4, None)
    assert counted._IterableDataset_len_called is None, "asking the loader itself would have left a mark"
    shared = config(DataLoader(CountedStream(), batch_size=16, num_workers=2))
    assert "steps_per_epoch" not in shared, "each worker may give all samples or its share"


def test_nothing_is_iterated_and_no_random_number_is_drawn() -> None:
    generator = torch.Generator().manual_seed(5)
    loaders = [
        NeverIterated(Untouchable(), batch_size=8, shuffle=True, generator=generator),
        NeverIterated(Untouchable(), batch_size=8, sampler=Drawn()),
        NeverIterated(Untouchable(), batch_sampler=Buckets()),
        NeverIterated(Untouchable(), sampler=SubsetRandomSampler([1, 2, 3], generator=generator)),
        NeverIterated(Untouchable(), sampler=WeightedRandomSampler([1.0, 2.0], 5, generator=generator)),
        NeverIterated(Stream()),
    ]
    before = generator.get_state(), torch.get_rng_state(), repr(np.random.get_state()), random.getstate()
    kept = [dict(vars(loader)) for loader in loaders]
    for loader in loaders:
        assert read_loader(loader, epochs=3).config.framework == "torch"
        count_samples(loader)
    after = generator.get_state(), torch.get_rng_state(), repr(np.random.get_state()), random.getstate()
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])
    assert before[2:] == after[2:]
    assert kept == [dict(vars(loader)) for loader in loaders]


def test_loaders_that_accelerate_prepared(tmp_path: Any) -> None:
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    for shuffle in (True, False):
        plain: DataLoader[Any] = DataLoader(HUNDRED, batch_size=32, shuffle=shuffle)
        prepared = accelerator.prepare(plain)
        assert type(prepared) is not type(plain)
        assert config(prepared) == config(plain)
        assert read_loader(prepared).data.samples == 100
    seedable = accelerate.Accelerator(
        cpu=True, dataloader_config=accelerate.DataLoaderConfiguration(use_seedable_sampler=True)
    )
    found = config(seedable.prepare(DataLoader(HUNDRED, batch_size=32, shuffle=True)))
    assert (found["shuffle"], found["order_redrawn"], found["steps_per_epoch"]) == (True, True, 4)
    skipped = accelerate.skip_first_batches(accelerator.prepare(DataLoader(HUNDRED, batch_size=32)), 2)
    assert "steps_per_epoch" not in config(skipped)


def test_shares_of_accelerate_are_not_taken_for_the_whole() -> None:
    data_loader = pytest.importorskip("accelerate.data_loader")
    batches = BatchSampler(RandomSampler(HUNDRED), 20, drop_last=False)
    shared = data_loader.BatchSamplerShard(batches, num_processes=2, process_index=0)
    found = config(DataLoader(HUNDRED, batch_sampler=shared))
    assert (found["batch_size"], found["shuffle"], "steps_per_epoch" in found) == (20, True, False)


def test_loaders_of_lightning() -> None:
    pytest.importorskip("lightning")
    from lightning.fabric import Fabric
    from lightning.pytorch.utilities.combined_loader import CombinedLoader

    plain: DataLoader[Any] = DataLoader(HUNDRED, batch_size=32, shuffle=True)
    assert config(CombinedLoader(plain)) == config(plain)
    assert config(CombinedLoader([plain])) == config(plain)
    assert read_loader(CombinedLoader([plain, plain])) == History()
    wrapped = Fabric(accelerator="cpu", devices=1).setup_dataloaders(plain)
    assert config(wrapped) == config(plain)
    assert inner_loader(wrapped) is not wrapped


def test_samples_are_counted_where_there_is_a_length() -> None:
    assert count_samples(HUNDRED) == 100
    assert count_samples(Subset(HUNDRED, range(7))) == 7
    assert count_samples(ConcatDataset([HUNDRED, HUNDRED])) == 200
    assert count_samples(DataLoader(HUNDRED, sampler=SubsetRandomSampler([1, 2]))) == 2
    for source in (Stream(), DataLoader(Stream()), 3, None, object()):
        assert count_samples(source) is None


class Contrary(DataLoader[Any]):
    """Everything that is asked of it raises, once it is built."""

    def __getattribute__(self, name: str) -> Any:
        if name in {"batch_sampler", "sampler", "dataset", "num_workers"} and object.__getattribute__(
            self, "__dict__"
        ).get("built"):
            raise RuntimeError(name)
        return super().__getattribute__(name)


def test_other_objects_and_contrary_ones_tell_nothing_and_do_not_raise() -> None:
    for source in (None, 3, [1, 2], torch.zeros(2), HUNDRED, object()):
        assert read_loader(source) == History()
        assert not is_loader(source)
    contrary = Contrary(HUNDRED)
    contrary.built = True  # type: ignore[attr-defined]
    assert config(contrary) == {}
    assert count_samples(contrary) is None

    class Uncounted(Dataset[Any]):
        def __len__(self) -> int:
            return 5 // 0

        def __getitem__(self, index: int) -> Any:
            return index

    odd = read_loader(DataLoader(Uncounted(), batch_size=4, sampler=[1, 2, 3]))
    assert (odd.config.batch_size, odd.data.samples) == (4, 3)
