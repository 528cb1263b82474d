"""Gradient norms before and after clipping, directions, sizes and bounds, against a plain computation at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import Reference, at_bound_share, close, close_rows, cosine, flat, norm, points, rows

STEPS = 20
Treatment = Callable[[nn.Module], Any]


def nothing(model: nn.Module) -> None:
    pass


def network(width: int = 12, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, width, bias), nn.ReLU(), nn.Linear(width, width, bias), nn.Tanh()).append(
        nn.Linear(width, 1, bias)
    )


def train(
    model: nn.Module,
    treat: Treatment,
    *,
    steps: int = STEPS,
    batches: int = 1,
    handed: bool = False,
    optimizer: torch.optim.Optimizer | None = None,
) -> tuple[Run, Reference]:
    """Train with a treatment of the gradients behind the backward pass; ``handed``: its result is the norm."""
    torch.manual_seed(1)
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.05)
    reference = Reference(model)
    with watch(model, optimizer, every=1) as run:
        for _ in range(steps):
            optimizer.zero_grad()
            for _ in range(batches):
                x = torch.randn(16, 6)
                loss = (model(x) - x.prod(1, keepdim=True) * 3).square().mean() / batches
                loss.backward()
            reference.after_backward()
            measured = treat(model)
            reference.before_update()
            optimizer.step()
            reference.after_update()
            run.step(loss=loss, gradient_norm=measured if handed else None)
    assert failures(run) == []
    return run, reference


def each(reference: Reference, quantity: Callable[[Any], Any]) -> dict[int, Any]:
    return {number: quantity(step) for number, step in enumerate(reference.steps, 1)}


def weights(tensors: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: norm(tensors, [name]) for name in tensors if name.endswith("weight")}


@pytest.mark.parametrize("batches", [1, 3], ids=["one batch", "three batches accumulated"])
def test_norms_without_clipping_are_those_of_the_backward_pass(batches: int) -> None:
    run, reference = train(network(), nothing, batches=batches)
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.raw))) == []
    assert close_rows(rows(run, "gradient_norm"), each(reference, lambda step: weights(step.raw))) == []
    assert points(run, "gradient.clipped") == dict.fromkeys(range(1, STEPS + 1), 0.0)
    assert points(run, "gradient.norm_after_clipping") == {}
    assert run.history().config.clip_norm is None


@pytest.mark.parametrize("share", [0.0, 0.5], ids=["clipped at every step", "clipped at about every second step"])
def test_the_norm_before_clipping_is_inferred_and_the_one_after_it_seen(share: float) -> None:
    _, unclipped = train(network(), nothing)
    bound = sorted(norm(step.raw) for step in unclipped.steps)[round(share * STEPS)] * (0.3 if share == 0.0 else 1.0)
    run, reference = train(network(), lambda model: nn.utils.clip_grad_norm_(model.parameters(), bound))
    clipped = {at for at, step in enumerate(reference.steps, 1) if norm(step.raw) > bound}
    assert share == 0.0 or 4 < len(clipped) < STEPS - 4
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.raw)), 1e-4) == []
    assert close_rows(rows(run, "gradient_norm"), each(reference, lambda step: weights(step.raw)), 1e-4) == []
    after = {at: norm(reference.steps[at - 1].used) for at in sorted(clipped)}
    assert close(points(run, "gradient.norm_after_clipping"), after) == []
    flags = points(run, "gradient.clipped")
    # The first ones are waited for: only several norms that agree show a bound.
    assert flags == {at: float(at in clipped) for at in flags}
    assert set(range(1, STEPS + 1)) - set(flags) == set(sorted(clipped)[:2])
    assert run.history().config.clip_norm == pytest.approx(bound, rel=1e-3)


def test_a_norm_that_the_user_has_is_taken_as_it_is() -> None:
    run, reference = train(network(), lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.01), handed=True)
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.raw))) == []


def test_a_model_of_large_layers_alone_is_seen_to_be_clipped() -> None:
    model = nn.Sequential(nn.Linear(6, 300, bias=False), nn.ReLU(), nn.Linear(300, 300, bias=False), nn.ReLU())
    model.append(nn.Linear(300, 1, bias=False))
    model[0].requires_grad_(False)
    model[4].requires_grad_(False)
    optimizer = torch.optim.SGD([model[2].weight], lr=0.01)
    run, reference = train(
        model, lambda model: nn.utils.clip_grad_norm_(model[2].parameters(), 0.01), optimizer=optimizer
    )
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.raw)), 1e-4) == []


def test_clipping_by_value_shows_as_a_share_at_the_bound_and_claims_no_norm_before() -> None:
    run, reference = train(network(), lambda model: nn.utils.clip_grad_value_(model.parameters(), 0.02))
    used = each(reference, lambda step: at_bound_share(step.used))
    assert min(used.values()) > 0.05
    assert close(points(run, "gradient.at_bound_share"), used) == []
    assert close(points(run, "gradient.norm_after_clipping"), each(reference, lambda step: norm(step.used))) == []
    before = points(run, "gradient.norm")
    assert close(before, {at: norm(reference.steps[at - 1].raw) for at in before}, 1e-4) == []
    config = run.history().config
    assert (config.clip_value_low, config.clip_value_high, config.clip_norm) == (-0.02, 0.02, None)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.98], ids=lambda share: f"{1 - share:.0%} of the numbers")
def test_clipping_by_value_that_few_numbers_feel_claims_no_norm_before(share: float) -> None:
    sizes = torch.cat([flat(step.raw).abs() for step in train(network(), nothing)[1].steps])
    bound = float(sizes.quantile(share))
    run, reference = train(network(), lambda model: nn.utils.clip_grad_value_(model.parameters(), bound))
    assert any(norm(step.used) < 0.99 * norm(step.raw) for step in reference.steps)
    # The first two looks cannot know a bound from the largest number there is.
    before = {at: value for at, value in points(run, "gradient.norm").items() if at > 2}
    assert close(before, {at: norm(reference.steps[at - 1].raw) for at in before}, 1e-4) == []


def test_one_sided_clipping_is_told_from_the_symmetric_one() -> None:
    def clamp(model: nn.Module) -> None:
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad.clamp_(max=0.01)

    config = train(network(), clamp)[0].history().config
    assert (config.clip_value_low, config.clip_value_high) == (None, 0.01)


def test_without_clipping_no_more_than_a_few_numbers_stand_at_the_extremes() -> None:
    run, reference = train(network(), nothing)
    expected = each(reference, lambda step: at_bound_share(step.used))
    assert close(points(run, "gradient.at_bound_share"), expected) == []
    assert run.history().config.clip_value_high is None


def test_gradients_divided_by_hand_are_not_called_clipped() -> None:
    def divide(model: nn.Module) -> None:
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad /= 3.0

    run, reference = train(network(), divide)
    assert close(points(run, "gradient.norm_after_clipping"), each(reference, lambda step: norm(step.used))) == []
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.raw)), 1e-4) == []
    assert 1.0 not in points(run, "gradient.clipped").values()
    assert run.history().config.clip_norm is None
    assert any("no clipping by norm" in note for note in run.history().notes)


def test_a_loss_scaled_by_hand_is_not_called_clipped() -> None:
    """Scales are powers of two, as those that gradient scalers use."""

    def unscale(model: nn.Module) -> None:
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad /= 2.0**10

    run, reference = train(network(), unscale)
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.used))) == []
    assert set(points(run, "gradient.clipped").values()) == {0.0}
    assert run.history().notes == ()


@pytest.mark.parametrize(
    "treat", [nothing, lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.05)], ids=["raw", "clipped"]
)
def test_directions_and_mean_sizes_are_exact_for_small_networks(treat: Treatment) -> None:
    run, reference = train(network(), treat)
    steps = reference.steps
    turns = {at: cosine(steps[at - 2].raw, steps[at - 1].raw) for at in range(2, STEPS + 1)}
    assert close(points(run, "gradient.cosine"), turns, 1e-4) == []
    sizes = each(
        reference,
        lambda step: {name: float(g.abs().mean()) for name, g in step.raw.items() if name.endswith("weight")},
    )
    assert close_rows(rows(run, "gradient_mean_abs"), sizes, 1e-4) == []


def test_directions_and_mean_sizes_of_large_networks_are_near_and_their_norms_exact() -> None:
    run, reference = train(network(700), nothing, steps=12)
    steps = reference.steps
    assert close(points(run, "gradient.norm"), each(reference, lambda step: norm(step.raw)), 1e-4) == []
    for at, value in points(run, "gradient.cosine").items():
        assert value == pytest.approx(cosine(steps[at - 2].raw, steps[at - 1].raw), abs=0.1)
    for at, row in rows(run, "gradient_mean_abs").items():
        for name, value in row.items():
            assert value == pytest.approx(float(steps[at - 1].raw[name].abs().mean()), rel=0.4)


def test_a_gradient_that_repeats_has_cosine_one_and_one_that_turns_back_minus_one() -> None:
    model = nn.Linear(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    x = torch.randn(4, 5)
    with watch(model, optimizer, every=1) as run:
        for sign in (1, 1, -1, -1, 1):
            optimizer.zero_grad()
            (sign * model(x).sum()).backward()
            optimizer.step()
            run.step(loss=0.0)
    assert close(points(run, "gradient.cosine"), {2: 1.0, 3: -1.0, 4: 1.0, 5: -1.0}) == []
