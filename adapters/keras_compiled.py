"""What ``model.compile`` of Keras fixed: optimizer, clipping, loss, precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from expert.adapters.structure import snake_case
from expert.history import RunConfig
from expert.history.profiles import Loss

LOSSES: dict[str, Loss] = {
    "binary_crossentropy": "bce",
    "categorical_crossentropy": "cross_entropy",
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
OPTIMIZERS = {"adam_w": "adamw", "r_ms_prop": "rmsprop"}


def read_compiled(model: Any) -> tuple[RunConfig, tuple[str, ...]]:
    """Return the configuration a ``keras.Model`` was compiled with; only framework and precision if it was not."""
    update: dict[str, Any] = {"framework": "keras"}
    policy = getattr(getattr(model, "dtype_policy", None), "name", "")
    precision = policy.removeprefix("mixed_")
    if precision in {"float32", "float16", "bfloat16"}:
        update["precision"] = precision
    penalties = [penalty for penalty in (_l2(layer) for layer in _layers(model)) if penalty is not None]
    if penalties:
        update["l2_penalty"] = max(penalties)
    if not getattr(model, "compiled", False):
        return RunConfig(**update), ()
    # The compiled training step adds the penalties of the layers to the loss it logs.
    update["penalty_in_loss"] = True if penalties else None
    notes: list[str] = []
    if getattr(model, "optimizer", None) is not None:
        update |= read_optimizer(model.optimizer)
    loss, extra = _single_loss(model.loss)
    if extra:
        notes.append(f"The model has {extra + 1} losses; only the first is described in the configuration.")
    if loss is not None:
        update |= _read_loss(loss)
        outputs: list[Any] = list(getattr(model, "outputs", None) or ())
        if update["loss"] == "cross_entropy" and len(outputs) == 1 and len(outputs[0].shape) == 2:
            update["task"] = "classification"
    return RunConfig(**{key: value for key, value in update.items() if value is not None}), tuple(notes)


def read_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return the fields of `RunConfig` a Keras optimizer fixes."""
    scaled = getattr(optimizer, "inner_optimizer", None)
    inner = optimizer if scaled is None else scaled
    settings = inner.get_config()
    name = snake_case(type(inner).__name__).replace("_", "")
    rate, schedule = settings.get("learning_rate"), None
    result: dict[str, Any] = {}
    if isinstance(rate, dict):
        schedule = snake_case(str(rate.get("class_name", "custom")))
        details = rate.get("config", {})
        rate = details.get("warmup_target") or details.get("initial_learning_rate")
        result["warmup_steps"] = int(details.get("warmup_steps") or 0) or None
        result["warm_restarts"] = "restarts" in schedule
    decay = _number(settings.get("weight_decay"))
    clip = _number(settings.get("clipvalue"))
    return result | {
        "optimizer": name,
        "learning_rate": _number(rate),
        "schedule": schedule,
        "momentum": _number(settings.get("momentum")),
        "nesterov": settings.get("nesterov"),
        "weight_decay": 0.0 if decay is None and "weight_decay" in settings else decay,
        # Every Keras 3 optimizer takes the decay off the weights themselves.
        "decoupled_weight_decay": True if decay else None,
        "epsilon": _number(settings.get("epsilon")),
        "beta1": _number(settings.get("beta_1")),
        "beta2": _number(settings.get("beta_2")),
        "rho": _number(settings.get("rho")),
        "clip_norm": _number(settings.get("global_clipnorm") or settings.get("clipnorm")),
        "clip_value_low": None if clip is None else -clip,
        "clip_value_high": clip,
        "gradient_accumulation_steps": settings.get("gradient_accumulation_steps"),
        "weight_averaging": settings.get("use_ema"),
        "loss_scaling": True if scaled is not None else None,
    }


def _single_loss(loss: Any) -> tuple[Any, int]:
    """The first loss, and how many there are besides."""
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, list | tuple):
        return (loss[0] if loss else None), max(0, len(loss) - 1)
    return loss, 0


def _read_loss(loss: Any) -> dict[str, Any]:
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None) or snake_case(type(loss).__name__)
    kind = LOSSES.get(snake_case(name), "custom")
    result: dict[str, Any] = {"loss": kind}
    if kind == "custom":
        return result
    settings = loss.get_config() if hasattr(loss, "get_config") else {}
    reduction = settings.get("reduction", "sum_over_batch_size")
    result["loss_reduction"] = "sum" if reduction == "sum" else None if reduction in {None, "none"} else "mean"
    if kind in {"cross_entropy", "bce"}:
        from_logits = bool(settings.get("from_logits", False))
        result |= {"loss_from_logits": from_logits, "label_smoothing": float(settings.get("label_smoothing", 0.0))}
        if kind == "bce" and from_logits:
            result["loss"] = "bce_with_logits"
    return result


def _l2(layer: Any) -> float | None:
    regularizer = getattr(layer, "kernel_regularizer", None)
    value = getattr(regularizer, "l2", None)
    return _number(value) if value is not None and float(value) > 0 else None


def _layers(layer: Any) -> list[Any]:
    children = list(getattr(layer, "layers", None) or getattr(layer, "_layers", None) or ())
    return children + [grandchild for child in children for grandchild in _layers(child)]


def _number(value: Any) -> float | None:
    """A float; one that Keras keeps in float32 gets its short decimal form back (0.1, not 0.10000000149)."""
    return None if value is None else float(str(np.float32(value)))
