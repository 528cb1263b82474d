"""The training of one model, over one or several calls of ``fit``: what is collected, and when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import monotonic
from typing import Any

import keras
from keras import ops

from expert.adapters.keras.attaching import Attachment, has_own_step, loss_tracker
from expert.adapters.keras.batch_losses import BatchLosses
from expert.adapters.keras.epoch_ends import STEPS_UNSEEN, EpochEnds
from expert.adapters.keras.epoch_logs import EpochLogs
from expert.adapters.keras.looks import Seen
from expert.adapters.keras.pacing import distances
from expert.adapters.keras.probe import Probe
from expert.adapters.keras.rates import last_rate
from expert.adapters.keras.recording import RATE, LookRecorder, labels_of
from expert.adapters.keras.stepping import StepWatch
from expert.adapters.live.telemetry import Telemetry
from expert.history import History

MOST_FAILURES = 20
NOT_CALLED = "no step of {optimizer} was seen in the first epoch, as where gradients are applied by hand"


class Training:
    """Holds the telemetry of a run and everything that writes to it. Steps are batches."""

    def __init__(self, model: Any, telemetry: Telemetry, *, every: int | None, budget: float, probe: Any) -> None:
        self.model, self.telemetry = model, telemetry
        self._probe = None if probe is None else Probe(probe, telemetry)
        self._every, self._budget = every, budget
        self.steps, self.epochs = 0, 0
        """Steps of the epochs that are over, and how many those are."""
        self._shift = 0
        """What is added to Keras' number of an epoch, where `fit` is called anew."""
        self._failures = 0
        self._alarm, self._troubled = False, False
        """Whether a number of the last epoch, or of this one so far, is not finite."""
        self._started = self._epoch_started = monotonic()
        self._trained_at: float | None = None
        self._total: float | None = None
        self._rates: list[float | None] = []
        """The rates of the optimizers at the last step."""
        self._steps_per_epoch: int | None = None
        self._attachment: Attachment | None = None
        self._recorders: dict[int, LookRecorder] = {}
        self._taken: dict[int, int] = {}
        """How many looks of the current epoch are recorded already, by watch."""
        self._ends: EpochEnds | None = None
        self._logs = EpochLogs(telemetry)
        self._losses = BatchLosses(telemetry)
        telemetry.mark(0, 0, 0.0)

    def failed(self, doing: str, error: Exception) -> None:
        """Something of ours went wrong: say so in the advice, and let the training go on."""
        self._failures += 1
        if self._failures <= MOST_FAILURES:
            self.telemetry.note(f"While {doing} the watcher failed with {type(error).__name__}: {error}")

    # -- the course of a training ---------------------------------------------------------------------------------

    def begin(self, steps: int | None, batch_size: int | None) -> None:
        """``fit`` begins, with so many steps an epoch and samples a batch, where that is known."""
        self._steps_per_epoch = steps
        self._losses = BatchLosses(self.telemetry)
        if not has_own_step(self.model):
            self._losses.is_mean = True
            if batch_size is not None:
                self._losses.sizes([(1, batch_size)], None)
        self._attach()

    def epoch_begins(self, epoch: int, *, first: bool) -> None:
        """Keras begins an epoch, numbered from 0; ``first`` of this call of ``fit``."""
        if first and epoch <= self.epochs:
            self._shift = self.epochs - epoch
        elif first:
            # Epochs that were trained elsewhere: the record begins in the middle.
            self._shift = 0
            self.epochs = epoch
        self._epoch_started, self._trained_at, self._total = monotonic(), None, None
        self._taken.clear()
        if self._attachment is not None:
            short, long = distances(every=self._every, steps=self._steps_per_epoch, budget=self._budget)
            self._attachment.begin_epoch(short, long, alarm=self._alarm)
        self._alarm, self._troubled = False, False

    def batch_ends(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Batch ``batch`` of the epoch, numbered from 0, is done; may be told by another thread, out of order."""
        loss = logs.get("loss")
        known = float(loss) if isinstance(loss, int | float) else None
        self._losses.take(batch + 1, known)
        if known is not None and not self._troubled and not math.isfinite(known):
            # A mean stays broken until the epoch ends.
            self._troubled = True
            if self._attachment is not None:
                self._attachment.look_closely()

    def validation_begins(self) -> None:
        """The epoch's steps are over, and a validation follows, if none has begun in this epoch before."""
        if self._trained_at is None:
            self._trained_at, self._total, self._rates = monotonic(), self._samples(), self._last_rates()

    def epoch_ends(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Record the epoch."""
        now = monotonic()
        if self._trained_at is None:
            self._trained_at, self._total, self._rates = now, self._samples(), self._last_rates()
            changed = logs.get("learning_rate")
            if self._rates and isinstance(changed, int | float):
                # Callbacks of Keras log the rate of the epoch before they change it.
                self._rates[0] = float(changed)
        batches = self._losses.latest or max((watch.read()[0] for watch in self._watches()), default=0)
        number = epoch + 1 + self._shift
        at = self.steps + batches
        self._looks(batches)
        self._record_rates(at)
        means = self._means()
        if self._losses.is_mean is None:
            # A mean that nobody adds to is logged all the same, as zero, at the end of the epoch.
            self._losses.is_mean = bool(self._total)
        if not self._losses.is_mean:
            means.discard("loss")
            if self._total == 0.0:
                logs = {name: value for name, value in logs.items() if name != "loss"}
        elif self._total == batches:
            self._losses.sizes([(1, 1.0)], batches)
        self._losses.record(self.steps, batches, self._total)
        self._sizes()
        self._logs.record(number, logs, means)
        telemetry = self.telemetry
        telemetry.mark(at, number, now - self._started)
        telemetry.column("time.epoch_seconds", clock="epoch").append(number, now - self._epoch_started)
        if batches:
            seconds = (self._trained_at - self._epoch_started) / batches
            telemetry.column("time.step_seconds", clock="epoch").append(number, seconds)
            self._steps_per_epoch = batches
        self._alarm = not all(math.isfinite(value) for value in logs.values() if isinstance(value, int | float))
        if self._ends is not None:
            self._ends.end(at)
        self._unseen(batches)
        self._look_at_activations(at)
        self.steps, self.epochs = at, number
        if telemetry.config.steps_per_epoch is None and batches:
            telemetry.know("config", steps_per_epoch=batches)

    def in_between(self) -> None:
        """Record what is known in the middle of an epoch, without waiting for anything."""
        self._losses.record(self.steps, None)

    def end(self) -> None:
        """``fit`` is over, or broke off: leave everything as it was."""
        if self._attachment is not None:
            self._attachment.remove()

    def broken_off(self) -> None:
        """``fit`` has ended in the middle of an epoch: record what was seen of it."""
        if keras.backend.backend() != "jax":
            # The state of a step of JAX went with it.
            self._looks(self._losses.latest)
        self._losses.record(self.steps, self._losses.latest or None)
        self.end()

    def resume_at(self, steps: int, epochs: int, seconds: float) -> None:
        """Go on counting from here: what came before is known from another record."""
        self.steps, self.epochs = steps, epochs
        self._started = monotonic() - seconds
        self.telemetry.forget()

    def history(self) -> History:
        """What the telemetry holds."""
        return self.telemetry.history()

    # -- parts of it ----------------------------------------------------------------------------------------------

    def _attach(self) -> None:
        attachment = self._attachment
        if attachment is None or not attachment.is_for(self.model):
            attachment = Attachment(self.model, self.failed)
            self._recorders.clear()
        self._attachment = attachment
        why_not = attachment.why_not
        try:
            attachment.install()
        except Exception as error:  # whatever a model of a strange make does
            attachment.remove()
            attachment.watches.clear()
            why_not = f"to look into them failed with {type(error).__name__}: {error}"
        if why_not is not None:
            self._look_between_epochs(why_not)

    def _watches(self) -> list[StepWatch]:
        return [] if self._attachment is None else self._attachment.watches

    def _look_between_epochs(self, why: str) -> None:
        if self._ends is None:
            self.telemetry.note(STEPS_UNSEEN.format(why=why))
            optimizers = [] if self._attachment is None else self._attachment.optimizers
            self._ends = EpochEnds(self.model, optimizers[0] if optimizers else None, self.telemetry)
            self._ends.begin()

    def _unseen(self, batches: int) -> None:
        """Notice that steps are not seen, and look between epochs from now on."""
        watches = self._watches()
        if self._ends is not None or not watches or not batches:
            return
        if all(watch.broken for watch in watches):
            self._look_between_epochs("looking into them failed")
        elif not any(watch.read()[0] for watch in watches):
            names = " and ".join(type(watch.optimizer).__name__ for watch in watches)
            self._look_between_epochs(NOT_CALLED.format(optimizer=names))

    def _look_at_activations(self, at: int) -> None:
        if self._probe is None:
            return
        try:
            self._probe.look(self.model, at)
        except Exception as error:  # whatever a model does with inputs that are none of its own
            self._probe = None
            self.failed("passing the probe batch through the model", error)

    def _looks(self, batches: int) -> None:
        for number, watch in enumerate(self._watches()):
            calls, looks = watch.read()
            start = self._taken.get(number, 0)
            self._taken[number] = len(looks)
            if watch.layout is None or not looks[start:]:
                continue
            recorder = self._recorders.get(number)
            if recorder is None:
                recorder = LookRecorder(self.telemetry, watch.layout.watched, watch.inner, labels_of(number))
                self._recorders[number] = recorder
            each = calls / batches if watch.by_call and batches and calls > batches else 1.0
            for seen in looks[start:]:
                recorder.record(seen, self.steps + math.ceil(seen.at / each), scales=watch.scales)
            if number == 0 and each == 1.0 and not watch.scales:
                self._batches_of(looks[start:], batches)

    def _batches_of(self, looks: list[Seen], batches: int) -> None:
        known = [(seen.at, seen.samples) for seen in looks if not math.isnan(seen.samples)]
        self._losses.sizes(known, batches, self._total)

    def _sizes(self) -> None:
        size = self._losses.batch_size
        if size is not None and not has_own_step(self.model) and self.telemetry.config.batch_size is None:
            self.telemetry.know("config", batch_size=size)

    def _samples(self) -> float | None:
        """Samples of the epoch whose steps are over, from the count of the running mean of the loss."""
        tracker = loss_tracker(self.model)
        if tracker is None or self._attachment is None or self._attachment.why_not is not None:
            return None
        return float(ops.convert_to_numpy(tracker.count.value))

    def _means(self) -> set[str]:
        """Names of the logs that are means over the epoch."""
        try:
            return {"loss", *self.model.get_metrics_result()} if not has_own_step(self.model) else self._own_means()
        except Exception:  # a metric of the user's own
            return {"loss"}

    def _own_means(self) -> set[str]:
        return {str(metric.name) for metric in self.model.metrics}

    def _last_rates(self) -> list[float | None]:
        optimizers = [] if self._attachment is None else self._attachment.optimizers
        try:
            return [last_rate(one) for one in optimizers]
        except Exception as error:  # a schedule of the user's own
            self.failed("reading the learning rate", error)
            return []

    def _record_rates(self, at: int) -> None:
        """The rates at the end of an epoch: looks may be few, and what a schedule did since must not be missed."""
        for number, rate in enumerate(self._rates):
            if rate is not None:
                self.telemetry.column(RATE, labels=labels_of(number)).append(at, rate)
