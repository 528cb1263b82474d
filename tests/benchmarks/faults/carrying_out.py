"""What a remedy does to a setup: first of all what its own data say, and by hand only what fields of a profile cannot.

Nothing here knows the fault: what a remedy does not touch stays as sick as it was. What is repaired in the data or the
code (labels paired anew, rows without NaN) is repaired in full, as by somebody who finds what there is to find.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from expert.parts import ProposedChange

from .problems.problem import Problem
from .setup import Setup

Fields = Mapping[str, Any]
"""Fields of a setup and what becomes of them."""

NUMBERS: Mapping[str, str] = {
    "config.learning_rate": "rate",
    "config.batch_size": "batch",
    "config.epochs": "epochs",
    "config.weight_decay": "weight_decay",
    "config.momentum": "momentum",
    "config.epsilon": "epsilon",
    "config.clip_norm": "clip_norm",
    "config.label_smoothing": "label_smoothing",
    "config.gradient_accumulation_steps": "accumulation",
    "model.dropout": "dropout",
}
"""Profile fields that are numbers, and the field of a setup that each is."""

PENALTY = "config.l2_penalty"
"""What Keras has in place of a weight decay; its gradient is twice as large."""

WHOLE = ("batch", "epochs", "accumulation")

ADDED_NOISE = 0.2
"""Standard deviation of what augmentation adds to inputs of deviation 1."""


def _optimizer(value: str, setup: Setup, problem: Problem) -> Fields:
    return {"optimizer": value} if value == "sgd" else {"optimizer": value, "momentum": 0.0}


def _warm_up(value: float, setup: Setup, problem: Problem) -> Fields:
    """So many steps; a tenth of the run at most, as the remedy says."""
    updates = setup.epochs * math.ceil(setup.samples / (setup.batch * setup.accumulation))
    return {"warmup": min(0.1, value / updates)}


def _normalization(value: str, setup: Setup, problem: Problem) -> Fields:
    # Group normalization with a single group is what the networks have for anything but batch normalization.
    return {"normalization": "batch" if value == "batch" else "layer"}


def _augmentation(value: bool, setup: Setup, problem: Problem) -> Fields:
    tokens = problem.kind in ("transformer", "embedding")
    return {} if tokens else {"input_noise": ADDED_NOISE * setup.input_scale if value else 0.0}


def _order(value: bool, setup: Setup, problem: Problem) -> Fields:
    return {"order": "redrawn"} if value and setup.order != "first_part" else {}


WORDS: Mapping[str, Callable[[Any, Setup, Problem], Fields]] = {
    "config.optimizer": _optimizer,
    "config.decoupled_weight_decay": lambda value, setup, _: (
        {"optimizer": "adamw"} if value and setup.optimizer == "adam" else {}
    ),
    "config.schedule": lambda value, *_: {"schedule": value},
    "config.warmup_steps": _warm_up,
    "config.shuffle": _order,
    "config.gradients_zeroed": lambda value, *_: {"gradients_zeroed": value},
    "config.class_weights": lambda value, *_: {"class_weights": value},
    "config.augmentation": _augmentation,
    "config.loss": lambda *_: {"loss": "right"},
    "config.loss_formula": lambda value, setup, _: (
        {"loss": "right"} if setup.loss in ("log_of_softmax", "clamped") else {}
    ),
    "config.loss_reduction": lambda value, *_: {"reduction": value},
    "config.clip_value_low": lambda value, setup, _: (
        {"clip_values": (value, setup.clip_values[1])} if setup.clip_values else {}
    ),
    "config.clip_value_high": lambda value, setup, _: (
        {"clip_values": (setup.clip_values[0], value)} if setup.clip_values else {}
    ),
    "config.checkpoint_best": lambda value, *_: {"keep_best": value},
    "config.pretrained": lambda value, *_: {"pretrained": value},
    "config.evaluation_mode_in_validation": lambda value, *_: {"evaluation_mode": value},
    "config.training_mode_in_training": lambda value, *_: {"training_mode": value},
    "model.activation": lambda value, *_: {"activation": value},
    "model.output_activation": lambda value, *_: {"head_activation": value},
    "model.initialization": lambda value, *_: {"initialization": value, "gain": 1.0, "hidden_bias": None},
    "model.normalization": _normalization,
    # As the remedy says: normalized at the entrance, the last layer at zero.
    "model.residual": lambda value, *_: {"residual": value, "normalized_entrance": value},
    "model.recurrent": lambda value, setup, problem: {"recurrence": value} if problem.kind == "recurrent" else {},
}
"""Profile fields that are set, and what that is in a setup. A field that no setup has changes nothing."""


def _more_samples(setup: Setup, problem: Problem) -> Fields:
    return {"samples": max(setup.samples, problem.sound.samples)}


def _labels(setup: Setup, problem: Problem) -> Fields:
    """Looking at labels where the model gets them shows a wrong pairing, and class maps that differ."""
    apart = {"validation": "apart"} if setup.validation == "other_labels" else {}
    return {"labels": "right", **apart}


def _prepared_alike(setup: Setup, problem: Problem) -> Fields:
    return {"validation": "apart"} if setup.validation in ("shifted", "other_labels") else {}


def _split(setup: Setup, problem: Problem) -> Fields:
    return {"validation": "apart"} if setup.validation == "copied" else {}


def _located(setup: Setup, problem: Problem) -> Fields:
    """Where the first number arises that is none: in the inputs, in a logarithm by hand, or in what grew before."""
    if setup.bad_cells:
        return {"bad_cells": 0}
    if setup.loss in ("log_of_softmax", "clamped"):
        return {"loss": "right"}
    return {"rate": 0.1 * setup.rate}


def _nonlinear(setup: Setup, problem: Problem) -> Fields:
    return {"activation": "relu" if setup.activation == "none" else setup.activation, "head_activation": "none"}


BY_HAND: Mapping[str, Callable[[Setup, Problem], Fields]] = {
    "FX101": lambda *_: {"bad_cells": 0},
    "FX102": lambda *_: {"bad_cells": 0},
    "FX103": lambda *_: {"input_scale": 1.0, "input_offset": 0.0, "scale_ratio": 1.0},
    "FX104": lambda *_: {"target_scale": 1.0, "target_offset": 0.0},
    "FX105": _labels,
    "FX106": lambda *_: {"labels": "right"},
    "FX108": lambda *_: {"order": "redrawn"},
    "FX111": _split,
    "FX112": _split,
    "FX113": _prepared_alike,
    "FX115": lambda *_: {"label_noise": 0.0},
    "FX201": _located,
    "FX207": lambda setup, _: {"loss": "right"} if setup.loss == "negated" else {},
    "FX409": lambda *_: {"left_out": False},
    "FX410": lambda *_: {"frozen": False, "left_out": False},
    "FX502": lambda setup, _: {"extra_layers": max(0, setup.extra_layers - 1)},
    "FX503": _nonlinear,
    "FX505": lambda setup, _: {"width": 2.0 * setup.width},
    "FX507": lambda *_: {"prior_bias": True},
    "FX508": lambda setup, _: {"width": 0.5 * setup.width},
    "FX601": _more_samples,
    "FX611": lambda setup, _: {"input_noise": 0.5 * setup.input_noise},
}
"""Remedies that change what no field of a profile tells. One that is neither here nor has changes cannot be carried out
by machine, and counts as a try in vain.
"""


def carried_out(remedy: str, changes: tuple[ProposedChange, ...], setup: Setup, problem: Problem) -> Setup:
    """The setup with one step of a remedy taken; the same setup where there is nothing to take."""
    if remedy in BY_HAND:
        setup = setup.but(**BY_HAND[remedy](setup, problem))
    for change in changes:
        setup = setup.but(**_fields(change, setup, problem))
    return setup


def _fields(change: ProposedChange, setup: Setup, problem: Problem) -> Fields:
    if change.field == PENALTY and isinstance(change.value, float):
        if change.operation == "multiply":
            return {"weight_decay": change.value * setup.weight_decay}
        return {"weight_decay": max(setup.weight_decay, 2.0 * change.value)}
    if change.field not in NUMBERS:
        return WORDS[change.field](change.value, setup, problem) if change.field in WORDS else {}
    name = NUMBERS[change.field]
    value = change.value
    if change.operation == "multiply":
        value = float(f"{(getattr(setup, name) or 0.0) * value:.4g}")
    if name == "label_smoothing" and problem.task not in ("classification", "language_model"):
        return {}
    return {name: max(1, round(value)) if name in WHOLE else value}
