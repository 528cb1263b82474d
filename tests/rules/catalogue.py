"""The catalogue of remedies, and the numbers of a run of which everything is known."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import expert.rules.remedies
from expert.facts import Facts
from expert.history import History
from expert.numbers import numbers_of
from expert.remedy import Remedy
from expert.signals import SIGNALS

REMEDIES: dict[str, Remedy] = {
    remedy.id: remedy
    for found in pkgutil.iter_modules(expert.rules.remedies.__path__, expert.rules.remedies.__name__ + ".")
    for remedy in importlib.import_module(found.name).REMEDIES
}
SIGNALS_BY_ID = {signal.id: signal for signal in SIGNALS}
FRAMEWORKS = ("torch", "keras", "numpy")


def by_name(name: str) -> Remedy:
    return next(remedy for remedy in REMEDIES.values() if remedy.name == name)


def known_numbers() -> Mapping[str, object]:
    """Every number a snippet may name, of a run of 4 epochs of 4 steps whose configuration is fully known."""
    rows = [
        {
            "step": step,
            "epoch": step // 4,
            "train.loss": 2.0 - step / 20,
            "val.loss": 2.0,
            "gradient.norm": 1.0 + step / 10,
        }
        for step in range(16)
    ]
    config: dict[str, float | str] = {
        "learning_rate": 0.1,
        "batch_size": 16,
        "epochs": 4,
        "steps_per_epoch": 4,
        "weight_decay": 0.001,
    }
    config |= {"momentum": 0.9, "optimizer": "sgd", "clip_value_high": 5.0}
    cells = [{"row": 3, "column": "age", "value": "nan"}]
    history = History.from_records(
        rows,
        config=config,
        model={"dropout": 0.5, "output_units": 4},
        data={"samples": 64, "classes": 4, "nonfinite_where": cells},
    )
    return numbers_of(Facts(history, SIGNALS_BY_ID))
