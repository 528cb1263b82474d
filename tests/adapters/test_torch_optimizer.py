"""Optimizers and their schedules: what their settings are, and which of them cannot be known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import lr_scheduler as schedulers

from expert.adapters.torch.profile.loss import read_loss
from expert.adapters.torch.profile.model import READER, not_optimized
from expert.adapters.torch.profile.optimizer import read_optimizer
from expert.history import RunConfig
from expert.reading import ReadRequest

NET = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))


def sgd(rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(NET.parameters(), lr=rate)


def told(optimizer: Any, scheduler: Any = None, **known: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    config, notes = read_optimizer(optimizer, scheduler, RunConfig(), **known)
    return config.model_dump(exclude_none=True), notes


OPTIMIZERS = """
SGD Adam AdamW Adadelta Adagrad Adamax ASGD LBFGS NAdam RAdam RMSprop Rprop SparseAdam Adafactor
"""


@pytest.mark.parametrize("name", OPTIMIZERS.split())
def test_every_optimizer_of_torch_tells_its_name_and_rate(name: str) -> None:
    kind = getattr(torch.optim, name, None)
    if kind is None:
        pytest.skip(f"this torch has no {name}")
    found, notes = told(kind(NET.parameters(), lr=0.01))
    assert (found["optimizer"], found["learning_rate"], notes) == (name.lower(), 0.01, ())


def test_muon() -> None:
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this torch has no Muon")
    found, _ = told(torch.optim.Muon([NET[0].weight], lr=0.02))
    assert (found["optimizer"], found["momentum"], found["nesterov"]) == ("muon", 0.95, True)
    assert (found["weight_decay"], found["decoupled_weight_decay"]) == (0.1, True)


def test_rates_in_tensors_and_fused_implementations() -> None:
    assert told(torch.optim.Adam(NET.parameters(), lr=torch.tensor(0.1)))[0]["learning_rate"] == 0.1
    assert told(torch.optim.AdamW(NET.parameters(), lr=1e-3, fused=True))[0]["optimizer"] == "adamw"
    with torch.device("meta"):
        rate = torch.tensor(0.1)
    without = sgd()
    without.param_groups[0]["lr"] = rate
    assert "learning_rate" not in told(without)[0]


def test_going_up_the_gradient_is_mentioned() -> None:
    _, notes = told(torch.optim.SGD(NET.parameters(), lr=0.1, maximize=True))
    assert any("maximizes" in note for note in notes)


def strange(name: str, **settings: Any) -> Any:
    """An optimizer of somebody else's."""

    class Own(torch.optim.Optimizer):
        def __init__(self) -> None:
            super().__init__(NET.parameters(), settings)

        def step(self, closure: Any = None) -> None:
            """Do nothing."""

    Own.__name__ = name
    return Own()


def test_optimizers_of_strangers() -> None:
    lion, _ = told(strange("Lion", lr=1e-4, betas=(0.9, 0.99), weight_decay=0.1))
    assert (lion["optimizer"], lion["beta2"], lion["decoupled_weight_decay"]) == ("lion", 0.99, True)
    for name, plain in (("Adam8bit", "adam"), ("PagedAdamW8bit", "adamw"), ("FusedAdam", "adam"), ("Mine", "mine")):
        assert told(strange(name, lr=0.1))[0]["optimizer"] == plain
    own, _ = told(strange("Adam", lr=0.1, weight_decay=0.1))
    assert "decoupled_weight_decay" not in own, "only torch's own Adam is known to add it to the gradient"
    odd, _ = told(strange("Odd", lr="large", betas=None, eps=(None, 1e-3), momentum=torch.zeros(3)))
    assert odd == {"optimizer": "odd"}
    assert told(object()) == ({"optimizer": "object"}, ())


def test_the_largest_group_gives_the_settings() -> None:
    groups = [{"params": NET[1].bias, "weight_decay": 0.0}, {"params": NET[0].weight, "lr": 1e-3}]
    found, notes = told(torch.optim.AdamW(groups, lr=1e-2, weight_decay=0.1))
    assert (found["weight_decay"], found["learning_rate"]) == (0.1, 1e-3)
    assert any("learning rates (0.001, 0.01); that of the largest is used" in note for note in notes)
    assert any("weight decays (0, 0.1)" in note for note in notes)


def test_parameters_that_no_optimizer_holds() -> None:
    first, second = (torch.optim.SGD(part.parameters(), lr=0.1) for part in NET)
    assert not_optimized(NET, [first]) == ("1.weight", "1.bias")
    assert not_optimized(NET, [first, second]) == ()
    (both,) = READER.read({"model": NET, "optimizer": [first, second]}, ReadRequest())
    assert (both.model.not_optimized, both.notes) == ((), ())
    (alone,) = READER.read({"model": NET, "optimizer": second}, ReadRequest())
    assert alone.model.not_optimized == ("0.weight", "0.bias")
    assert any("does not hold 2 of 4" in note for note in alone.notes)
    (neither,) = READER.read(NET, ReadRequest())
    assert neither.model.not_optimized is None


Made = Callable[[torch.optim.Optimizer], Any]


def after_warm_up(make: Made) -> Made:
    def made(optimizer: torch.optim.Optimizer) -> Any:
        rising = schedulers.LinearLR(optimizer, start_factor=0.1, total_iters=5)
        return schedulers.SequentialLR(optimizer, [rising, make(optimizer)], milestones=[5])

    return made


