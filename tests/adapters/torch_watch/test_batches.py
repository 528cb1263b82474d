"""What handed-over batches tell: sizes, mixes of labels, repetitions, the spread of losses."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import close, points


def entropy(labels: Tensor) -> float:
    counts = Counter(labels.tolist())
    return -sum(n / len(labels) * math.log(n / len(labels)) for n in counts.values())


def train(epochs: list[list[tuple[Any, Any]]], hand: Any = lambda x, y: (x, y), **arguments: Any) -> Run:
    """Train on these batches, epoch by epoch, handing them over in some form."""
    model = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, **({"every": 1} | arguments)) as run:
        for batches in epochs:
            for x, y in batches:
                optimizer.zero_grad()
                losses = F.cross_entropy(model(x), y, reduction="none")
                losses.mean().backward()
                optimizer.step()
                run.step(loss=losses, batch=hand(x, y))
            run.epoch(val_loss=1.0)
    assert failures(run) == []
    return run


def batch(labels: list[int]) -> tuple[Tensor, Tensor]:
    return torch.randn(len(labels), 3), torch.tensor(labels)


MIXED, PURE, SHORT = [0, 1, 2, 3] * 2, [2] * 8, [0, 3, 3]
FORMS = {
    "pair": lambda x, y: (x, y),
    "list": lambda x, y: [x, y],
    "mapping": lambda x, y: {"pixel_values": x, "labels": y},
    "target": lambda x, y: {"x": x, "target": y},
    "column": lambda x, y: (x, y[:, None]),
    "one hot": lambda x, y: (x, F.one_hot(y, 4).float()),
    "several inputs": lambda x, y: ((x, x), y),
    "more than labels": lambda x, y: (x, torch.zeros(len(x)), y),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_mix_of_labels_is_told_as_a_share_of_the_whole_mix(form: str) -> None:
    labels = [MIXED, PURE, SHORT, [1, 1, 0, 2]]
    run = train([[batch(one) for one in labels]], FORMS[form])
    whole = entropy(torch.tensor([label for one in labels for label in one]))
    expected = {at: entropy(torch.tensor(one)) / whole for at, one in enumerate(labels, 1)}
    assert expected[2] == 0.0
    assert close(points(run, "batch.label_entropy"), expected, 1e-9) == []
    assert points(run, "batch.size") == {1: 8.0, 3: 3.0, 4: 4.0}


def test_labels_that_are_no_classes_have_no_mix() -> None:
    assert points(train([[batch(MIXED)] * 3], lambda x, y: (x, y.float())), "batch.label_entropy") == {}
    assert points(train([[batch(PURE)] * 3]), "batch.label_entropy") == {}


def test_a_batch_that_comes_again_within_an_epoch_is_found_and_one_of_the_next_epoch_is_not() -> None:
    first, second, third = batch(MIXED), batch(MIXED), batch(PURE)
    run = train([[first, second, first, third, second], [third, second, first]])
    assert points(run, "batch.repeated") == {1: 0, 2: 0, 3: 1, 4: 0, 5: 1, 6: 0, 7: 0, 8: 0}
    events = [event.at for event in run.history().events if event.kind == "repeated_batch"]
    assert events == [3, 5]


def test_a_batch_that_differs_in_one_number_or_in_its_order_is_another() -> None:
    # Whole numbers, whose sum does not show their order by rounding.
    x, y = torch.randint(0, 9, (8, 3)).float(), torch.tensor(MIXED)
    changed = x.clone()
    changed[3, 1] += 0.5
    run = train([[(x, y), (changed, y), (x.flip(0), y)]])
    assert set(points(run, "batch.repeated").values()) == {0.0}


def test_losses_of_the_samples_give_their_mean_and_the_standard_deviation_of_the_mean() -> None:
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    means, spreads = {}, {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 8):
            losses = model(torch.randn(9, 3)).square().squeeze(1)
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            run.step(loss=losses)
            means[at], spreads[at] = float(losses.mean().detach()), float(losses.detach().std()) / 3.0
    assert close(points(run, "train.loss"), means) == []
    assert close(points(run, "batch.loss_std"), spreads) == []


@pytest.mark.parametrize(
    "strange",
    [
        lambda x, y: None, lambda x, y: "images", lambda x, y: 3, lambda x, y: (), lambda x, y: [None, None],
        lambda x, y: {"a": 1}, lambda x, y: (torch.tensor(1.0), torch.tensor(2)), lambda x, y: x.numpy(),
        lambda x, y: (x.to_sparse(), y), lambda x, y: (x.to(torch.complex64), y), lambda x, y: (x[:0], y[:0]),
        lambda x, y: (x, "labels"), lambda x, y: {}, lambda x, y: (x > 0, y), lambda x, y: [[], []],
        lambda x, y: torch.nested.nested_tensor([x[:2], x[2:]], layout=torch.jagged),
    ],
    ids=[
        "None", "text", "number", "empty", "Nones", "mapping", "scalars", "numpy", "sparse", "complex", "no samples",
        "text labels", "empty mapping", "booleans", "empty lists", "nested",
    ],
)  # fmt: skip
def test_a_batch_of_any_kind_leaves_the_record_of_losses_whole(strange: Any) -> None:
    model = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, every=1) as run:
        for number in range(3):
            x, y = batch(MIXED)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            run.step(loss=float(number), batch=strange(x, y))
        run.epoch()
    assert points(run, "train.loss") == {1: 0.0, 2: 1.0, 3: 2.0}
    assert len(run.history().notes) <= 5


def test_targets_of_several_numbers_are_no_classes() -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, loss_fn=nn.MSELoss(), every=1) as run:
        for _ in range(2):
            for _ in range(6):
                x = torch.randn(8, 4)
                y = x[:, :3] * 2.0
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                run.step(loss=loss, batch=(x, y))
            run.epoch()
    assert run.history().data.classes is None
    assert run.history().get("batch.label_entropy") is None


def test_a_border_that_is_blank_in_every_sample_makes_no_batches_alike() -> None:
    model = nn.Linear(64, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=1) as run:
        for _ in range(10):
            x = torch.zeros(32, 64)
            x[:, 20:30] = torch.rand(32, 10)
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss, batch=(x, torch.randint(2, (32,))))
        run.epoch()
    repeated = run.history().get("batch.repeated")
    assert repeated is not None
    assert not repeated.values.any()
