"""What a Keras model tells of itself and, once compiled, of its optimizer and loss. Nothing is run or changed."""

from __future__ import annotations

from typing import Any

from expert.adapters.forward.source import Forward
from expert.adapters.forward.words import NORMALIZATIONS
from expert.adapters.keras.profile.compiled import read_compiled
from expert.adapters.keras.profile.ends import Head, depth_of, heads_of, joins
from expert.adapters.keras.profile.parts import Tree, parts_of
from expert.adapters.keras.profile.tree import (
    KerasModel,
    all_layers,
    attribute,
    is_keras_model,
    kind_of,
    size_of,
    weights_of,
)
from expert.adapters.keras.profile.weights import read_initialization
from expert.adapters.structure import output_activation, profile_of
from expert.history import History, ModelProfile
from expert.history.profiles import OutputActivation
from expert.reading import Reader, ReadRequest

CONVOLUTIONS = {f"conv{axes}d{transposed}" for transposed in ("", "_transpose") for axes in (1, 2, 3)}
DOT_PRODUCTS = {"attention", "dot_product_attention", "scaled_dot_product_attention"}


def recognizes(source: object) -> float:
    """Any ``keras.Model``, whatever its backend."""
    return 1.0 if is_keras_model(source) else 0.0


def read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    """Read a model: its structure, and the configuration it was compiled with."""
    model: KerasModel = source
    config, notes = read_compiled(model)
    if not attribute(model, "built"):
        notes += (
            f"The Keras model {attribute(model, 'name')!r} has no weights yet, so their number is not known; call it "
            "on one batch, give it an Input layer or train it first.",
        )
    unused = never_called(model)
    if unused:
        shown = ", ".join(unused[:5]) + (" ..." if len(unused) > 5 else "")
        notes += (f"The code of the model never calls {shown}.",)
    return (History(model=read_model(model), config=config, notes=notes),)


def read_model(model: KerasModel) -> ModelProfile:
    """Return the profile of a ``keras.Model``, built or not. What its layers and code do not show is None.

    Never raises: of a model of a strange make what can be counted is still known.
    """
    try:
        return _read_model(model)
    except Exception:  # classes of all kinds
        return _counted(model, ModelProfile())


def never_called(model: KerasModel) -> tuple[str, ...]:
    """Return the names of layers with weights to train that ``call``, as far as its source is seen, never uses."""
    tree = Tree()
    try:
        list(parts_of(model, tree))
        return tuple(name for name, layer in tree.unused.items() if weights_of(layer, "trainable_weights"))
    except Exception:  # classes of all kinds
        return ()


def _read_model(model: KerasModel) -> ModelProfile:
    tree = Tree()
    parts = list(parts_of(model, tree))
    complete = not any(code.opaque for code in tree.codes) and all(part.understood or part.idle for part in parts)
    heads = heads_of(model)
    residual = True if joins(model) or any(code.adds for code in tree.codes) else None
    if residual is None and complete and all(code.adds is False for code in tree.codes):
        residual = False
    calls = {name for code in tree.codes for name in code.calls}
    own = tree.codes[0] if tree.codes and not attribute(model, "operations") else None
    initialization = read_initialization(model, residual)
    profile = profile_of(
        parts,
        head=_activation(heads),
        output_units=_units(heads),
        complete=complete,
        residual=residual,
        transformer=_transformer(model, calls, complete),
        functions=[name for code in tree.codes for name in _hidden_functions(code, code is own and heads is not None)],
        called=[name for name in sorted(calls) if name in CONVOLUTIONS | set(NORMALIZATIONS) or "max_pool" in name],
        bends=any(code.bends for code in tree.codes),
        initialization=initialization.scheme,
    )
    rates = [rate for rate in tree.rates if rate is not None]
    unknown = len(rates) < len(tree.rates)
    rates += [] if profile.dropout is None else [profile.dropout]
    update: dict[str, Any] = {
        "depth": depth_of(model),
        "dropout": None if unknown else max(rates, default=None),
        "dropout_in_evaluation": True if tree.never_off else None,
        "largest_gain": initialization.largest_gain,
    }
    if profile.recurrent == "none" and any(code.repeats for code in tree.codes):
        update["recurrent"] = None  # a recurrence written out, or a layer that is used again and again
    if profile.recurrent not in {None, "none"} or profile.transformer:
        update["sequence_length"] = _sequence_length(model)
    return _counted(model, profile.model_copy(update=update))


def _counted(model: KerasModel, profile: ModelProfile) -> ModelProfile:
    """Count each variable once, however many layers share it."""
    own = [layer for layer in all_layers(model) if attribute(layer, "built") is False and not _has_no_weights(layer)]
    if not attribute(model, "built") or own:
        return profile.model_copy(update={"parameters": None, "trainable_parameters": None})
    trained = sum(map(size_of, weights_of(model, "trainable_weights")))
    total = sum(map(size_of, weights_of(model)))
    return profile.model_copy(update={"parameters": total, "trainable_parameters": trained})


def _has_no_weights(layer: Any) -> bool:
    """Whether a layer that was never built is none that would bring weights of its own."""
    kind = kind_of(layer)
    return "dropout" in kind or "activation" in kind or "pool" in kind or kind in {"flatten", "reshape", "input_layer"}


def _activation(heads: list[Head] | None) -> OutputActivation | None:
    """The activation at the ends, if all outputs share one."""
    found = {head.activation for head in heads or ()}
    return output_activation(found.pop()) if len(found) == 1 else None


def _units(heads: list[Head] | None) -> int | None:
    return heads[0].units if heads is not None and len(heads) == 1 else None


def _hidden_functions(code: Forward, is_root: bool) -> list[str]:
    """The activations a ``call`` applies, less the one at the head."""
    names = list(code.functions)
    if is_root and code.returned and code.returned[0][0] == "function" and code.returned[0][1] in names:
        names.remove(code.returned[0][1])
    return names


def _transformer(model: KerasModel, calls: set[str], complete: bool) -> bool | None:
    if calls & DOT_PRODUCTS:
        return True
    names = {type(layer).__name__.lower() for layer in all_layers(model)}
    if any("attention" in name or "transformer" in name for name in names):
        return True
    return False if complete else None


def _sequence_length(model: KerasModel) -> int | None:
    embeds = any(kind_of(layer) == "embedding" for layer in all_layers(model))
    for tensor in attribute(model, "inputs") or ():
        shape = tuple(tensor.shape)
        if len(shape) == 3 or (len(shape) == 2 and embeds):
            return None if shape[1] is None else int(shape[1])
    return None


READER = Reader(id="keras-model", title="Keras model", gives="model", recognizes=recognizes, read=read)
