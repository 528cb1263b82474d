from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
)

from expert import advise
from expert.adapters.array_datasets import even_part
from expert.adapters.arrays import READER
from expert.adapters.torch.profile.data import profile_data, read_data
from expert.errors import SourceError
from expert.history import Cell
from expert.reading import ReadRequest

RNG = np.random.default_rng(0)
X = torch.tensor(RNG.standard_normal((300, 4)), dtype=torch.float32)
Y = torch.tensor(RNG.integers(0, 3, 300))
VALIDATION = torch.tensor(RNG.standard_normal((80, 4)), dtype=torch.float32)


class Made(Dataset[Any]):
    """Makes its samples one by one and counts how often it is asked."""

    def __init__(self, count: int, make: Callable[[int], Any]) -> None:
        self.count, self.make, self.taken = count, make, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self.count:
            raise IndexError(index)
        self.taken += 1
        return self.make(index)


class Untaken(TensorDataset):
    """Derived without a word of its own on items: they are still the tensors'."""

    name = "mine"


class Labelled(Made):
    """As torchvision has it: the labels of all samples stand in ``targets``."""

    def __init__(self, count: int, make: Callable[[int], Any], targets: Any, classes: list[str] | None = None) -> None:
        super().__init__(count, make)
        self.targets = targets
        if classes is not None:
            self.classes = classes


def pairs(count: int) -> Made:
    return Made(count, lambda index: (X[index % 300], int(Y[index % 300])))


def test_tensors_are_read_whole_and_without_taking_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TensorDataset, "__getitem__", TensorDataset.__getitem__)
    plain = profile_data((X, Y))
    assert profile_data(TensorDataset(X, Y)) == plain == profile_data(Untaken(X, Y))
    assert (plain.samples, plain.features, plain.classes) == (300, 4, 3)
    assert plain.duplicates == 0
    assert profile_data(TensorDataset(X)) == profile_data(X)
    broken = X.clone()
    broken[17, 2] = torch.inf
    assert profile_data(TensorDataset(broken, Y)).nonfinite_where == (Cell(row=17, column="column 2", value="inf"),)


def test_subsets_are_the_samples_they_choose() -> None:
    chosen = [5, 9, 200, 7]
    part = Subset(Subset(TensorDataset(X, Y), range(0, 300, 2)), [5, 9, 100])
    assert profile_data(part) == profile_data((X[[10, 18, 200]], Y[[10, 18, 200]]))
    assert profile_data(Subset(TensorDataset(X, Y), chosen)) == profile_data((X[chosen], Y[chosen]))
    nested = Subset(Subset(TensorDataset(X, Y), range(100, 300)), [0, 1, 2])
    assert profile_data(nested) == profile_data((X[100:103], Y[100:103]))


def test_a_small_data_set_of_any_kind_is_read_whole() -> None:
    dataset = pairs(300)
    assert profile_data(dataset) == profile_data((X.numpy(), Y.numpy()))
    assert read_data(dataset).notes == ()
    together = ConcatDataset([pairs(200), pairs(100)])
    assert profile_data(together).samples == 300


@pytest.mark.parametrize(
    "make",
    [
        lambda index: (X[index], Y[index]),
        lambda index: [X[index].numpy(), np.int64(Y[index])],
        lambda index: (X[index].tolist(), int(Y[index])),
        lambda index: {"input": X[index], "label": Y[index]},
        lambda index: {"labels": int(Y[index]), "x": X[index].numpy()},
    ],
    ids=["tensors", "arrays", "lists", "mapping", "labels first"],
)
def test_items_of_every_form_read_the_same(make: Callable[[int], Any]) -> None:
    assert profile_data(Made(300, make)) == profile_data((X, Y))


