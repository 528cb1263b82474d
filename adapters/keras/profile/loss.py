"""What a loss of Keras tells: which one it is, whether it expects logits, how it is reduced."""

from __future__ import annotations

import functools
from typing import Any

from expert.adapters.keras.profile.tree import attribute, is_own
from expert.adapters.structure import snake_case
from expert.history.profiles import Loss

LOSSES: dict[str, Loss] = {
    "bce": "bce",
    "binary_crossentropy": "bce",
    "binary_focal_crossentropy": "bce",
    "categorical_crossentropy": "cross_entropy",
    "categorical_focal_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "mean_squared_error": "mse",
    "mse": "mse",
    "mean_absolute_error": "mae",
    "mae": "mae",
    "huber": "huber",
    "hinge": "hinge",
    "squared_hinge": "hinge",
    "categorical_hinge": "hinge",
}
ENTROPIES = {"cross_entropy", "bce"}


def read_loss(loss: Any) -> dict[str, Any]:
    """Return the fields of `RunConfig` a loss fixes: an object, a function or a name; ``custom`` for one not known."""
    given: dict[str, Any] = {}
    while isinstance(loss, functools.partial):
        given = loss.keywords | given
        loss = loss.func
    kind = _kind(loss)
    result: dict[str, Any] = {"loss": kind}
    if kind == "custom":
        return result
    settings = _settings(loss) | given
    reduction = settings.get("reduction", "sum_over_batch_size")
    result["loss_reduction"] = "sum" if reduction == "sum" else None if reduction in {None, "none"} else "mean"
    if kind in ENTROPIES:
        from_logits = bool(settings.get("from_logits", False))
        result |= {
            "loss_from_logits": from_logits,
            "label_smoothing": float(settings.get("label_smoothing", 0.0)),
            # From probabilities Keras takes the logarithm of what it has clipped; that is neither.
            "loss_formula": "fused" if from_logits else None,
        }
        if kind == "bce" and from_logits:
            result["loss"] = "bce_with_logits"
        if settings.get("apply_class_balancing"):
            result["class_weights"] = True
    return result


def _kind(loss: Any) -> Loss:
    if isinstance(loss, str):
        return LOSSES.get(snake_case(loss), "custom")
    if not is_own(loss) and not (attribute(loss, "__module__") or "").startswith(("keras.", "tf_keras.")):
        # Somebody else's class or function; one derived from a loss of Keras without a call of its own is that loss.
        owner = next((kind for kind in type(loss).__mro__ if "call" in vars(kind)), None)
        wrapped = attribute(loss, "fn") if owner is not None and owner.__name__ == "LossFunctionWrapper" else None
        return LOSSES.get(attribute(wrapped, "__name__") or "", "custom")
    name = attribute(loss, "__name__") or snake_case(type(loss).__name__)
    return LOSSES.get(snake_case(name), "custom")


def _settings(loss: Any) -> dict[str, Any]:
    try:
        settings = loss.get_config()
    except Exception:  # a function, or a class of somebody else's
        settings = {}
    held = attribute(loss, "_fn_kwargs")
    return dict(settings) | (held if isinstance(held, dict) else {})
