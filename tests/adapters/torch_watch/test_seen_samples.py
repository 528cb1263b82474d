"""Scales, ranges and shares that a run tells of its samples, without the data being handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert import advise
from expert.adapters.torch import Run, watch
from expert.history import DataProfile

from .observers import failures

Made = tuple[Tensor, Tensor]


def trained(
    samples: Callable[[int], Made],
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    *,
    epochs: int = 6,
    batches: int = 10,
    batch: bool = True,
    rate: float = 0.003,
    validated: bool = False,
    **arguments: Any,
) -> Run:
    """Train on samples that are made anew for each batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    with watch(model, optimizer, every=25, **arguments) as run:
        for _ in range(epochs):
            for _ in range(batches):
                x, y = samples(32)
                loss = loss_fn(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.step(loss=loss, batch=(x, y) if batch else None)
            if validated:
                x, y = samples(500)
                with torch.no_grad():
                    outputs = model(x)
                    right = (outputs.argmax(1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0)) == y.reshape(500)
                    run.epoch(val_loss=loss_fn(outputs, y), val_accuracy=right.float().mean())
            else:
                run.epoch()
    assert failures(run) == []
    return run


def told(*arguments: Any, **more: Any) -> DataProfile:
    return trained(*arguments, epochs=1, **more).history().data


def net(features: int, outputs: int = 1, *before: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*before, nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, outputs))


def columns(count: int) -> Made:
    x = torch.stack([torch.randn(count), 40.0 + 5.0 * torch.randn(count), 0.5 * torch.randn(count)], 1)
    return x, 3.0 * x[:, :1] + 10.0


@pytest.mark.parametrize("batch", [True, False])
def test_the_scale_of_inputs_is_seen_at_the_first_layer(batch: bool) -> None:
    data = told(columns, net(3), nn.MSELoss(), batch=batch)
    assert data.largest_mean == pytest.approx(40.0, rel=0.05)
    assert data.largest_std == pytest.approx(5.0, rel=0.15)
    assert data.samples_seen is not None
    assert data.samples_seen >= 128


def test_what_a_model_normalizes_itself_is_normalized() -> None:
    assert told(columns, net(3, 1, nn.BatchNorm1d(3)), nn.MSELoss()).largest_mean is None
    data = told(columns, net(3, 1, nn.BatchNorm1d(3, affine=False)), nn.MSELoss())
    assert data.largest_mean is not None
    assert data.largest_mean < 0.1
    assert data.largest_std == pytest.approx(1.0, rel=0.05)


def test_channels_of_pictures_are_columns() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 38 * 38, 2))
    scale = torch.tensor([0.0, 120.0, 0.0])[:, None, None]
    data = told(lambda n: (torch.randn(n, 3, 40, 40) + scale, torch.zeros(n).long()), model, F.cross_entropy)
    assert data.largest_mean == pytest.approx(120.0, rel=0.01)
    assert data.largest_std == pytest.approx(1.0, rel=0.05)


