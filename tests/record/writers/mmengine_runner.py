"""MMEngine: the text log of its logger hook and ``vis_data/scalars.json`` of its local backend, from one Runner."""

from __future__ import annotations

import shutil
from typing import Any

import tiny_torch
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from recording import Recording

recording = Recording("mmengine.runner.Runner", "mmengine", "torch")
EPOCHS = 8


class Model(BaseModel):
    """As MMEngine wants models: losses in training, predictions in validation."""

    def __init__(self) -> None:
        super().__init__()
        self.net = tiny_torch.net()

    def forward(self, x: torch.Tensor, y: torch.Tensor, mode: str = "tensor") -> Any:
        """Losses by name, or what the metric takes."""
        logits = self.net(x)
        if mode == "loss":
            return {"loss_cls": torch.nn.functional.cross_entropy(logits, y)}
        return logits, y


class Accuracy(BaseMetric):
    """Share of samples that are classed rightly."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Count the hits of a batch."""
        logits, labels = data_samples
        self.results.append(((logits.argmax(1) == labels).sum().item(), len(labels)))

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """Put the batches together."""
        hits, samples = map(sum, zip(*results, strict=True))
        told["val.accuracy"].append(hits / samples)
        return {"accuracy": hits / samples}


class Tell(Hook):
    """Notes the loss of each step, whose mean since the last line is what is logged."""

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Once a step."""
        losses.append(outputs["loss"].item())


told: dict[str, list[float]] = {"val.accuracy": []}
losses: list[float] = []
train, val = tiny_torch.loaders()
model = Model()
runner = Runner(
    model=model,
    work_dir=str(recording.folder / "work"),
    train_dataloader=train,
    val_dataloader=val,
    val_evaluator=[Accuracy()],
    val_cfg={},
    train_cfg={"by_epoch": True, "max_epochs": EPOCHS},
    optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.5}},
    default_hooks={"logger": {"type": "LoggerHook", "interval": 2}, "checkpoint": None},
    custom_hooks=[Tell()],
    log_processor={"window_size": 2},
    visualizer={"type": "Visualizer", "vis_backends": [{"type": "LocalVisBackend"}]},
    cfg={},
)
runner.train()

steps = list(range(2, len(losses) + 1, 2))
means = [(losses[step - 2] + losses[step - 1]) / 2 for step in steps]
(scalars,) = (recording.folder / "work").rglob("scalars.json")
(text,) = (recording.folder / "work").rglob("*.log")
shutil.copy(scalars, recording.folder / "scalars.json")
shutil.copy(text, recording.folder / "mmengine.log")
shutil.rmtree(recording.folder / "work")
places = [6.0 * (epoch + 1) for epoch in range(EPOCHS)]
run = {"train.loss": ([float(step) for step in steps], means), "val.accuracy": (places, told["val.accuracy"])}
recording.log("scalars.json", run, clock="step")
recording.log("mmengine.log", run, clock="step", digits=1e-3)
recording.save()
