"""What a PyTorch module tells of itself: layers, head, what is frozen. Nothing is run and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from expert.adapters.forward_source import Forward, read_forward
from expert.adapters.structure import Part, activation_name, output_activation, profile_of, snake_case
from expert.adapters.torch.loss import read_loss
from expert.adapters.torch.optimizer import is_torch_optimizer, read_optimizer
from expert.errors import SourceError, nearest
from expert.history import History, LayerProfile, ModelProfile, RunConfig
from expert.reading import Reader, ReadRequest

Module = Any
"""A ``torch.nn.Module``: torch is not imported here, it is there already when somebody holds one."""

UNIT_ATTRIBUTES = ("out_features", "out_channels", "hidden_size", "embedding_dim", "embed_dim", "num_features")
DROPOUTS = {"Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"}
TRANSFORMERS = {"Transformer", "TransformerEncoder", "TransformerDecoder"}
TRANSFORMER_LAYERS = {"TransformerEncoderLayer", "TransformerDecoderLayer"}
PLAIN = {"Sequential"}
CONTAINERS = {"ModuleList", "ModuleDict"}
KEYS = ("model", "optimizer", "loss", "scheduler")


def recognizes(source: object) -> float:
    """A module, or a mapping whose ``model`` is one. A Keras model on the torch backend is left to its own reader."""
    if isinstance(source, Mapping):
        return 1.0 if is_torch_module(source.get("model")) else 0.0
    return 1.0 if is_torch_module(source) else 0.0


def is_torch_module(source: object) -> bool:
    """Whether the object is a ``torch.nn.Module`` and no Keras model."""
    owners = {(kind.__module__, kind.__name__) for kind in type(source).__mro__}
    is_module = ("torch.nn.modules.module", "Module") in owners
    return is_module and not any(place.split(".")[0] == "keras" for place, _ in owners)


def read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    """Read a module, or ``{"model": ..., "optimizer": ..., "loss": ..., "scheduler": ...}``."""
    parts = dict(source) if isinstance(source, Mapping) else {"model": source}
    unknown = next((key for key in parts if key not in KEYS), None)
    if unknown is not None:
        hint = nearest(str(unknown), KEYS)
        raise SourceError(f"model: there is no entry {unknown!r} beside the module; expected {', '.join(KEYS)}.{hint}")
    module, optimizer, scheduler = parts["model"], parts.get("optimizer"), parts.get("scheduler")
    if not is_torch_module(module):
        raise SourceError(f"model: expected a torch.nn.Module, got {type(module).__name__}.")
    optimizer = getattr(scheduler, "optimizer", None) if optimizer is None else optimizer
    notes: tuple[str, ...] = ()
    config = RunConfig(framework="torch", precision=_half_precision(module))
    if optimizer is not None:
        if not is_torch_optimizer(optimizer):
            raise SourceError(f"optimizer: expected a torch.optim.Optimizer, got {type(optimizer).__name__}.")
        config, notes = read_optimizer(optimizer, scheduler, config)
        notes += _not_optimized(module, optimizer)
    if parts.get("loss") is not None:
        config = read_loss(parts["loss"], config)
    return (History(model=read_module(module), config=config, notes=notes),)


def read_module(module: Module) -> ModelProfile:
    """Return the profile of a ``torch.nn.Module``."""
    codes: list[Forward] = []
    parts = list(_parts(module, "", None, codes))
    names = {type(child).__name__.lower() for child in module.modules()}
    has_transformer = any("attention" in name or "transformer" in name for name in names)
    calls = {name for code in codes for name in code.calls}
    contained = _torch_name(module) in CONTAINERS  # several networks, or pieces in an order only the caller knows
    complete = not contained and not any(code.opaque for code in codes) and all(part.understood for part in parts)
    head = _head(module)
    adds = any(code.adds for code in codes) or any(name in {"add", "__add__"} for name in calls)
    named_residual = any(word in name for name in names for word in ("resid", "resnet", "basicblock", "bottleneck"))
    profile = profile_of(
        parts,
        head=None if head is None else output_activation(head[0]),
        output_units=None if head is None else head[1],
        complete=complete,
        residual=True if adds or named_residual or _has(module, TRANSFORMER_LAYERS) else False if complete else None,
        transformer=True if has_transformer else False if complete else None,
        functions=[name for code in codes for name in _hidden_functions(code, code is codes[0] and head is not None)],
        initialization=_initialization(module),
    )
    if "dropout" in calls and profile.dropout == 0.0:
        return profile.model_copy(update={"dropout": None})
    return profile


def _parts(module: Module, name: str, chain: int | None, codes: list[Forward]) -> Iterator[Part]:
    kind = _torch_name(module)
    children = list(module.named_children())
    if kind in PLAIN:
        for child_name, child in children:
            yield from _parts(child, f"{name}.{child_name}".lstrip("."), id(module), codes)
    elif _is_leaf(module, kind) or not children:
        if kind is None:
            codes.append(read_forward(type(module), frozenset()))
        yield _leaf(module, name or "model", kind, chain)
    else:
        if kind is None:
            codes.append(read_forward(type(module), frozenset(child_name for child_name, _ in children)))
        own = list(module.parameters(recurse=False))
        if own:
            yield Part(_profile(module, name or "model", "parameters", own), trainable_parameters=_trainable(own))
        function = activation_name(getattr(module, "activation", None)) if kind in TRANSFORMER_LAYERS else None
        if function:
            yield Part(LayerProfile(name=f"{name}.activation".lstrip("."), kind="activation", activation=function))
        for child_name, child in children:
            yield from _parts(child, f"{name}.{child_name}".lstrip("."), None, codes)


def _leaf(module: Module, name: str, kind: str | None, chain: int | None) -> Part:
    own = list(module.parameters())
    shown = _kind(kind or type(module).__name__)
    activation = None if own and shown != "prelu" else activation_name(kind or type(module).__name__)
    wide = any(len(_shape(parameter)) >= 2 for parameter in own)
    rate = getattr(module, "p", None) if kind in DROPOUTS else getattr(module, "dropout", None)
    return Part(
        _profile(module, name, "activation" if activation else shown, own, activation),
        weights=wide and "norm" not in shown and not shown.startswith("embedding"),
        stacked=int(getattr(module, "num_layers", 1)) if kind in {"RNN", "LSTM", "GRU"} else 1,
        chain=chain,
        dropout=float(rate) if isinstance(rate, int | float) else None,
        trainable_parameters=_trainable(own),
        understood=kind is not None,
    )


def _profile(module: Module, name: str, kind: str, own: list[Any], activation: str | None = None) -> LayerProfile:
    units = next((getattr(module, key) for key in UNIT_ATTRIBUTES if isinstance(getattr(module, key, None), int)), None)
    if kind in {"rnn", "rnn_cell"} and isinstance(getattr(module, "nonlinearity", None), str):
        activation = activation_name(module.nonlinearity)
    return LayerProfile(
        name=name,
        kind=kind,
        units=units,
        parameters=sum(_size(parameter) for parameter in own),
        trainable=any(parameter.requires_grad for parameter in own) if own else None,
        activation=activation,
    )


def _torch_name(module: Module) -> str | None:
    """The name of the nearest class of torch.nn itself, None for a class of somebody else's."""
    for owner in type(module).__mro__:
        if owner.__name__ == "Module":
            return None
        if owner.__module__.startswith("torch.nn."):
            # MultiheadAttention projects its result with a linear layer under a name of its own.
            return "Linear" if owner.__name__ == "NonDynamicallyQuantizableLinear" else owner.__name__
    return None


