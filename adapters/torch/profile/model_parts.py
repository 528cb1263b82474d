"""The parts of a PyTorch module in the order of use: weight layers, activations, dropouts, code of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from expert.adapters.forward.source import Forward
from expert.adapters.structure import Part, activation_name
from expert.adapters.torch.profile.model_tree import (
    CONTAINERS,
    Module,
    all_parameters,
    children_of,
    code_of,
    is_quantized,
    kind_of,
    own_parameters,
    torch_name,
)
from expert.adapters.torch.profile.unwrapping import attribute, stored
from expert.history import LayerProfile

UNIT_ATTRIBUTES = ("out_features", "out_channels", "hidden_size", "embedding_dim", "embed_dim", "num_features", "nf")
DROPOUTS = {"Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"}
RECURRENT = {"RNN", "LSTM", "GRU"}
TRANSFORMERS = {"Transformer", "TransformerEncoder", "TransformerDecoder"}
TRANSFORMER_LAYERS = {"TransformerEncoderLayer", "TransformerDecoderLayer"}
LAYERS = {"Linear", "Conv1d", "Conv2d", "Conv3d"}
COMPOUND = TRANSFORMERS | TRANSFORMER_LAYERS | CONTAINERS | {"Sequential"}


@dataclass(slots=True)
class Tree:
    """What a walk through a module found: ``codes`` of its user's own classes, the outermost first.

    ``rates`` are those of dropout functions, None where one is not known; ``never_off`` says that one of them is at
    work in evaluation, too. ``unused`` are the submodules that the code
    of their owner never calls, by name, ``reached`` the ids of all others.
    """

    codes: list[Forward] = field(default_factory=list)
    rates: list[float | None] = field(default_factory=list)
    never_off: bool = False
    unused: dict[str, Module] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)


def parts_of(
    module: Module, tree: Tree, name: str = "", chain: int | None = None, idle: bool = False
) -> Iterator[Part]:
    """Yield the parts; ``chain`` names the plain sequence they stand in, ``idle`` that nothing passes them."""
    kind, children = torch_name(module), children_of(module)
    if not idle:
        tree.reached.add(id(module))
    if kind == "Sequential":
        for child_name, child in children.items():
            yield from parts_of(child, tree, _join(name, child_name), id(module), idle)
    elif is_leaf(kind, module):
        known = kind is not None or _is_activation(module) or _is_shaping(module)
        code = None if known else _read_code(module, tree, idle)
        yield leaf(module, name or "model", kind, chain=chain, code=code, idle=idle)
    else:
        code = _read_code(module, tree, idle) if kind is None else None
        for parameter_name, parameter in own_parameters(module).items():
            yield _own(_join(name, parameter_name), parameter, idle)
        function = activation_name(stored(module, "activation")) if kind in TRANSFORMER_LAYERS else None
        if function:
            profile = LayerProfile(name=_join(name, "activation"), kind="activation", parameters=0, activation=function)
            yield Part(profile, idle=idle)
        used = None if code is None else code.used or None  # code that names no submodule at all has other ways
        order = list(children) if used is None else sorted(children, key=lambda one: _place(one, used))
        for child_name in order:
            unused = used is not None and child_name not in used
            if unused and not idle:
                tree.unused[_join(name, child_name)] = children[child_name]
            yield from parts_of(children[child_name], tree, _join(name, child_name), None, idle or unused)


def is_leaf(kind: str | None, module: Module) -> bool:
    """Whether what is inside the module is no business of ours, or there is nothing inside."""
    if kind is None:
        return not children_of(module) or _is_activation(module)
    return kind not in COMPOUND


def leaf(
    module: Module,
    name: str,
    kind: str | None,
    *,
    chain: int | None = None,
    code: Forward | None = None,
    idle: bool = False,
) -> Part:
    """The part a module without parts is; ``code`` is its own, where it is no module of torch's."""
    own = list(all_parameters(module).values())
    shown = kind_of(kind or type(module).__name__)
    activation = activation_name(kind or type(module).__name__)
    activation = None if own and activation != "prelu" else activation
    if kind is None and not activation and shown.startswith(("conv", "embedding", "lstm", "gru", "rnn")):
        shown = f"custom_{shown}"  # what somebody's own class is, its name does not prove
    known = not is_quantized(module)
    if kind in {"RNN", "RNNCell"}:
        activation = activation_name(attribute(module, "nonlinearity") or "")
    units = next((unit for key in UNIT_ATTRIBUTES if isinstance(unit := attribute(module, key), int)), None)
    sizes = [size_of(parameter) for parameter in own]
    wide = any(size is None or len(shape_of(one)) > 1 for size, one in zip(sizes, own, strict=True))
    return Part(
        LayerProfile(
            name=name,
            kind="activation" if activation and shown not in {"rnn", "rnn_cell"} else shown,
            units=units,
            parameters=sum(size or 0 for size in sizes) if known and None not in sizes else None,
            trainable=any(parameter.requires_grad for parameter in own) if own else None,
            activation=activation,
        ),
        weights=(wide or (not known and kind in LAYERS)) and "norm" not in shown and "embedding" not in shown,
        stacked=_stacked(module, kind),
        chain=chain,
        dropout=_dropout(module, kind),
        trainable_parameters=sum(size or 0 for size, one in zip(sizes, own, strict=True) if one.requires_grad),
        understood=kind is not None
        or bool(activation)
        or _is_shaping(module)
        or (code is not None and not code.opaque),
        idle=idle,
    )


