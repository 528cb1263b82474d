"""What a Keras model tells of itself and, once compiled, of its optimizer and loss. Nothing is run or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expert.adapters.keras_compiled import read_compiled
from expert.adapters.structure import Part, activation_name, output_activation, profile_of, snake_case
from expert.errors import SourceError
from expert.history import History, LayerProfile, ModelProfile
from expert.reading import Reader, ReadRequest

KerasModel = Any
"""A ``keras.Model``: Keras is not imported here, it is there already when somebody holds one."""

FRAMEWORKS = {"keras", "tf_keras"}
OWN_KINDS = {
    "dense": "linear",
    "einsum_dense": "linear",
    "batch_normalization": "batch_norm",
    "group_normalization": "group_norm",
    "layer_normalization": "layer_norm",
    "rms_normalization": "rms_norm",
    "unit_normalization": "unit_norm",
    "multi_head_attention": "attention",
    "group_query_attention": "attention",
    "simple_rnn": "rnn",
}
PASSING = {"flatten", "reshape", "dropout", "squeeze", "get_item", "input_layer"}
PLAIN_OPERATIONS = {"add", "concatenate", "expand_dims", "get_item", "mean", "reshape", "squeeze", "sum", "transpose"}
UNIT_ATTRIBUTES = ("units", "filters", "output_dim")
WRAPPERS = {"Bidirectional": "forward_layer", "TimeDistributed": "layer", "RNN": "cell"}
OWN_LAYERS = ("keras.src.layers.", "tf_keras.src.layers.")


def recognizes(source: object) -> float:
    """Any ``keras.Model``, whatever its backend."""
    return 1.0 if is_keras_model(source) else 0.0


def is_keras_model(source: object) -> bool:
    """Whether the object is a ``keras.Model``."""
    owners = ((kind.__module__.split(".")[0], kind.__name__) for kind in type(source).__mro__)
    return any(framework in FRAMEWORKS and name == "Model" for framework, name in owners)


def read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    """Read a built model: its structure, and the configuration it was compiled with."""
    model: KerasModel = source
    if not getattr(model, "built", True):
        raise SourceError(
            f"model: the Keras model {model.name!r} has no weights yet; call it on one batch, give it an Input "
            "layer or train it first."
        )
    config, notes = read_compiled(model)
    return (History(model=read_model(model), config=config, notes=notes),)


def read_model(model: KerasModel) -> ModelProfile:
    """Return the profile of a built ``keras.Model``."""
    parts = list(_parts(model))
    names = {type(layer).__name__.lower() for layer in _all_layers(model)}
    complete = all(part.understood for part in parts)
    head = _head(model)
    merges = [operation for operation in _operations(model) if type(operation).__name__ == "Add"]
    residual = True if any(_joins_two(operation) for operation in merges) else False if complete else None
    has_transformer = any("attention" in name or "transformer" in name for name in names)
    profile = profile_of(
        parts,
        head=None if head is None else output_activation(head[0]),
        output_units=None if head is None else head[1],
        complete=complete,
        residual=residual,
        transformer=True if has_transformer else False if complete else None,
        initialization=_initialization(model),
    )
    if profile.recurrent not in {None, "none"} or profile.transformer:
        return profile.model_copy(update={"sequence_length": _sequence_length(model)})
    return profile


def _parts(layer: Any) -> Iterator[Part]:
    """The parts of a model in its own order; what a layer of the user's own holds is listed too."""
    operations = _operations(layer)
    chain = id(layer) if type(layer).__name__ == "Sequential" else None
    for child in operations:
        if _operations(child) and not _is_framework_leaf(child):
            yield from _parts(child)
        elif _kind(child) != "input_layer":
            yield _leaf(child, chain)
    if not _is_plain_model(layer):
        # A call method of the user's own: what happens between its layers is not seen.
        own = sum(map(_size, layer.weights)) - sum(_size(weight) for child in operations for weight in child.weights)
        yield Part(LayerProfile(name=layer.name, kind="custom", parameters=max(0, own)), understood=False)


def _leaf(layer: Any, chain: int | None) -> Part:
    kind, activation = _kind(layer), _activation(layer)
    weights = list(getattr(layer, "weights", ()))
    trainable = list(getattr(layer, "trainable_weights", ()))
    rates = [getattr(_inner(layer), key, None) for key in ("rate", "dropout", "recurrent_dropout")]
    known_rates = [float(rate) for rate in rates if isinstance(rate, int | float)]
    units = [getattr(_inner(layer), key, None) for key in UNIT_ATTRIBUTES]
    return Part(
        LayerProfile(
            name=layer.name,
            kind="activation" if activation and not weights else kind,
            units=next((number for number in units if isinstance(number, int)), None),
            parameters=sum(map(_size, weights)),
            # A layer that never had anything to train (Normalization) is not a frozen one.
            trainable=True if trainable else False if weights and not layer.trainable else None,
            activation=activation,
        ),
        weights=any(len(weight.shape) >= 2 for weight in weights) and "norm" not in kind and kind != "embedding",
        chain=chain,
        dropout=max(known_rates) if known_rates and "noise" not in kind else None,
        trainable_parameters=sum(map(_size, trainable)),
        understood=_is_understood(layer, kind) or bool(activation),
    )


