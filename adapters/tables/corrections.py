"""What the values tell that the names do not: percent, "not defined", an accuracy that is none, a loss in parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from expert.adapters.tables.numbers import Floats
from expert.history import History, Ignored, Provenance, Series
from expert.history.roles import snake

PERCENTAGES = frozenset({"accuracy", "top5_accuracy"})


def corrected(history: History, percent: frozenset[str] = frozenset(), *, sum_parts: bool = True) -> History:
    """Return the history with its series as the rules expect them; every change is in its notes."""
    notes, ignored = list(history.notes), list(history.ignored)
    series = _without_undefined(_known(history.series, ignored), notes, ignored)
    series = _not_evaluated(series, notes)
    series = _as_fractions(series, percent, notes)
    series = _real_accuracies(series, notes, ignored)
    config = history.config
    if {"d", "g"} <= {_adversary(one.name) for one in series}:
        notes.append("The log has losses of a generator and of a discriminator: the run is read as adversarial.")
        config = config.model_copy(update={"adversarial": True})
    elif sum_parts:
        series += _total_losses(series, notes)
    return history.model_copy(
        update={
            "series": tuple(series),
            "ignored": tuple(ignored),
            "notes": tuple(dict.fromkeys(notes)),
            "config": config,
        }
    )


def _known(series: Sequence[Series], ignored: list[Ignored]) -> list[Series]:
    known = []
    for one in series:
        if one.role is not None:
            known.append(one)
        else:
            reason = (
                one.source.reason if one.source is not None and one.source.reason else "no known quantity in its name"
            )
            ignored.append(Ignored(name=one.name, reason=reason))
    return known


def _without_undefined(series: Sequence[Series], notes: list[str], ignored: list[Ignored]) -> list[Series]:
    """Evaluators of detectors write -1 for a score that no object of the class allows to compute."""
    result = []
    for one in series:
        undefined = one.values == -1.0
        if one.direction != "higher" or not undefined.any() or not (one.values[~undefined] >= 0).all():
            result.append(one)
        elif undefined.all():
            ignored.append(Ignored(name=one.name, reason="is -1 throughout, which means not defined"))
        else:
            notes.append(f"{one.name!r} is -1 (not defined) {int(undefined.sum())} times; these points are left out.")
            result.append(one.model_copy(update={"at": one.at[~undefined], "values": one.values[~undefined]}))
    return result


def _not_evaluated(series: Sequence[Series], notes: list[str]) -> list[Series]:
    """A validation value of NaN between finite ones, again and again, is an epoch without validation."""
    result = []
    for one in series:
        absent = np.isnan(one.values)
        comes_back = int(np.count_nonzero(absent[:-1] & ~absent[1:]))
        if one.phase == "val" and comes_back >= 2 and not absent.all():
            notes.append(
                f"{one.name!r} is NaN between finite values {comes_back} times; these rows are taken as not evaluated."
            )
            result.append(one.model_copy(update={"at": one.at[~absent], "values": one.values[~absent]}))
        else:
            result.append(one)
    return result


def _as_fractions(series: Sequence[Series], percent: frozenset[str], notes: list[str]) -> list[Series]:
    scores = [one for one in series if _quantity(one) in PERCENTAGES]
    highest = max((_largest(one.values) for one in scores), default=0.0)
    # One scale for all of them: a validation accuracy of 0.9 % would pass for a fraction.
    in_percent = 1.5 < highest <= 100.5 and all(_smallest(one.values) >= 0 for one in scores)
    result, changed = [], []
    for one in series:
        marked = one.name in percent or one.unit == "percent"
        if (marked and _largest(one.values) > 1.5) or (in_percent and one in scores):
            changed.append(one.name)
            result.append(one.model_copy(update={"values": one.values / 100, "unit": "fraction"}))
        else:
            result.append(one.model_copy(update={"unit": None}) if marked else one)
    if changed:
        notes.append(f"In percent, and divided by 100: {', '.join(map(repr, changed))}.")
    return result


def _real_accuracies(series: Sequence[Series], notes: list[str], ignored: list[Ignored]) -> list[Series]:
    result = []
    for one in series:
        if _quantity(one) in PERCENTAGES and (_smallest(one.values) < 0 or _largest(one.values) > 1.0 + 1e-6):
            reason = f"is named an accuracy but holds values from {_smallest(one.values):g} to {_largest(one.values):g}"
            ignored.append(Ignored(name=one.name, reason=reason))
            notes.append(f"{one.name!r} {reason}, so it is not read as one.")
        else:
            result.append(one)
    return result


def _total_losses(series: Sequence[Series], notes: list[str]) -> list[Series]:
    """Detectors of the YOLO family log weighted parts of the loss and not their sum: ``train/box_loss`` ..."""
    totals = []
    for phase in ("train", "val"):
        parts = [one for one in series if re.fullmatch(rf"{phase}/\w+_loss", one.name.strip())]
        if (
            len(parts) < 2
            or any(one.role == f"{phase}.loss" for one in series)
            or len({one.clock for one in parts}) > 1
        ):
            continue
        at: Floats = parts[0].at
        for part in parts[1:]:
            at = np.intersect1d(at, part.at)
        if len(at) == 0:
            continue
        values = np.sum([part.values[np.searchsorted(part.at, at)] for part in parts], axis=0)
        names = " + ".join(part.name.strip() for part in parts)
        notes.append(f"The log has no total {phase} loss; {names} is used.")
        path = parts[0].source.path if parts[0].source is not None else None
        totals.append(
            parts[0].model_copy(
                update={
                    "role": f"{phase}.loss",
                    "name": names,
                    "at": at,
                    "values": values,
                    "source": Provenance(path=path, column=names, reason="sum of the logged parts of the loss"),
                }
            )
        )
    return totals


def _adversary(name: str) -> str | None:
    """``d`` or ``g`` for the loss of a discriminator or of a generator: ``D_loss``, ``loss/generator``."""
    words = set(snake(name).split("_"))
    if "loss" not in words:
        return None
    return (
        "d" if words & {"d", "disc", "discriminator", "critic"} else "g" if words & {"g", "gen", "generator"} else None
    )


def _quantity(series: Series) -> str:
    return (series.role or "").partition(".")[2]


def _largest(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else 0.0


def _smallest(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.min()) if len(finite) else 0.0
