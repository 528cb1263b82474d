"""Trainings as people write them: kinds of networks, optimizers and loops."""

from __future__ import annotations

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, StepLR
from torch.utils.data import DataLoader, TensorDataset

from .observers import Observer, Outcome, batches

STEPS = 16
"""More than the ten that are always looked at."""


def mlp_sgd(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 8, 6, classes=3):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def cnn_batch_norm_momentum(observer: Observer) -> Outcome:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(8, 4),
    ).to(memory_format=torch.channels_last)  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.5)
    data = TensorDataset(torch.randn(32, 3, 8, 8), torch.randint(0, 4, (32,)))
    loader = DataLoader(data, batch_size=8, shuffle=True)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
    run = observer.watch(model, optimizer, loss_fn=loss_fn, loader=loader, scheduler=scheduler)
    losses = []
    for _ in range(STEPS // 4):
        model.train()
        for x, y in loader:
            images = x.contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=False)
            loss = loss_fn(model(images), y)
            loss.backward()
            optimizer.step()
            run.step(loss=loss, batch=observer.batch(images, y))
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            value = loss_fn(model(x), y)
        run.epoch(val_loss=value, val_accuracy=0.5)
        scheduler.step()
        losses.append(value.item())
    run.close()
    return Outcome(losses, [model], [optimizer], [scheduler])


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(20, 8)
        self.lstm = nn.LSTM(8, 12, num_layers=2, batch_first=True, dropout=0.1)
        self.head = nn.Linear(12, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.lstm(self.table(tokens))
        scores: Tensor = self.head(states[:, -1])
        return scores


def lstm_adam_clipped(observer: Observer) -> Outcome:
    model = Recurrent()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    run = observer.watch(model, optimizer)
    losses = []
    for _ in range(STEPS):
        tokens, y = torch.randint(0, 20, (8, 5)), torch.randint(0, 2, (8,))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        run.step(loss=loss, batch=observer.batch(tokens, y), gradient_norm=norm)
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


def transformer_adamw_one_cycle(observer: Observer) -> Outcome:
    encoder = nn.TransformerEncoderLayer(12, 2, 24, dropout=0.1, activation="gelu", batch_first=True, norm_first=True)
    model = nn.Sequential(nn.Embedding(20, 12), nn.TransformerEncoder(encoder, 2, enable_nested_tensor=False))
    model.append(nn.Linear(12, 20))
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in model.parameters() if p.dim() > 1]},
            {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
        ],
        lr=1e-3,
        weight_decay=0.1,
    )
    scheduler = OneCycleLR(optimizer, max_lr=1e-2, total_steps=STEPS)
    run = observer.watch(model, optimizer, scheduler=scheduler)
    losses = []
    for _ in range(STEPS):
        tokens = torch.randint(0, 20, (4, 6))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(-1, 1).flatten())
        loss.backward()
        optimizer.step()
        scheduler.step()
        run.step(loss=loss, batch=observer.batch(tokens, tokens))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer], [scheduler])


def adversarial_pair(observer: Observer) -> Outcome:
    maker = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2), nn.Tanh())
    judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    judging = torch.optim.Adam(judge.parameters(), lr=2e-3, betas=(0.5, 0.999))
    making = torch.optim.Adam(maker.parameters(), lr=2e-3, betas=(0.5, 0.999))
    run = observer.watch(nn.ModuleList([maker, judge]), [judging, making])
    losses = []
    for _ in range(STEPS):
        real = torch.randn(8, 2) * 0.3
        judging.zero_grad()
        F.binary_cross_entropy_with_logits(judge(real), torch.ones(8, 1)).backward()
        fake = maker(torch.randn(8, 4))
        F.binary_cross_entropy_with_logits(judge(fake.detach()), torch.zeros(8, 1)).backward()
        mixed = (real + fake.detach()).requires_grad_()
        (slope,) = torch.autograd.grad(judge(mixed).sum(), mixed, create_graph=True)
        (slope.norm(dim=1) - 1.0).square().mean().backward()
        judging.step()
        making.zero_grad()
        loss = F.binary_cross_entropy_with_logits(judge(fake), torch.ones(8, 1))
        loss.backward()
        making.step()
        run.step(loss=loss, batch=observer.batch(real))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [maker, judge], [judging, making])


def accumulated(observer: Observer) -> Outcome:
    model = nn.Sequential(nn.Linear(5, 16), nn.SiLU(), nn.LayerNorm(16), nn.Linear(16, 1))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    scheduler = LambdaLR(optimizer, lambda step: 1.0 / (1 + step))
    run = observer.watch(model, optimizer, scheduler=scheduler)
    losses = []
    for number, (x, y) in enumerate(batches(4 * STEPS, 4, 5), 1):
        loss = (model(x) - y).square().mean() / 4
        loss.backward()
        if number % 4 == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        run.step(loss=loss, batch=observer.batch(x, y))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer], [scheduler])


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(6, 12), nn.Linear(12, 12), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        hidden = F.relu(self.second(F.relu(self.first(x))))
        return {"scores": self.head(F.dropout(hidden, 0.3, self.training)), "hidden": hidden}


def functional_with_random_augmentation(observer: Observer) -> Outcome:
    model = Functional()
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
    run = observer.watch(model, optimizer)
    losses = []
    for x, y in batches(STEPS, 8, 6, classes=3):
        shifted = x + torch.from_numpy(np.random.rand(8, 6)).float()
        if random.random() < 0.5:
            shifted = shifted.flip(1)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(shifted)["scores"], y)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.02)
        optimizer.step()
        run.step(loss=loss.item(), batch=observer.batch({"x": shifted, "labels": y}))
        losses.append(loss.item())
    run.close()
    return Outcome(losses, [model], [optimizer])


PLAIN_SETUPS = (
    mlp_sgd, cnn_batch_norm_momentum, lstm_adam_clipped, transformer_adamw_one_cycle, adversarial_pair, accumulated,
    functional_with_random_augmentation,
)  # fmt: skip
