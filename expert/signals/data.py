"""What follows from the profiles of data and configuration without a look at any curve."""

from __future__ import annotations

import math

from expert.signals.shape import shape
from expert.signals.signal import Reading, Signal, Unknown, View

USUAL_RATES = {
    "adam": (1e-5, 1e-2),
    "adamw": (1e-5, 1e-2),
    "nadam": (1e-5, 1e-2),
    "radam": (1e-5, 1e-2),
    "adamax": (1e-5, 1e-2),
    "rmsprop": (1e-5, 1e-2),
    "adagrad": (1e-3, 1e-1),
    "adadelta": (1e-1, 1.0),
}
USUAL_SGD = (1e-3, 1.0)
USUAL_MOMENTUM = (1e-4, 0.3)
USUAL_BATCH = 256
"""Rates of SGD grow with the batch beyond that size (Goyal et al. 2017)."""
UNSYMMETRIC = 10.0
OUTPUT_RANGES = {"softmax": (0.0, 1.0), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, math.inf)}
INDEX_LOSSES = ("cross_entropy", "nll")
BINARY_LOSSES = ("bce", "bce_with_logits")
VALUE_LOSSES = ("mse", "mae", "huber")
UNWEIGHTED = ("batch_norm", "layer_norm", "group_norm", "instance_norm", "embedding", "dropout")
"""Kinds of layers whose width is that of another layer, or says nothing of what passes."""


def tell(record: str, *names: str) -> str:
    """What to write to make fields of a profile known."""
    return f"advise(..., {record}={{" + ", ".join(f'"{name}": ...' for name in names) + "})"


def _validation_standard_error(view: View) -> Reading | Unknown:
    samples, curve = view.data.validation_samples, view.curve("val.accuracy")
    if not samples or samples < 1:
        return Unknown("the number of validation samples is not known", tell("data", "validation_samples"))
    form = curve.derive(shape) if curve is not None else None
    if form is None:
        return Unknown("no validation accuracy of at least 3 epochs was recorded", "log val.accuracy at every epoch")
    accuracy = abs(form.end) / (100.0 if float(abs(form.y).max()) > 1.5 else 1.0)
    accuracy = min(accuracy, 1.0)
    detail = {"samples": float(samples), "accuracy": accuracy}
    return Reading(math.sqrt(accuracy * (1.0 - accuracy) / samples), detail=detail)


def _nonfinite_row_share(view: View) -> Reading | Unknown:
    rows, samples = view.data.rows_with_nonfinite, view.data.samples
    if rows is None or not samples:
        return Unknown(
            "the rows with non-finite cells were not counted", tell("data", "rows_with_nonfinite", "samples")
        )
    return Reading(min(rows / samples, 1.0), detail={"rows": float(rows)})


def _label_out_of_range(view: View) -> Reading | Unknown:
    low, high, loss = view.data.label_minimum, view.data.label_maximum, view.config.loss
    if low is None or high is None:
        return Unknown("the range of the labels is not known", tell("data", "label_minimum", "label_maximum"))
    if loss is None:
        return Unknown("the loss function is not known", tell("config", "loss"))
    expected: tuple[float, float] | None = None
    if loss in INDEX_LOSSES:
        units = view.model.output_units
        if units is None:
            return Unknown("the number of output units is not known", tell("model", "output_units"))
        expected = (0.0, float(units - 1))
    elif loss in BINARY_LOSSES:
        expected = (0.0, 1.0)
    elif loss == "hinge":
        expected = (-1.0, 1.0)
    elif loss in VALUE_LOSSES:
        activation = view.model.output_activation
        if activation is None:
            return Unknown("the output activation is not known", tell("model", "output_activation"))
        expected = OUTPUT_RANGES.get(activation, (-math.inf, math.inf))
    if expected is None:
        return Unknown(f"no range of labels is known for the loss {loss}")
    detail = {"low": float(low), "high": float(high), "least": expected[0], "most": expected[1]}
    # Binary labels coded as 0 and 1 never reach the lower margin of a hinge loss.
    outside = low < expected[0] or high > expected[1] or (loss == "hinge" and low >= 0.0)
    return Reading(bool(outside), detail=detail)


def _batch_share_of_set(view: View) -> Reading | Unknown:
    batch, samples = view.config.batch_size, view.data.samples
    if batch is None or not samples:
        return Unknown("batch size or number of samples is not known", tell("config", "batch_size"))
    return Reading(batch / samples, detail={"batch_size": float(batch), "samples": float(samples)})


def _parameters_per_sample(view: View) -> Reading | Unknown:
    parameters, samples = view.model.trainable_parameters or view.model.parameters, view.data.samples
    if parameters is None or not samples:
        return Unknown("number of parameters or of samples is not known", tell("data", "samples"))
    return Reading(parameters / samples, detail={"parameters": float(parameters), "samples": float(samples)})


def _narrowest_layer(view: View) -> Reading | Unknown:
    weighted = [layer for layer in view.model.layers or () if layer.units and layer.kind not in UNWEIGHTED]
    if len(weighted) < 2:
        return Unknown("the widths of the hidden layers are not known", "advise(history, model=your_model)")
    if view.model.depth is None or view.model.output_units is None:
        # With several networks or several heads in it the last layer is not the only one that gives outputs.
        return Unknown("which of the layers are hidden is not known", "advise(history, model=your_model)")
    narrowest = min(weighted[:-1], key=lambda layer: layer.units or 0)
    return Reading(float(narrowest.units or 0), detail={"layer": narrowest.name})


