"""What the hidden kernels of a Keras model show of their initialization. They are read, not changed; nothing is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expert.adapters.keras.profile.tree import all_layers, attribute, inner_layer, is_own, kind_of
from expert.adapters.structure import snake_case

SAMPLED = 16_384
COMPARED = 16
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel", "recurrent_kernel")


class Initialization(NamedTuple):
    """``scheme`` and ``largest_gain`` as `ModelProfile` has them."""

    scheme: str | None
    largest_gain: float | None


class _Kernel(NamedTuple):
    initializer: Any
    numbers: Any
    """The variable; None where there is none yet."""
    recurrent: bool


def read_initialization(model: Any, residual: bool | None) -> Initialization:
    """Return what initializers and, once there are any, the weights of the hidden layers tell.

    Units that are all alike are told from the weights as they are now. Zeros count everywhere in a network without
    shortcuts (``residual`` False); in others, whose branches may start at zero on purpose, only where half of the
    layers are alike. Before there are weights the initializers alone are asked.
    """
    kernels = list(_kernels(model))
    input_side = [one for one in kernels if not one.recurrent]
    hidden = input_side[:-1]
    names = [_name(one.initializer) for one in (hidden or input_side)]
    alike = [found for one in hidden if (found := _alike(one)) is not None]
    if alike and (residual is False or 2 * len(alike) >= len(hidden)):
        return Initialization("zeros" if "zeros" in alike else "constant", None)
    gains = [gain for one in kernels if one not in input_side[-1:] and (gain := _gain(one)) is not None]
    others = {name for name in names if name is not None}
    return Initialization(
        others.pop() if len(others) == 1 and None not in names else None,
        max((gain for gain in gains if math.isfinite(gain)), default=None),
    )


def _kernels(model: Any) -> Iterator[_Kernel]:
    for layer in all_layers(model):
        if not is_own(layer) or kind_of(layer) == "embedding" or "norm" in kind_of(layer):
            continue
        inner = inner_layer(layer)
        for name in KERNELS:
            initializer = attribute(inner, f"{name}_initializer")
            if initializer is None or (name == "kernel" and attribute(inner, "cell") is not None):
                continue
            yield _Kernel(initializer, attribute(inner, name), name == "recurrent_kernel")


def _name(initializer: Any) -> str | None:
    """The scheme, None for a function of the user's own: ``he_normal``, ``glorot_uniform``, ``orthogonal`` ..."""
    if not is_own(initializer):
        return None
    name = snake_case(type(initializer).__name__).removesuffix("_initializer")
    if name != "variance_scaling":
        return name
    scale, mode, drawn = (attribute(initializer, key) for key in ("scale", "mode", "distribution"))
    kind = "uniform" if drawn == "uniform" else "normal"
    scheme = {(2.0, "fan_in"): "he", (1.0, "fan_avg"): "glorot", (1.0, "fan_in"): "lecun"}.get((scale, mode))
    return f"{scheme}_{kind}" if scheme else name


def _alike(kernel: _Kernel) -> str | None:
    """``zeros`` or ``constant`` where all units are the same."""
    if kernel.numbers is None:
        name = _name(kernel.initializer)
        return "zeros" if name == "zeros" else "constant" if name in {"ones", "constant"} else None
    units = int(kernel.numbers.shape[-1])
    if units < 2:
        return None
    # Two units that differ settle it; only a layer under suspicion is compared as a whole.
    first = _numbers(kernel.numbers, units=2)
    if first is None or not (first[:, 1:] == first[:, :1]).all():
        return None
    whole = _numbers(kernel.numbers)
    if whole is None or not (whole == whole[:, :1]).all():
        return None
    return "constant" if whole[:, 0].any() else "zeros"


def _gain(kernel: _Kernel) -> float | None:
    """The standard deviation of the weights in units of √(2 / fan-in)."""
    if kernel.numbers is None:
        return None
    shape = tuple(int(extent) for extent in kernel.numbers.shape)
    fan_in = math.prod(shape[:-1])
    numbers = _numbers(kernel.numbers, units=max(1, SAMPLED // max(1, fan_in)))
    if numbers is None or numbers.size < COMPARED or fan_in == 0:
        return None
    return float(numbers.std(dtype=np.float64)) * math.sqrt(fan_in / 2.0)


def _numbers(variable: Any, units: int | None = None) -> NDArray[Any] | None:
    """The kernel as (inputs, units), or its first units only; None where it cannot be read, as inside of a graph."""
    try:
        value = variable.value
        value = value if units is None else value[..., :units]
        value = value.detach().cpu() if hasattr(value, "detach") else value
        numbers = np.asarray(value).astype(np.float32, copy=False)
    except Exception:  # a variable of a distribution strategy, or a symbolic one
        return None
    return numbers.reshape(-1, numbers.shape[-1]) if numbers.ndim >= 2 and numbers.size else None
