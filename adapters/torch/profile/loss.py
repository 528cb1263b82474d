"""What a PyTorch loss tells: which one it is, whether it expects logits, how it is reduced."""

from __future__ import annotations

import functools
import inspect
from typing import Any, NamedTuple

from expert.adapters.torch.profile.unwrapping import attribute, inner_module
from expert.errors import SourceError
from expert.history import RunConfig
from expert.history.profiles import Loss


class _Kind(NamedTuple):
    loss: Loss
    from_logits: bool | None


LOSSES = {
    "crossentropyloss": _Kind("cross_entropy", True),
    "nllloss": _Kind("nll", False),
    "bceloss": _Kind("bce", False),
    "bcewithlogitsloss": _Kind("bce_with_logits", True),
    "multilabelsoftmarginloss": _Kind("bce_with_logits", True),
    "mseloss": _Kind("mse", None),
    "l1loss": _Kind("mae", None),
    "smoothl1loss": _Kind("huber", None),
    "huberloss": _Kind("huber", None),
    "hingeembeddingloss": _Kind("hinge", None),
    "multimarginloss": _Kind("hinge", None),
    "binarycrossentropy": _Kind("bce", False),
    "binarycrossentropywithlogits": _Kind("bce_with_logits", True),
}
"""Class and function names, lower case without underscores and, for functions, with ``loss`` added where it lacks."""
TORCH = "torch.nn."


def read_loss(loss: object, config: RunConfig) -> RunConfig:
    """Return ``config`` with what ``loss`` (a module or a function) tells.

    A class derived from one of torch's that computes something of its own is ``custom``. Raises ``SourceError`` for
    what cannot be called.
    """
    if not callable(loss):
        raise SourceError(f"loss: expected a loss module or function, got {type(loss).__name__}.")
    settings: dict[str, Any] = {}
    while isinstance(loss, functools.partial):
        settings = loss.keywords | settings
        loss = loss.func
    loss = inner_module(loss)
    owner = next((kind for kind in type(loss).__mro__ if kind.__module__.startswith(TORCH)), None)
    if owner is None:
        known = read_loss_name(attribute(loss, "__name__") or "", config)
        return known.model_copy(update=_settings(settings)) if known.loss != "custom" else known
    own = inspect.getattr_static(type(loss), "forward", None) is not vars(owner).get("forward")
    config = config.model_copy(update={"loss": "custom"}) if own else read_loss_name(owner.__name__, config)
    if config.loss == "custom":
        return config
    found = {name: attribute(loss, name) for name in ("reduction", "label_smoothing")}
    # A weight that is None was given as None: the classes are not weighted.
    weights = [attribute(loss, name) for name in ("weight", "pos_weight") if hasattr(loss, name)]
    if weights:
        found["class_weights"] = any(weight is not None for weight in weights)
    return config.model_copy(update=_settings(found))


def read_loss_name(name: str, config: RunConfig) -> RunConfig:
    """Return ``config`` with what the name of a loss class or function tells; ``custom`` for one that is not known."""
    plain = name.lower().replace("_", "")
    kind = LOSSES.get(plain) or LOSSES.get(plain + "loss")
    if kind is None:
        return config.model_copy(update={"loss": "custom"})
    update: dict[str, Any] = {"loss": kind.loss, "loss_from_logits": kind.from_logits, "loss_formula": "fused"}
    if kind.loss in {"mse", "mae", "huber", "hinge"}:
        del update["loss_formula"]
    return config.model_copy(update=update)


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if given.get("reduction") in {"mean", "sum"}:
        found["loss_reduction"] = given["reduction"]
    if isinstance(given.get("label_smoothing"), int | float):
        found["label_smoothing"] = float(given["label_smoothing"])
    if given.get("class_weights") is not None:
        found["class_weights"] = given["class_weights"]
    if any(given.get(name) is not None for name in ("weight", "pos_weight")):
        found["class_weights"] = True
    return found
