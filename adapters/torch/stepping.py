"""The hooks on one optimizer: next to nothing on most steps, a look at the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, compiler, nn
from torch.optim import Optimizer

from expert.adapters.live.sampling import Look, Sampling
from expert.adapters.live.telemetry import Column
from expert.adapters.torch.clipping import Canaries
from expert.adapters.torch.looks import Looker, Measured, Scaling
from expert.adapters.torch.parameters import is_ready, watched_parameters
from expert.adapters.torch.precision import scaler_at_work
from expert.adapters.torch.recording import LookRecorder

if TYPE_CHECKING:
    from expert.adapters.torch.collecting import Collector

CALLS = 3.5e-6
"""Seconds that the calls of a step take at which nobody looks, in the midst of a training."""
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class OptimizerWatch:
    """Counts the steps of one optimizer and looks at those that its `Sampling` chooses.

    The hooks cost well under a microsecond on other steps. Looks begin before a step, when the gradients are ready,
    and end after it, when the weights have moved. Where the step is given a closure, which is what makes the
    gradients, the look begins after the closure's first call.
    """

    def __init__(
        self,
        collector: Collector,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        others: Sequence[Optimizer],
        sampling: Sampling,
        labels: tuple[tuple[str, str], ...],
    ) -> None:
        self.collector, self.optimizer, self.sampling, self.labels = collector, optimizer, sampling, labels
        self.first = not labels
        self._number = int(labels[0][1]) if labels else 0
        self._stock = 0
        """What it holds, as the ranks of a distributed run know it."""
        self.count = 0
        self._missed, self._counted = 0, 0
        """Updates of a scaler that passed without a step of this optimizer alone, and its steps at the last of them."""
        self.looked_at = 0
        """The step of the run that was looked at last."""
        self._model, self._others = model, others
        self._rate: Any = None
        self._due = 1
        self._held = -1, 0
        self._lazy: list[Tensor] = []
        self._look: Look | None = None
        self._began_at = self._steps_seconds = self._spent = 0.0
        self._ended, self._ended_at = 0, perf_counter()
        """The step looked at last, and when that look was over: steps are timed from there to the next look."""
        self.looker: Looker | None = None
        disable: Any = torch.compiler.disable  # it has no types
        self._before_aside, self._after_aside = disable(self.before), disable(self.after)
        self._handles = [
            optimizer.register_step_pre_hook(self.before),
            optimizer.register_step_post_hook(self.after),
        ]
        try:
            self._arm()
        except Exception as error:
            collector.failed("preparing to look", error)

    def close(self) -> None:
        """Take all hooks off."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._disarm(None)

    @property
    def at(self) -> int:
        """Where the run will be after this optimizer's next step."""
        ahead = self.count + 1 + self.collector.skips + self._missed
        return max(ahead, self.collector.updates)

    def before(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        """The pre-hook of the optimizer's step."""
        # Asked of the module: only frames that name one of torch's are looked into by the compiler.
        if compiler.is_dynamo_compiling():
            # The graph breaks here, and nothing of this gets into it.
            aside: Arguments | None = self._before_aside(optimizer, args, kwargs)
            return aside
        rate = optimizer.param_groups[0].get("lr")
        if rate is not self._rate:
            self._new_rate(rate)
        if self.count + 1 >= self._due:
            return self._begin(args, kwargs)
        return None

    def after(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The post-hook of the optimizer's step."""
        if compiler.is_dynamo_compiling():
            self._after_aside(optimizer, args, kwargs)
            return
        collector = self.collector
        self.count = count = self.count + 1
        at = count + collector.skips + self._missed
        if at > collector.updates:  # noqa: PLR1730  (a call of max takes longer)
            collector.updates = at
        if count + 1 >= self._due or self._look is not None:
            self._finish()

    def update_passed(self) -> None:
        """A scaler was updated: an optimizer it left out, whose gradients alone were not finite, stays in step."""
        if self.count == self._counted:
            self._missed += 1
        self._counted = self.count

    def resume(self) -> None:
        """The run goes on elsewhere: the steps taken so far in this process stand for none of it."""
        self._missed, self._counted = -self.count, self.count

    def look_soon(self) -> None:
        """Look closely at the next steps: something has happened."""
        self.sampling.alarm(self.count)
        self.plan()

    def _new_rate(self, rate: Any) -> None:
        self._rate = rate
        try:
            # A rate that lives in a tensor keeps its identity and is read at looks.
            if isinstance(rate, int | float):
                column = self.collector.telemetry.column("optimizer.learning_rate", labels=self.labels)
                if not column.values or column.values[-1] != rate:
                    column.append(self.at, float(rate))
        except Exception as error:
            self.collector.failed("reading the learning rate", error)

    def _begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        try:
            began = perf_counter()
            self._look = self.sampling.look(self.count + 1)
            if self.collector.check_every_step:
                self._look = self._look or "norms"
            closure = args[1] if len(args) > 1 else kwargs.get("closure")
            if self._look is None:
                return None
            if callable(closure):
                wrapped = self._after_first_call(closure)
                if len(args) > 1:
                    return (args[0], wrapped, *args[2:]), kwargs
                return args, kwargs | {"closure": wrapped}
            self._measure(began)
        except Exception as error:
            self._look = None
            self.collector.failed("looking at the gradients", error)
        return None

    def _after_first_call(self, closure: Callable[[], Any]) -> Callable[[], Any]:
        calls = 0

        def called() -> Any:
            nonlocal calls
            result = closure()
            calls += 1
            if calls == 1:
                try:
                    self._measure(perf_counter())
                except Exception as error:
                    self._look = None
                    self.collector.failed("looking at the gradients", error)
            return result

        return called

    def _measure(self, began: float) -> None:
        """Look at gradients and weights."""
        assert self._look is not None
        self._steps_seconds = began - self._ended_at - self.collector.hook_seconds()
        if self.looker is not None and self.looker.canaries is not None:
            self._steps_seconds -= self.looker.canaries.seconds
        self._disarm(self.at)
        if self.collector.scaler is None and not self.count:
            self.collector.adopt_scaler(scaler_at_work())
        if self.looker is None or self._held != self._holding():
            self._prepare()
        assert self.looker is not None
        if self.first and self._model.training is False:
            self.collector.trained_in(False)
        self.looker.before_update(self.count + 1, self.at, self._look, self._scaling())
        self._began_at = perf_counter()
        self._spent += self._began_at - began
        if self.collector.check_every_step:
            self.collector.read_now(self.looker)

    def _finish(self) -> None:
        try:
            came = perf_counter()
            look, self._look = self._look, None
            if look is not None and self.looker is not None:
                self.looked_at = self.collector.updates
                self._hand_over(self.looker, self.looker.after_update())
                self._tell_groups()
                self.sampling.steps_took(self._steps_seconds + came - self._began_at, self.count - self._ended)
                self.sampling.took(self.count, look, self._spent + perf_counter() - came)
                self.collector.spent += self._spent + perf_counter() - came
                self._spent = 0.0
                self.collector.reads.collect()
            self.plan()
            if self.first:
                self.collector.epoch_may_end()
            if look is not None:
                self._ended, self._ended_at = self.count, perf_counter()
        except Exception as error:
            self.collector.failed("looking at the update", error)
            self._due = self.count + 2

    def plan(self) -> None:
        """Say when the hooks have to do more than count: at the next look, and when an epoch may end."""
        look = self.count + 1 if self.collector.check_every_step else self.sampling.due(self.count + 1)
        if look == self.count + 1:
            self._arm()
        # One more than the step after which the epoch ends: the hook behind that step asks for the next one.
        end = self.collector.epoch_end - self.collector.skips - self._missed + 1
        self._due = min(look, end) if self.first and end > self.count + 1 else look

    def _hand_over(self, looker: Looker, measured: Measured) -> None:
        recorder, ranks = self.recorder, self.collector.ranks
        stock = self._stock
        if ranks is not None:
            ranks.check_gradients(stock)

        def use(numbers: list[float]) -> None:
            if ranks is None:
                recorder.record(looker.unpack(measured, numbers))
            else:
                ranks.looked(stock, measured, numbers, looker, recorder)

        if measured.numbers is not None:
            self.collector.reads.read(measured.numbers, use)
        else:
            recorder.record(measured.seen)

    def _arm(self) -> None:
        """Prepare to look at the next step: at its forward pass if it is a full look, at its backward pass always."""
        started = perf_counter()
        look = self.sampling.look(self.count + 1)
        if self.looker is None:
            self._prepare()
        if self.looker is not None and self.looker.canaries is not None:
            self.looker.canaries.arm(leftovers=not self.recorder.zeroing_known)
        # The first forward pass may be the one that is compiled: code compiled with a hook on would not outlast it.
        if look == "full" and self.first and self.count:
            self.collector.arm_activations()
        self._spent = perf_counter() - started

    def _disarm(self, at: int | None) -> None:
        if self.looker is not None and self.looker.canaries is not None:
            self._spent += self.looker.canaries.seconds
            self.looker.canaries.disarm()
        if self.first:
            self._spent += self.collector.disarm_activations(at)

    def _holding(self) -> tuple[int, int]:
        """How many parameters the optimizer has, and how many of those that were lazy have their shape by now."""
        return sum(len(group["params"]) for group in self.optimizer.param_groups), sum(map(is_ready, self._lazy))

    def _prepare(self) -> None:
        """Take stock of the parameters, at first and whenever a group was added or a lazy one got its shape."""
        self._lazy = [p for group in self.optimizer.param_groups for p in group["params"] if not is_ready(p)]
        self._held = self._holding()
        watched = watched_parameters(self._model, self.optimizer, self._others, orphans=self.first)
        canaries = None
        ranks = self.collector.ranks
        if ranks is None:
            canaries = Canaries(watched, leftovers=not self.collector.compiled)
            canaries.failed = self.collector.failed
            if self.looker is not None and self.looker.canaries is not None:
                canaries.adopt(self.looker.canaries)
        spread = None
        if ranks is not None:
            self._stock = ranks.stock(self._number, watched)
            spread = ranks.spread(self._stock)
        self.looker = Looker(watched, canaries, spread)
        self.recorder = LookRecorder(
            self.collector.telemetry, watched, () if canaries is None else canaries.places, self.labels
        )

    def _scaling(self) -> Scaling:
        grad_scale, found_inf = getattr(self.optimizer, "grad_scale", None), getattr(self.optimizer, "found_inf", None)
        scaler = self.collector.scaler
        loss_scale = None if scaler is None or isinstance(grad_scale, Tensor) else scaler.scale
        return Scaling(
            grad_scale if isinstance(grad_scale, Tensor) else None,
            found_inf if isinstance(found_inf, Tensor) else None,
            None if loss_scale is None else loss_scale.detach().clone(),
        )

    def _tell_groups(self) -> None:
        """The rates of further groups, rates in tensors, and the weight decay, where they changed."""
        at = self.collector.updates
        for number, group in enumerate(self.optimizer.param_groups):
            labels = self.labels + ((("group", str(number)),) if number else ())
            for key, role in (("lr", "optimizer.learning_rate"), ("weight_decay", "optimizer.weight_decay")):
                value = group.get(key)
                column = self.collector.telemetry.column(role, labels=labels)
                if isinstance(value, Tensor):
                    self.collector.reads.read(value.detach().clone().reshape(1), partial(_append, column, at))
                elif isinstance(value, int | float) and (not column.values or column.values[-1] != value):
                    column.append(at, float(value))


def _append(column: Column, at: int, numbers: list[float]) -> None:
    column.append(at, numbers[0])
