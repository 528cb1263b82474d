"""Hugging Face: ``trainer_state.json`` of one Trainer, and what it prints."""

from __future__ import annotations

import contextlib
import io
import shutil
from typing import Any

import tiny_torch
import torch
from recording import Recording
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

recording = Recording("transformers.Trainer", "transformers", "accelerate", "torch")
train, val = (loader.dataset for loader in tiny_torch.loaders())
logged: list[tuple[float, dict[str, float]]] = []


class Model(torch.nn.Module):
    """Gives a loss where there are labels."""

    def __init__(self) -> None:
        super().__init__()
        self.net = tiny_torch.net()

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Loss and logits."""
        logits = self.net(x)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


class Tell(TrainerCallback):
    """Notes what the trainer logs."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Once a log."""
        logged.append((float(state.global_step), dict(logs)))


def collated(samples: list[Any]) -> dict[str, torch.Tensor]:
    """One batch."""
    return {"x": torch.stack([x for x, _ in samples]), "labels": torch.stack([y for _, y in samples])}


arguments = TrainingArguments(
    output_dir=str(recording.folder / "output"),
    num_train_epochs=10,
    per_device_train_batch_size=16,
    learning_rate=0.05,
    logging_steps=2,
    eval_strategy="epoch",
    save_strategy="no",
    report_to="none",
    disable_tqdm=True,
    use_cpu=True,
    remove_unused_columns=False,
    seed=0,
)
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    trainer = Trainer(Model(), arguments, collated, train, val, callbacks=[Tell()])
    assert any(isinstance(one, PrinterCallback) for one in trainer.callback_handler.callbacks)
    trainer.train()
trainer.save_state()
shutil.move(recording.folder / "output" / "trainer_state.json", recording.folder / "trainer_state.json")
shutil.rmtree(recording.folder / "output")
(recording.folder / "console.log").write_text(printed.getvalue(), encoding="utf-8")
NAMES = {"loss": "train.loss", "eval_loss": "val.loss", "grad_norm": "gradient.norm"}


def run(clock: str) -> dict[str, tuple[list[float], list[float]]]:
    """What was logged, by steps or, as the console says, by epochs."""
    found = {}
    for name, role in NAMES.items():
        rows = [
            (step if clock == "step" else logs["epoch"], float(logs[name])) for step, logs in logged if name in logs
        ]
        found[role] = ([at for at, _ in rows], [value for _, value in rows])
    return found


recording.log("trainer_state.json", run("step"), clock="step")
recording.log("console.log", run("epoch"), digits=1e-3)
recording.save()
