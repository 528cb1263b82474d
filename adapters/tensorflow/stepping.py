"""Looks at gradients and weights of a loop of the user's own, at the steps that `Sampling` chooses.

Nothing stands between the loop and its optimizer. A look takes a copy of some weights, and the next call of
`run.step` sees how far they have moved: exactly one update lies between the two, whether the loop tells of a step
before or after it applies the gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import keras
import numpy as np

from expert.adapters.keras.looks import Seen
from expert.adapters.keras.profile.optimizer import clips_of, inner_optimizer
from expert.adapters.keras.variables import watched_variables
from expert.adapters.live.sampling import Look, Sampling
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.tensorflow.gradients import GradientsError, are_pairs, by_variable
from expert.adapters.tensorflow.looks import Floats, Looker, Numbers
from expert.adapters.tensorflow.reads import DeferredReads
from expert.adapters.tensorflow.recording import TapeRecorder

CALLS = 5e-6
"""Seconds that the calls of a step take at which nobody looks."""
SEVERAL = "{updates} updates lay between two calls of run.step, so how far one moves the weights is not known."
NONE = "No update lay between two calls of run.step at step {at}: gradients are accumulated, or not applied."


class _Open(NamedTuple):
    """A look that waits for the update behind it."""

    at: int
    numbers: Numbers
    applied: int | None


class StepWatch:
    """Watches the steps of one model. ``due``: the step from which on it wants to be called; ``spent``: its seconds."""

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        telemetry: Telemetry,
        reads: DeferredReads,
        *,
        sampling: Sampling,
        variables: Sequence[Any] | None,
    ) -> None:
        self.optimizer, self.inner = optimizer, inner_optimizer(optimizer)
        self.scales = self.inner is not optimizer
        self.sampling, self.due, self.looked_at, self.spent = sampling, 1, 0, 0.0
        self.model, self._given, self._telemetry = model, variables, telemetry
        self._reads = reads
        self.failed: Callable[[str, Exception], None] = lambda doing, error: None
        self._looker: Looker | None = None
        self._recorder: TapeRecorder | None = None
        self._all: list[Any] = []
        self._variables: list[Any] = []
        self._open: _Open | None = None
        self._earlier: tuple[int, dict[int, Floats]] = (0, {})
        self._origin = self._updates()
        self._told_before = False
        """Whether the loop tells of a step before it applies the gradients."""
        self._ended, self._ended_at = 0, perf_counter()

    def step(self, at: int, gradients: Any) -> None:
        """The loop tells of step ``at``."""
        look: Look | None = None
        # This waits for a device, which is no cost of looking: the steps are made all the same.
        count, began = self._updates(), perf_counter()
        try:
            self._reads.collect()
            if self._open is not None:
                self._finish(self._open, at, count)
            look = self.sampling.look(at)
            if look is not None:
                self._measure(at, look, gradients, count)
                self.looked_at = at
        except Exception as error:
            self._open = None
            self.failed("looking at a step", error)
        ended = perf_counter()
        if look is not None:
            self.sampling.steps_took(max(0.0, began - self._ended_at), max(1, at - self._ended))
            self.sampling.took(at, look, ended - began)
        self.due = at + 1 if self._open is not None else self.sampling.due(at + 1)
        self.spent += ended - began
        self._ended, self._ended_at = at, ended

    def look_soon(self, at: int) -> None:
        """Look closely at the next steps: something has happened."""
        self.sampling.alarm(at)
        self.due = at + 1

    def resume_at(self, at: int) -> None:
        """The run goes on at this step: what was seen before in this process stands for none of it."""
        self._open, self._earlier = None, (0, {})
        updates = self._updates()
        self._origin = None if updates is None else updates - at
        self._ended, self._ended_at, self.due = at, perf_counter(), at + 1

    def _updates(self) -> int | None:
        """How often gradients were applied; None where no optimizer counts that."""
        try:
            return int(self._counter())
        except Exception:  # no optimizer, or one of the user's own
            return None

    def _counter(self) -> Any:
        # The public one counts only every so many-th call where gradients are accumulated.
        own = getattr(self.inner, "_iterations", None)
        return self.inner.iterations if own is None else own

    def _prepare(self, gradients: Any) -> None:
        trainable = list(self.model.trainable_variables if self._given is None else self._given)
        if self._looker is not None and [id(one) for one in trainable] == [id(one) for one in self._all]:
            return
        self._all = trainable
        watched = watched_variables(trainable, self.model)
        by_key = {id(one): one for one in trainable}
        self._variables = [by_key[one.key] for one in watched]
        self._looker = Looker(watched, clips_of(self.optimizer).get("clipvalue"))
        self._recorder = TapeRecorder(self._telemetry, watched, self.inner, ())
        self._open, self._earlier = None, (0, {})
        self._tell_left_out(gradients)

    def _tell_left_out(self, gradients: Any) -> None:
        """Say which trainable variables of the model the loop gives no gradient to."""
        held = {id(one) for one in self._all}
        if are_pairs(gradients):
            held = set(by_variable(gradients, self._all))
        names = tuple(one.path for one in self.model.trainable_variables if id(one) not in held)
        self._telemetry.know("model", not_optimized=names)
        if names:
            shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            self._telemetry.note(f"{len(names)} trainable variables of the model get no gradient: {shown}.")

    def _measure(self, at: int, look: Look, gradients: Any, count: int | None) -> None:
        self._prepare(gradients)
        assert self._looker is not None
        assert self._recorder is not None
        if not self._variables:
            return
        if count is not None and self._origin is not None:
            self._told_before = count - self._origin == at - 1
        try:
            given = by_variable(gradients, self._all)
        except GradientsError as error:
            given = {}
            self._telemetry.note(f"run.step: {error}")
        found = [given.get(id(one)) for one in self._variables]
        rate, scale = self._rate(), self._scale()
        numbers = self._looker.read(found, self._weights(), rate=rate, scale=scale, look=look)
        earlier_at, earlier = self._earlier
        cosine = self._looker.cosine(earlier, numbers.gradients) if earlier_at == at - 1 else math.nan
        self._earlier = at, numbers.gradients
        seen = self._looker.seen(at, numbers, cosine)
        self._recorder.record(seen, at, scales=self.scales)
        if not self.scales and not all(map(math.isfinite, seen.gradient.values())):
            self.sampling.alarm(at)
        if look == "full":
            self._open = _Open(at, numbers, count)

    def _finish(self, look: _Open, at: int, count: int | None) -> None:
        """See how far the weights have moved since the look, if exactly one update did it."""
        self._open = None
        if at != look.at + 1 or not self._is_the_same():
            return
        if look.applied is not None and count is not None:
            if count - look.applied != 1:
                told = SEVERAL.format(updates=count - look.applied) if count > look.applied else NONE.format(at=at)
                if not self.scales:
                    self._telemetry.note(told)
                return
            if count % int(getattr(self.inner, "gradient_accumulation_steps", None) or 1):
                return  # this call of the optimizer only added to its sum
        assert self._looker is not None
        assert self._recorder is not None
        after = self._looker.samples(self._weights())
        moved = {place: self._moved(place, look.numbers, sample) for place, sample in after.items()}
        where = look.at if self._told_before else at
        known = {place: ratio for place, ratio in moved.items() if ratio is not None}
        self._recorder.record(Seen(at=where, moved=known), where, scales=False)

    def _moved(self, place: int, look: Numbers, after: Floats) -> float | None:
        """The relative update; None where the sample stood still and the whole variable may have moved."""
        assert self._looker is not None
        before = look.weights[place]
        moved, whole = float(np.linalg.norm(after - before)), float(np.linalg.norm(before))
        if moved == 0.0 and self._looker.watched[place].stride > 1 and look.gradient_norms.get(place, 0.0) != 0.0:
            return None
        return moved / whole if whole > 0.0 else None

    def _is_the_same(self) -> bool:
        """Whether the variables are still those that were looked at."""
        current = self.model.trainable_variables if self._given is None else self._given
        return [id(one) for one in current] == [id(one) for one in self._all]

    def _weights(self) -> list[Any]:
        return [one.value for one in self._variables]

    def _rate(self) -> Any:
        own = getattr(self.inner, "_learning_rate", None)
        if isinstance(own, keras.Variable):
            return own.value
        if isinstance(own, keras.optimizers.schedules.LearningRateSchedule):
            # Where the update is made already, it was made at the rate of the step before.
            return own(self._counter() - (0 if self._told_before else 1))
        return math.nan  # a function of the user's own is not called once more than they expect

    def _scale(self) -> Any:
        """What the loss was multiplied by, which the optimizer will divide the gradients by."""
        if self.scales:
            scale = getattr(self.optimizer, "dynamic_scale", None)
            return float(self.optimizer.initial_scale) if scale is None else scale.value
        return float(getattr(self.inner, "loss_scale_factor", None) or 1.0)
