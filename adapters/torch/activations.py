"""What hidden units do on the steps that are looked at: spread, saturation, zeros, and which units never answer.
What the model returns is seen by the same hooks (`outputs.py`).

Hooks are global ones (`hook_forwards`), which no module carries: copies and files of a watched model hold
nothing of them. They are on for the forward passes of sampled steps only.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, compiler, nn

from expert.adapters.live.flat_ends import ENDS, HEADS, RECTIFIED
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.structure import activation_name
from expert.adapters.torch.copied_tokens import CopiedTokens
from expert.adapters.torch.deferred import DeferredReads
from expert.adapters.torch.forwards import hook_forwards
from expert.adapters.torch.loss_shapes import ELEMENTWISE, LossShapes
from expert.adapters.torch.output_units import OutputUnits
from expert.adapters.torch.outputs import OutputSpread, tensors_of
from expert.adapters.torch.parameters import BLOCKS, sample
from expert.adapters.torch.recurrence import GradientThroughTime
from expert.adapters.torch.seen_samples import TARGET_LOSSES, InputWatch, TargetWatch

SAMPLED = 4096
"""So many numbers of an output, in 16 blocks, give its mean, spread and shares."""
UNIT_NUMBERS = 65_536
"""So many numbers of an output, whole samples, are searched for units that answer."""
MOST_CALLS = 4
"""A module called again and again in one step (a recurrence) is looked at so often."""
NEVER_NEGATIVE = {"relu", "relu6", "squared_relu"}
WEIGHT_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
NOT_OBSERVED = "The activations were not observed{why}, so nothing is said of dead or saturated units."


@dataclass(slots=True)
class Site:
    """One place where activations are seen, and what was seen since it was last told."""

    name: str
    kind: str
    """Name of the activation; empty where it is a function and only its result is seen."""
    units_axis: int
    """The axis of its units: 1 behind a convolution, the last one otherwise."""
    calls: int = 0
    alive: Tensor | None = None
    """One flag for each unit: it was not zero for some sample."""
    numbers: list[list[Tensor]] = field(default_factory=list)
    """Of each call: spread, how many numbers are not zero, and how many lie at the flat ends or the least of them."""
    taken: list[int] = field(default_factory=list)
    """Of each call: from so many numbers."""


class Activations:
    """Watches the activation modules of one model, or, where they are functions, what they hand to weight layers."""

    def __init__(
        self, model: nn.Module, roots: set[int], telemetry: Telemetry, reads: DeferredReads, targets: TargetWatch
    ) -> None:
        self._telemetry, self._reads, self._roots = telemetry, reads, roots
        self._sites: dict[int, Site] = {}
        self._inputs: dict[int, Site] = {}
        self._handle: Any = None
        self.called, self.observed = False, False
        """Whether a forward pass of the model or of a place in it was seen, and whether any place was looked at."""
        self.seconds = 0.0
        """Time spent looking at outputs since this was last set to zero."""
        self.failed: Callable[[str, Exception], None] = lambda place, error: None
        self.forward_seen: Callable[[bool], None] = lambda training: None
        self._outputs: list[tuple[int, int, weakref.ref[Tensor]]] = []
        """What activations returned in this forward pass: the module's id, which of its looks it was, the tensor."""
        self._consumed: set[int] = set()
        """Where the tensors lie that weight layers were given in this forward pass."""
        self._layers = {id(module) for module in model.modules() if isinstance(module, WEIGHT_LAYERS)}
        recurrent = {id(module) for module in model.modules() if isinstance(module, nn.RNNBase)}
        self.through_time = GradientThroughTime(telemetry, reads) if recurrent else None
        self._spread = OutputSpread(telemetry, reads)
        self._units = OutputUnits(telemetry)
        self._copied = CopiedTokens(telemetry, reads)
        self._shapes = LossShapes(telemetry)
        self._given, self._targets = InputWatch(telemetry, reads), targets
        axis = -1
        for name, module in model.named_modules():
            kind = activation_name(type(module).__name__)
            if isinstance(module, WEIGHT_LAYERS):
                axis = -1 if isinstance(module, nn.Linear) else 1
                self._inputs[id(module)] = Site(f"input of {name or 'model'}", "", axis)
            elif kind and kind not in HEADS and not list(module.children()):
                self._sites[id(module)] = Site(name or "model", kind, axis)
        if self._sites:
            self._inputs.clear()
        self._known = roots | recurrent | self._layers | self._sites.keys() | self._inputs.keys()

    @property
    def possible(self) -> bool:
        """Whether there is anything to watch."""
        return bool(self._sites or self._inputs or self.through_time)

    def arm(self) -> None:
        """Put the hook on for the forward passes of the step that follows."""
        if self._handle is None:
            self._given.begin()
            self._handle = hook_forwards(self._hook)

    def disarm(self, at: int | None) -> None:
        """Take the hook off and, for a step that was completed, hand over what was seen."""
        if self._handle is None:
            return
        self._handle.remove()
        self._handle = None
        self._forget()
        if self.through_time is not None:
            self.through_time.hand_over(at)
        self._spread.hand_over(at)
        self._copied.hand_over(at)
        sites = [site for site in (*self._sites.values(), *self._inputs.values()) if site.numbers]
        if at is not None and sites:
            self._hand_over(at, sites)
        for site in sites:
            site.numbers, site.taken = [], []
        for site in (*self._sites.values(), *self._inputs.values()):
            site.calls = 0

    def tell_units(self, at: int) -> None:
        """Record, of each place, the share of units that were zero for every sample since the last call."""
        sites = [site for site in (*self._sites.values(), *self._inputs.values()) if site.alive is not None]
        if not sites:
            return
        dead = torch.stack([1.0 - site.alive.float().mean() for site in sites])  # type: ignore[union-attr]
        names = [site.name for site in sites]

        def use(shares: list[float]) -> None:
            self._telemetry.row("zero_unit_share", at, dict(zip(names, shares, strict=True)))

        self._reads.read(dead, use)
        for site in sites:
            site.alive = None

    def _hook(self, module: nn.Module, inputs: Any, output: Any) -> None:
        # Compiled code is left as it is: nothing may be traced into it.
        if compiler.is_compiling():
            return
        key = id(module)
        if type(module) in ELEMENTWISE:
            self._shapes.see(inputs)
        if type(module) in TARGET_LOSSES and torch.is_grad_enabled() and not _transformed():
            self._targets.see_loss(inputs)
        if key not in self._known or _transformed():
            return
        started = perf_counter()
        try:
            if torch.is_grad_enabled():
                self._forward(key, module, inputs, output)
            elif key in self._roots:
                self._forget()
                self._given.begin()
            else:
                self._given.pass_by()
        except Exception as error:  # whatever an unusual tensor does, the training goes on
            site = self._sites.pop(key, None) or self._inputs.pop(key, None)
            self.failed(f"looking at the activations of {site.name if site else 'the model'}", error)
        self.seconds += perf_counter() - started

    def _forward(self, key: int, module: nn.Module, inputs: Any, output: Any) -> None:
        if self.through_time is not None and isinstance(module, nn.RNNBase):
            self.through_time.watch(module, inputs)
            self._given.see(module, inputs)
        if key in self._roots:
            self._given.begin()
            self.called = True
            self.forward_seen(module.training)
            self._spread.see(tensors_of(output))
            self._copied.see(inputs, output)
            self._units.see_model(output)
            self._set_heads_aside(output)
            return
        if key in self._layers:
            self._units.see_layer(module, output)
            self._given.see(module, inputs)
            if self._outputs and inputs and isinstance(inputs[0], Tensor):
                self._consumed.add(inputs[0].data_ptr())
        site = self._sites.get(key)
        if site is not None:
            seen = output
        else:
            site = self._inputs.get(key)
            if site is None or not inputs:
                return
            seen = inputs[0]
        self.called = True
        if site.calls >= MOST_CALLS or not isinstance(seen, Tensor) or not seen.is_floating_point() or not seen.numel():
            return
        # What needs no gradient, or was made by nothing, comes from the data and not from a layer before.
        if not site.kind and (not seen.requires_grad or seen.is_leaf):
            return
        self.observed = True
        site.calls += 1
        self._look(site, seen.detach())
        if site.kind:
            self._outputs.append((key, len(site.numbers) - 1, weakref.ref(seen)))

    def _set_heads_aside(self, output: Any) -> None:
        """An activation whose output is the model's own, as it is or viewed in another shape, is no hidden layer.

        Of several things that a model returns, those that went on into another layer are hidden ones shown.
        """
        returned = {tensor.data_ptr() for tensor in tensors_of(output)} - {0}
        if not isinstance(output, Tensor):
            returned -= self._consumed
        for key, look, reference in reversed(self._outputs):
            seen, site = reference(), self._sites.get(key)
            if site is None or seen is None or seen.data_ptr() not in returned:
                continue
            # A module that is used inside the model as well is a hidden layer there.
            if sum(other == key for other, _, _ in self._outputs) == 1:
                self._sites.pop(key)
            else:
                del site.numbers[look], site.taken[look]
        self._forget()

    def _forget(self) -> None:
        self._outputs.clear()
        self._consumed.clear()

    def _look(self, site: Site, output: Tensor) -> None:
        numbers = _block_sample(output).reshape(-1).float()
        found = [numbers.std(), torch.count_nonzero(numbers)]
        if site.kind in ENDS:
            low, high = ENDS[site.kind]
            found.append(torch.count_nonzero((numbers < low) | (numbers > high)))
        elif not site.kind:
            found.append(numbers.min())
        site.numbers.append(found)
        site.taken.append(numbers.numel())
        if output.dim() < 2 or (site.kind and site.kind not in RECTIFIED):
            return
        alive = _alive(output, site.units_axis, never_negative=site.kind in NEVER_NEGATIVE)
        if site.alive is not None and site.alive.shape == alive.shape:
            alive |= site.alive
        site.alive = alive

    def _hand_over(self, at: int, sites: list[Site]) -> None:
        calls = [(site.name, site.kind, site.taken) for site in sites]
        numbers = [number for site in sites for found in site.numbers for number in found]
        device = numbers[0].device
        packed = torch.stack([number.to(device, torch.float32) for number in numbers])
        self._reads.read(packed, lambda numbers: self._record(at, calls, numbers))

    def _record(self, at: int, calls: list[tuple[str, str, list[int]]], numbers: list[float]) -> None:
        rows: dict[str, dict[str, float]] = {"activation_std": {}, "zero_share": {}, "saturated_share": {}}
        rest = iter(numbers)
        for name, kind, taken in calls:
            spread = zeros = ends = lowest = 0.0
            for size in taken:
                spread += next(rest) / len(taken)
                zeros += (1.0 - next(rest) / size) / len(taken)
                if kind in ENDS:
                    ends += next(rest) / size / len(taken)
                elif not kind:
                    lowest = min(lowest, next(rest))
            if not kind and (lowest < 0.0 or zeros == 0.0):
                continue
            rows["activation_std"][name] = spread
            if not kind or kind in RECTIFIED:
                rows["zero_share"][name] = zeros
            if kind in ENDS:
                rows["saturated_share"][name] = ends
        for quantity, row in rows.items():
            self._telemetry.row(quantity, at, row)


