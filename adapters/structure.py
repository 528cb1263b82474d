"""From the parts of a network, however a framework lists them, to a `ModelProfile`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from expert.history import LayerProfile, ModelProfile
from expert.history.profiles import Normalization, OutputActivation

ACTIVATIONS = {
    "celu": "celu",
    "elu": "elu",
    "fast_gelu": "gelu",
    "gelu": "gelu",
    "gelu_fast": "gelu",
    "gelu_new": "gelu",
    "gelu_tanh": "gelu",
    "glu": "glu",
    "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish",
    "hard_tanh": "hardtanh",
    "hardsigmoid": "hardsigmoid",
    "hardswish": "hardswish",
    "hardtanh": "hardtanh",
    "leaky_relu": "leaky_relu",
    "leakyrelu": "leaky_relu",
    "log_sigmoid": "log_sigmoid",
    "log_softmax": "log_softmax",
    "logsigmoid": "log_sigmoid",
    "logsoftmax": "log_softmax",
    "mish": "mish",
    "new_gelu": "gelu",
    "p_re_lu": "prelu",
    "prelu": "prelu",
    "quick_gelu": "gelu",
    "relu": "relu",
    "relu6": "relu6",
    "rrelu": "rrelu",
    "selu": "selu",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "softmax": "softmax",
    "softplus": "softplus",
    "softsign": "softsign",
    "swish": "silu",
    "tanh": "tanh",
}
"""How frameworks spell an activation (lower case, classes and functions alike) -> the name rules use."""

HEAD_ONLY = {"softmax", "log_softmax"}
CONVOLUTIONS = ("conv", "depthwise_conv", "separable_conv")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a network in the order it is listed: a weight layer, an activation, a dropout ...

    ``weights`` says that a signal passes a weight matrix here, ``stacked`` how many of them in sequence. ``chain``
    names the plain sequence the part belongs to, so that an activation can be given to the layer before it; None where
    the order in which parts are used is not known. ``understood`` is False for code of the user's own, in which
    anything may happen, and ``idle`` True for a part that is no part of the way from input to output.
    """

    profile: LayerProfile
    weights: bool = False
    stacked: int = 1
    chain: int | None = None
    dropout: float | None = None
    trainable_parameters: int = 0
    understood: bool = True
    idle: bool = False

    @property
    def kind(self) -> str:
        """The kind of the layer, ``""`` if it has none."""
        return self.profile.kind or ""


def snake_case(name: str) -> str:
    """Return ``BatchNorm`` as ``batch_norm``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def activation_name(value: object) -> str | None:
    """Return the name rules use for an activation given as a class, function, instance or name; None if unknown."""
    name = value if isinstance(value, str) else getattr(value, "__name__", None) or type(value).__name__
    name = name.removesuffix("Activation") or name
    return ACTIVATIONS.get(name.lower()) or ACTIVATIONS.get(snake_case(name))


def output_activation(name: str | None) -> OutputActivation:
    """Return the head's activation in the vocabulary of `ModelProfile`; None means the head has none."""
    if name is None:
        return "none"
    return cast("OutputActivation", name if name in get_args(OutputActivation) else "other")


def profile_of(
    parts: Sequence[Part],
    *,
    head: OutputActivation | None,
    output_units: int | None,
    complete: bool,
    residual: bool | None,
    transformer: bool | None,
    functions: Iterable[str] = (),
    called: Iterable[str] = (),
    bends: bool = False,
    sequence_length: int | None = None,
    initialization: str | None = None,
) -> ModelProfile:
    """Sum up the parts.

    ``functions`` are activations called in code rather than listed as parts, ``called`` the kinds of layers that code
    calls as functions. ``complete`` says that nothing happens between input and output besides the parts and those
    functions: without it, what was not seen is unknown. ``bends`` says that code does something to the numbers that is
    neither linear nor an activation with a name.
    """
    owners = [part for part in with_activations(parts) if part.profile.parameters != 0]
    counts = [part.profile.parameters for part in parts]
    parts = [part for part in parts if not part.idle]
    kinds = [part.kind for part in parts] + list(called)
    inside = _hidden_activations(parts, head) + list(functions)
    hidden = [name for name in inside if name not in HEAD_ONLY]
    bends = bends or len(hidden) < len(inside)
    recurrent = _recurrent(kinds)
    bent = bool(hidden or recurrent or any("attention" in kind or "max_pool" in kind for kind in kinds))
    none = "none" if complete and not recurrent and not bends else None
    activation = Counter(hidden).most_common(1)[0][0] if hidden else none
    rates = [part.dropout for part in parts if part.dropout is not None]
    known_layers = all(part.understood for part in owners if not part.idle)
    return ModelProfile(
        parameters=None if None in counts else sum(count or 0 for count in counts),
        trainable_parameters=sum(part.trainable_parameters for part in parts),
        depth=sum(part.stacked for part in parts if part.weights),
        activation=activation,
        output_activation=head,
        output_units=output_units,
        normalization=_normalization(kinds) or ("none" if complete else None),
        residual=residual,
        recurrent=recurrent or ("none" if complete else None),
        transformer=transformer,
        convolutional=_present((kind.startswith(CONVOLUTIONS) for kind in kinds), known_layers),
        linear=False if bent else True if complete and not bends else None,
        dropout=max(rates) if rates else 0.0 if complete else None,
        sequence_length=sequence_length,
        embedding=_present((kind.startswith("embedding") for kind in kinds), known_layers),
        initialization=initialization,
        frozen=tuple(part.profile.name for part in owners if part.profile.trainable is False),
        layers=tuple(part.profile for part in owners),
    )


def with_activations(parts: Sequence[Part]) -> list[Part]:
    """Give each weight layer the activation that follows it in its plain sequence."""
    result = list(parts)
    waiting: dict[int, int] = {}
    for index, part in enumerate(parts):
        if part.chain is None:
            continue
        if part.weights:
            waiting[part.chain] = index
        elif part.profile.activation and part.chain in waiting:
            place = waiting.pop(part.chain)
            profile = result[place].profile.model_copy(update={"activation": part.profile.activation})
            result[place] = replace(result[place], profile=profile)
    return result


def _hidden_activations(parts: Sequence[Part], head: OutputActivation | None) -> list[str]:
    last = max((index for index, part in enumerate(parts) if part.weights), default=-1)
    at_head = [index for index, part in enumerate(parts) if index >= last and part.profile.activation == head]
    names = []
    for index, part in enumerate(parts):
        name = part.profile.activation
        if name and name != "none" and index not in at_head[-1:] and not _recurrent([part.kind]):
            names.append(name)
    return names


def _recurrent(kinds: Sequence[str]) -> Literal["rnn", "lstm", "gru"] | None:
    words = {word for kind in kinds for word in re.findall("[a-z]+", kind)}
    return "lstm" if "lstm" in words else "gru" if "gru" in words else "rnn" if "rnn" in words else None


def _normalization(kinds: Sequence[str]) -> Normalization | None:
    """The normalization that most layers of that kind have."""
    found = Counter(kind for kind in kinds if "norm" in kind and "spectral" not in kind and "weight" not in kind)
    if not found:
        return None
    kind = found.most_common(1)[0][0]
    if "frozen" in kind:
        return "other"  # its statistics are constants
    for name in get_args(Normalization):
        if name in kind:
            return cast("Normalization", name)
    return "layer" if "rms" in kind else "other"


def _present(found: Iterable[bool], otherwise_known: bool) -> bool | None:
    return True if any(found) else False if otherwise_known else None
