"""A training loop as a user writes it, with the faults of a `Program` in it, under `watch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from expert.adapters.torch import Run, watch
from expert.history import History
from tests.scenarios import data, models
from tests.scenarios.data import Samples
from tests.scenarios.program import Program
from tests.scenarios.training import casting, losses_of, optimizer_of

LossFunction = Callable[[Tensor, Tensor], Tensor]
ELSEWHERE = (
    "l2", "penalty_in_gradient", "averaging", "pretraining", "ascent", "batch_change", "rate_change",
    "decay_per_epoch", "checkpoint_best", "validation_reduction",
)  # fmt: skip
"""Options of a program that only the reference loop knows."""


@dataclass(frozen=True)
class Trained:
    """A finished training: the watched run, the arrays it was trained on, and how it ended."""

    run: Run
    samples: Samples
    train_loss: float
    val_loss: float
    val_accuracy: float

    @property
    def history(self) -> History:
        return self.run.history()

    @property
    def arrays(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """What a user hands to `advise(run, data=...)`."""
        return (self.samples.x, self.samples.y), (self.samples.x_val, self.samples.y_val)


def train(program: Program, seed: int, told: Mapping[str, object] | None = None, every: int | None = None) -> Trained:
    """Train the program on one CPU thread. ``told`` is what the user adds as ``config``."""
    unknown = [name for name in ELSEWHERE if getattr(program, name) != getattr(Program(), name)]
    assert not unknown, f"only the reference loop knows {unknown}"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _train(program, data.draw(program, seed, task=seed), told, every)
    finally:
        torch.set_num_threads(threads)


def _train(program: Program, samples: Samples, told: Mapping[str, object] | None, every: int | None) -> Trained:
    model = models.build(program, samples)
    optimizer = optimizer_of(program, model)
    scheduler = None
    if program.rate_per_epoch != 1.0:
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=program.rate_per_epoch)
    if program.order == "fixed":
        order = torch.randperm(len(samples.y), generator=torch.Generator().manual_seed(7))
        samples = replace(samples, x=samples.x[order], y=samples.y[order])
    train_set = TensorDataset(samples.x, samples.y)
    loader = DataLoader(train_set, batch_size=program.batch, shuffle=program.order == "redrawn")
    val_loader = DataLoader(TensorDataset(samples.x_val, samples.y_val), batch_size=400)
    loss_fn = _loss_function(program, samples)
    sign = -1 if program.loss == "negated" else 1
    scaler = torch.amp.GradScaler("cpu") if program.precision == "float16" else None

    with watch(
        model, optimizer, loss_fn=loss_fn, scheduler=scheduler, loader=loader, scaler=scaler, config=told, every=every
    ) as run:
        for epoch in range(program.epochs):
            model.train()
            total, hits = 0.0, 0
            for x, y in loader:
                if program.gradients_zeroed:
                    optimizer.zero_grad()
                with casting(program):
                    outputs = model(x)
                    loss = sign * loss_fn(outputs, y)
                if scaler is None:
                    loss.backward()
                    if epoch >= program.clip_from_epoch:
                        _clip(program, model)
                    optimizer.step()
                else:
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()
                run.step(loss=loss, batch=(x, y))
                total += loss.item() * len(y)
                hits += int((outputs.argmax(1) == y).sum())
            val_loss, val_accuracy = _validate(program, model, loss_fn, val_loader)
            val_loss *= sign
            run.epoch(train_accuracy=hits / len(samples.y), val_loss=val_loss, val_accuracy=val_accuracy)
            if scheduler is not None:
                scheduler.step()
    return Trained(run, samples, total / len(samples.y), val_loss, val_accuracy)


@torch.no_grad()
def _validate(
    program: Program, model: nn.Module, loss_fn: LossFunction, loader: DataLoader[tuple[Tensor, ...]]
) -> tuple[float, float]:
    if program.evaluation_mode:
        model.eval()
    total, hits, count = 0.0, 0, 0
    for x, y in loader:
        with casting(program):
            outputs = model(x)
            total += loss_fn(outputs, y).item() * len(y)
        hits += int((outputs.argmax(1) == y).sum())
        count += len(y)
    return total / count, hits / count


def _loss_function(program: Program, samples: Samples) -> LossFunction:
    weights = samples.balance if program.class_weights else None
    fused = nn.CrossEntropyLoss(weights, reduction=program.reduction)
    if program.loss in ("fused", "negated"):
        return fused

    def by_hand(outputs: Tensor, labels: Tensor) -> Tensor:
        return losses_of(program, outputs, labels).mean()

    return by_hand


def _clip(program: Program, model: nn.Module) -> None:
    if program.clip_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), program.clip_norm)
    if program.clip_value is not None:
        low, high = program.clip_value
        if low == -high:
            nn.utils.clip_grad_value_(model.parameters(), high)
            return
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.clamp_(low, high)
