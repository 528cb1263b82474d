"""What a PyTorch optimizer tells: its name, its rate and its other settings."""

from __future__ import annotations

from typing import Any

from expert.adapters.structure import snake_case
from expert.history import History, RunConfig
from expert.reading import Reader, ReadRequest

DECOUPLED = {"adamw", "sgdw", "lion", "adafactor", "muon"}
COUPLED = {"adam", "adamax", "nadam", "radam", "sgd", "asgd", "rmsprop", "adagrad", "adadelta"}


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


def read_optimizer(optimizer: Any, scheduler: Any, config: RunConfig) -> tuple[RunConfig, tuple[str, ...]]:
    """Return ``config`` with the settings of the first parameter group, and a note if other groups differ.

    The rate is the one the schedule is built on: a scheduler leaves it in the group as ``max_lr`` or ``initial_lr``.
    """
    group = optimizer.param_groups[0]
    name = snake_case(type(optimizer).__name__).replace("_", "")
    betas = group.get("betas")
    decay = _number(group.get("weight_decay"))
    update: dict[str, Any] = {
        "optimizer": name,
        "learning_rate": _rate(group),
        "momentum": _number(group.get("momentum")),
        "nesterov": group.get("nesterov"),
        "weight_decay": decay,
        "epsilon": _number(group.get("eps")),
        "beta1": _number(betas[0]) if isinstance(betas, tuple | list) and betas else None,
        "beta2": _number(betas[1]) if isinstance(betas, tuple | list) and len(betas) > 1 else None,
        "rho": _number(group.get("rho", group.get("alpha") if name == "rmsprop" else None)),
        "decoupled_weight_decay": _decoupled(name, group) if decay else None,
        "schedule": None if scheduler is None else snake_case(type(scheduler).__name__),
        "warm_restarts": None if scheduler is None else "WarmRestarts" in type(scheduler).__name__,
    }
    known = {key: value for key, value in update.items() if value is not None}
    return config.model_copy(update=known), _differences(optimizer)


def _decoupled(name: str, group: dict[str, Any]) -> bool | None:
    stated = group.get("decoupled_weight_decay")
    if stated is not None:
        return bool(stated)
    return True if name in DECOUPLED else False if name in COUPLED else None


def _differences(optimizer: Any) -> tuple[str, ...]:
    groups = optimizer.param_groups
    notes = []
    for key, word in (("lr", "learning rates"), ("weight_decay", "weight decays")):
        found = {_rate(group) if key == "lr" else _number(group.get(key)) for group in groups}
        values = sorted(value for value in found if value is not None)
        if len(values) > 1:
            shown = ", ".join(f"{value:g}" for value in values)
            notes.append(f"The {len(groups)} parameter groups have different {word} ({shown}); the first is used.")
    return tuple(notes)


def _rate(group: dict[str, Any]) -> float | None:
    return _number(group.get("max_lr", group.get("initial_lr", group.get("lr"))))


def _number(value: Any) -> float | None:
    """A float of a number or a tensor with one element."""
    return None if value is None or isinstance(value, bool) else float(value)


READER = Reader(id="torch-optimizer", title="PyTorch optimizer", gives="model", recognizes=recognizes, read=read)
