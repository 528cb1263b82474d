"""timm: ``summary.csv`` as its train.py writes it, by ``utils.update_summary``."""

from __future__ import annotations

from collections import OrderedDict

import torch
import without_cuda  # noqa: F401  (before timm, which imports torchvision)
from recording import Recording
from timm import create_model
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from timm.utils import AverageMeter, accuracy, update_summary
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 8

recording = Recording("timm.utils.update_summary", "timm", "torch")
torch.manual_seed(0)
y = torch.arange(64) % 4
x = torch.randn(64, 3, 32, 32) * 0.3 + torch.nn.functional.one_hot(y, 4).float()[:, :3, None, None]
train, val = (DataLoader(TensorDataset(x[part], y[part]), 8) for part in (slice(0, 48), slice(48, 64)))
model = create_model("test_vit", num_classes=4, img_size=32)
optimizer = create_optimizer_v2(model, opt="adamw", lr=1e-3)
scheduler = CosineLRScheduler(optimizer, t_initial=EPOCHS)

told: dict[str, list[float]] = {"train.loss": [], "val.loss": [], "val.accuracy": [], "optimizer.learning_rate": []}
for epoch in range(EPOCHS):
    meters = {name: AverageMeter() for name in ("train", "eval", "top1", "top2")}
    rate = optimizer.param_groups[0]["lr"]
    for images, labels in train:
        loss = torch.nn.functional.cross_entropy(model.train()(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        meters["train"].update(loss.item(), len(labels))
    for images, labels in val:
        with torch.no_grad():
            logits = model.eval()(images)
        top1, top2 = accuracy(logits, labels, topk=(1, 2))
        meters["eval"].update(torch.nn.functional.cross_entropy(logits, labels).item(), len(labels))
        meters["top1"].update(top1.item(), len(labels))
        meters["top2"].update(top2.item(), len(labels))
    update_summary(
        epoch,
        OrderedDict(loss=meters["train"].avg),
        OrderedDict(loss=meters["eval"].avg, top1=meters["top1"].avg, top5=meters["top2"].avg),
        filename=str(recording.folder / "summary.csv"),
        lr=rate,
        write_header=epoch == 0,
    )
    scheduler.step(epoch + 1)
    values = (meters["train"].avg, meters["eval"].avg, meters["top1"].avg / 100, rate)
    for role, value in zip(told, values, strict=True):
        told[role].append(value)
recording.log("summary.csv", {role: (list(range(EPOCHS)), values) for role, values in told.items()})
recording.save()
