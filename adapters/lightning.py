"""Lightning: a callback that watches what ``Trainer.fit`` trains, for ``lightning.pytorch`` and ``pytorch_lightning``.

``Trainer(callbacks=[ExpertCallback()])``. Loading this module loads neither package: to which of them a callback
belongs is seen when it is made, by which of them is loaded then. Where both are, it belongs to both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from expert.adapters.torch.trainers.callback import TrainingCallback, harmless, reported
from expert.adapters.torch.trainers.lightning_settings import configuration, parts
from expert.history.roles import match_columns


class ExpertCallback(TrainingCallback):
    """Watches the training of a Lightning ``Trainer`` without changing it.

    ``path``: an append-only file of the record, written by the first process only and not under ``fast_dev_run``.
    ``every=k``: look at every k-th step, instead of as often as one per cent of the time allows. ``stop``: the
    severity ("error", "fatal" …) from which on a finding that has become certain sets ``trainer.should_stop``.
    ``config``: fields of `RunConfig` that cannot be seen, as ``{"pretrained": True}``. ``quiet``: say nothing at the
    end, where otherwise one line tells of a finding at warning or above.

    ``callback.advise()`` and ``advise(callback)`` judge the training as it stands, ``callback.run`` is the run itself.
    Checkpoints hold the record, so that a resumed training goes on with it.
    """

    homes: ClassVar = (("lightning.pytorch", "Callback"), ("pytorch_lightning", "Callback"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._restored: Mapping[str, Any] = {}
        self._trainer: Any = None
        self._before: dict[str, Any] = {}
        """The metrics when the epoch began: what is another object later was measured since."""
        self._before_validation: dict[str, Any] = {}
        self._by_step: set[str] = set()
        self._by_validation: set[str] = set()
        """Names logged by the training step and by validations; others are means over the batches of an epoch."""
        self._logged_loss: str | None = None
        self._first_batch = True

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """The trainer begins something; the state of a checkpoint, where there is one, comes after this."""
        self._restored = {}

    @harmless
    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Watch the module, with what the trainer knows of its training."""
        # A trial of a few batches writes no files, as Lightning has it.
        unwritten = {"path": None} if trainer.fast_dev_run else {}
        known = configuration(trainer, pl_module)
        run = self._begin(pl_module, known, trainer.is_global_zero, **parts(trainer, pl_module), **unwritten)
        self._trainer, self._before, self._logged_loss, self._first_batch = trainer, {}, None, True
        self._by_step, self._by_validation = set(), set()
        if self._restored:
            self._resume(run, self._restored["run"])
            self._measured = dict(self._restored["measured"])
            # A checkpoint written by the last validation of an epoch is resumed in the next one.
            self._epoch_over = trainer.current_epoch > self._restored["run"]["epochs"]

    @harmless
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Record the epoch before: only now all that was logged at its end is known."""
        self._record_epoch(trainer)
        self._before, self._first_batch = dict(trainer.callback_metrics), True

    @harmless
    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Record the loss of the batch, and now and then what was logged with it."""
        run = self.run
        if run is None:
            return
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if loss is not None and pl_module.automatic_optimization and trainer.accumulate_grad_batches > 1:
            loss = loss * trainer.accumulate_grad_batches  # it was divided by as much
        metrics: dict[str, float] = {}
        # Numbers on a device are waited for, which must not happen at every step.
        cheap = loss is None and pl_module.device.type == "cpu"
        often = max(1, trainer.log_every_n_steps)
        if self._first_batch or cheap or (batch_idx + 1) % often == 0:
            self._first_batch = False
            metrics = self._logged_by_step(trainer)
        if loss is None and self._logged_loss is not None:
            loss = trainer.callback_metrics.get(self._logged_loss)
        run.step(loss, batch=batch, **metrics)
        if run.should_stop and trainer.world_size == 1:
            trainer.should_stop = True

    @harmless
    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Remember what was known before."""
        self._before_validation = dict(trainer.callback_metrics)

    @harmless
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Take what was measured; the sanity check before a training measures nothing of it."""
        if self.run is None or self._trainer is None or trainer.sanity_checking:
            return
        measured = _changed(trainer.callback_metrics, self._before_validation)
        self._by_validation |= measured.keys()
        # One that comes several times in an epoch stands on the clock of steps.
        if trainer.check_val_every_n_epoch is None or trainer.val_check_batch != trainer.num_training_batches:
            self.run.validation(**reported(measured, "val"))
        else:
            self._measured |= reported(measured, "val")

    @harmless
    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """The epoch is over, but for what others have still to log; a part of one counts if it was validated."""
        self._epoch_over = trainer.is_last_batch or bool(self._measured)
        if self.run is None or self._options["stop_on"] is None:
            return
        self._record_epoch(trainer)
        # All processes stop, or none does.
        if trainer.strategy.reduce_boolean_decision(self.run.should_stop, all=False):
            trainer.should_stop = True

    @harmless
    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Close the run."""
        self._record_epoch(trainer)
        self._trainer = None
        self._end()

    @harmless
    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Record that the training broke off or was stopped by hand."""
        if self._trainer is not None:
            self._record_epoch(trainer)
            self._trainer = None
            self._break_off(exception)

    @harmless
    def state_dict(self) -> dict[str, Any]:
        """The record, for a checkpoint."""
        if self.run is None:
            return {}
        if self._trainer is not None:
            self._record_epoch(self._trainer)
        return {"run": self.run.state_dict(), "measured": self._measured}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the record of a checkpoint until the training begins, which goes on with it."""
        self._restored = state_dict

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_trainer": None, "_before": {}, "_before_validation": {}}

    def _logged_by_step(self, trainer: Any) -> dict[str, float]:
        """What the training step has logged, without the loss, whose name is kept."""
        logged = _changed(trainer.callback_metrics, self._before)
        by_step = {name: value for name, value in logged.items() if name not in self._by_validation}
        self._by_step |= by_step.keys()
        twice = {f"{name}_step" for name in by_step}
        metrics = reported({name: value for name, value in by_step.items() if name not in twice}, "train")
        roles = {match.role: name for name, match in match_columns(list(metrics)).items()}
        self._logged_loss = roles.get("train.loss")
        metrics.pop(self._logged_loss or "", None)
        return metrics

    def _record_epoch(self, trainer: Any) -> None:
        """Record the epoch that is over, with the means over its batches among what was logged."""
        if not self._epoch_over:
            return
        others = self._by_step | self._by_validation
        fresh = _changed(trainer.callback_metrics, self._before)
        means = {name.removesuffix("_epoch"): value for name, value in fresh.items() if name not in others}
        self._measured |= reported(means, "train")
        self._epoch()
        self._before = dict(trainer.callback_metrics)


def _changed(metrics: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics measured anew: Lightning makes a new tensor for each."""
    return {name: value for name, value in metrics.items() if value is not before.get(name)}
