"""What the weights of a PyTorch module tell of their initialization. They are read, not changed; nothing is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from expert.adapters.torch.profile.model_parts import LAYERS, shape_of
from expert.adapters.torch.profile.model_tree import Module, all_modules, own_parameters, torch_name
from expert.adapters.torch.profile.unwrapping import attribute

RECURRENT = {"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"}
SAMPLED = 16_384
FEWEST = 256
"""With fewer numbers the deviation of a layer does not tell schemes apart."""
UNIFORM_PEAK = math.sqrt(3.0)
"""The largest of many uniform numbers, in standard deviations."""
ORTHOGONAL = 1e-4
COMPARED = 16


class Weights(NamedTuple):
    """A weight matrix (units, inputs) of a layer, with its fans."""

    matrix: Any
    fan_in: int
    fan_out: int


class Initialization(NamedTuple):
    """``scheme`` and ``largest_gain`` as `ModelProfile` has them."""

    scheme: str | None
    largest_gain: float | None


def read_initialization(module: Module, residual: bool | None) -> Initialization:
    """Return what the hidden layers' weights show as they are now.

    Weights that a layer makes anew at each use (weight norm, spectral norm), packed, lazy or without memory are left
    out. Zeros count everywhere in a network without shortcuts (``residual`` False); in others, whose branches may start
    at zero on purpose, only where half of the layers are alike.
    """
    hidden = list(_hidden(module))
    alike = [found for one in hidden if (found := _alike(one.matrix)) is not None]
    if alike and (residual is False or 2 * len(alike) >= len(hidden)):
        return Initialization("zeros" if "zeros" in alike else "constant", None)
    drawn = [one for one in hidden if _alike(one.matrix) is None]
    gains = [_deviation(one.matrix) * math.sqrt(one.fan_in / 2.0) for one in drawn if _count(one) >= COMPARED]
    gains += [
        _deviation(matrix) * math.sqrt(matrix.shape[1] / 2.0)
        for matrix in _recurrent(module)
        if matrix.numel() >= COMPARED
    ]
    finite = [gain for gain in gains if math.isfinite(gain)]
    # PyTorch draws recurrent weights like those of a linear layer with as many inputs as there are hidden units.
    looped = [Weights(matrix, matrix.shape[1], matrix.shape[0]) for matrix in _recurrent(module) if _is_loop(matrix)]
    fitting = [_schemes(one) for one in (*drawn, *looped) if _count(one) >= FEWEST]
    schemes = set.intersection(*fitting) if fitting else set()
    return Initialization(schemes.pop() if len(schemes) == 1 else None, max(finite, default=None))


def _hidden(module: Module) -> Iterator[Weights]:
    layers = [child for child in all_modules(module) if torch_name(child) in LAYERS]
    for layer in layers[:-1]:
        weight = _readable(own_parameters(layer).get("weight"))
        if weight is None:
            continue
        # Hugging Face's Conv1D is a linear layer with its matrix the other way round.
        matrix = weight.t() if type(layer).__name__ == "Conv1D" else weight.reshape(weight.shape[0], -1)
        places = math.prod(weight.shape[2:])
        yield Weights(matrix, matrix.shape[1], matrix.shape[0] * places)


def _recurrent(module: Module) -> Iterator[Any]:
    for child in all_modules(module):
        if torch_name(child) in RECURRENT:
            for name, parameter in own_parameters(child).items():
                weight = _readable(parameter) if name.startswith("weight") else None
                if weight is not None:
                    yield weight


def _is_loop(matrix: Any) -> bool:
    """Whether a matrix leads from hidden units to themselves: so many inputs in each of one, three or four gates."""
    gates, rest = divmod(matrix.shape[0], matrix.shape[1])
    return rest == 0 and gates in (1, 3, 4)


def _readable(parameter: Any) -> Any:
    """The numbers of a matrix that lie in memory, those of this process where it is shared out; None for others."""
    if parameter is None or len(shape_of(parameter)) < 2:
        return None
    weight = parameter.detach()
    shard = attribute(weight, "_local_tensor")
    weight = weight if shard is None else shard
    readable = weight.device.type != "meta" and weight.is_floating_point() and weight.numel() and weight.dim() > 1
    return weight if readable else None


def _alike(matrix: Any) -> str | None:
    """``zeros`` or ``constant`` where all units are the same."""
    if matrix.shape[0] < 2:
        return None
    first = matrix[:1]
    # Two rows that differ settle it; only a layer under suspicion is compared as a whole.
    if bool((matrix[1:2] == first).all()) and bool((matrix == first).all()):
        return "zeros" if not bool(first.any()) else "constant"
    return None


def _count(weights: Weights) -> int:
    return int(weights.matrix.numel())


def _sample(matrix: Any) -> Any:
    rows = max(1, SAMPLED // max(1, matrix.shape[1]))
    return matrix[:rows].reshape(-1)[:SAMPLED].float()


def _deviation(matrix: Any) -> float:
    return float(_sample(matrix).std())


def _schemes(weights: Weights) -> set[str]:
    """The schemes the numbers look drawn by."""
    if _is_orthogonal(weights.matrix):
        return {"orthogonal"}
    count = min(_count(weights), SAMPLED)
    numbers = _sample(weights.matrix)
    deviation = float(numbers.std())
    if not deviation > 0.0 or abs(float(numbers.mean())) > 5.0 * deviation / math.sqrt(count):
        return set()
    peak = float(numbers.abs().max()) / deviation
    tolerance = max(0.01, 3.0 / math.sqrt(2.0 * count))
    kind = "uniform" if abs(peak / UNIFORM_PEAK - 1.0) < 2.0 * tolerance else "normal" if peak > 2.5 else None
    expected = {
        f"he_{kind}": math.sqrt(2.0 / weights.fan_in),
        f"glorot_{kind}": math.sqrt(2.0 / (weights.fan_in + weights.fan_out)),
    }
    if kind == "uniform":
        expected["default"] = 1.0 / math.sqrt(3.0 * weights.fan_in)
    fits = {name for name, value in expected.items() if abs(deviation / value - 1.0) < tolerance}
    return fits if kind else set()


def _is_orthogonal(matrix: Any) -> bool:
    """Whether rows (or columns, of a tall matrix) have one length and stand at right angles."""
    rows = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.t()
    if len(rows) < 2:
        return False
    two = rows[:2].float()
    if abs(float((two[0] * two[1]).sum())) > ORTHOGONAL * float((two[0] * two[0]).sum()):
        return False
    rows = rows[:COMPARED].float()
    gram = rows @ rows.t()
    lengths = gram.diagonal()
    largest, smallest = float(lengths.max()), float(lengths.min())
    apart = float((gram - lengths.diag()).abs().max())
    return largest > 0.0 and apart < ORTHOGONAL * largest and smallest > (1.0 - 10 * ORTHOGONAL) * largest
