"""All that the author of a rule, a remedy, a signal or a reader imports."""

from __future__ import annotations

from expert.calibration import Calibration
from expert.cases import broken, case, curve, decay, facts, flat, layers, line, run, zigzag
from expert.errors import SourceError
from expert.history import History
from expert.hooks import API, hookimpl
from expert.language.handles import (
    attention,
    batch,
    config,
    data,
    embedding,
    gradient,
    model,
    optimizer,
    output,
    scaler,
    signal,
    test,
    time,
    train,
    train_eval,
    update,
    val,
    weight,
)
from expert.limits import for_profile, limit
from expert.reading import Reader, ReadRequest
from expert.remedy import Change, Remedy, keras_code, multiply, not_when, numpy_code, set_to, torch_code
from expert.rule import Rule, against, decisive, escalates, moderate, strong, supports, weak
from expert.signals.curve import Curve
from expert.signals.signal import Reading, Signal, Unknown, View

__all__ = [
    "API", "Calibration", "Change", "Curve", "History", "ReadRequest", "Reader", "Reading", "Remedy", "Rule",
    "Signal", "SourceError", "Unknown", "View", "against", "attention", "batch", "broken", "case", "config",
    "curve", "data", "decay", "decisive", "embedding", "escalates", "facts", "flat", "for_profile", "gradient",
    "hookimpl", "keras_code", "layers", "limit", "line", "model", "moderate", "multiply", "not_when", "numpy_code",
    "optimizer", "output", "run", "scaler", "set_to", "signal", "strong", "supports", "test", "time", "torch_code",
    "train", "train_eval", "update", "val", "weak", "weight", "zigzag",
]  # fmt: skip
