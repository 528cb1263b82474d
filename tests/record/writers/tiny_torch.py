"""A problem small enough to be learnt in a second: two classes of points, a net of one hidden layer."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, TensorDataset


def loaders(batch_size: int = 16) -> tuple[DataLoader, DataLoader]:
    """Batches of 96 training and 48 validation samples."""
    torch.manual_seed(0)
    x = torch.randn(144, 4)
    y = (x[:, 0] + 0.5 * x[:, 1] > 0).long()
    train, val = TensorDataset(x[:96], y[:96]), TensorDataset(x[96:], y[96:])
    return DataLoader(train, batch_size, shuffle=True), DataLoader(val, batch_size)


def net() -> torch.nn.Sequential:
    """Logits of the two classes."""
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))


def epoch(model: torch.nn.Module, batches: DataLoader, optimizer: torch.optim.Optimizer | None) -> list[float]:
    """The loss of each batch; trained on them where there is an optimizer."""
    losses = []
    for x, y in batches:
        with torch.set_grad_enabled(optimizer is not None):
            loss = torch.nn.functional.cross_entropy(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


def mean(numbers: list[float]) -> float:
    """Their mean."""
    return sum(numbers) / len(numbers)
