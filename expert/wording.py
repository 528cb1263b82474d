"""How values, places, roles and profile fields are said: sentences are templates with named placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

SUBJECTS = {"train": "training", "val": "validation", "train_eval": "evaluation-mode training"}
CLOCKS = {"step": "step {}", "epoch": "epoch {}", "seconds": "{} s"}

NOUNS: Mapping[str, str] = {
    "activation": "activation of the hidden layers",
    "blind_loss": "training loss without inputs",
    "batch_label_entropy": "label variety of a batch, as a share of the set's,",
    "class_counts": "number of classes counted",
    "classes": "number of classes",
    "clip_norm": "bound on the gradient norm",
    "clip_value_high": "upper bound on gradient entries",
    "clip_value_low": "lower bound on gradient entries",
    "constant_columns": "number of constant columns",
    "depth": "number of weight layers in a row",
    "dropout": "largest dropout rate",
    "duplicates": "share of rows that repeat an earlier one",
    "epochs": "number of epochs",
    "feature_shift": "share of columns that differ between training and validation",
    "features": "number of features",
    "frozen": "number of frozen layers",
    "gradient_accumulation_steps": "number of batches whose gradients are accumulated",
    "l2_penalty": "weight of the L2 penalty",
    "label_maximum": "largest label",
    "label_minimum": "smallest label",
    "label_shift": "distance between the labels of training and validation",
    "largest_mean": "largest mean of an input column",
    "largest_std": "largest standard deviation of an input column",
    "layers": "number of layers",
    "loader_workers": "number of processes that load samples",
    "loss": "loss function",
    "nonfinite_cells": "number of non-finite cells",
    "nonfinite_where": "number of non-finite cells located",
    "output_activation": "activation of the output",
    "output_units": "number of output units",
    "parameters": "number of parameters",
    "probability_clamp": "smallest probability admitted to a logarithm",
    "recurrent": "kind of recurrent layers",
    "rows_with_nonfinite": "number of rows with a non-finite cell",
    "samples": "number of training samples",
    "scale_ratio": "ratio of the largest to the smallest standard deviation of the input columns",
    "schedule": "learning-rate schedule",
    "smallest_std": "smallest standard deviation of an input column",
    "steps_per_epoch": "number of steps in an epoch",
    "target_mean": "mean of the targets",
    "seen_shares": "number of classes whose share is known of batches",
    "target_prior": "number of classes whose share is known",
    "step_order": "order of the calls in a step",
    "target_std": "standard deviation of the targets",
    "train_val_overlap": "share of validation rows that are also training rows",
    "trainable_parameters": "number of trainable parameters",
    "tuned_batch_size": "batch size for which the learning rate was chosen",
    "validation_samples": "number of validation samples",
    "validation_split": "share of the samples held out for validation",
    "warmup_steps": "number of warm-up steps",
    "without_gradient": "number of parameters without a gradient",
}
"""Fields whose name alone is not the noun a person would say; the others are said by their name."""

YES_NO: Mapping[str, tuple[str, str]] = {
    "adversarial": ("the training is adversarial", "the training is not adversarial"),
    "algorithmic": ("the samples are made by a rule", "the samples are not made by a rule"),
    "augmentation": ("the samples are augmented", "the samples are not augmented"),
    "checkpoint_best": ("the best weights are kept", "the best weights are not kept"),
    "clipped_before_unscaling": (
        "gradients are clipped while they are scaled",
        "gradients are not clipped while they are scaled",
    ),
    "class_weights": ("the classes are weighted", "the classes are not weighted"),
    "convolutional": ("the model is convolutional", "the model is not convolutional"),
    "decay_on_norm_and_bias": (
        "weight decay acts on normalization layers or biases",
        "weight decay leaves normalization layers and biases alone",
    ),
    "decoupled_weight_decay": ("weight decay acts on the weights", "weight decay is added to the gradient"),
    "early_stopping": ("the training stops early", "the training does not stop early"),
    "embedding": ("the model has an embedding", "the model has no embedding"),
    "evaluation_mode_in_validation": ("validation runs in evaluation mode", "validation runs in training mode"),
    "dropout_in_evaluation": (
        "a dropout in the code of the model stays on in evaluation",
        "every dropout is turned off in evaluation",
    ),
    "gradients_zeroed": (
        "the gradients are zeroed before each update is computed",
        "the gradients are not zeroed before each update is computed",
    ),
    "labels_integer": ("the labels are integers", "the labels are not integers"),
    "linear": ("the model is linear", "the model is not linear"),
    "loss_from_logits": ("the loss expects logits", "the loss expects probabilities"),
    "loss_scaling": ("the loss is scaled", "the loss is not scaled"),
    "mixup": ("samples are mixed", "samples are not mixed"),
    "nesterov": ("Nesterov momentum is on", "Nesterov momentum is off"),
    "order_redrawn": (
        "the order of the samples is drawn anew in each epoch",
        "the order of the samples is the same in each epoch",
    ),
    "loss_broadcast": (
        "the loss spreads outputs and targets of different shapes over each other",
        "the loss compares outputs and targets of one shape",
    ),
    "penalty_in_gradient": ("the gradients include the penalty", "the gradients leave the penalty out"),
    "penalty_in_loss": ("the logged loss includes the penalty", "the logged loss leaves the penalty out"),
    "pretrained": ("the training starts from pre-trained weights", "the training does not start from trained weights"),
    "reinforcement": ("this is reinforcement learning", "this is not reinforcement learning"),
    "reseeded": ("the seed is set again during the run", "the seed is not set again during the run"),
    "residual": ("the model has residual connections", "the model has no residual connections"),
    "seeded": ("a seed was set", "no seed was set"),
    "shuffle": ("the samples are shuffled", "the samples are not shuffled"),
    "softmax_over_classes": (
        "the softmax runs over the classes",
        "the softmax runs over another axis than that of the classes",
    ),
    "sorted_by_label": ("the samples are sorted by label", "the samples are not sorted by label"),
    "targets_are_inputs": (
        "the targets are the inputs, place for place",
        "the targets are other tokens than the inputs",
    ),
    "training_mode_in_training": ("training runs in training mode", "training runs in evaluation mode"),
    "transformer": ("the model is a transformer", "the model is not a transformer"),
    "validation_augmented": ("validation samples are augmented", "validation samples are not augmented"),
    "warm_restarts": ("the learning rate restarts", "the learning rate does not restart"),
    "weight_averaging": ("the weights are averaged", "the weights are not averaged"),
    "workers_share_randomness": (
        "the loading processes draw the same random numbers",
        "the loading processes draw random numbers of their own",
    ),
}
"""What a field says when it is true and when it is false."""


@lru_cache(maxsize=1024)  # roles come from logs as well
def spoken(role: str) -> str:
    """A role in words: ``val.loss`` is "validation loss"."""
    subject, _, quantity = role.partition(".")
    return f"{SUBJECTS.get(subject, subject)} {quantity.replace('_', ' ')}"


def capitalized(clause: str) -> str:
    """A clause as the beginning of a sentence."""
    return clause[:1].upper() + clause[1:]


def place(at: float | None, clock: str | None) -> str:
    """A position in words: ``epoch 3``, ``step 1234567``; empty where there is none."""
    if at is None:
        return ""
    return CLOCKS.get(clock or "epoch", f"{clock} {{}}").format(f"{at:.0f}" if at == round(at) else f"{at:.4g}")


def field_template(name: str, value: object) -> str:
    """The sentence template that says the value of a profile field."""
    if isinstance(value, bool) and name in YES_NO:
        return YES_NO[name][not value]
    return f"the {_noun(name)} is {{value}}"


@lru_cache(maxsize=1024)
def field_unknown(name: str) -> str:
    """The clause that says that a profile field is not known."""
    if name in YES_NO:
        return f"it is not known whether {YES_NO[name][0]}"
    return f"the {_noun(name)} is not known"


def _noun(name: str) -> str:
    return NOUNS.get(name, name.replace("_", " "))


def fill(template: str, words: Mapping[str, object]) -> str:
    """A sentence from its template. Numbers without a format get four digits; what is not known says so."""
    said = _Words({name: _said(value) for name, value in words.items()})
    try:
        return template.format_map(said)
    except (ValueError, TypeError, AttributeError, LookupError):  # a number format for a word, say: plain values do
        return re.sub(r"\{(\w+)[^}]*\}", lambda match: str(said[match[1]]), template)


def _said(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _Number(value) if isinstance(value, float) else value


class _Number(float):
    def __format__(self, spec: str) -> str:
        return float.__format__(self, spec or ".4g")

    def __str__(self) -> str:
        return format(self)


class _Words(dict[str, object]):
    def __missing__(self, key: str) -> _Blank:
        return _Blank(key)


class _Blank:
    """Stands for a number that is not known, whatever format it is asked in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __format__(self, spec: str) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"({self.name.replace('_', ' ')} not known)"