def test_several_inputs_and_a_sample_without_labels() -> None:
    both = profile_data(Made(50, lambda i: {"left": X[i], "right": X[i, :2], "label": 1}))
    assert both.features == 6
    nested = profile_data(Made(50, lambda i: ((X[i], X[i, :2]), Y[i])))
    assert (nested.features, nested.classes) == (6, 3)
    assert profile_data(Made(50, lambda i: X[i])).classes is None
    many = read_data(Made(50, lambda i: (X[i], Y[i], i)))
    assert (many.data.features, many.data.classes) == (4, None)
    assert any("has 3 parts" in note for note in many.notes)


def test_a_large_data_set_is_looked_at_in_part() -> None:
    dataset = pairs(5000)
    history = read_data(dataset)
    found = history.data
    assert dataset.taken < 2100
    assert any("2,048 of the 5,000 training samples were looked at" in note for note in history.notes)
    assert (found.samples, found.features, found.label_maximum) == (5000, 4, 2)
    assert found.largest_std == pytest.approx(1.0, abs=0.2)
    for name in ("classes", "class_counts", "duplicates", "nonfinite_cells", "rows_with_nonfinite", "sorted_by_label"):
        assert getattr(found, name) is None, f"{name} needs all samples"
    few = pairs(5000)
    assert profile_data(few, samples=50).samples == 5000
    assert few.taken < 60
    everything = pairs(5000)
    assert profile_data(everything, samples=None).class_counts is not None
    assert everything.taken >= 5000


def test_what_a_part_shows_is_said_with_its_place_in_the_whole() -> None:
    broken = Made(2000, lambda i: (X[0] / 0 if i > 1990 else X[0], 0.5))
    found = profile_data(broken, samples=500)
    assert found.nonfinite_cells
    assert found.nonfinite_where is not None
    assert found.nonfinite_where[0].row > 1990
    assert found.rows_with_nonfinite is None


def test_large_samples_are_looked_at_in_smaller_number() -> None:
    pictures = Made(1000, lambda i: (torch.full((3, 512, 512), float(i % 7)), i % 2))
    assert profile_data(pictures).samples == 1000
    assert pictures.taken < 60


def test_classes_are_said_only_if_none_can_have_been_missed() -> None:
    wide = Made(20_000, lambda i: (X[0], i % 1000))
    found = profile_data(wide)
    for name in ("classes", "class_counts", "target_prior", "target_mean", "target_std"):
        assert getattr(found, name) is None
    rare = Made(20_000, lambda i: (X[0], 2 if i == 7 else i % 2))
    assert (profile_data(rare).classes, profile_data(rare).target_prior) == (None, None)

    def named(classes: int) -> Labelled:
        return Labelled(20_000, lambda i: (X[0], i % classes), None, [f"n{i}" for i in range(classes)])

    assert (profile_data(named(1000)).classes, profile_data(named(1000)).target_prior) == (1000, None)
    ten = profile_data(Subset(named(10), range(15_000)))
    assert (ten.classes, ten.class_counts) == (10, None)
    assert ten.target_prior == pytest.approx((0.1,) * 10, abs=0.05)


