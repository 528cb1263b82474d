"""The parts of a watched run put together: what hooks and the user's calls have in common."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from expert.adapters.live.sampling import Sampling
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.activations import NOT_OBSERVED, Activations
from expert.adapters.torch.batches import BatchWatch
from expert.adapters.torch.deferred import DeferredReads
from expert.adapters.torch.looks import Looker
from expert.adapters.torch.loss_graph import LossGraph
from expert.adapters.torch.modes import ModeLook
from expert.adapters.torch.precision import ScalerWatch
from expert.adapters.torch.ranks.ranks import Ranks
from expert.adapters.torch.ranks.sharding import SPREAD, whole
from expert.adapters.torch.seen_samples import TargetWatch
from expert.adapters.torch.stepping import OptimizerWatch
from expert.history import History, Series

MOST_FAILURES = 20
SURE = 3
"""So many looks in a row must find the model in evaluation mode before it is said to have stayed there."""
RATE = "optimizer.learning_rate"


class Collector:
    """Holds the telemetry of a run and everything that writes to it.

    ``updates`` counts the steps of the run: those of the optimizer that took most, and those a scaler skipped.
    """

    def __init__(
        self,
        model: nn.Module,
        roots: set[int],
        optimizers: Sequence[Optimizer],
        telemetry: Telemetry,
        samplings: Sequence[Sampling],
        *,
        scaler: Any,
        activations: bool,
        compiled: bool,
        ranks: Ranks | None,
        check_every_step: bool,
        steps_per_epoch: int | None,
    ) -> None:
        self.telemetry, self.reads = telemetry, DeferredReads()
        self.updates, self.skips = 0, 0
        self.spent = 0.0
        self.compiled, self.check_every_step = compiled, check_every_step
        self.ranks = ranks
        """The part of this process in a distributed run; None where it is alone."""
        self._failures = 0
        self._broken_before_update = False
        self._modes = ModeLook(roots)
        self._evaluating: set[int] = set()
        """The last steps that were looked at, as long as they were made in evaluation mode."""
        self._last_epoch = 0
        self.epoch_end = steps_per_epoch or 0
        """The step after which the current epoch is expected to end; 0 where that is not known."""
        self.loss_graph = LossGraph(telemetry)
        self._targets = TargetWatch(telemetry, self.reads)
        self.batches = BatchWatch(telemetry, self.reads, self._targets, self.loss_graph)
        self.scaler = ScalerWatch(scaler, telemetry, self.reads) if scaler is not None else None
        self.activations: Activations | None = None
        self._why_unseen = ": the model is compiled" if compiled else ""
        if activations and not compiled:
            self.activations = Activations(model, roots, telemetry, self.reads, self._targets)
            self.activations.failed, self.activations.forward_seen = self.failed, self.forward_seen
            if not self.activations.possible:
                self._why_unseen = ": the model has no activation modules"
        self.watches = [
            OptimizerWatch(
                self,
                model,
                optimizer,
                others=optimizers,
                sampling=sampling,
                labels=(("optimizer", str(number)),) if number else (),
            )
            for number, (optimizer, sampling) in enumerate(zip(optimizers, samplings, strict=True))
        ]

    def adopt_scaler(self, scaler: Any) -> None:
        """Follow a scaler that was not handed over, from the first step it takes on."""
        if callable(getattr(scaler, "is_enabled", None)) and scaler.is_enabled():
            self.scaler = ScalerWatch(scaler, self.telemetry, self.reads)
            self.telemetry.know("config", loss_scaling=True)

    def failed(self, doing: str, error: Exception) -> None:
        """Something of ours went wrong: say so in the advice, and let the training go on."""
        self._failures += 1
        if self._failures <= MOST_FAILURES:
            self.telemetry.note(f"While {doing} the watcher failed with {type(error).__name__}: {error}")

    def arm_activations(self) -> None:
        """Watch the forward passes of the step that follows."""
        if self.activations is not None:
            self.activations.arm()

    def disarm_activations(self, at: int | None) -> float:
        """Stop watching forward passes; returns the seconds it took to watch them."""
        if self.activations is None:
            return 0.0
        started = perf_counter()
        inside = self.activations.seconds
        self.activations.seconds = 0.0
        self.activations.disarm(at)
        return perf_counter() - started + inside

    def hook_seconds(self) -> float:
        """Seconds spent in forward hooks since they were armed."""
        return 0.0 if self.activations is None else self.activations.seconds

    def forward_seen(self, training: bool) -> None:
        """A forward pass of the whole model in training: in which mode, and in which precision."""
        device = "cuda" if torch.is_autocast_enabled("cuda") else "cpu"
        if torch.is_autocast_enabled(device):
            kind = str(torch.get_autocast_dtype(device)).removeprefix("torch.")
            if kind in ("float16", "bfloat16") and self.telemetry.config.precision != kind:
                self.telemetry.know("config", precision=kind)
        self.trained_in(training)

    def trained_in(self, training: bool) -> None:
        """Note whether the model is trained in training mode, and whether it stays there behind a validation."""
        known = self.telemetry.config.training_mode_in_training
        if training:
            self._evaluating.clear()
        elif known:
            self._evaluating.add(self.updates)
        if known is None or len(self._evaluating) == SURE:
            self.telemetry.know("config", training_mode_in_training=training)

    def epoch_may_end(self) -> None:
        """The last step of an epoch has been taken, if this one is as long as the others: watch the validation."""
        if self.updates == self.epoch_end:
            self._modes.arm()

    def epoch_ended(self) -> None:
        """An epoch has ended: learn how long epochs are and in which mode the model was validated."""
        if self.updates > self._last_epoch:
            self.epoch_end = 2 * self.updates - self._last_epoch
            self._last_epoch = self.updates
            for watch in self.watches:
                watch.plan()
        evaluated = self._modes.disarm()
        if evaluated is not None and self.telemetry.config.evaluation_mode_in_validation is None:
            self.telemetry.know("config", evaluation_mode_in_validation=evaluated)

    def resume_at(self, updates: int) -> None:
        """Go on counting from this step, whatever was counted and recorded before it in this process."""
        self.updates = self.skips = self._last_epoch = updates
        for watch in self.watches:
            watch.resume()
        self.batches.forget()
        self.telemetry.forget()

    def norm_given(self, at: int, norm: Any) -> None:
        """Record the norm before clipping that the user measured."""
        column = self.telemetry.column("gradient.norm")
        self.telemetry.given.add("gradient.norm")
        norm = whole(norm)
        if norm is None:
            self.telemetry.note(SPREAD.format(what="gradient norm"))
            return
        if isinstance(norm, Tensor):
            self.reads.read(norm.detach().clone().reshape(1), lambda numbers: column.append(max(at, 1), numbers[0]))
        else:
            column.append(max(at, 1), float(norm))

    def read_now(self, looker: Looker) -> None:
        """Read the gradient norms of the current step before its update, waiting for the device where it must."""
        broken = [] if self._broken_before_update else looker.broken_now()
        if broken:
            self._broken_before_update = True
            self.telemetry.event("nonfinite_gradient_before_update", self.updates + 1, ", ".join(broken[:5]))

    def trouble(self) -> None:
        """Something happened: look closely at the next steps."""
        for watch in self.watches:
            watch.look_soon()

    def looked(self) -> bool:
        """Whether the step just taken was looked at."""
        return any(watch.looked_at == self.updates for watch in self.watches)

    def settle(self, *, wait: bool) -> None:
        """Hand over what has been measured; with ``wait`` also what the device has not delivered yet."""
        self.reads.collect(wait=wait)

    def history(self) -> History:
        """What the telemetry holds, with a last point of each rate: it is recorded when it changes, and stood so long.

        The telemetry itself is left as it is, so that asking in the middle of a run changes nothing of its record.
        """
        recorded = self.telemetry.history()
        held = {(RATE, watch.labels) for watch in self.watches}
        series = [
            Series(**dict(one) | {"at": [*one.at, self.updates], "values": [*one.values, one.values[-1]]})
            if (one.role, one.labels) in held and one.at[-1] < self.updates
            else one
            for one in recorded.series
        ]
        return recorded.model_copy(update={"series": tuple(series)})

    def hold_rates(self) -> None:
        """Record the last point of each rate for good: the run has ended."""
        for watch in self.watches:
            column = self.telemetry.column(RATE, labels=watch.labels)
            if column.values and self.updates > column.at[-1]:
                column.append(self.updates, column.values[-1])

    def unseen(self) -> str | None:
        """A sentence where activations were not observed, however long the run was; None where they were or may be."""
        if self.activations is not None and (self.activations.observed or self.updates < 2):
            return None
        if self.activations is not None and not self._why_unseen:
            if self.activations.called:
                return NOT_OBSERVED.format(why=": none stands between layers that are trained")
            return NOT_OBSERVED.format(why=": no forward pass of a module was seen, as where the step is compiled")
        return NOT_OBSERVED.format(why=self._why_unseen)

    def close(self) -> None:
        """Take every hook off."""
        for watch in self.watches:
            watch.close()
        if self.activations is not None:
            self.activations.disarm(None)
        self._modes.disarm()
