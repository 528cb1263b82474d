"""Lightning: the table and the event file of one Trainer, with ``hparams.yaml`` beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import tiny_torch
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from recording import Recording

recording = Recording("lightning.pytorch.Trainer", "lightning", "torch", "tensorboard")
EPOCHS = 8
steps: list[float] = []
epochs: list[float] = []
validations: list[float] = []


class Module(lightning.LightningModule):
    """Logs its loss by step and by epoch."""

    def __init__(self, learning_rate: float = 0.5) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = tiny_torch.net()

    def training_step(self, batch: Any, _index: int) -> torch.Tensor:
        """The loss of one batch."""
        loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        steps.append(loss.item())
        return loss

    def validation_step(self, batch: Any, _index: int) -> None:
        """The loss of one batch."""
        self.log("val_loss", torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        """Plain descent with a rate that decays."""
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams["learning_rate"])
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)]

    def on_train_epoch_end(self) -> None:
        """Note what is logged of the epoch."""
        epochs.append(tiny_torch.mean(steps[-6:]))
        validations.append(float(self.trainer.callback_metrics["val_loss"]))


folder = recording.folder
loggers = [CSVLogger(folder, name="", version="csv"), TensorBoardLogger(folder, name="", version="tensorboard")]
trainer = lightning.Trainer(
    max_epochs=EPOCHS,
    accelerator="cpu",
    logger=loggers,
    callbacks=[LearningRateMonitor("epoch")],
    log_every_n_steps=3,
    enable_progress_bar=False,
    enable_model_summary=False,
    enable_checkpointing=False,
    num_sanity_val_steps=0,
)
trainer.fit(Module(), *tiny_torch.loaders())
for file in Path(folder).rglob("hparams.yaml"):
    assert "learning_rate" in file.read_text(encoding="utf-8")
ends = [6.0 * epoch + 5 for epoch in range(EPOCHS)]
run = {"train.loss": (ends, epochs), "val.loss": (ends, validations)}
recording.log("csv", run, clock="step")
recording.log("tensorboard", run, clock="step")
recording.save()
