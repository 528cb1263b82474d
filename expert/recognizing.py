"""What kind of run a run is, told by its telemetry: whether trained weights are trained further, the task, the network.

Such a kind is called a profile: a limit may have another value for it. Nothing here computes: each profile is read off
fields and names, and what they leave open stays unknown, for which the default values are right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from expert.history import History

ASPECTS: Mapping[str, tuple[str, ...]] = {
    "training": ("fine-tuning",),
    "task": ("classification", "regression", "language-model", "autoencoder", "segmentation", "detection"),
    "architecture": ("transformer", "rnn", "cnn", "tabular"),
}
"""The profiles that are recognized, by what they are about; a run has at most one of each. What stands first is more
specific: a value for it comes before one for what follows.
"""

ASPECT_OF: Mapping[str, str] = {name: aspect for aspect, names in ASPECTS.items() for name in names}

MOSTLY_FROZEN = 0.5
"""Share of the parameters: where less than this is trained, the rest was trained before, unless the weights are known
to be fresh. To freeze those is a mistake, and no fine-tuning.
"""

METRICS: Mapping[str, tuple[str, ...]] = {
    "language-model": ("perplexity", "bits_per_byte", "bits_per_character", "bpc", "bpb"),
    "detection": (
        "box_loss",
        "map",
        "map50",
        "map_0_5",
        "map50_95",
        "map_0_5_0_95",
        "map50_b",
        "map50_95_b",
        "loss_box_reg",
    ),
    "segmentation": ("iou", "dice", "dice_score", "jaccard"),
    "classification": ("accuracy", "top5_accuracy", "error_rate"),
    "regression": ("mae", "mse", "rmse", "r2"),
}
"""Metrics that one task alone is measured by; the first task that has one decides."""


class Recognized(NamedTuple):
    """A profile, and what it was recognized from, as the end of a sentence."""

    name: str
    sign: str


def recognized(history: History) -> tuple[Recognized, ...]:
    """The profiles of a run, the most specific first; empty where nothing tells one."""
    found = (_training(history), _task(history), _architecture(history))
    return tuple([one for one in found if one is not None])


def _training(history: History) -> Recognized | None:
    config, model = history.config, history.model
    if config.pretrained is not None:
        return Recognized("fine-tuning", "pre-trained weights") if config.pretrained else None
    fresh = model.initialization is not None or model.recurrent not in (None, "none")  # of cells nobody knows it
    if not fresh and model.parameters and model.trainable_parameters is not None:
        share = model.trainable_parameters / model.parameters
        if 0.0 < share < MOSTLY_FROZEN:
            return Recognized("fine-tuning", f"{1.0 - share:.0%} of the parameters frozen")
    return None


def _task(history: History) -> Recognized | None:
    config, data = history.config, history.data
    if config.task is not None:
        name = config.task.replace("_", "-")
        return Recognized(name, f"the task {config.task}")
    metric = _metric(history)
    if metric is not None:
        return metric
    if data.classes and config.loss in ("cross_entropy", "nll", "bce", "bce_with_logits", "hinge"):
        return Recognized("classification", f"{data.classes} classes")
    if not data.classes and config.loss in ("mse", "mae", "huber"):
        return Recognized("regression", f"the loss {config.loss}")
    return None


def _metric(history: History) -> Recognized | None:
    """The task that a metric belongs to."""
    names = dict.fromkeys(role.partition(".")[2] for role in history.roles if role.startswith(("train.", "val.")))
    for task, metrics in METRICS.items():
        for metric in metrics:
            if metric in names:
                return Recognized(task, f"the metric {metric}")
    losses = [series.name for series in history.series if series.role in ("train.loss", "val.loss")]
    if any(re.search(r"(?i)(?<![a-z])lm[ _]loss(?![a-z])", name) for name in losses):
        return Recognized("language-model", "a loss called lm loss")  # as Megatron-LM writes it
    return None


def _architecture(history: History) -> Recognized | None:
    model = history.model
    kinds = [layer.kind or "" for layer in model.layers or ()]
    if model.transformer:
        return Recognized("transformer", _counted(kinds, "attention", "a transformer"))
    if model.recurrent not in (None, "none"):
        return Recognized("rnn", f"{model.recurrent} layers")
    if model.convolutional:
        return Recognized("cnn", _counted(kinds, "conv", "convolutions"))
    others = (model.transformer, model.convolutional, model.embedding)
    if model.recurrent == "none" and all(one is False for one in others):
        return Recognized("tabular", "dense layers only")
    if history.layer("time_step_gradient_norm") is not None:
        return Recognized("rnn", "gradients by time step")
    if any(role.startswith("attention.") for role in history.roles):
        return Recognized("transformer", "attention logits")
    return None


def _counted(kinds: Sequence[str], word: str, otherwise: str) -> str:
    count = sum(word in kind for kind in kinds)
    return f"{count} {word} layers" if count > 1 else otherwise
