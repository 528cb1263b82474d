"""What a PyTorch optimizer tells: its name, its rate and its other settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from expert.adapters.structure import snake_case
from expert.adapters.torch.profile.schedule import read_schedule
from expert.adapters.torch.profile.unwrapping import attribute, inner_optimizer
from expert.history import History, RunConfig
from expert.reading import Reader, ReadRequest

DECOUPLED = {"adamw", "sgdw", "lion", "adafactor", "muon"}
COUPLED = {"adam", "adamax", "nadam", "radam", "sgd", "asgd", "rmsprop", "adagrad", "adadelta"}
KNOWN = DECOUPLED | COUPLED | {"lamb", "lars", "novograd"}
VARIANTS = r"^(fused|paged|deepspeedcpu|cpu)|(4bit|8bit|32bit|fp8|32bitpaged)$"
"""Another implementation of a method, before or after its name."""


def recognizes(source: object) -> float:
    """Any optimizer derived from ``torch.optim.Optimizer``."""
    return 1.0 if is_torch_optimizer(source) else 0.0


def is_torch_optimizer(source: object) -> bool:
    """Whether the object is a ``torch.optim.Optimizer``, torch's own or somebody else's."""
    owners = {(kind.__module__, kind.__name__) for kind in type(source).__mro__}
    return ("torch.optim.optimizer", "Optimizer") in owners


def read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    """Read one optimizer into a History that holds only a configuration."""
    config, notes = read_optimizer(source, None, RunConfig(framework="torch"))
    return (History(config=config, notes=notes),)


def read_optimizer(
    optimizer: Any, scheduler: Any, config: RunConfig, *, steps_per_tick: int | None = None
) -> tuple[RunConfig, tuple[str, ...]]:
    """Return ``config`` with the settings of the largest parameter group, and notes: on other groups that differ.

    The rate is the one the schedule is built on: a scheduler leaves it in the group as ``max_lr`` or ``initial_lr``.
    ``steps_per_tick`` is how many steps the optimizer makes for one of the scheduler (1, or those of an epoch), if that
    is known: most schedulers do not know what they count. Optimizers and schedulers that accelerate, Lightning or ZeRO
    wrap are read themselves. Of an object without parameter groups only the name is known. Never raises.
    """
    inner = inner_optimizer(optimizer)
    groups = _groups(inner)
    group = max(groups, key=_numbers, default={})
    name = name_of(inner)
    betas = group.get("betas")
    betas = betas if isinstance(betas, tuple | list) else ()
    decay = _number(group.get("weight_decay"))
    update: dict[str, Any] = {
        "optimizer": name,
        "learning_rate": _rate(group),
        "momentum": _number(group.get("momentum")),
        "nesterov": _flag(group.get("nesterov")),
        "weight_decay": decay,
        "epsilon": _number(group.get("eps")),
        "beta1": _number(betas[0]) if betas else None,
        "beta2": _number(betas[1]) if len(betas) > 1 else None,
        "rho": _number(group.get("rho", group.get("alpha") if name == "rmsprop" else None)),
        "decoupled_weight_decay": _decoupled(inner, name, group) if decay else None,
    }
    notes = _differences(groups)
    if _flag(group.get("maximize")):
        notes += ("The optimizer maximizes: it goes up the gradient of the loss it is given.",)
    schedule, schedule_notes = read_schedule(scheduler, steps_per_tick)
    known = {key: value for key, value in (update | schedule).items() if value is not None}
    return config.model_copy(update=known), notes + schedule_notes


def name_of(optimizer: Any) -> str:
    """Return the name of the method, lower case: ``adam`` for an 8-bit, paged or fused Adam too."""
    kinds = type(optimizer).__mro__
    name = snake_case(kinds[0].__name__).replace("_", "")
    plain = re.sub(VARIANTS, "", re.sub(VARIANTS, "", name))
    return plain if plain in KNOWN else name


def _groups(optimizer: Any) -> list[Mapping[str, Any]]:
    groups = attribute(optimizer, "param_groups")
    return [group for group in groups if isinstance(group, Mapping)] if isinstance(groups, list | tuple) else []


def _numbers(group: Mapping[str, Any]) -> int:
    """The size of a group; lazy parameters have none yet."""
    sizes = [0]
    for parameter in group.get("params", ()):
        try:
            sizes.append(int(parameter.numel()))
        except Exception:
            continue
    return sum(sizes)


def _decoupled(optimizer: Any, name: str, group: Mapping[str, Any]) -> bool | None:
    for stated in (group.get("decoupled_weight_decay"), attribute(optimizer, "adam_w_mode")):
        if stated is not None:
            return bool(stated)
    if name in DECOUPLED:
        return True
    # Somebody else's Adam may take the decay off the weights as well.
    return False if name in COUPLED and type(optimizer).__module__.startswith("torch.optim") else None


def _differences(groups: list[Mapping[str, Any]]) -> tuple[str, ...]:
    notes = []
    for key, word in (("lr", "learning rates"), ("weight_decay", "weight decays")):
        found = {_rate(group) if key == "lr" else _number(group.get(key)) for group in groups}
        values = sorted(value for value in found if value is not None)
        if len(values) > 1:
            shown = ", ".join(f"{value:g}" for value in values)
            notes.append(
                f"The {len(groups)} parameter groups have different {word} ({shown}); that of the largest is used."
            )
    return tuple(notes)


def _rate(group: Mapping[str, Any]) -> float | None:
    return _number(group.get("max_lr", group.get("initial_lr", group.get("lr"))))


def _number(value: Any) -> float | None:
    """A float of a number or a tensor with one element; None for anything else, such as the pair Adafactor has."""
    if value is None or isinstance(value, bool | str | tuple | list):
        return None
    try:
        number = float(value)
    except Exception:  # a tensor without memory, or of several elements
        return None
    # A rate kept in a tensor is a float32: give it its short decimal form back.
    return number if isinstance(value, int | float) else float(f"{number:.7g}")


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


READER = Reader(id="torch-optimizer", title="PyTorch optimizer", gives="model", recognizes=recognizes, read=read)