def test_classes_that_take_turns_are_all_seen() -> None:
    for period in (2, 3, 4, 10):
        names = [str(i) for i in range(period)]
        taking_turns = Labelled(20_480, lambda i, period=period: (X[0], i % period), None, names)
        found = profile_data(taking_turns, samples=512)
        assert found.target_prior == pytest.approx((1 / period,) * period, abs=0.08)
        assert found.sorted_by_label is None
    assert profile_data(Made(5120, lambda i: (X[0], i // 1280))).sorted_by_label is True


def test_labels_kept_apart_are_those_of_all_samples() -> None:
    targets = [0] * 4000 + [1] * 900 + [2] * 100
    dataset = Labelled(5000, lambda i: (X[0], targets[i]), targets)
    found = profile_data(dataset)
    assert dataset.taken < 2100
    assert (found.classes, found.class_counts, found.sorted_by_label) == (3, (4000, 900, 100), True)
    half = profile_data(Subset(dataset, range(3500, 5000)))
    assert (half.samples, half.class_counts) == (1500, (500, 900, 100))
    both = profile_data(ConcatDataset([dataset, Labelled(5000, lambda i: (X[0], targets[i]), torch.tensor(targets))]))
    assert both.class_counts == (8000, 1800, 200)
    changed = Labelled(5000, lambda i: (X[0], 1 - (targets[i] > 0)), targets)
    assert profile_data(changed).class_counts is None, "a transform made other labels of them"


def test_training_and_validation() -> None:
    y_val = torch.zeros(80, dtype=torch.int64)
    expected = profile_data(((X, Y), (VALIDATION, y_val)))
    train, val = TensorDataset(X, Y), TensorDataset(VALIDATION, y_val)
    assert expected.validation_samples == 80
    assert expected.train_val_overlap == 0
    forms = [(train, val), {"train": train, "val": val}, ((X, Y), val), (train, (VALIDATION, y_val))]
    forms += [(DataLoader(train, shuffle=True), DataLoader(val)), {"train": DataLoader(train), "val": val}]
    for form in forms:
        assert profile_data(form) == expected
    assert profile_data(train, validation=val) == expected
    assert profile_data((X, Y), validation=DataLoader(val)) == expected
    with pytest.raises(SourceError, match="hold a validation set already"):
        profile_data((train, val), validation=val)
    leaked = profile_data(TensorDataset(X, Y), validation=TensorDataset(X[:40], Y[:40]))
    assert leaked.train_val_overlap == 1.0


def test_shifts_of_parts_are_left_open_where_chance_rules_them() -> None:
    part = profile_data(pairs(5000), validation=Made(4000, lambda i: (X[i % 300] + 5, int(Y[i % 300]))))
    assert (part.validation_samples, part.feature_shift) == (4000, 1.0)
    assert part.label_shift is None
    assert part.train_val_overlap is None


def test_loaders_stand_for_their_data_sets() -> None:
    dataset = TensorDataset(X, Y)

    class Loader(DataLoader[Any]):
        def __iter__(self) -> Any:
            raise AssertionError("the loader was iterated")

    assert profile_data(Loader(dataset, batch_size=7, shuffle=True)) == profile_data((X, Y))
    half = Loader(dataset, sampler=SubsetRandomSampler(range(150)))
    assert profile_data(half) == profile_data((X[:150], Y[:150]))


def drawing(index: int) -> Any:
    """A sample as augmentation makes it, from all three global generators."""
    return X[index % 300] + torch.rand(1) + float(np.random.rand()) + random.random(), int(Y[index % 300])


def test_random_transforms_leave_no_trace_and_are_noticed() -> None:
    for count in (100, 5000):
        before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
        history = read_data(Made(count, drawing), validation=pairs(40))
        after = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
        assert before[:2] == after[:2]
        assert torch.equal(before[2], after[2])
        assert history.config.augmentation is True
        assert (history.data.duplicates, history.data.train_val_overlap) == (None, None)
        assert any("differ each time" in note for note in history.notes)
    assert read_data(pairs(100), validation=Made(40, drawing)).config.augmentation is None
    assert read_data(pairs(100)).config.augmentation is None


def test_random_states_are_put_back_where_an_item_fails() -> None:
    def fails(index: int) -> Any:
        torch.rand(1)
        raise KeyError("picture")

    state = torch.get_rng_state()
    with pytest.raises(SourceError, match=r"x: sample 0 of the Made cannot be read \(KeyError: 'picture'\)"):
        profile_data(Made(10, fails))
    assert torch.equal(state, torch.get_rng_state())


def test_samples_of_different_shapes_are_left_open() -> None:
    history = read_data(Made(200, lambda i: (torch.zeros(3 + i % 2), i % 2)))
    found = history.data
    assert (found.samples, found.classes, found.features) == (200, 2, None)
    assert (found.nonfinite_cells, found.constant_columns, found.duplicates) == (None, None, None)
    assert any("different shapes ((3,), (4,))" in note for note in history.notes)
    texts = read_data(Made(200, lambda i: ("some text", i % 2)))
    assert texts.data.classes == 2
    assert any("Not numeric" in note for note in texts.notes)
    boxes = read_data(Made(20, lambda i: (X[i], {"boxes": torch.zeros(i, 4)})))
    assert (boxes.data.features, boxes.data.classes) == (4, None)


def test_labels_that_the_losses_leave_out_are_not_counted() -> None:
    tokens = torch.randint(0, 50, (100, 8), generator=torch.Generator().manual_seed(0))
    labels = tokens.clone()
    labels[:, :3] = -100
    history = read_data(Made(100, lambda i: {"input_ids": tokens[i], "labels": labels[i]}))
    assert history.data.label_minimum == 0
    assert any("-100" in note for note in history.notes)
    plain = profile_data((X[:100], torch.tensor([-100, 0, 1, 1] * 25)))
    assert (plain.classes, plain.class_counts, plain.label_minimum) == (2, (25, 50), 0)
    assert profile_data((X[:100], torch.tensor([-100.0, 0, 1, 1] * 25))).label_minimum == -100
    assert profile_data((X[:100], torch.tensor([-100, -50, 1, 1] * 25))).label_minimum == -100


def test_even_parts_are_even_and_always_the_same() -> None:
    part = even_part(10_000, 500)
    assert (np.diff(part) > 0).all()
    assert (part // 20 == np.arange(500)).all()
    assert np.array_equal(part, even_part(10_000, 500))
    assert np.array_equal(even_part(7, 7), np.arange(7))


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        raise AssertionError("the data set was iterated")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Stream(), "would have to be iterated"),
        (DataLoader(Stream()), "would have to be iterated"),
        (Made(0, lambda i: i), "x: there are no samples"),
        ((TensorDataset(X), Y), "y: a TensorDataset brings its own labels"),
        (object(), "expected an array of samples"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(data: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        profile_data(data)
    assert "\n" not in str(caught.value)


def test_data_sets_are_taken_by_advise() -> None:
    broken = X.clone()
    broken[17, 2] = -torch.inf
    train, val = TensorDataset(broken, Y), TensorDataset(VALIDATION, torch.zeros(80))
    for data in (train, (train, val), {"train": train, "val": val}):
        assert READER.recognizes(data) > 0
        (history,) = READER.read(data, ReadRequest())
        assert history.data.nonfinite_cells == 1
        findings = advise(data=data).findings
        assert any(finding.name == "non-finite-input" for finding in findings)
    with pytest.raises(SourceError, match=r"give its \.dataset"):
        READER.read(DataLoader(train), ReadRequest())


def test_pictures_that_are_no_arrays_yet() -> None:
    image = pytest.importorskip("PIL.Image")
    picture = image.fromarray(RNG.integers(0, 255, (16, 16, 3), dtype=np.uint8))
    found = profile_data(Made(40, lambda i: (picture, i % 2)))
    assert (found.features, found.samples, found.classes) == (3, 40, 2)
    large = Made(1000, lambda i: (image.new("RGB", (1024, 1024)), i % 2))
    profile_data(large)
    assert large.taken < 50


def test_tensors_that_want_gradients_or_are_halves() -> None:
    assert profile_data(Made(50, lambda i: (X[i].clone().requires_grad_(), 1.5))).features == 4
    assert profile_data(Made(50, lambda i: (X[i].bfloat16(), 1.5))).features == 4


def test_a_large_part_of_tensors_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expert.adapters.array_datasets.MOST_CELLS", 400)
    history = read_data(Subset(TensorDataset(X, Y), range(250)), samples=20)
    assert (history.data.samples, history.data.features) == (250, 4)
    assert any("100 of the 250" in note for note in history.notes)


def test_a_tensor_is_a_tensor() -> None:
    tensor: Tensor = X
    assert profile_data(tensor).samples == 300
