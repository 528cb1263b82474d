"""Hugging Face: a callback that watches what ``transformers.Trainer`` trains.

``Trainer(callbacks=[ExpertCallback()])``. Loading this module loads no transformers.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from expert.adapters.torch.profile.unwrapping import inner_optimizer
from expert.adapters.torch.trainers.callback import TrainingCallback, harmless, reported
from expert.adapters.torch.trainers.hf_settings import (
    FILE,
    checkpoint,
    compiles,
    configuration,
    restored,
    task_and_loss,
)
from expert.adapters.torch.trainers.returned import ReturnedLosses

COMPARED = 3
"""So many of the first logged losses are compared with those of the model."""
DIFFERS = 0.02
"""Losses nearer to each other than this share are the same but for rounding."""
OTHER_LOSS = (
    "The trainer logs a loss of {logged:.4g} where the model returned {seen:.4g}: its compute_loss adds to what the "
    "model returns. The losses recorded are the model's."
)
LOGGED_LOSS = (
    "The loss is made outside the model, so what was recorded of it are the means that the trainer logs. With "
    "logging_nan_inf_filter they hide losses that are not finite."
)


class ExpertCallback(TrainingCallback):
    """Watches the training of a Hugging Face ``Trainer`` without changing it.

    ``path``: an append-only file of the record, written by the first process only. ``every=k``: look at every k-th
    step, instead of as often as one per cent of the time allows. ``stop``: the severity ("error", "fatal" …) from
    which on a finding that has become certain ends the training; not with several processes. ``config``: fields of
    `RunConfig` that cannot be seen. ``quiet``: say nothing at the end, where otherwise one line tells of a finding at
    warning or above.

    ``callback.advise()`` and ``advise(callback)`` judge the training as it stands, ``callback.run`` is the run itself.
    Checkpoint folders hold the record, so that a resumed training goes on with it.

    The trainer shows its callbacks no loss but the logged mean, from which it leaves out what is not finite. The
    losses of the steps are therefore those the model returns, if the backward pass comes through them; where the
    trainer makes its own loss of the model's outputs, the logged means are recorded, and a note says so.
    """

    homes: ClassVar = (("transformers.trainer_callback", "TrainerCallback"),)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._losses: ReturnedLosses | None = None
        self._sum: list[Tensor] = []
        self._compared = 0
        self._returned = False
        """Whether the model has returned a loss that is trained on."""

    @harmless
    def on_train_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Watch the model, with what the arguments tell of its training."""
        model, optimizer = parts["model"], inner_optimizer(parts["optimizer"])
        self._let_go()  # of a training that broke off, of which nobody has told
        run = self._begin(
            model,
            known=configuration(args, state, parts),
            chief=state.is_world_process_zero,
            optimizer=optimizer if isinstance(optimizer, Optimizer) else None,
            scheduler=parts["lr_scheduler"],
            loader=parts["train_dataloader"],
            scaler=getattr(parts["optimizer"], "scaler", None),
            activations=not compiles(args, parts["optimizer"]),
        )
        self._sum, self._compared, self._returned = [], 0, False
        # Replicas in threads, or an engine with a scale of its own, are not looked into.
        if args.n_gpu <= 1 and not getattr(args, "deepspeed", None):
            together = args.world_size if getattr(args, "average_tokens_across_devices", False) else 1
            self._losses = ReturnedLosses(model, args.gradient_accumulation_steps, together)
        if state.global_step:
            self._resume(run, restored(args, state, whole=self._chief))

    @harmless
    def on_step_end(self, args: Any, state: Any, control: Any, **parts: Any) -> Any:
        """Record the update that was made."""
        run = self.run
        if run is None:
            return None
        loss, batch = self._losses.take() if self._losses is not None else (None, None)
        run.step(loss, batch=batch)
        if self._losses is not None and self._losses.note is not None:
            run.telemetry.note(self._losses.note)
            self._compared = COMPARED
        if loss is not None:
            if not self._returned:
                self._returned = True
                self._tell_loss(parts["model"])
            if self._compared < COMPARED:
                self._sum.append(loss)
        return self._stopping(args, control)

    @harmless
    def on_log(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Take the norm of the gradients before clipping, and the mean loss where there is no other."""
        run, logs = self.run, parts["logs"]
        if run is None or "loss" not in logs:
            return
        norm = logs.get("grad_norm")
        if norm is not None and isinstance(inner_optimizer(parts["optimizer"]), Optimizer):
            run.step(gradient_norm=torch.tensor(float(norm)))  # as a tensor it waits for what was measured before
        if not self._returned:
            column = run.telemetry.column("train.loss")
            if state.logging_steps != 1 or args.logging_strategy != "steps":
                column.reduction = "interval_mean"
            column.append(state.global_step, float(logs["loss"]))
            run.telemetry.note(LOGGED_LOSS)
        elif self._compared < COMPARED and self._sum and args.world_size == 1:
            self._compare(float(logs["loss"]))

    @harmless
    def on_epoch_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> Any:
        """Record the epoch before, which ended without an evaluation."""
        self._epoch()
        return self._stopping(args, control)

    @harmless
    def on_epoch_end(self, args: Any, state: Any, control: Any, **parts: Any) -> Any:
        """The epoch is over; where epochs are evaluated, that comes next."""
        self._epoch_over = abs(state.epoch - round(state.epoch)) < 1e-6
        if args.eval_strategy != "epoch":
            self._epoch()
        return self._stopping(args, control)

    @harmless
    def on_evaluate(self, args: Any, state: Any, control: Any, **parts: Any) -> Any:
        """Record what was measured, at the end of an epoch or in the middle of one, but not before the first step."""
        if self.run is None or not state.global_step:
            return None
        metrics = {name: value for name, value in parts["metrics"].items() if name != "epoch"}
        if args.eval_strategy == "epoch":
            self._epoch_over = True
            self._measured |= reported(metrics, "val")
            # Several sets are evaluated one after the other, each under its own name.
            if "eval_runtime" in metrics:
                self._epoch()
        else:
            self.run.validation(**reported(metrics, "val"))
        return self._stopping(args, control)

    @harmless
    def on_save(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Write the record beside the checkpoint."""
        self._epoch()
        folder = checkpoint(args, state)
        if self.run is None or not self._chief or not folder.is_dir():
            return
        try:
            torch.save(self.run.state_dict(), folder / FILE)
        except OSError as error:
            self.run.telemetry.note(f"The record could not be written to {folder / FILE}: {error}.")

    @harmless
    def on_train_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Close the run."""
        self._let_go()
        self._end()

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_losses": None, "_sum": []}

    def _let_go(self) -> None:
        if self._losses is not None:
            self._losses.remove()
            self._losses = None

    def _stopping(self, args: Any, control: Any) -> Any:
        if self.run is not None and self.run.should_stop and args.world_size == 1:
            control.should_training_stop = True
        return control

    def _tell_loss(self, model: Any) -> None:
        """The model's own loss is the one that is trained on: tell which it is."""
        assert self.run is not None
        telemetry = self.run.telemetry
        task, loss = task_and_loss(model)
        told = {"task": task, "loss": loss, "loss_formula": "fused" if loss != "mse" else None}
        if loss is not None and telemetry.config.loss is None:
            telemetry.know("config", **{name: value for name, value in told.items() if value is not None})

    def _compare(self, logged: float) -> None:
        """Notice that the trainer's loss is another one than the model's."""
        assert self.run is not None
        seen, self._sum = float(torch.stack(self._sum).mean()), []
        self._compared += 1
        if math.isfinite(seen) and math.isfinite(logged) and abs(logged - seen) > DIFFERS * abs(seen):
            self.run.telemetry.note(OTHER_LOSS.format(logged=logged, seen=seen))
            self._compared = COMPARED