def _is_leaf(module: Module, kind: str | None) -> bool:
    return kind is not None and kind not in TRANSFORMERS | TRANSFORMER_LAYERS | CONTAINERS


def _kind(class_name: str) -> str:
    """``BatchNorm2d`` -> ``batch_norm``, ``Conv2d`` -> ``conv2d``, ``MultiheadAttention`` -> ``attention``."""
    name = snake_case(class_name.removeprefix("Lazy"))
    if name == "multihead_attention":
        return "attention"
    return name.rstrip("123d").rstrip("_") if "norm" in name else name


def _head(module: Module) -> tuple[str | None, int | None] | None:
    """The activation at the end (None: there is none) and the number of outputs; None where the end cannot be seen."""
    kind = _torch_name(module)
    if kind in PLAIN:
        activation: str | None = None
        for child in reversed(list(module)):
            end = _head(child)
            if end is None:
                return (activation, None) if activation else None
            activation = activation or end[0]
            if end[1] is not None:
                return activation, end[1]
        return activation, None
    if kind in TRANSFORMERS | TRANSFORMER_LAYERS:
        return None
    if kind is not None:
        part = _leaf(module, "", kind, None)
        return part.profile.activation if part.kind == "activation" else None, part.profile.units
    children = dict(module.named_children())
    activation = None
    for how, what in read_forward(type(module), frozenset(children)).returned:
        if how == "function":
            activation = activation or what
        elif what in children:
            end = _head(children[what])
            if end is None:
                break
            # An activation module holds no units: what it was applied to was not followed further.
            return activation or end[0], end[1]
    return (activation, None) if activation else None


