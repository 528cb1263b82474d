"""What logged parameters say of the configuration, where their names leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from expert.history import RunConfig
from expert.history.roles import snake


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    number = _number(text)
    return int(number) if number is not None and number.is_integer() else None


def _count(text: str) -> int | None:
    number = _whole(text)
    return number if number is not None and number > 0 else None


def _word(text: str) -> str | None:
    return text.lower() if re.fullmatch(r"[A-Za-z]{2,20}", text) and text.lower() not in ("none", "null") else None


FIELDS: Mapping[str, tuple[Callable[[str], Any], tuple[str, ...]]] = {
    "learning_rate": (_number, ("learning_rate", "lr", "opt_learning_rate", "initial_lr", "lr0")),
    "batch_size": (_count, ("batch_size", "train_batch_size")),
    "epochs": (_count, ("epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs", "nb_epochs")),
    "optimizer": (_word, ("optimizer", "opt_name", "optimizer_name")),
    "momentum": (_number, ("momentum", "opt_momentum")),
    "weight_decay": (_number, ("weight_decay", "opt_weight_decay")),
    "gradient_accumulation_steps": (_count, ("gradient_accumulation_steps", "accumulate_grad_batches")),
    "label_smoothing": (_number, ("label_smoothing", "label_smoothing_factor")),
    "warmup_steps": (_count, ("warmup_steps",)),
    "seed": (_whole, ("seed", "random_seed")),
    "beta1": (_number, ("beta1", "adam_beta1", "opt_beta_1")),
    "beta2": (_number, ("beta2", "adam_beta2", "opt_beta_2")),
}
"""Field of the configuration → how its text is read, and the names that mean it, in snake case."""


def config_of(parameters: Mapping[str, str]) -> RunConfig:
    """Return what parameters say; a field of which two of them say different things stays unknown."""
    spoken = {snake(name): text.strip() for name, text in parameters.items()}
    found: dict[str, Any] = {}
    for field, (read, names) in FIELDS.items():
        values = {value for name in names if name in spoken and (value := read(spoken[name])) is not None}
        if len(values) == 1:
            found[field] = values.pop()
    try:
        return RunConfig(**found)
    except ValidationError:
        return RunConfig()