def _transformed() -> bool:
    """Whether ``torch.func`` is at work (``grad``, ``vmap``): its tensors hold no numbers outside of it."""
    stack = getattr(torch._C._functorch, "peek_interpreter_stack", None)
    return stack is not None and stack() is not None


def _block_sample(output: Tensor) -> Tensor:
    """At most 4096 numbers in 16 blocks evenly placed, as a view or copy."""
    size = output.numel()
    length = SAMPLED // BLOCKS
    return sample(output, None if size <= SAMPLED else (BLOCKS, length, (size - length) // (BLOCKS - 1)))


def _alive(output: Tensor, axis: int, *, never_negative: bool) -> Tensor:
    """(units,): whether a unit was not zero somewhere, in whole samples as far as `UNIT_NUMBERS` reach."""
    units = output.shape[axis]
    places = output.numel() // units // output.shape[0]
    samples = output[: max(1, UNIT_NUMBERS // max(1, units * places))]
    far = -(-samples.numel() // max(UNIT_NUMBERS, units))
    # Memory is read as it lies: behind a convolution the places of a unit are next to each other.
    if axis == 1 and output.dim() > 2:
        answers = samples.flatten(2)[:, :, ::far].contiguous()
    else:
        answers = samples.movedim(axis, -1).reshape(-1, units)[::far]
    greatest = _greatest(answers)
    if not never_negative:
        greatest = torch.maximum(greatest, _greatest(-answers))
    return greatest != 0


def _greatest(answers: Tensor) -> Tensor:
    """The greatest answer of each unit, which is found many times faster than whether there is any; NaN if one is."""
    return (answers.amax(2) if answers.dim() > 2 else answers).amax(0)
