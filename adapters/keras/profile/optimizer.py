"""What a Keras optimizer tells: its name, its rate, its clipping and its other settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from expert.adapters.keras.profile.schedule import is_schedule, read_schedule
from expert.adapters.keras.profile.tree import attribute
from expert.adapters.structure import snake_case

SETTINGS = ("momentum", "nesterov", "weight_decay", "epsilon", "beta_1", "beta_2", "rho", "use_ema")
CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")


def is_keras_optimizer(source: object) -> bool:
    """Whether the object is an optimizer of Keras or derived from one."""
    kinds = ((kind.__module__.split(".")[0], kind.__name__) for kind in type(source).__mro__)
    return any(place in {"keras", "tf_keras"} and name in {"Optimizer", "BaseOptimizer"} for place, name in kinds)


def inner_optimizer(optimizer: Any) -> Any:
    """Return the optimizer whose loss another one scales; any other object as it is."""
    inner = attribute(optimizer, "inner_optimizer")
    return optimizer if inner is None else inner


def read_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return the fields of `RunConfig` a Keras optimizer fixes; what is not known is left out. Never raises.

    ``learning_rate`` is the highest of a schedule, or the rate as it is now. ``clip_norm`` is the bound of the norm of
    all gradients, or of each one where the optimizer clips them one by one.
    """
    inner = inner_optimizer(optimizer)
    settings = {name: attribute(inner, name) for name in (*SETTINGS, *CLIPS)}
    rate = attribute(inner, "_learning_rate")
    rate = attribute(inner, "learning_rate") if rate is None else rate
    found: dict[str, Any] = {"optimizer": snake_case(type(inner).__name__).replace("_", "")}
    if is_schedule(rate) or (callable(rate) and not hasattr(rate, "numpy")):
        found |= read_schedule(rate)
    else:
        found["learning_rate"] = rate
    decay, clip = number_of(settings["weight_decay"]), number_of(settings["clipvalue"])
    takes_decay = hasattr(inner, "weight_decay")
    found |= {
        "learning_rate": number_of(found.get("learning_rate")),
        "momentum": number_of(settings["momentum"]),
        "nesterov": settings["nesterov"],
        # None was given as None: there is none.
        "weight_decay": 0.0 if decay is None and takes_decay else decay,
        # Every Keras 3 optimizer takes the decay off the weights themselves.
        "decoupled_weight_decay": True if decay else None,
        "epsilon": number_of(settings["epsilon"]),
        "beta1": number_of(settings["beta_1"]),
        "beta2": number_of(settings["beta_2"]),
        "rho": number_of(settings["rho"]),
        "clip_norm": number_of(settings["global_clipnorm"] or settings["clipnorm"]),
        "clip_value_low": None if clip is None else -clip,
        "clip_value_high": clip,
        "gradient_accumulation_steps": _count(attribute(inner, "gradient_accumulation_steps")),
        "weight_averaging": settings["use_ema"],
        "loss_scaling": True if inner is not optimizer else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def clips_of(optimizer: Any) -> Mapping[str, float]:
    """Return the bounds at which the optimizer itself clips, by Keras' names of them; empty where it does not."""
    inner = inner_optimizer(optimizer)
    found = {name: number_of(attribute(inner, name)) for name in CLIPS}
    return {name: bound for name, bound in found.items() if bound}


def number_of(value: Any) -> float | None:
    """A float; one that Keras keeps in float32 gets its short decimal form back (0.1, not 0.10000000149)."""
    if value is None or isinstance(value, bool | str):
        return None
    try:
        number = float(value)
    except Exception:  # a variable that cannot be read here, or no number at all
        return None
    return number if isinstance(value, int | float) else float(str(np.float32(number)))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