def _is_understood(layer: Any, kind: str) -> bool:
    """Layers of Keras' own, and the bare operations that bend nothing."""
    is_operation = not hasattr(layer, "trainable")
    return kind in PLAIN_OPERATIONS if is_operation else _framework(layer) and kind != "lambda"


def _inner(layer: Any) -> Any:
    """The layer a wrapper (Bidirectional, TimeDistributed) applies, or the cell of an RNN; else the layer itself."""
    for wrapper, attribute in WRAPPERS.items():
        if type(layer).__name__ == wrapper and _framework(layer):
            return _inner(getattr(layer, attribute))
    return layer


def _operations(layer: Any) -> list[Any]:
    """The layers in order of use and, in a functional model, the bare operations between them."""
    operations = getattr(layer, "operations", None)
    return list(operations) if operations else _children(layer)


def _children(layer: Any) -> list[Any]:
    return list(getattr(layer, "layers", None) or getattr(layer, "_layers", None) or ())


def _all_layers(layer: Any) -> Iterator[Any]:
    for child in _operations(layer):
        yield child
        yield from _all_layers(child)


def _is_plain_model(layer: Any) -> bool:
    """Sequential and Functional models run their operations and nothing else."""
    return type(layer).__name__ in {"Sequential", "Functional"} and _framework(layer)


def _framework(layer: Any) -> bool:
    return type(layer).__module__.split(".")[0] in FRAMEWORKS


def _is_framework_leaf(layer: Any) -> bool:
    """Whether the layer is one of Keras' own, whose inner layers (the cell of an LSTM) are no business of ours."""
    return _framework(layer) and not is_keras_model(layer)


def _kind(layer: Any) -> str:
    inner = _inner(layer)
    owners = [owner for owner in type(inner).__mro__ if owner.__module__.startswith(OWN_LAYERS)]
    # A class derived from a layer of Keras is shown as what it is derived from.
    name = snake_case((owners or [type(inner)])[0].__name__)
    return OWN_KINDS.get(name, name)


def _activation(layer: Any) -> str | None:
    """The activation of a layer or bare operation, None for none and for one that is not known."""
    own = getattr(_inner(layer), "activation", None)
    if callable(own):
        name = getattr(own, "__name__", "")
        return None if name == "linear" else activation_name(own) or name or None
    return activation_name(type(layer).__name__)


def _head(model: KerasModel) -> tuple[str | None, int | None] | None:
    """The activation at the end (None: there is none) and the number of outputs; None where the end cannot be seen."""
    if not _is_plain_model(model) or len(getattr(model, "outputs", ())) != 1:
        return None
    if type(model).__name__ == "Sequential":
        ends = [layer for layer in model.layers if _kind(layer) not in PASSING]
        last = ends[-1] if ends else None
    else:
        history = getattr(model.outputs[0], "_keras_history", None)
        last = None if history is None else history[0]
    if last is None:
        return None
    if is_keras_model(last):
        return _head(last)
    width = model.outputs[0].shape[-1]
    return _activation(last), int(width) if width is not None else None


def _joins_two(operation: Any) -> bool:
    """Whether an addition joins two tensors of the model (and not a tensor and a constant)."""
    for node in getattr(operation, "_inbound_nodes", ()):
        if len({id(parent) for parent in getattr(node, "parent_nodes", ())}) > 1:
            return True
    return False


def _sequence_length(model: KerasModel) -> int | None:
    for tensor in getattr(model, "inputs", None) or ():
        shape = tuple(tensor.shape)
        if len(shape) == 3 or (len(shape) == 2 and _embeds(model)):
            return None if shape[1] is None else int(shape[1])
    return None


def _embeds(model: KerasModel) -> bool:
    return any(_kind(layer) == "embedding" for layer in _all_layers(model))


def _initialization(model: KerasModel) -> str | None:
    """Name of the initializer of the hidden kernels, if they share one; ``zeros`` if any of them uses that."""
    initializers = [getattr(layer, "kernel_initializer", None) for layer in _all_layers(model)]
    names = [snake_case(type(initializer).__name__) for initializer in initializers if initializer is not None]
    hidden = set(names[:-1] or names)
    return "zeros" if "zeros" in hidden and len(names) > 1 else hidden.pop() if len(hidden) == 1 else None


def _size(weight: Any) -> int:
    size = 1
    for extent in weight.shape:
        size *= int(extent)
    return size


READER = Reader(id="keras-model", title="Keras model", gives="model", recognizes=recognizes, read=read)
