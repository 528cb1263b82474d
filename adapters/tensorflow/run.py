"""A watched run: what the user calls in the training loop, and what comes of it."""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Mapping
from time import monotonic
from typing import Any

import tensorflow as tf

from expert.adapters.live.findings import FindingWatch
from expert.adapters.live.loops import WatchedLoop
from expert.adapters.live.metrics import Metrics
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.tensorflow.batches import BatchWatch
from expert.adapters.tensorflow.losses import Losses
from expert.adapters.tensorflow.reads import DeferredReads, as_number
from expert.adapters.tensorflow.stepping import StepWatch
from expert.history import History
from expert.history.joining import join
from expert.history.journal import Journal

WRITTEN_EVERY = 1.0
"""Seconds between two writes to the file: so much is lost at most when the process is killed."""
CHECKED_EVERY = 16
"""Steps between two looks at the clock, at most."""
FIRST_JUDGMENT = 60
"""Without epochs the run is judged after so many steps, and then whenever it is half as long again."""
MOST_FAILURES = 20
INSIDE = (
    "{name} was called inside a tf.function, where it runs once only, while the function is traced: return the loss "
    "and the gradients from the function and call {name} with them outside."
)
UNSEEN = (
    "Activations were not observed: a loop with tf.GradientTape shows losses, gradients and weights only, so nothing "
    "is known of units that are dead or saturated."
)


