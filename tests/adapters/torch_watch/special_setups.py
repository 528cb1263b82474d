"""Trainings with something that hooks and gradients have to get along with: precision, closures, sharing, averaging."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.checkpoint import checkpoint

from .observers import Observer, Outcome, batches
from .setups import STEPS


def _scaled(observer: Observer, *, fused: bool) -> Outcome:
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=fused)
    # So high a scale overflows at first, and so short an interval lets it grow again until it does.
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**22, growth_interval=3)
    run = observer.watch(model, optimizer, scaler=scaler)
    losses = []
    for number, (x, y) in enumerate(batches(2 * STEPS, 8, 6, classes=3)):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        if number % 2:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        scaler.step(optimizer)
        scaler.update()
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer], [scaler])


def half_precision_scaler(observer: Observer) -> Outcome:
    return _scaled(observer, fused=False)


def half_precision_scaler_fused(observer: Observer) -> Outcome:
    return _scaled(observer, fused=True)


def brain_float_autocast(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Conv1d(2, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 1))
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.01)
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 4, 2, 8):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def half_precision_weights(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 1)).to(torch.bfloat16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 4, 6):
        optimizer.zero_grad()
        loss = (model(x.bfloat16()) - y).square().mean()
        loss.backward()
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(x.bfloat16(), y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def closure_lbfgs(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4, line_search_fn="strong_wolfe")
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 12, 3):

        def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
            optimizer.zero_grad()
            loss = (model(x) - y).square().mean()
            loss.backward()
            return loss

        loss = optimizer.step(closure)
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


class Tied(nn.Module):
    """A language model whose head is its table of tokens, with a layer that is used twice and one that is frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(15, 8)
        self.frozen = nn.Linear(8, 8).requires_grad_(False)
        self.twice = nn.Linear(8, 8)
        self.relu = nn.ReLU()
        self.head = nn.Linear(8, 15, bias=False)
        self.head.weight = self.table.weight

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.relu(self.frozen(self.table(tokens)))
        hidden = self.relu(self.twice(self.relu(self.twice(hidden))))
        return self.head(hidden), hidden


def frozen_and_tied(observer: Observer) -> Outcome:
    model = Tied()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    run = observer.watch(model, optimizer)
    losses = []
    for _ in range(STEPS):
        tokens = torch.randint(0, 15, (4, 6))
        optimizer.zero_grad()
        scores, _ = model(tokens)
        loss = F.cross_entropy(scores.flatten(0, 1), tokens.flatten())
        loss.backward()
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(tokens, tokens))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def sparse_table(observer: Observer) -> Outcome:
    table, head = nn.EmbeddingBag(30, 6, mode="sum", sparse=True), nn.Linear(6, 2)
    model = nn.Sequential(table, nn.ReLU(), head)
    optimizers = [torch.optim.SparseAdam(table.parameters()), torch.optim.Adam(head.parameters())]
    run = observer.watch(model, optimizers)
    losses = []
    for _ in range(STEPS):
        tokens, y = torch.randint(0, 30, (5, 4)), torch.randint(0, 2, (5,))
        loss = F.cross_entropy(model(tokens), y)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        run.step(loss=loss, batch=observer.batch(tokens, y))
        losses.append(loss.item())
        if len(losses) < STEPS:
            for optimizer in optimizers:
                optimizer.zero_grad()
    run.close()
    return Outcome(losses, [model], list(optimizers))


def checkpointed(observer: Observer) -> Outcome:
    blocks = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Dropout(0.1)) for _ in range(3))
    model = nn.ModuleDict({"blocks": blocks, "head": nn.Linear(8, 1)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5, foreach=False)
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 6, 8):
        optimizer.zero_grad()
        hidden = x
        for block in blocks:
            hidden = checkpoint(block, hidden, use_reentrant=False)
        loss = (model["head"](hidden) - y).square().mean()
        loss.backward()
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def fused_adam(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Linear(6, 16), nn.PReLU(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.01), fused=True, amsgrad=True)
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 6, 6):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(x), (y > 0).float())
        loss.backward()
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def averaged(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    moving = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    run = observer.watch(model, optimizer)
    stochastic, schedule = AveragedModel(model), SWALR(optimizer, swa_lr=0.01, anneal_epochs=2)
    data = list(batches(4, 6, 6))
    losses = []
    for epoch in range(STEPS // 4):
        for x, y in data:
            optimizer.zero_grad()
            loss = (model(x) - y).square().mean()
            loss.backward()
            optimizer.step()
            moving.update_parameters(model)
            run.step(loss=loss, batch=observer.batch(x, y))
            losses.append(loss.item())
        if epoch:
            stochastic.update_parameters(model)
            schedule.step()
        with torch.no_grad():
            run.epoch(val_loss=(moving(x) - y).square().mean())
    update_bn([x for x, _ in data], stochastic)
    run.close()
    return Outcome(losses, [model, moving, stochastic], [optimizer], [schedule])


SPECIAL_SETUPS = (
    half_precision_scaler, half_precision_scaler_fused, brain_float_autocast, half_precision_weights, closure_lbfgs,
    frozen_and_tied, sparse_table, checkpointed, fused_adam, averaged,
)  # fmt: skip
