"""A watched run: what the user calls in the training loop, and what comes of it."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from time import monotonic
from types import TracebackType
from typing import Any

from torch import Tensor

from expert.adapters.live.findings import FindingWatch
from expert.adapters.live.loops import WatchedLoop
from expert.adapters.live.metrics import Metrics
from expert.adapters.torch.collecting import Collector
from expert.adapters.torch.losses import Losses
from expert.adapters.torch.metrics import as_number
from expert.history import History
from expert.history.joining import join
from expert.history.journal import Journal

WRITTEN_EVERY = 1.0
"""Seconds between two writes to the file: so much is lost at most when the process is killed."""
CHECKED_EVERY = 16
"""Steps between two looks at the clock, at most; fewer where steps are slow."""
FIRST_JUDGMENT = 60
"""Without epochs dead units are counted and the run is judged after so many steps, and then whenever it is half as
long again."""


class Run(WatchedLoop):
    """A training under observation; `watch` makes it. Use it as a context manager or call `close`.

    Nothing it does changes the training, and none of its methods raises into it: what goes wrong stands in the notes
    of the advice. ``should_stop`` turns True only where ``stop_on`` was given to `watch`.
    """

    def __init__(self, collector: Collector, findings: FindingWatch, journal: Journal | None, pid: int) -> None:
        super().__init__(Metrics(collector.telemetry, as_number), findings, journal, pid)
        self._collector, self._losses = collector, Losses(collector)
        self._ahead = 0
        """1 where each loss is handed over before its update, so that it belongs to the step after the last one."""
        self._held_back: tuple[Any, Any, Mapping[str, Any]] | None = None
        """What else came with the second loss while it was not known which step that belongs to."""
        self._stepped_at = 0
        """How many updates there were when `step` was called last."""
        self._due = self._stride = 1
        self._checked = 0, self._started
        self._judged_at = FIRST_JUDGMENT
        self._in_haste = False
        collector.telemetry.mark(0, 0, 0.0)
        self._exchange(wait=0.5)
        self._close_at_exit()

    def step(self, loss: Any = None, *, batch: Any = None, gradient_norm: Any = None, **metrics: Any) -> None:
        """Record one step: call it once for each batch, before or after the optimizer's step.

        ``loss``: a scalar tensor (kept detached, read later where it lies on a GPU), a float, or the losses of the
        samples, whose mean and spread are taken. ``batch``: the inputs and labels, for the data's evidence.
        ``gradient_norm``: what `clip_grad_norm_` returned, the norm before clipping. ``metrics``: further numbers of
        this batch, by any name (``accuracy=0.9``). Batches without an update in between are taken for accumulation.
        """
        try:
            losses = self._losses
            at = self._collector.updates + self._ahead
            # Written out, for this runs at each step, between computations that have swept the caches.
            if losses.plain and at > losses.at and loss.__class__ is Tensor and loss.is_cpu and loss.numel() == 1:
                value = loss.item()
                # First what refuses a number that is none: positions and values stay as many.
                losses.append_value(value)
                losses.append_at(at)
                losses.at = at
                if value - value != 0.0:
                    losses.broke(at, value)
                if metrics or batch is not None or gradient_norm is not None:
                    self._more(at, batch, gradient_norm, metrics)
            elif self._closed:
                return
            else:
                at = self._slow_step(loss, batch, gradient_norm, metrics)
            if losses.broken is not None:
                self._broken(batch)
            if at >= self._due:
                self._now_and_then(at)
        except Exception as error:
            self._failed("recording a step", error)

    def epoch(self, **metrics: Any) -> None:
        """Record the end of an epoch with what was measured: ``val_loss=…, val_accuracy=…, train_loss=…``.

        Numbers and tensors of one number are taken, by whatever names; call it once an epoch, after validation.
        """
        if self._closed:
            return
        try:
            collector = self._collector
            self._losses.settle()
            self._record_epoch(metrics)
            collector.batches.epoch()
            if collector.activations is not None:
                collector.activations.tell_units(collector.updates)
            collector.epoch_ended()
            if collector.ranks is not None:
                self._settle(wait=False)
                collector.ranks.epoch(collector.updates)
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
            self._metrics.record("step", self._collector.updates, metrics, otherwise="val")
        except Exception as error:
            self._failed("recording a validation", error)

    def history(self) -> History:
        """Everything recorded so far as a `History`. May wait for a GPU to deliver what was measured.

        Of a distributed run, rank zero's is that of all ranks, as far as their records have arrived.
        """
        self._settle(wait=True)
        self._exchange(wait=0.05)
        recorded, ranks = self._collector.history(), self._collector.ranks
        recorded = recorded if ranks is None else ranks.complete(recorded)
        unseen = self._collector.unseen()
        if unseen:
            recorded = recorded.model_copy(update={"notes": (*recorded.notes, unseen)})
        return recorded if self._base is None else join((self._base, recorded), History)

    @property
    def overhead(self) -> float:
        """Share of the run's time spent in looks so far, 0 to 1."""
        return self._collector.spent / max(monotonic() - self._started, 1e-9)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold for the record to go on after a restart; plain numbers and one byte tensor.

        Of a distributed run, rank zero's is that of all ranks: what they have told by then, or tell within a second.
        It is whole where all ranks call this, or have just called `epoch`.
        """
        from expert.adapters.torch.resuming import state_of

        self._catch_up()
        return state_of(self.history(), self._collector.updates, self._epochs, monotonic() - self._started)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the run stood when `state_dict` was called: steps, epochs and the record of what came before.

        Raises `SourceError` where ``state`` is something else.
        """
        from expert.adapters.torch.resuming import restored

        base, updates, epochs, seconds = restored(state)
        self._collector.resume_at(updates)
        self._losses.resume_at(updates)
        self._stepped_at = updates
        self._due, self._checked = updates + 1, (updates, monotonic())
        self._ahead, self._held_back = 0, None
        self._go_on_from(base, updates, epochs, seconds)

    def close(self) -> None:
        """Take all hooks off and write the rest to the file. The run can still be asked for its history and advice."""
        if self._is_over():
            return
        self._closed, self._losses.plain = True, False
        atexit.unregister(self._at_exit)
        self._collector.close()
        try:
            self._settle(wait=True)
            self._collector.hold_rates()
            self._exchange_the_rest()
            self._write()
            if self._journal is not None:
                self._journal.close()
        except Exception as error:
            self._failed("closing", error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_haste = kind is not None
        super().__exit__(kind, error, trace)

    def _steps_done(self) -> int:
        return self._collector.updates

    def _failed(self, doing: str, error: Exception) -> None:
        self._collector.failed(doing, error)

    def _slow_step(self, loss: Any, batch: Any, gradient_norm: Any, metrics: Mapping[str, Any]) -> int:
        """A step out of the ordinary: accumulation, a skipped update, a loss that is no plain tensor."""
        collector, losses = self._collector, self._losses
        if not collector.watches:
            # Nobody else counts the steps.
            collector.skips += 1
            collector.updates += 1
        if losses.doubtful:
            second = self._losses.at
            if losses.precede(collector.updates):
                self._ahead, second = 1, second + 1
            if self._held_back is not None:
                self._more(second, *self._held_back)
                self._held_back = None
        if collector.scaler is not None and collector.scaler.was_updated():
            if collector.updates <= self._stepped_at:
                collector.skips += 1
                collector.updates += 1
            else:
                for watch in collector.watches:
                    watch.update_passed()
            collector.scaler.record(collector.updates)
        self._stepped_at = collector.updates
        at = collector.updates + self._ahead
        losses.take_any(at, loss)
        if losses.doubtful:
            self._held_back = batch, gradient_norm, metrics
        else:
            # Before the first update it can only be the first step's.
            self._more(max(at, 1), batch, gradient_norm, metrics)
        return at

    def _more(self, at: int, batch: Any, gradient_norm: Any, metrics: Mapping[str, Any]) -> None:
        collector = self._collector
        if batch is not None:
            collector.batches.size(max(at, 1), batch)
            if collector.looked() or at < CHECKED_EVERY:
                collector.batches.look(max(at, 1), batch)
        if gradient_norm is not None:
            collector.norm_given(at, gradient_norm)
        if metrics:
            self._metrics.record("step", at, metrics, otherwise="train")

    def _broken(self, batch: Any) -> None:
        """The loss is not finite: look where that comes from, and closely at what follows."""
        at, value = self._losses.broken or (0, 0.0)
        self._losses.broken = None
        where = self._collector.batches.broken(at, batch) if batch is not None else None
        told = f"the loss is {value}" + (f"; {where}" if where else "")
        self._collector.telemetry.event("nonfinite_loss", at, told)
        self._collector.telemetry.note(f"At step {at} {told}.")
        self._collector.trouble()
        self._write()

    def _now_and_then(self, at: int) -> None:
        now = monotonic()
        took = (now - self._checked[1]) / max(1, at - self._checked[0])
        self._checked = at, now
        # Steps are trusted to be fast only by and by: the first ones tell little of those that follow.
        self._stride = max(1, min(2 * self._stride, CHECKED_EVERY, int(WRITTEN_EVERY / 8 / max(took, 1e-9))))
        self._due = at + self._stride
        if now - self._written_at >= WRITTEN_EVERY:
            self._write()
        if not self._epochs:
            if at >= self._judged_at:
                self._judged_at = at + at // 2
                if self._collector.activations is not None:
                    self._collector.activations.tell_units(self._collector.updates)
                self._judge()
            # Not when the clock is looked at: the same run is judged at the same steps.
            self._due = min(self._due, self._judged_at)

    def _settle(self, *, wait: bool) -> None:
        self._losses.settle()
        self._collector.settle(wait=wait)

    def _gather(self) -> None:
        self._settle(wait=False)
        self._exchange()

    def _exchange(self, wait: float = 0.0) -> None:
        """Bring together what the ranks of a distributed run have recorded, as far as it is there."""
        ranks = self._collector.ranks
        if ranks is None or self._is_over():
            return
        try:
            ranks.tick(self._collector.updates, wait=wait)
        except Exception as error:
            self._failed("bringing the ranks together", error)

    def _catch_up(self) -> None:
        """Wait a little for what the other ranks of a distributed run have not told yet."""
        if self._collector.ranks is None or self._is_over():
            return
        try:
            self._settle(wait=True)
            self._collector.ranks.catch_up(self._collector.updates)
        except Exception as error:
            self._failed("bringing the ranks together", error)

    def _exchange_the_rest(self) -> None:
        if self._collector.ranks is not None:
            try:
                self._collector.ranks.close(self._collector.updates, in_haste=self._in_haste)
            except Exception as error:
                self._failed("bringing the ranks together", error)