class Run(WatchedLoop):
    """A training under observation; `watch` makes it. Use it as a context manager or call `close`.

    Nothing it does changes the training, and none of its methods raises into it: what goes wrong stands in the notes
    of the advice. ``should_stop`` turns True only where ``stop_on`` was given to `watch`.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        watch: StepWatch,
        reads: DeferredReads,
        findings: FindingWatch,
        journal: Journal | None,
    ) -> None:
        super().__init__(Metrics(telemetry, as_number), findings, journal, os.getpid())
        self._watch, self._reads = watch, reads
        self._losses, self._batches = Losses(telemetry, reads), BatchWatch(telemetry, watch.model)
        self._steps = self._failures = 0
        self._due, self._judged_at = 1, FIRST_JUDGMENT
        watch.failed = self._failed
        telemetry.mark(0, 0, 0.0)
        self._close_at_exit()

    def step(
        self, loss: Any = None, gradients: Any = None, *, batch: Any = None, gradient_norm: Any = None, **metrics: Any
    ) -> None:
        """Record one step: call it once for each update, before or after ``optimizer.apply``, outside of a tf.function.

        ``loss``: a scalar tensor, a float, or the losses of the samples, whose mean and spread are taken.
        ``gradients``: what ``tape.gradient`` returned for the model's trainable variables, in their order, or
        (gradient, variable) pairs; ``IndexedSlices`` and None are taken as they are. They are looked at on sampled
        steps only. ``batch``: inputs and labels, for the data's evidence. ``gradient_norm``: the norm before clipping,
        where ``gradients`` are clipped already. ``metrics``: further numbers of this batch, by any name.
        """
        if self._closed:
            return
        try:
            if not tf.executing_eagerly():
                self._refuse_graph("run.step")
                return
            self._steps = at = self._steps + 1
            if loss is not None:
                self._losses.take(at, loss)
                if self._losses.broken is not None:
                    self._broken(batch)
            if gradient_norm is not None:
                self._norm_given(at, gradient_norm)
            if at >= self._watch.due:
                self._watch.step(at, gradients)
            if batch is not None:
                self._batches.size(at, batch)
                if self._watch.looked_at == at:
                    self._batches.look(at, batch)
            if metrics:
                self._metrics.record("step", at, metrics, otherwise="train")
            if at >= self._due:
                self._now_and_then(at)
        except Exception as error:
            self._failed("recording a step", error)

    def epoch(self, **metrics: Any) -> None:
        """Record the end of an epoch with what was measured: ``val_loss=…, val_accuracy=…, train_loss=…``.

        Numbers, tensors of one number and what ``metric.result()`` returns are taken, by whatever names; call it once
        an epoch, after validation.
        """
        if self._closed:
            return
        try:
            if not tf.executing_eagerly():
                self._refuse_graph("run.epoch")
                return
            self._reads.collect()
            self._record_epoch(metrics)
            self._batches.publish()
            self._write()
            self._judge()
        except Exception as error:
            self._failed("recording an epoch", error)

    def validation(self, **metrics: Any) -> None:
        """Record a validation in the middle of an epoch, at the step where the run stands: ``val_loss=…``.

        One quantity is better measured here or at the ends of epochs, not at both: they are two series then.
        """
        if self._closed:
            return
        try:
            if not tf.executing_eagerly():
                self._refuse_graph("run.validation")
                return
            self._metrics.record("step", self._steps, metrics, otherwise="val")
        except Exception as error:
            self._failed("recording a validation", error)

    def history(self) -> History:
        """Everything recorded so far as a `History`. May wait for a device to deliver what was measured."""
        self._settle()
        recorded = self._telemetry.history()
        if self._steps:
            recorded = recorded.model_copy(update={"notes": (*recorded.notes, UNSEEN)})
        return recorded if self._base is None else join((self._base, recorded), History)

    @property
    def overhead(self) -> float:
        """Share of the run's time spent in looks so far, 0 to 1."""
        return self._watch.spent / max(monotonic() - self._started, 1e-9)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold for the record to go on after a restart; plain numbers and one array of bytes."""
        from expert.adapters.live.resuming import state_of

        return state_of(self.history(), self._steps, self._epochs, monotonic() - self._started)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the run stood when `state_dict` was called: steps, epochs and the record of what came before.

        Raises `SourceError` where ``state`` is something else.
        """
        from expert.adapters.live.resuming import restored

        base, self._steps, epochs, seconds = restored(state)
        self._telemetry.forget()
        self._watch.resume_at(self._steps)
        self._due = self._steps + 1
        self._go_on_from(base, self._steps, epochs, seconds)

    def close(self) -> None:
        """Write the rest to the file. The run can still be asked for its history and advice."""
        if self._is_over():
            return
        self._closed = True
        atexit.unregister(self._at_exit)
        try:
            self._write()
            if self._journal is not None:
                self._journal.close()
        except Exception as error:
            self._failed("closing", error)

    def _steps_done(self) -> int:
        return self._steps

    def _refuse_graph(self, name: str) -> None:
        told = INSIDE.format(name=name)
        self._telemetry.note(told)
        warnings.warn(told, stacklevel=3)

    def _norm_given(self, at: int, norm: Any) -> None:
        """Record the norm before clipping that the user measured."""
        column = self._telemetry.column("gradient.norm")
        self._telemetry.given.add("gradient.norm")
        self._reads.read(norm, lambda numbers: column.append(at, float(numbers.reshape(()))))

    def _broken(self, batch: Any) -> None:
        """The loss is not finite: look where that comes from, and closely at what follows."""
        at, value = self._losses.broken or (0, 0.0)
        self._losses.broken = None
        where = self._batches.broken(at, batch) if batch is not None and at == self._steps else None
        told = f"the loss is {value}" + (f"; {where}" if where else "")
        self._telemetry.event("nonfinite_loss", at, told)
        self._telemetry.note(f"At step {at} {told}.")
        self._watch.look_soon(self._steps)
        self._write()

    def _now_and_then(self, at: int) -> None:
        now = monotonic()
        if now - self._written_at >= WRITTEN_EVERY:
            self._write()
        self._due = at + min(CHECKED_EVERY, max(1, at))
        if not self._epochs:
            if at >= self._judged_at:
                self._judged_at = at + at // 2
                self._judge()
            # Not when the clock is looked at: the same run is judged at the same steps.
            self._due = min(self._due, self._judged_at)

    def _settle(self) -> None:
        try:
            self._reads.collect()
        except Exception as error:
            self._failed("reading what was measured", error)

    def _gather(self) -> None:
        self._settle()

    def _failed(self, doing: str, error: Exception) -> None:
        self._failures += 1
        if self._failures <= MOST_FAILURES:
            self._telemetry.note(f"While {doing} the watcher failed with {type(error).__name__}: {error}")
