"""What a learning-rate schedule of Keras tells: its name, the highest rate, its warm-up, whether it restarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expert.adapters.keras.profile.tree import attribute, is_own
from expert.adapters.structure import snake_case

WARMUPS = ("warmup_steps", "num_warmup_steps", "warmup_iters", "n_warmup_steps", "warm_up_steps", "warmup")
PEAKS = ("warmup_target", "target_lr", "peak_lr", "max_lr", "peak_learning_rate", "max_learning_rate", "base_lr")
"""What people call the rate at the end of a warm-up."""
STARTS = ("initial_learning_rate", "learning_rate", "initial_lr")
STEADY = {"ExponentialDecay", "InverseTimeDecay", "CosineDecay"}
"""Their rate, after any warm-up, never jumps up."""


def is_schedule(rate: object) -> bool:
    """Whether the object is a ``LearningRateSchedule``, Keras' own or somebody else's."""
    return any(kind.__name__ == "LearningRateSchedule" for kind in type(rate).__mro__)


def read_schedule(schedule: Any) -> dict[str, Any]:
    """Return ``schedule``, ``learning_rate`` (the highest), ``warmup_steps`` and ``warm_restarts``; None is unknown.

    Schedules of Keras are read, not called: their settings fix the whole course. Of a class of somebody else's only
    what it calls by the names people use is known.
    """
    name = type(schedule).__name__
    if not is_schedule(schedule):
        return {"schedule": _function_name(schedule)}
    if not is_own(schedule):
        return _of_a_stranger(schedule, snake_case(name))
    found: dict[str, Any] = {"schedule": snake_case(name), "warmup_steps": 0}
    if name == "PiecewiseConstantDecay":
        return found | _of_steps([number for value in schedule.values if (number := _number(value)) is not None])
    rate = _number(attribute(schedule, "initial_learning_rate"))
    target, steps = _number(attribute(schedule, "warmup_target")), attribute(schedule, "warmup_steps")
    if target is not None:
        found["warmup_steps"] = int(steps) if rate is not None and target > rate and steps else 0
        rate = target
    restarts = name == "CosineDecayRestarts" or (name == "PolynomialDecay" and bool(attribute(schedule, "cycle")))
    known = name in STEADY or restarts or name == "PolynomialDecay"
    if name == "PolynomialDecay":
        end = _number(attribute(schedule, "end_learning_rate"))
        if rate is not None and end is not None and end > rate and not restarts:
            # A decay upwards is a warm-up that ends in a constant rate.
            found["warmup_steps"], rate = int(schedule.decay_steps), end
    return found | {"learning_rate": rate, "warm_restarts": restarts if known else None}


def _of_steps(values: list[float]) -> dict[str, Any]:
    if not values:
        return {"warmup_steps": None}
    rises = [place for place in range(1, len(values)) if values[place] > values[place - 1]]
    fell_before = any(values[place] < values[place - 1] for rise in rises for place in range(1, rise))
    # Rates that only rise at first are a warm-up whose length in steps stands in the boundaries.
    found: dict[str, Any] = {"learning_rate": max(values), "warm_restarts": fell_before}
    return found | ({"warmup_steps": None} if rises else {})


def _of_a_stranger(schedule: Any, name: str) -> dict[str, Any]:
    settings = _settings(schedule)
    warmup = next((settings[word] for word in WARMUPS if isinstance(settings.get(word), int | float)), None)
    peak = next((number for word in PEAKS if (number := _number(settings.get(word))) is not None), None)
    start = next((number for word in STARTS if (number := _number(settings.get(word))) is not None), None)
    return {
        "schedule": name,
        "learning_rate": peak if peak is not None else start,
        "warmup_steps": None if warmup is None or isinstance(warmup, bool) else int(warmup),
    }


def _settings(schedule: Any) -> dict[str, Any]:
    held = attribute(schedule, "__dict__")
    return {str(name).lstrip("_"): value for name, value in held.items()} if isinstance(held, Mapping) else {}


def _function_name(function: Any) -> str:
    name = attribute(function, "__name__")
    return snake_case(name) if isinstance(name, str) and name.isidentifier() else "function"


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool | str):
        return None
    try:
        return float(value)
    except Exception:  # a variable of another device, or no number at all
        return None