def closed_over(optimizer: torch.optim.Optimizer) -> Any:
    warmup_steps = 50
    return schedulers.LambdaLR(optimizer, lambda step: min(1.0, step / warmup_steps))


COSINE: Made = partial(schedulers.CosineAnnealingLR, T_max=10)
SCHEDULES: dict[str, tuple[Made, str, int | None, bool | None]] = {
    "one cycle": (
        partial(schedulers.OneCycleLR, max_lr=1.0, total_steps=101, pct_start=0.3),
        "one_cycle_lr",
        29,
        False,
    ),
    "cosine": (COSINE, "cosine_annealing_lr", 0, False),
    "steps": (partial(schedulers.StepLR, step_size=10), "step_lr", 0, False),
    "exponential": (partial(schedulers.ExponentialLR, gamma=0.9), "exponential_lr", 0, False),
    "on plateau": (schedulers.ReduceLROnPlateau, "reduce_lr_on_plateau", 0, False),
    "warm restarts": (
        partial(schedulers.CosineAnnealingWarmRestarts, T_0=5),
        "cosine_annealing_warm_restarts",
        0,
        True,
    ),
    "falling line": (partial(schedulers.LinearLR, start_factor=1.0, end_factor=0.1), "linear_lr", 0, False),
    "rising line": (schedulers.LinearLR, "linear_lr", None, False),
    "any function": (partial(schedulers.LambdaLR, lr_lambda=lambda step: 0.9), "lambda_lr", None, None),
    "function with a warm-up": (closed_over, "lambda_lr", None, None),
    "warm-up, cosine": (after_warm_up(COSINE), "linear_lr then cosine_annealing_lr", None, False),
    "warm-up, restarts": (
        after_warm_up(partial(schedulers.CosineAnnealingWarmRestarts, T_0=5)),
        "linear_lr then cosine_annealing_warm_restarts",
        None,
        True,
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name: str) -> None:
    make, spoken, warmup, restarts = SCHEDULES[name]
    optimizer = sgd()
    found, _ = told(optimizer, make(optimizer))
    assert (found["schedule"], found.get("warmup_steps"), found.get("warm_restarts")) == (spoken, warmup, restarts)
    assert found["learning_rate"] == (1.0 if name == "one cycle" else 0.1)


def test_the_steps_of_a_warm_up_are_known_with_what_the_schedule_counts() -> None:
    for make, by_step, by_epoch in ((after_warm_up(COSINE), 5, 100), (closed_over, 50, 1000)):
        optimizer = sgd()
        scheduler = make(optimizer)
        assert told(optimizer, scheduler, steps_per_tick=1)[0]["warmup_steps"] == by_step
        assert told(optimizer, scheduler, steps_per_tick=20)[0]["warmup_steps"] == by_epoch
        assert told(optimizer, {"scheduler": scheduler, "interval": "step"})[0]["warmup_steps"] == by_step
        _, notes = told(optimizer, {"scheduler": scheduler, "interval": "epoch"})
        assert any("is not known" in note for note in notes)


def test_two_falling_schedules_in_a_row_may_jump_between_them() -> None:
    optimizer = sgd()
    both = schedulers.SequentialLR(optimizer, [COSINE(optimizer), COSINE(optimizer)], milestones=[10])
    assert "warm_restarts" not in told(optimizer, both)[0]


def test_a_cycle_is_known_by_its_highest_rate() -> None:
    optimizer = sgd()
    assert told(optimizer, schedulers.CyclicLR(optimizer, 0.01, 0.5))[0]["learning_rate"] == 0.5


class Own(schedulers.LRScheduler):
    @property
    def total_iters(self) -> int:
        raise RuntimeError("no")

    def get_lr(self) -> list[Any]:
        return [group["lr"] for group in self.optimizer.param_groups]


def test_schedulers_of_strangers() -> None:
    optimizer = sgd()
    found, notes = told(optimizer, Own(optimizer))
    assert (found["schedule"], found.get("warmup_steps"), found.get("warm_restarts"), notes) == ("own", None, None, ())
    assert told(optimizer, object())[0]["schedule"] == "object"


class Focal(nn.CrossEntropyLoss):
    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (1 - input).mean()


class Named(nn.CrossEntropyLoss):
    """Derived without a word of its own."""


def test_losses_that_are_derived_bound_or_compiled() -> None:
    assert read_loss(Focal(), RunConfig()).loss == "custom"
    assert read_loss(Named(label_smoothing=0.2), RunConfig()).label_smoothing == 0.2
    bound = read_loss(partial(F.cross_entropy, label_smoothing=0.1, reduction="sum"), RunConfig())
    assert (bound.loss, bound.label_smoothing, bound.loss_reduction) == ("cross_entropy", 0.1, "sum")
    weighted = read_loss(partial(F.cross_entropy, weight=torch.ones(3)), RunConfig())
    assert weighted.class_weights is True
    assert read_loss(F.cross_entropy, RunConfig()).class_weights is None
    assert read_loss(torch.compile(nn.MSELoss()), RunConfig()).loss == "mse"
    balanced = nn.BCEWithLogitsLoss(pos_weight=torch.ones(1))
    assert read_loss(balanced, RunConfig()).class_weights is True
