"""Thresholds of the literature on the same runs, written anew from the rules in the papers and the documented defaults.

AutoTrainer (ICSE 2021), UMLAUT (CHI 2021), DeepDiagnosis (ICSE 2022) and the built-in rules of SageMaker Debugger. Each
is a function from a History to the symptoms it would report, in the words of our own rules, so that the same table
scores all. They get all that the History holds; what a tool needs and the History lacks is not reported by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from expert.history import History

Floats = NDArray[np.float64]


def _values(history: History, role: str) -> Floats:
    series = history.get(role)
    return np.asarray(series.values, dtype=float) if series is not None else np.empty(0)


def _layers(history: History, quantity: str) -> Floats:
    """Steps × layers, in forward order; empty where it was not recorded."""
    found = history.layer(quantity)
    return np.asarray(found.values, dtype=float) if found is not None else np.empty((0, 0))


def _epoch_losses(history: History) -> Floats:
    """The training loss by epoch: means of as many parts as there are epochs."""
    losses, epochs = _values(history, "train.loss"), history.epochs or 0
    return np.array([part.mean() for part in np.array_split(losses, epochs)]) if 0 < epochs <= len(losses) else losses


def autotrainer(history: History) -> set[str]:
    """Vanishing and exploding gradients, dead rectifiers, oscillating and slow training; only below 70 % accuracy."""
    accuracy, losses = _values(history, "train.accuracy"), _values(history, "train.loss")
    if accuracy.size and np.nanmax(accuracy) >= 0.7:
        return set()
    found = set()
    norms = _layers(history, "gradient_norm")
    if norms.size and norms.shape[1] > 1:
        with np.errstate(all="ignore"):
            ratio = np.nanmedian(norms[:, 0] / norms[:, -1])
        if ratio < 1e-3 and np.nanmedian(norms[:, 0]) < 1e-4:
            found.add("GRD101")
        if ratio > 70 or not np.isfinite(norms).all():
            found.add("GRD102")
    if losses.size and (not np.isfinite(losses).all() or np.nanmax(losses) > 1e3):
        found.add("GRD102")
    zero = _layers(history, "zero_share")
    if zero.size and np.nanmax(zero[-1]) >= 0.7:
        found.add("ACT101")
    if len(accuracy) > 2:
        steps = np.diff(accuracy)
        turns = np.sum((np.abs(steps) >= 0.03) & (np.sign(steps) < 0))
        if turns >= 0.2 * len(accuracy):
            found.add("OSC101")
        if steps.max() < 0.01:
            found.add("PLT102")
    return found


def umlaut(history: History) -> set[str]:
    """Inputs outside [-1, 1], rates out of range, suspicious validation accuracy, dropout, the last activation, NaN."""
    found = set()
    data, config, model = history.data, history.config, history.model
    if data.largest_mean is not None and data.largest_std is not None and data.largest_mean + 2 * data.largest_std > 1:
        found.add("DAT201")
    if config.learning_rate is not None and config.learning_rate > 0.01:
        found |= {"OPT101", "OSC102"}
    if config.learning_rate is not None and config.learning_rate < 1e-7:
        found.add("PLT102")
    train, val = _values(history, "train.accuracy"), _values(history, "val.accuracy")
    if len(val) > 3 and (val[3:] > 0.95).any():
        found.add("DAT402")
    if len(val) > 3 and len(train) == len(val) and (val[3:] > train[3:] + 0.05).any():
        found.add("DAT402")
    if model.dropout is not None and model.dropout > 0.5:
        found.add("CFG106")
    if model.output_activation in ("softmax", "sigmoid") and config.loss in ("cross_entropy", "bce_with_logits"):
        found.add("MOD101")
    if not np.isfinite(_values(history, "train.loss")).all():
        found.add("NUM101")
    losses, outside = _epoch_losses(history), _values(history, "val.loss")
    if len(outside) > 3 and outside[-1] > outside.min() and len(losses) > 3 and losses[-1] < losses[-2]:
        found.add("GEN101")
    return found


def deep_diagnosis(history: History) -> set[str]:
    """Dead and saturated units, vanishing gradients, the update ratio, the rate's range, losses that do not fall."""
    found = set()
    zero = _layers(history, "zero_share")
    if zero.size and np.nanmax(zero) >= 0.7:
        found.add("ACT101")
    saturated = _layers(history, "saturated_share")
    if saturated.size and np.nanmax(saturated) > 0.5:
        found.add("ACT102")
    means = _layers(history, "gradient_mean_abs")
    if means.size and np.nanmin(means[-1]) < 1e-7:
        found.add("GRD101")
    if not np.isfinite(_values(history, "train.loss")).all():
        found.add("NUM101")
    stds = _layers(history, "weight_std")
    if stds.size and (np.nanmin(stds[0] ** 2) < 1e-5 or np.nanmax(stds[0] ** 2) > 10):
        found |= {"MOD204", "MOD205"}
    ratios = _layers(history, "update_ratio")
    if ratios.size and np.nanmedian(ratios) > 1e-2:
        found |= {"OPT101", "OSC102"}
    if ratios.size and np.nanmedian(ratios) < 1e-4:
        found |= {"PLT102", "OPT104"}
    rate = history.config.learning_rate
    if rate is not None and rate > 0.1:
        found |= {"OPT101", "OSC102"}
    if rate is not None and rate < 1e-5:
        found |= {"PLT102"}
    losses = _epoch_losses(history)
    if len(losses) > 4 and losses[-1] >= losses[-5]:
        found.add("PLT106")
    return found


def sagemaker_debugger(history: History) -> set[str]:
    """The built-in rules with their documented defaults."""
    found = set()
    means = _layers(history, "gradient_mean_abs")
    if means.size and (np.nanmedian(means, axis=0) < 1e-7).any():
        found.add("GRD101")
    if not np.isfinite(_values(history, "train.loss")).all():
        found |= {"NUM101", "NUM102"}
    ratios = _layers(history, "update_ratio")
    if ratios.size and (np.nanmedian(ratios, axis=0) > 10).any():
        found |= {"OPT101"}
    if ratios.size and (np.nanmedian(ratios, axis=0) < 1e-8).any():
        found |= {"GRD302", "OPT104"}
    dead = _layers(history, "zero_unit_share")
    if dead.size and np.nanmax(dead[-1]) > 0.5:
        found.add("ACT101")
    saturated = _layers(history, "saturated_share")
    if saturated.size and np.nanmax(saturated[-1]) > 0.5:
        found.add("ACT102")
    counts = history.data.class_counts
    if counts and min(counts) > 0 and max(counts) / min(counts) > 10:
        found.add("DAT401")
    if history.data.largest_mean is not None and history.data.largest_mean > 0.2:
        found.add("DAT201")
    losses, outside = _epoch_losses(history), _values(history, "val.loss")
    if len(outside) and len(losses) and losses[-1] > 0 and (outside[-1] - losses[-1]) / losses[-1] > 0.1:
        found.add("GEN101")
    steps = _values(history, "train.loss")
    if len(steps) > 20 and np.nanmean(steps[-10:]) >= 0.999 * np.nanmean(steps[-20:-10]):
        found |= {"PLT101", "PLT106"}
    return found


RIVALS: Mapping[str, Callable[[History], set[str]]] = {
    "AutoTrainer": autotrainer,
    "UMLAUT": umlaut,
    "DeepDiagnosis": deep_diagnosis,
    "SageMaker Debugger": sagemaker_debugger,
}
