"""What ``model.compile`` of Keras fixed: optimizer, clipping, loss, precision."""

from __future__ import annotations

import sys
from typing import Any

from expert.adapters.keras.profile.decay import decays_norm_and_bias
from expert.adapters.keras.profile.ends import Head, heads_of, last_layer
from expert.adapters.keras.profile.loss import read_loss
from expert.adapters.keras.profile.optimizer import number_of, read_optimizer
from expert.adapters.keras.profile.tree import all_layers, attribute, code_of, is_own, kind_of
from expert.history import RunConfig

REPAIRED = (
    "The loss expects logits and the model ends in {activation}: Keras on TensorFlow then takes the numbers from "
    "before the {activation}, so it is not applied twice."
)
SQUASHES = {"softmax": "cross_entropy", "sigmoid": "bce_with_logits"}
PRECISIONS = {"float32", "float16", "bfloat16"}
REGULARIZERS = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "embeddings_regularizer")


def read_compiled(model: Any) -> tuple[RunConfig, tuple[str, ...]]:
    """Return the configuration a ``keras.Model`` was compiled with, and notes; little is known if it was not.

    Layers of the model itself count, too: those that augment or mix samples, and their penalties. Never raises.
    """
    update: dict[str, Any] = {"framework": "keras"}
    notes: list[str] = []
    try:
        _of_layers(model, update)
        if attribute(model, "compiled"):
            _of_compile(model, update, notes)
    except Exception as error:  # classes of all kinds
        notes.append(f"How the Keras model was compiled could not be read ({type(error).__name__}: {error}).")
    return RunConfig(**{key: value for key, value in update.items() if value is not None}), tuple(notes)


def _of_layers(model: Any, update: dict[str, Any]) -> None:
    policy = attribute(attribute(model, "dtype_policy"), "name") or ""
    precision = policy.removeprefix("mixed_")
    if precision in PRECISIONS:
        update["precision"] = precision
    layers = list(all_layers(model))
    penalties = [penalty for layer in layers for penalty in _l2(layer)]
    if penalties:
        update["l2_penalty"] = max(penalties)
    elif attribute(model, "compiled") and trains_as_keras_does(model) and not any(map(_may_penalize, layers)):
        # A loop of one's own may add a penalty by hand.
        update["l2_penalty"] = 0.0
    kinds = {kind_of(layer) for layer in layers if is_own(layer)}
    if any(kind.startswith(("random_", "rand_", "aug_mix")) or kind in {"cut_mix", "mix_up"} for kind in kinds):
        update["augmentation"] = True
    if kinds & {"mix_up", "cut_mix"}:
        update["mixup"] = True


def _of_compile(model: Any, update: dict[str, Any], notes: list[str]) -> None:
    fits = trains_as_keras_does(model)
    if update.get("l2_penalty") and fits:
        # The compiled training step adds the penalties of the layers to the loss it logs, and differentiates the sum.
        update["penalty_in_loss"] = update["penalty_in_gradient"] = True
    if attribute(model, "optimizer") is not None:
        update |= read_optimizer(model.optimizer)
        update["decay_on_norm_and_bias"] = decays_norm_and_bias(model, model.optimizer)
    losses = _losses(attribute(model, "loss"))
    if len(losses) > 1:
        notes.append(f"The model has {len(losses)} losses; only the first is described in the configuration.")
    if not losses:
        return
    update |= read_loss(losses[0])
    heads = heads_of(model) or []
    _take_for_repaired(model, update, heads, notes)
    update["task"] = _task(model, update, heads)


def _take_for_repaired(model: Any, update: dict[str, Any], heads: list[Head], notes: list[str]) -> None:
    """See that a softmax before a loss that expects logits is not applied twice where Keras itself undoes it.

    Its TensorFlow backend finds the logits a softmax or sigmoid was made of on the tensor, as long as nothing stands
    between that and the loss, not even a change of precision.
    """
    head = heads[0] if heads else None
    activation = None if head is None else head.activation
    loss = update.get("loss")
    if not update.get("loss_from_logits") or activation not in SQUASHES or loss not in SQUASHES.values():
        return
    keras = sys.modules.get("keras")
    backend = attribute(keras, "backend")
    on_tensorflow = backend is not None and attribute(backend, "backend")() == "tensorflow"
    last = last_layer(model)
    # A layer keeps the logits of either function for either loss.
    ends_there = head is not None and head.layer is last and is_own(last)
    # The function of a loss is found in the graph that is compiled of the user's own code, where it stands at the end.
    returned = code_of(model).returned[:1] == (("function", activation),)
    in_graph = returned and SQUASHES[activation] == loss and not attribute(model, "run_eagerly")
    precise = (attribute(last, "compute_dtype") or attribute(model, "compute_dtype")) == "float32"
    if on_tensorflow and (ends_there or in_graph) and precise:
        update["loss_from_logits"] = False
        notes.append(REPAIRED.format(activation=activation))


def trains_as_keras_does(model: Any) -> bool:
    """Whether ``train_step`` and ``compute_loss`` are Keras' own."""
    for name in ("train_step", "compute_loss"):
        owner = next((kind for kind in type(model).__mro__ if name in vars(kind)), None)
        if owner is None or owner.__module__.split(".")[0] not in {"keras", "tf_keras"}:
            return False
    return True


def _losses(loss: Any) -> list[Any]:
    """The losses in order, however ``compile`` was given them."""
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, list | tuple):
        return [one for one in loss if one is not None]
    return [] if loss is None else [loss]


def _task(model: Any, update: dict[str, Any], heads: list[Head]) -> str | None:
    outputs = attribute(model, "outputs") or []
    if len(outputs) != 1:
        return None
    axes = len(outputs[0].shape)
    loss = update.get("loss")
    if loss == "cross_entropy" and axes == 2:
        return "classification"
    if loss in {"bce", "bce_with_logits"} and axes == 2 and outputs[0].shape[-1] == 1:
        return "classification"
    if loss == "cross_entropy" and axes == 4:
        return "segmentation"
    plain = axes == 2 and heads and heads[0].activation is None
    return "regression" if loss in {"mse", "mae", "huber"} and plain and outputs[0].shape[-1] == 1 else None


def _l2(layer: Any) -> list[float]:
    found = []
    for name in REGULARIZERS:
        value = number_of(attribute(attribute(layer, name), "l2"))
        if value is not None and value > 0:
            found.append(value)
    return found


def _may_penalize(layer: Any) -> bool:
    """Whether a layer could add to the loss: the code of a stranger, and a regularizer whose weight is not known."""
    held = attribute(layer, "__dict__") or {}
    return not is_own(layer) or any(name.endswith("_regularizer") and one is not None for name, one in held.items())