def usual_rates(view: View) -> tuple[float, float] | Unknown:
    """The usual range of the learning rate of this optimizer."""
    optimizer = view.config.optimizer
    if optimizer is None:
        return Unknown("the optimizer is not known", tell("config", "optimizer"))
    if optimizer.lower() == "sgd":
        low, high = USUAL_MOMENTUM if view.config.momentum else USUAL_SGD
        return low, high * max(1.0, (view.config.batch_size or 0) / USUAL_BATCH)
    return USUAL_RATES.get(optimizer.lower()) or Unknown(f"no usual learning rates are known for {optimizer}")


def _learning_rate_over_usual(view: View) -> Reading | Unknown:
    usual = usual_rates(view)
    if isinstance(usual, Unknown):
        return usual
    rate = view.config.learning_rate
    if rate is None:
        curve = view.curve("optimizer.learning_rate")
        rate = float(curve.bins.maximum.max()) if curve is not None and len(curve.points) else None
    if rate is None or not rate > 0.0 or not math.isfinite(rate):
        return Unknown("the learning rate is not known, or not positive", tell("config", "learning_rate"))
    low, high = usual
    distance = max(0.0, math.log10(rate / high)) or min(0.0, math.log10(rate / low))
    return Reading(distance, detail={"rate": rate, "low": low, "high": high})


def _clip_asymmetry(view: View) -> Reading | Unknown:
    low, high = view.config.clip_value_low, view.config.clip_value_high
    if (low is not None and low >= 0.0) or (high is not None and high <= 0.0):
        # One such bound decides, whatever the other is.
        found = {"low": -math.inf if low is None else low, "high": math.inf if high is None else high}
        return Reading(True, detail=found)
    if low is None or high is None:
        return Unknown(
            "gradients are not known to be clipped by value", tell("config", "clip_value_low", "clip_value_high")
        )
    sizes = sorted((abs(low), abs(high)))
    return Reading(bool(sizes[1] > UNSYMMETRIC * sizes[0]), detail={"low": low, "high": high})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="validation_standard_error",
        title="Standard error of the validation accuracy",
        unit="share of samples",
        grade="proof",
        reads="with {samples:.0f} validation samples an accuracy of {accuracy:.3f} is uncertain by ±{value:.3f}",
        compute=_validation_standard_error,
        arguments=0,
        record=tell("data", "validation_samples"),
    ),
    Signal(
        id="nonfinite_row_share",
        title="Share of rows with a non-finite cell",
        unit="share of rows",
        grade="proof",
        reads="{rows:.0f} rows ({value:.2%}) hold a value that is NaN or infinite",
        compute=_nonfinite_row_share,
        arguments=0,
        record=tell("data", "rows_with_nonfinite", "samples"),
    ),
    Signal(
        id="label_out_of_range",
        title="Labels outside what the loss or the output admits",
        unit="yes or no",
        grade="proof",
        reads="the labels span {low:g} to {high:g}; {least:g} to {most:g} are admitted",
        compute=_label_out_of_range,
        arguments=0,
        record=tell("data", "label_minimum", "label_maximum"),
    ),
    Signal(
        id="batch_share_of_set",
        title="Batch size over number of samples",
        unit="share of the set",
        grade="config",
        reads="a batch of {batch_size:.0f} is {value:.1%} of the {samples:.0f} samples",
        compute=_batch_share_of_set,
        arguments=0,
        record=tell("config", "batch_size"),
    ),
    Signal(
        id="parameters_per_sample",
        title="Trainable parameters per training sample",
        unit="parameters per sample",
        grade="config",
        reads="{parameters:,.0f} parameters learn from {samples:,.0f} samples, {value:.3g} for each",
        compute=_parameters_per_sample,
        arguments=0,
        record=tell("data", "samples"),
    ),
    Signal(
        id="narrowest_layer",
        title="Units of the narrowest hidden layer",
        unit="units",
        grade="config",
        reads="the narrowest hidden layer, {layer}, has {value:.0f} units",
        compute=_narrowest_layer,
        arguments=0,
        record="advise(history, model=your_model)",
    ),
    Signal(
        id="learning_rate_over_usual",
        title="Distance of the learning rate from the usual range of its optimizer",
        unit="powers of ten: positive above, negative below, 0 inside",
        grade="config",
        reads="the learning rate {rate:g} is {value:+.1f} powers of ten outside the usual {low:g} to {high:g}",
        compute=_learning_rate_over_usual,
        arguments=0,
        record=tell("config", "learning_rate"),
    ),
    Signal(
        id="clip_asymmetry",
        title="Clipping by value with bounds that turn gradients round",
        unit="yes or no",
        grade="proof",
        reads="gradients are clipped to {low:g} … {high:g}",
        compute=_clip_asymmetry,
        arguments=0,
        record=tell("config", "clip_value_low", "clip_value_high"),
    ),
)
