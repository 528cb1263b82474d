"""What the hidden kernels of a Keras model show of their initialization. They are read and not changed."""

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
KERNELS = {
    "kernel_initializer": ("kernel",),
    "depthwise_initializer": ("depthwise_kernel", "kernel"),
    "pointwise_initializer": ("pointwise_kernel",),
    "recurrent_initializer": ("recurrent_kernel",),
}
"""Where layers keep an initializer -> where they keep what it has made."""


class Initialization(NamedTuple):
    """``scheme`` and ``largest_gain`` as `ModelProfile` has them."""

    scheme: str | None
    largest_gain: float | None


class _Kernel(NamedTuple):
    initializer: Any
    numbers: Any
    """The variable; None where there is none yet."""
    recurrent: bool
    own_channel: bool = False
    """Whether each unit sees one channel only, as in a depthwise convolution: its units are the last two axes."""


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
        for place, names in KERNELS.items():
            initializer = attribute(inner, place)
            if initializer is None or attribute(inner, "cell") is not None:
                continue
            kernel = next((found for name in names if (found := attribute(inner, name)) is not None), None)
            yield _Kernel(
                initializer, kernel, place == "recurrent_initializer", own_channel=place == "depthwise_initializer"
            )


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
    # Two units that differ settle it; only a layer under suspicion is compared as a whole.
    first = _numbers(kernel, units=2)
    if first is None or first.shape[1] < 2 or not (first[:, 1:] == first[:, :1]).all():
        return None
    whole = _numbers(kernel)
    if whole is None or not (whole == whole[:, :1]).all():
        return None
    return "constant" if whole[:, 0].any() else "zeros"


def _gain(kernel: _Kernel) -> float | None:
    """The standard deviation of the weights in units of √(2 / fan-in)."""
    if kernel.numbers is None:
        return None
    fan_in = math.prod(int(extent) for extent in kernel.numbers.shape[: -2 if kernel.own_channel else -1])
    numbers = _numbers(kernel, units=max(1, SAMPLED // max(1, fan_in)))
    if numbers is None or numbers.size < COMPARED or fan_in == 0:
        return None
    return float(numbers.std(dtype=np.float64)) * math.sqrt(fan_in / 2.0)


def _numbers(kernel: _Kernel, units: int | None = None) -> NDArray[Any] | None:
    """The kernel as (inputs, units), or its first units only; None where it cannot be read, as inside of a graph."""
    try:
        value = kernel.numbers.value
        if units is not None and not kernel.own_channel:
            value = value[..., :units]
        value = value.detach().cpu() if hasattr(value, "detach") else value
        numbers = np.asarray(value).astype(np.float32, copy=False)
    except Exception:  # a variable of a distribution strategy, or a symbolic one
        return None
    if numbers.ndim < 2 or not numbers.size:
        return None
    shape = numbers.shape
    return numbers.reshape(-1, shape[-1] * shape[-2] if kernel.own_channel else shape[-1])[:, :units]
