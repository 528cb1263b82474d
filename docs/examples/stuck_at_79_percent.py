"""A training whose accuracy stays at 79 %: a small network, SGD with momentum 0.5 and a learning rate of 0.001.

    python stuck_at_79_percent.py                                   # writes stuck_at_79_percent.csv
    python stuck_at_79_percent.py --rate 0.01 --log raised.csv      # the same training, ten times the rate

A plane through the first feature decides 79 % of the samples; in the rest, told by a fainter feature, the two classes
are swapped. The plane is learned soon, the rest only with larger steps: with the rate of 0.01 the same training
reaches 92 % after 60 epochs and 99 % after 300.

The log has one row an epoch, as Keras' CSVLogger writes it, and three figures about the steps, each the mean over the
epoch: the norm of the gradient, the cosine between the gradients of successive steps, and the size of the update
relative to the weights (the median over the weight matrices).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from statistics import fmean, median

import torch
from torch import Tensor, nn
from torch.nn import functional

COLUMNS = (
    "epoch", "accuracy", "loss", "val_accuracy", "val_loss",
    "learning_rate", "gradient_norm", "gradient_cosine", "update_ratio",
)  # fmt: skip


def draw(count: int) -> tuple[Tensor, Tensor]:
    x = torch.randn(count, 10)
    y = ((x[:, 0] > 0) ^ (x[:, 1] > 0.806)).long()
    return x * torch.tensor([5.0] + [0.5] * 9), y


def accuracy(outputs: Tensor, y: Tensor) -> float:
    return float((outputs.argmax(1) == y).float().mean())


def train(rate: float, epochs: int, seed: int) -> list[dict[str, float]]:
    torch.manual_seed(seed)
    x, y = draw(5000)
    x_val, y_val = draw(1000)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.5)
    log: list[dict[str, float]] = []
    previous = None
    for epoch in range(epochs):
        steps: list[dict[str, float]] = []
        for rows in torch.split(torch.randperm(len(y)), 250):
            outputs = model(x[rows])
            loss = functional.cross_entropy(outputs, y[rows])
            optimizer.zero_grad()
            loss.backward()
            gradient = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
            before = [weight.detach().clone() for weight in weights]
            optimizer.step()
            moved = [float((new.detach() - old).norm() / old.norm()) for new, old in zip(weights, before, strict=True)]
            step = {
                "accuracy": accuracy(outputs, y[rows]),
                "loss": loss.item(),
                "gradient_norm": float(gradient.norm()),
                "update_ratio": median(moved),
            }
            if previous is not None:
                step["gradient_cosine"] = float(functional.cosine_similarity(gradient, previous, dim=0))
            steps.append(step)
            previous = gradient
        with torch.no_grad():
            outputs = model(x_val)
            val_loss = float(functional.cross_entropy(outputs, y_val))
        means = {name: fmean(step[name] for step in steps if name in step) for name in steps[-1]}
        measures = {"val_accuracy": accuracy(outputs, y_val), "val_loss": val_loss}
        log.append({"epoch": epoch, "learning_rate": rate} | means | measures)
    return log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=0.001)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    log = train(options.rate, options.epochs, options.seed)
    with options.log.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([f"{row[name]:.6g}" for name in COLUMNS] for row in log)
    for row in log[:: max(1, len(log) // 10)] + log[-1:]:
        print(f"epoch {row['epoch']:>3}: loss {row['loss']:.3f}, validation accuracy {row['val_accuracy']:.1%}")


if __name__ == "__main__":
    main()
