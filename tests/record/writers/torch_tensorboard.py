"""PyTorch's SummaryWriter: the loss of each batch by steps, the validation by epochs, as many scripts log them."""

from __future__ import annotations

import tiny_torch
import torch
from recording import Recording
from torch.utils.tensorboard import SummaryWriter

recording = Recording("torch.utils.tensorboard.SummaryWriter", "torch", "tensorboard")
train, val = tiny_torch.loaders(batch_size=2)
model = tiny_torch.net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
losses: list[float] = []
validations: list[float] = []
with SummaryWriter(str(recording.folder / "run")) as writer:
    for epoch in range(10):
        for loss in tiny_torch.epoch(model, train, optimizer):
            writer.add_scalar("Loss/train", loss, len(losses))
            losses.append(loss)
        validations.append(tiny_torch.mean(tiny_torch.epoch(model, val, None)))
        writer.add_scalar("Loss/val", validations[-1], len(losses) - 1)
        if epoch == 5:
            writer.add_histogram("weight", model[0].weight, epoch)
steps = [float(step) for step in range(len(losses))]
recording.log(
    "run", {"train.loss": (steps, losses), "val.loss": ([48.0 * e + 47 for e in range(10)], validations)}, clock="step"
)
recording.save()
