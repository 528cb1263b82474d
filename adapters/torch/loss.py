"""What a PyTorch loss tells: which one it is, whether it expects logits, how it is reduced."""

from __future__ import annotations

from typing import Any, NamedTuple

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


def read_loss(loss: object, config: RunConfig) -> RunConfig:
    """Return ``config`` with what ``loss`` (a module or a function) tells."""
    if not callable(loss):
        raise SourceError(f"loss: expected a loss module or function, got {type(loss).__name__}.")
    owners = [owner.__name__ for owner in type(loss).__mro__ if owner.__module__.startswith("torch.nn.")]
    names = owners or [getattr(loss, "__name__", "")]
    kind = next((found for name in names if (found := _find(name)) is not None), None)
    if kind is None:
        return config.model_copy(update={"loss": "custom"})
    update: dict[str, Any] = {"loss": kind.loss, "loss_from_logits": kind.from_logits, "loss_formula": "fused"}
    if kind.loss in {"mse", "mae", "huber", "hinge"}:
        del update["loss_formula"]
    if owners:
        module: Any = loss
        if module.reduction in {"mean", "sum"}:
            update["loss_reduction"] = module.reduction
        if hasattr(module, "label_smoothing"):
            update["label_smoothing"] = float(module.label_smoothing)
        if hasattr(module, "weight"):
            weights = [module.weight, getattr(module, "pos_weight", None)]
            update["class_weights"] = any(weight is not None for weight in weights)
    return config.model_copy(update=update)


def _find(name: str) -> _Kind | None:
    plain = name.lower().replace("_", "")
    return LOSSES.get(plain) or LOSSES.get(plain + "loss")