def shape_of(parameter: Any) -> tuple[int, ...]:
    """The shape; empty for a lazy parameter that has none yet."""
    return () if type(parameter).__name__.startswith("Uninitialized") else tuple(parameter.shape)


def size_of(parameter: Any) -> int | None:
    """The number of elements; None for a lazy parameter."""
    return None if type(parameter).__name__.startswith("Uninitialized") else int(parameter.numel())


def _read_code(module: Module, tree: Tree, idle: bool) -> Forward:
    code = code_of(module)
    if not idle:
        tree.codes.append(code)
        tree.rates += [_rate(module, rate) for rate in code.rates]
        tree.never_off |= any((_rate(module, rate) or 0.0) > 0.0 for rate in code.never_off)
    return code


def _own(name: str, parameter: Any, idle: bool) -> Part:
    size = size_of(parameter)
    profile = LayerProfile(name=name, kind="parameters", parameters=size, trainable=bool(parameter.requires_grad))
    return Part(profile, trainable_parameters=(size or 0) * bool(parameter.requires_grad), idle=idle)


def _is_activation(module: Module) -> bool:
    """An activation of somebody's own making, known by its name and without anything to learn."""
    return activation_name(type(module).__name__) is not None and not all_parameters(module)


def _is_shaping(module: Module) -> bool:
    return type(module).__module__.split(".")[0] == "einops" and not all_parameters(module)


def _dropout(module: Module, kind: str | None) -> float | None:
    if kind in DROPOUTS:
        rate = attribute(module, "p")
    elif kind in RECURRENT:
        # It acts between the layers of a stack, so that of a single one does nothing.
        rate = attribute(module, "dropout") if _stacked(module, kind) > 1 else 0.0
    else:
        rate = attribute(module, "dropout") if kind == "MultiheadAttention" else None
    return float(rate) if isinstance(rate, int | float) else None


def _rate(module: Module, rate: float | str) -> float | None:
    """The rate of a dropout function; where an attribute holds it, that of the module as it is now."""
    if isinstance(rate, str):
        held = stored(module, rate)
        return float(held) if isinstance(held, int | float) and not isinstance(held, bool) else None
    return rate


def _stacked(module: Module, kind: str | None) -> int:
    """Weight matrices a signal passes in sequence: an attention projects its inputs and then its result."""
    layers = attribute(module, "num_layers") if kind in RECURRENT else 2 if kind == "MultiheadAttention" else 1
    return layers if isinstance(layers, int) else 1


def _place(name: str, used: tuple[str, ...]) -> int:
    return used.index(name) if name in used else len(used)


def _join(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part
