"""The tree of a PyTorch module: its children, its own parameters, what torch calls it, and the code of its own."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from typing import Any

from expert.adapters.forward import words
from expert.adapters.forward.calls import LOSS
from expert.adapters.forward.source import Forward, read_forward
from expert.adapters.structure import activation_name, snake_case
from expert.adapters.torch.profile.unwrapping import attribute, inner_module, stored

Module = Any
"""A ``torch.nn.Module``: torch is not imported here, it is there already when somebody holds one."""

CONTAINERS = {"ModuleList", "ModuleDict"}
OWN_PLACES = ("torch.nn.", "torch.ao.nn.")
PARAMETRIZED = "torch.nn.utils.parametrize"
LINEAR_BY_OTHER_NAMES = {("torch.nn.modules.linear", "NonDynamicallyQuantizableLinear")} | {
    ("transformers.pytorch_utils", "Conv1D")
}
LOSSES = "torch.nn.modules.loss"
METRICS = "torchmetrics"
TRAINED = "training_step"


def is_torch_module(source: object) -> bool:
    """Whether the object is a ``torch.nn.Module`` and no Keras model."""
    owners = {(kind.__module__, kind.__name__) for kind in type(source).__mro__}
    is_module = ("torch.nn.modules.module", "Module") in owners
    return is_module and not any(place.split(".")[0] == "keras" for place, _ in owners)


def children_of(module: Module) -> dict[str, Module]:
    """The submodules by name, each once and unwrapped, without losses and metrics."""
    held = stored(module, "_modules")
    found: dict[int, tuple[str, Module]] = {}
    try:
        for name, child in held.items() if held is not None else module.named_children():
            if child is not None and not is_measure(child):
                found.setdefault(id(child), (name, inner_module(child)))
    except Exception:  # a module whose __init__ did not run, or one of another making
        return {}
    return dict(found.values())


def all_modules(module: Module) -> list[Module]:
    """The module and everything in it, each once, in the order of definition."""
    found: dict[int, Module] = {}
    waiting = [module]
    while waiting:
        current = waiting.pop(0)
        if id(current) not in found:
            found[id(current)] = current
            waiting = [*children_of(current).values(), *waiting]
    return list(found.values())


def measures_of(module: Module) -> list[Module]:
    """The losses of torch that a module holds directly."""
    held = stored(module, "_modules") or {}
    return [child for child in held.values() if any(kind.__module__ == LOSSES for kind in type(child).__mro__)]


def is_measure(module: Module) -> bool:
    """Whether the module is a loss or a metric: it is held by a network and no part of it."""
    places = [kind.__module__ for kind in type(module).__mro__]
    return any(place == LOSSES or place.split(".")[0] == METRICS for place in places)


def own_parameters(module: Module) -> dict[str, Any]:
    """The parameters the module itself holds, by name."""
    held = stored(module, "_parameters")
    try:
        named = held.items() if held is not None else module.named_parameters(recurse=False)
        return {name: parameter for name, parameter in named if parameter is not None}
    except Exception:
        return {}


def all_parameters(module: Module) -> dict[int, Any]:
    """All parameters, each once however often it is used, losses and metrics left out."""
    found: dict[int, Any] = {}
    for one in all_modules(module):
        parameters = own_parameters(one).values()
        found |= {id(parameter): parameter for parameter in parameters}
    return found


def torch_name(module: Module) -> str | None:
    """The name of the nearest class of torch itself, None for a class of somebody else's."""
    for owner in type(module).__mro__:
        place, name = owner.__module__, owner.__name__
        if name == "Module":
            # A bare one only holds others, as the graphs of torch.fx have it.
            return "ModuleDict" if owner is type(module) else None
        if (place, name) in LINEAR_BY_OTHER_NAMES:
            return "Linear"
        if place.startswith(OWN_PLACES) and place != PARAMETRIZED:
            # A sequence whose forward was written anew is code like any other.
            return None if name == "Sequential" and not _runs_as(module, owner) else name
    return None


def is_quantized(module: Module) -> bool:
    """Whether the weights are packed numbers that no optimizer changes and nobody can count here."""
    return any("quantized" in kind.__module__ and "torch" in kind.__module__ for kind in type(module).__mro__)


def kind_of(class_name: str) -> str:
    """``BatchNorm2d`` -> ``batch_norm``, ``Conv2d`` -> ``conv2d``, ``MultiheadAttention`` -> ``attention``."""
    name = snake_case(class_name.removeprefix("Lazy"))
    if name == "multihead_attention":
        return "attention"
    return name.rstrip("123d").rstrip("_") if "norm" in name else name


def code_of(module: Module) -> Forward:
    """What the module's own code shows: its ``forward``, or the ``training_step`` of a LightningModule that has none.

    Where a ``training_step`` goes other ways than ``forward``, both count and nothing is known of the output but what
    the loss is computed from.
    """
    if _is_patched(module):
        return Forward()
    names, functions = frozenset(children_of(module)), functions_of(module)
    forward = read_forward(type(module), names, functions)
    if not any(kind.__name__ == "LightningModule" for kind in type(module).__mro__):
        return forward
    step = read_forward(type(module), names, functions, TRAINED)
    if step.used is None or (forward.used is not None and set(step.used) <= set(forward.used)):
        return forward
    ends = {ends for _, ends in step.losses}
    returned = ends.pop() if len(ends) == 1 else ()
    if len(step.used) == 1 and len(returned) == 1 and returned[0][0] == "module":
        # One network from the batch to the loss; what else the step does is no part of it.
        return Forward(returned=returned, adds=False, opaque=False, bends=False, used=step.used, steps=step.steps)
    return replace(step, returned=returned, opaque=True, rates=(), never_off=())


def losses_in_code(module: Module) -> set[str]:
    """The names of the loss functions that ``forward`` or ``training_step`` call."""
    names, functions = frozenset(children_of(module)), functions_of(module)
    codes = [read_forward(type(module), names, functions, start) for start in ("forward", TRAINED)]
    return {name for code in codes for name, _ in code.losses if name in words.LOSSES}


def functions_of(module: Module) -> dict[str, str]:
    """The attributes that can be called and are no part of the network.

    Those that hold an activation function, by its name (``self.act = F.relu``), losses, by `LOSS`, and those that hold
    None or a metric, by "".
    """
    held = getattr(module, "__dict__", {})
    found = {}
    for name, child in (stored(module, "_modules") or {}).items():
        if child is None or is_measure(child):
            found[name] = LOSS if child in measures_of(module) else ""
    for name, value in held.items():
        if value is None:
            found[name] = ""
        function = value.func if isinstance(value, functools.partial) else value
        if callable(function) and not isinstance(function, type):
            known = activation_name(attribute(function, "__name__") or "")
            if known:
                found[name] = known
    return found


def _runs_as(module: Module, owner: type) -> bool:
    return inspect.getattr_static(type(module), "forward", None) is vars(owner).get("forward")


def _is_patched(module: Module) -> bool:
    """Whether the instance was given another forward than its class has; a wrapper of that is not another."""
    given = stored(module, "forward")
    if given is None:
        return False
    inner = attribute(inspect.unwrap(given), "__qualname__")
    return bool(inner != attribute(attribute(type(module), "forward"), "__qualname__"))
