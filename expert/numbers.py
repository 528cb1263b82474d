"""The run's own numbers, for filling snippets: ``lr = 0.01  # was 0.001``."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from expert.facts import Facts
from expert.remedy import Remedy


def numbers_of(facts: Facts) -> Mapping[str, object]:
    """What is known, by placeholder name; a name that is missing is not known. A word from a log that is not a plain
    name is none: it would end up in code that people run.

    Rates are the largest the run used (a schedule's end says nothing about the rate that was chosen).
    """
    config = facts.config
    found: dict[str, float | int | str | None] = {
        "batch_size": config.batch_size,
        "epochs": config.epochs or facts.history.epochs,
        "weight_decay": config.weight_decay or None,
        "momentum": config.momentum,
        "dropout": facts.model.dropout or None,
        "classes": facts.data.classes or facts.model.output_units,
        "samples": facts.data.samples,
        "optimizer": config.optimizer if config.optimizer and config.optimizer.isidentifier() else None,
        "clip_bound": config.clip_value_high,
    }
    rates = facts.history.get("optimizer.learning_rate")
    used = rates.values[np.isfinite(rates.values)] if rates is not None else np.empty(0)
    found["learning_rate"] = config.learning_rate or (float(used.max()) if len(used) else None) or None
    _scaled(found, "learning_rate", (("a_tenth", 0.1), ("a_third", 1 / 3), ("tenfold", 10.0), ("threefold", 3.0)))
    _scaled(found, "weight_decay", (("a_tenth", 0.1), ("threefold", 3.0)))
    for name, factor in (("larger_batch_size", 4), ("smaller_batch_size", 0.5)):
        found[name] = max(1, round(config.batch_size * factor)) if config.batch_size else None
    found["longer_epochs"] = 2 * int(found["epochs"]) if found["epochs"] else None
    found["lower_dropout"] = rounded(facts.model.dropout / 2.5) if facts.model.dropout else None
    usual = _percentile(facts, "gradient.norm", 90.0)
    found["clip_norm"] = rounded(usual) if usual is not None else None
    if config.steps_per_epoch and found["epochs"]:
        found["total_steps"] = steps = config.steps_per_epoch * int(found["epochs"])
        found["warm_up_steps"] = max(1, steps // 20)
    if facts.data.nonfinite_where:
        found["nonfinite_rows"] = str(sorted({cell.row for cell in facts.data.nonfinite_where}))
    validation = facts.curve("val.loss")
    if validation is not None and len(validation.epochs):
        found["best_epoch"] = round(float(validation.epoch_numbers[int(np.argmin(validation.epochs))]))
    # What the run used is said as it was (float32 holds six digits); what is proposed is rounded where it is made.
    return {
        name: float(f"{value:.6g}") if isinstance(value, float) else value
        for name, value in found.items()
        if value is not None
    }


def rounded(value: float) -> float:
    """Two significant digits: what a person would type."""
    if value == 0.0 or not math.isfinite(value):
        return value
    return float(f"{value:.2g}")


def snippets(remedy: Remedy, numbers: Mapping[str, object], framework: str | None = None) -> Mapping[str, str]:
    """Code by framework: for each the first snippet whose placeholders are all known.

    Where the run's own framework is known and has code, that of the other frameworks is left out.
    """
    chosen: dict[str, str] = {}
    for snippet in remedy.snippets:
        if snippet.framework not in chosen and _placeholders(snippet.code) <= numbers.keys():
            chosen[snippet.framework] = snippet.code.format(**numbers)
    return {framework: chosen[framework]} if framework in chosen else chosen


@lru_cache(maxsize=1024)
def _placeholders(code: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(code) if name)


def _scaled(found: dict[str, float | int | str | None], name: str, factors: tuple[tuple[str, float], ...]) -> None:
    value = found[name]
    for label, factor in factors:
        found[f"{label}_of_{name}" if label.startswith("a_") else f"{label}_{name}"] = (
            rounded(value * factor) if isinstance(value, int | float) else None
        )


def _percentile(facts: Facts, role: str, percent: float) -> float | None:
    series = facts.history.get(role)
    if series is None:
        return None
    finite = series.values[np.isfinite(series.values)]
    return float(np.percentile(finite, percent)) if len(finite) >= 10 else None