def test_indices_hidden_layers_and_rare_columns_tell_no_scale() -> None:
    tokens = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 2))
    assert (
        told(lambda n: (torch.randint(0, 9, (n, 5)), torch.zeros(n).long()), tokens, F.cross_entropy).largest_mean
        is None
    )

    class Features(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Linear(3, 5), nn.Linear(5, 1)

        def forward(self, x: Tensor) -> Any:
            with torch.no_grad():
                hidden = 100.0 + self.body(x)
            return self.head(hidden)

    assert told(columns, Features(), nn.MSELoss()).largest_mean is None
    rare = told(lambda n: (torch.eye(50)[torch.randint(0, 50, (n,))], torch.zeros(n, 1)), net(50), nn.MSELoss())
    assert rare.largest_mean is not None
    assert rare.largest_mean < 0.2
    assert rare.largest_std is None


@pytest.mark.parametrize("loss_fn", [nn.MSELoss(), F.mse_loss], ids=["module", "function"])
def test_where_targets_lie(loss_fn: Any) -> None:
    data = told(columns, net(3), loss_fn, batches=20)
    assert data.target_mean == pytest.approx(10.0, rel=0.1)
    assert data.target_std == pytest.approx(3.0, rel=0.2)
    assert data.label_minimum is not None
    assert data.label_minimum < 6.0
    assert data.labels_integer is False


def test_targets_that_are_scaled_on_the_way_to_the_loss_are_not_taken_for_its_own() -> None:
    module, function = nn.MSELoss(), F.mse_loss
    seen = told(columns, net(3), lambda out, y: module(out, (y - 10.0) / 3.0))
    assert seen.label_maximum is not None
    assert seen.label_maximum < 6.0
    unseen = told(lambda n: (torch.randn(n, 3), 1e4 * torch.rand(n, 1)), net(3), lambda out, y: function(out, y / 1e4))
    assert unseen.label_maximum is None


def test_few_samples_tell_no_shares_of_classes() -> None:
    def samples(count: int) -> Made:
        return torch.randn(count, 3), (torch.rand(count) < 0.25).long()

    few = trained(samples, net(3, 2), F.cross_entropy, epochs=1, batches=1).history()
    assert few.data.seen_shares is None
    many = trained(samples, net(3, 2), F.cross_entropy, epochs=1, batches=400).history()
    assert many.data.seen_shares is None or many.data.seen_shares[1] == pytest.approx(0.25, abs=0.03)


def rare(count: int) -> Made:
    y = (torch.rand(count, 1) < 0.03).float()
    return torch.randn(count, 4), y


def test_a_rare_class_that_is_never_found_is_named_without_the_data() -> None:
    run = trained(rare, net(4), nn.BCEWithLogitsLoss(), epochs=12, batches=40, validated=True)
    data = run.history().data
    assert data.seen_shares is not None
    assert data.seen_shares[0] == pytest.approx(0.97, abs=0.02)
    found = {one.rule for one in run.advise().findings}
    assert {"GEN109", "DAT401"} <= found


def test_what_is_known_of_the_whole_set_wins_without_a_word() -> None:
    run = trained(columns, net(3), nn.MSELoss(), epochs=1)
    x, y = columns(300)
    whole = advise(run.history(), data=((x - x.mean(0)) / x.std(0), y))
    assert not any("in one source" in note for note in whole.notes)
    assert not whole.is_found("DAT201")


def test_raw_inputs_and_targets_are_named_without_the_data() -> None:
    def prices(count: int) -> Made:
        x = torch.randn(count, 3)
        return x, 3e5 + 1e5 * x[:, :1]

    assert trained(prices, net(3), nn.MSELoss()).advise().findings[0].rule == "DAT202"

    def pixels(count: int) -> Made:
        y = torch.arange(count) % 3
        return 128.0 + 20.0 * F.one_hot(y, 3).float() + 60.0 * torch.randn(count, 3), y

    raw = trained(pixels, net(3, 3), F.cross_entropy, validated=True).advise()
    assert raw.is_found("DAT201")


def test_a_head_that_cannot_reach_the_targets_is_named_without_the_data() -> None:
    def signed(count: int) -> Made:
        x = torch.randn(count, 3)
        return x, x[:, :1] - 1.0

    run = trained(signed, nn.Sequential(net(3), nn.ReLU()), F.mse_loss, rate=0.01)
    assert run.advise().findings[0].rule == "MOD103"


def test_raw_inputs_that_are_learned_all_the_same_are_left_alone() -> None:
    def times(count: int) -> Made:
        x = 8.0 + torch.rand(count, 1) * 4.0
        return x, (x - 10.0)

    for loss_fn in (nn.MSELoss(), lambda out, y: torch.log(torch.cosh(out - y)).mean()):
        advice = trained(times, net(1), loss_fn, epochs=15, batches=20, rate=0.01).advise()
        assert [one for one in advice.findings if one.rule == "DAT201" and one.severity != "info"] == []