def _hidden_functions(code: Forward, is_root: bool) -> list[str]:
    """The activations a forward calls, less the one at the head."""
    names = list(code.functions)
    if is_root and code.returned and code.returned[0][0] == "function" and code.returned[0][1] in names:
        names.remove(code.returned[0][1])
    return names


def _has(module: Module, names: set[str]) -> bool:
    return any(_torch_name(child) in names for child in module.modules())


def _initialization(module: Module) -> str | None:
    """``zeros`` or ``constant`` if the units of a hidden layer are all alike: they can then never become different."""
    linear = [child for child in module.modules() if _torch_name(child) in {"Linear", "Conv1d", "Conv2d", "Conv3d"}]
    for child in linear[:-1]:
        weight = child.weight.detach() if _shape(child.weight) else None
        if weight is None or weight.shape[0] < 2 or weight.device.type == "meta":
            continue
        first = weight[:1]
        # Two rows that differ settle it; only a layer under suspicion is compared as a whole.
        if bool((weight[1:2] == first).all()) and bool((weight == first).all()):
            return "zeros" if not bool(first.any()) else "constant"
    return None


def _not_optimized(module: Module, optimizer: Any) -> tuple[str, ...]:
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    named = [(name, parameter) for name, parameter in module.named_parameters() if parameter.requires_grad]
    missing = [name for name, parameter in named if id(parameter) not in held]
    if not missing:
        return ()
    shown = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
    return (f"The optimizer does not hold {len(missing)} of {len(named)} trainable parameters of the model: {shown}.",)


def _half_precision(module: Module) -> Any:
    # Parameters in float32 do not tell: the run may still compute in half precision under autocast.
    kinds = {str(parameter.dtype).removeprefix("torch.") for parameter in module.parameters()}
    return next((kind for kind in ("float16", "bfloat16") if kind in kinds), None)


def _shape(parameter: Any) -> tuple[int, ...]:
    """The shape; empty for a lazy parameter that has none yet."""
    return () if type(parameter).__name__.startswith("Uninitialized") else tuple(parameter.shape)


def _size(parameter: Any) -> int:
    return int(parameter.numel()) if _shape(parameter) or not type(parameter).__name__.startswith("Uninit") else 0


def _trainable(parameters: list[Any]) -> int:
    return sum(_size(parameter) for parameter in parameters if parameter.requires_grad)


READER = Reader(id="torch-model", title="PyTorch module", gives="model", recognizes=recognizes, read=read)
