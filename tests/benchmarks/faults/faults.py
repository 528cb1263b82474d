"""The faults: what each changes in a sound training, how much, where it can be, and which rules name it.

``right`` are rules that name the cause (or, where the fault is a symptom by its nature, the symptom); ``follows`` are
true consequences, which may stand beside it. Everything else at warning or above is wrong on such a run. The table was
written before any of these runs was judged; later changes stand in `docs/benchmarks-faults.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .problems.problem import Problem
from .setup import Setup

Applies = Callable[[Setup, float], Setup]
Fits = Callable[[Problem], bool]

POOR = ("OSC101", "PLT101", "PLT104", "PLT106", "GEN103", "OPT103", "OPT104", "OPT106", "OPT302", "GEN109", "RUN101")
"""That the training gets nowhere, or swings: symptoms that many faults have in common."""
BROKEN = ("NUM101", "NUM102", "OPT102", "OPT106", "OPT204", "MOD206", "ACT101", "ACT102", "GRD102")
"""What becomes of a training whose steps are far too large."""
WORSE_OUTSIDE = ("GEN101", "GEN102", "GEN107", "RUN105", "OSC105")
"""That validation goes another way than training."""


@dataclass(frozen=True)
class Fault:
    """``severities`` are values of the dial, mild to severe; `apply` turns it."""

    id: str
    title: str
    severities: tuple[float, ...]
    apply: Applies
    right: tuple[str, ...]
    follows: tuple[str, ...] = ()
    fits: Fits = lambda problem: True
    of_measurement: bool = False
    """Whether the model may be as good as ever, and what is measured of it is wrong."""
    twin: Callable[[Setup, Setup], Setup] = lambda sound, sick: sound
    """The sound training that a cure is measured by, from the problem's own one and the sick one: what is no part of
    the fault, such as how many samples there are, it shares with the sick one.
    """


def _numbers(problem: Problem) -> bool:
    """Whether the inputs are numbers and not tokens."""
    return problem.kind not in ("transformer", "embedding")


def _classifier(problem: Problem) -> bool:
    return problem.task == "classification"


def _decides(problem: Problem) -> bool:
    return problem.task in ("classification", "binary")


def _hidden(problem: Problem) -> bool:
    """Whether the hidden layers take the activation that the setup names."""
    return problem.kind != "recurrent"


def _flat(problem: Problem) -> bool:
    return problem.kind in ("dense", "convolutional")


def _regresses(problem: Problem) -> bool:
    return problem.task == "regression"


def _usual_rate(setup: Setup) -> Setup:
    """Plain enough for one fault: without a schedule."""
    return setup.but(schedule="constant", warmup=0.0)


FAULTS: tuple[Fault, ...] = (
    # the optimizer
    Fault(
        "rate-too-high", "the learning rate is many times too high", (20.0, 60.0, 300.0),
        lambda setup, k: _usual_rate(setup).but(rate=setup.rate * k, clip_norm=None),
        right=("OPT101", "OSC102", "CFG101"), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "PLT103"),
    ),
    Fault(
        "rate-too-low", "the learning rate is many times too low", (0.03, 0.01, 0.001),
        lambda setup, k: setup.but(rate=setup.rate * k),
        right=("PLT102", "OPT104", "CFG101"), follows=POOR,
    ),
    Fault(
        "weight-decay", "the weight decay is far too strong", (0.1, 0.5),
        lambda setup, k: setup.but(optimizer="sgd", momentum=0.9, rate=0.05, weight_decay=k, schedule="constant"),
        right=("OPT301", "GEN201"), follows=(*POOR, "GRD101"),
        fits=lambda problem: problem.kind not in ("transformer", "recurrent"),
    ),
    Fault(
        "gradients-not-zeroed", "gradients are never set to zero", (1.0,),
        lambda setup, _: setup.but(gradients_zeroed=False, clip_norm=None),
        right=("GRD303",), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "OPT101"),
    ),
    Fault(
        "schedule-ends-early", "the schedule reaches zero after an eighth of the run", (1.0,),
        lambda setup, _: setup.but(schedule="ends_early", warmup=0.0),
        right=("OPT201",), follows=POOR,
    ),
    Fault(
        "clip-too-low", "gradients are clipped to a tiny norm", (1e-3, 1e-4),
        lambda setup, k: setup.but(clip_norm=k, optimizer="sgd", rate=0.05, momentum=0.9, schedule="constant"),
        right=("GRD202",), follows=(*POOR, "PLT102"),
        fits=lambda problem: problem.kind not in ("transformer", "recurrent"),
    ),
    Fault(
        "clip-positive", "gradients are clipped to positive values", (1.0,),
        lambda setup, _: setup.but(clip_values=(1e-3, 5.0), clip_norm=None),
        right=("GRD201",), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "OPT101"),
    ),
    Fault(
        "batch-too-small", "a batch holds one or two samples at an unchanged rate", (2.0, 1.0),
        lambda setup, k: setup.but(batch=int(k), epochs=max(3, setup.epochs // 3), samples=min(setup.samples, 400),
                                   rate=3 * setup.rate, normalization="none"),
        right=("OSC103", "OSC102", "OPT101"), follows=(*POOR, *BROKEN, "PLT103", "OSC105"),
        fits=lambda problem: problem.kind != "transformer",
        twin=lambda sound, sick: sound.but(samples=sick.samples, epochs=3 * sound.epochs),
    ),
    Fault(
        "left-out", "half of the parameters were never given to the optimizer", (1.0,),
        lambda setup, _: setup.but(left_out=True),
        right=("GRD302", "GRD301"), follows=POOR,
    ),
    Fault(
        "frozen", "all layers but the head are frozen at random weights", (1.0,),
        lambda setup, _: setup.but(frozen=True),
        right=("GRD302", "GRD301"), follows=(*POOR, "MOD201"),
        fits=lambda problem: problem.kind not in ("embedding",),
    ),
    Fault(
        "adadelta-tiny-rate", "Adadelta with the rate of Adam", (1e-3,),
        lambda setup, k: setup.but(optimizer="adadelta", rate=k, schedule="constant", warmup=0.0),
        right=("CFG102", "PLT102", "OPT104"), follows=(*POOR, "CFG101"),
    ),
    Fault(
        "epsilon-too-large", "Adam's epsilon drowns its denominator", (1.0, 30.0),
        lambda setup, k: setup.but(optimizer="adam", epsilon=k, rate=1e-3, schedule="constant"),
        right=("NUM105", "PLT102", "OPT104"), follows=POOR,
    ),
    Fault(
        "too-few-epochs", "the training is stopped after a few epochs", (0.2,),
        lambda setup, k: setup.but(epochs=max(6, round(k * setup.epochs)), rate=setup.rate / 6, warmup=0.0,
                                   schedule="constant"),
        right=("OPT302", "PLT102"), follows=POOR,
    ),
    # the loss
    Fault(
        "negated-loss", "the loss has the wrong sign", (1.0,),
        lambda setup, _: setup.but(loss="negated", clip_norm=None),
        right=("NUM301",), follows=(*POOR, *BROKEN, "OPT101"),
        fits=_decides,
    ),
    Fault(
        "double-softmax", "a softmax stands before a loss that has its own", (1.0,),
        lambda setup, _: setup.but(head_activation="softmax"),
        right=("MOD101",), follows=POOR,
        fits=_classifier,
    ),
    Fault(
        "double-sigmoid", "a sigmoid stands before a loss that has its own", (1.0,),
        lambda setup, _: setup.but(head_activation="sigmoid"),
        right=("MOD101",), follows=POOR,
        fits=lambda problem: problem.task == "binary",
    ),
    Fault(
        "rectified-head", "a rectifier stands behind the output of a regression", (1.0,),
        lambda setup, _: setup.but(head_activation="relu"),
        right=("MOD103", "DAT203"), follows=POOR,
        fits=lambda problem: problem.task in ("regression", "autoencoder"),
    ),
    Fault(
        "squashed-head", "a sigmoid stands behind the output of a regression", (1.0,),
        lambda setup, _: setup.but(head_activation="sigmoid"),
        right=("MOD103", "DAT203"), follows=POOR,
        fits=lambda problem: problem.task in ("regression", "autoencoder"),
    ),
    Fault(
        "summed-loss", "the loss is summed over the batch at the rate for a mean", (1.0,),
        lambda setup, _: setup.but(reduction="sum", optimizer="sgd", momentum=0.9, rate=0.05, clip_norm=None,
                                   schedule="constant", warmup=0.0),
        right=("MOD106", "OPT101", "OSC102"), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE),
        fits=lambda problem: problem.kind not in ("transformer", "recurrent"),
    ),
    Fault(
        "squared-loss", "logits of classes are trained with the squared error, too slowly", (1.0,),
        lambda setup, _: setup.but(loss="squared", optimizer="sgd", momentum=0.0, rate=0.02, schedule="constant"),
        right=("MOD104", "PLT102"), follows=(*POOR, "PLT105"),
        fits=_classifier,
    ),
    Fault(
        "hand-made-log", "the logarithm of a softmax is taken by hand, and probabilities reach zero", (20.0, 100.0),
        lambda setup, k: setup.but(loss="log_of_softmax", input_scale=k),
        right=("NUM103", "NUM102", "DAT201"), follows=(*POOR, *BROKEN, "OPT101"),
        fits=lambda problem: _decides(problem) and _numbers(problem),
    ),
    # the network
    Fault(
        "zero-weights", "all weights start at zero", (1.0,),
        lambda setup, _: setup.but(initialization="zeros", normalization="none", residual=False),
        right=("MOD205",), follows=(*POOR, "GRD101", "GRD301", "ACT101"),
        fits=lambda problem: problem.kind in ("dense", "convolutional"),
    ),
    Fault(
        "equal-weights", "all hidden weights start at one value", (1.0,),
        lambda setup, _: setup.but(initialization="constant", normalization="none", residual=False),
        right=("MOD205",), follows=(*POOR, *BROKEN, "MOD204", "OPT101"),
        fits=_flat,
    ),
    Fault(
        "weights-too-large", "hidden weights start many times too large", (8.0, 30.0),
        lambda setup, k: setup.but(gain=k, normalization="none", residual=False, clip_norm=None),
        right=("MOD204", "GRD102"), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "OPT101", "OSC102"),
        fits=_flat,
    ),
    Fault(
        "weights-too-small", "hidden weights start many times too small", (0.05, 0.01),
        lambda setup, k: setup.but(gain=k, normalization="none", residual=False, extra_layers=2),
        right=("GRD101", "MOD204", "MOD202"), follows=POOR,
        fits=_flat,
    ),
    Fault(
        "dead-units", "biases far below zero keep the rectifiers shut", (-3.0, -10.0),
        lambda setup, k: setup.but(hidden_bias=k, activation="relu", normalization="none", residual=False),
        right=("ACT101",), follows=(*POOR, "GRD101", "GRD301", "GRD302"),
        fits=_flat,
    ),
    Fault(
        "deep-sigmoid", "many sigmoid layers stand one behind the other", (4.0, 8.0),
        lambda setup, k: setup.but(activation="sigmoid", extra_layers=int(k), normalization="none", residual=False),
        right=("GRD101", "MOD107", "MOD202"), follows=(*POOR, "ACT102"),
        fits=_flat,
    ),
    Fault(
        "deep-plain", "many layers without normalization or shortcuts", (12.0, 20.0),
        lambda setup, k: setup.but(activation="relu", extra_layers=int(k), normalization="none", residual=False),
        right=("GRD101", "MOD202"), follows=(*POOR, "ACT101"),
        fits=_flat,
    ),
    Fault(
        "saturated", "hidden units stand at the flat ends of tanh", (10.0, 40.0),
        lambda setup, k: setup.but(activation="tanh", gain=k, normalization="none", residual=False),
        right=("ACT102", "MOD204"), follows=(*POOR, "GRD101", "MOD107", *WORSE_OUTSIDE),
        fits=_flat,
    ),
    Fault(
        "linear-stack", "the hidden layers have no activation", (1.0,),
        lambda setup, _: setup.but(activation="none"),
        right=("MOD105",), follows=(*POOR, "MOD201"),
        fits=lambda problem: problem.kind == "dense" and problem.task in ("regression", "classification"),
    ),
    Fault(
        "too-narrow", "the hidden layers are a few units wide", (0.06,),
        lambda setup, k: setup.but(width=k),
        right=("MOD201", "GEN103"), follows=(*POOR, "OSC106", "ACT101"),
        fits=lambda problem: problem.kind in ("dense", "convolutional", "recurrent") and problem.task != "autoencoder",
    ),
    Fault(
        "plain-recurrence", "a plain recurrent cell over long sequences", (1.0,),
        lambda setup, _: setup.but(recurrence="rnn", clip_norm=None, rate=setup.rate * 3),
        right=("MOD203", "GRD103", "GRD102", "OPT101", "OSC102"), follows=(*POOR, *BROKEN),
        fits=lambda problem: problem.kind == "recurrent",
    ),
    Fault(
        "dropout-too-high", "nearly all units are dropped", (0.8, 0.95),
        lambda setup, k: setup.but(dropout=k),
        right=("CFG106", "GEN201"), follows=(*POOR, "GEN105", "GEN104"),
        fits=lambda problem: problem.kind != "recurrent",
    ),
    # the samples
    Fault(
        "inputs-not-scaled", "inputs lie far from mean 0 and deviation 1", (30.0, 300.0),
        lambda setup, k: setup.but(input_scale=k, input_offset=2 * k, normalization="none"),
        right=("DAT201",), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "OPT101", "OSC102", "GRD102", "MOD204", "OSC103"),
        fits=lambda problem: _numbers(problem) and problem.task != "autoencoder",
    ),
    Fault(
        "mixed-scales", "the scales of the inputs differ by orders of magnitude", (1e4,),
        lambda setup, k: setup.but(scale_ratio=k, normalization="none"),
        right=("DAT201",), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "OPT101", "OSC102", "OSC103"),
        fits=lambda problem: problem.kind == "dense" and problem.task != "autoencoder",
    ),
    Fault(
        "targets-not-scaled", "the targets of a regression are in the thousands", (100.0, 2000.0),
        lambda setup, k: setup.but(target_scale=k, target_offset=5 * k),
        right=("DAT202",), follows=(*POOR, *BROKEN, "PLT102", "OPT101", "CFG101", "OSC102"),
        fits=_regresses,
    ),
    Fault(
        "bad-cells", "some inputs are not a number", (1.0, 20.0),
        lambda setup, k: setup.but(bad_cells=int(k)),
        right=("DAT101",), follows=("NUM101", "NUM102"),
        fits=_numbers,
    ),
    Fault(
        "random-labels", "inputs and labels do not belong together", (1.0,),
        lambda setup, _: setup.but(labels="misaligned", epochs=setup.epochs * 2, dropout=0.0),
        right=("DAT204", "DAT206"), follows=(*POOR, *WORSE_OUTSIDE),
        fits=lambda problem: problem.task in ("classification", "binary", "regression"),
    ),
    Fault(
        "label-noise", "many labels are wrong", (0.4, 0.6),
        lambda setup, k: setup.but(label_noise=k, epochs=setup.epochs * 2, dropout=0.0),
        right=("DAT405", "DAT407", "GEN101"), follows=(*POOR, *WORSE_OUTSIDE, "DAT204"),
        fits=_decides,
    ),
    Fault(
        "imbalance", "nearly all samples are of one class", (30.0,),
        lambda setup, k: setup.but(imbalance=k, validation_samples=380),
        right=("DAT401", "GEN109"), follows=("DAT404", *POOR),
        fits=_classifier,
        twin=lambda sound, sick: sound.but(
            imbalance=sick.imbalance, validation_samples=sick.validation_samples, class_weights=True,
            epochs=3 * sound.epochs,
        ),
    ),
    Fault(
        "sorted-samples", "samples come class by class", (1.0,),
        lambda setup, _: setup.but(order="sorted"),
        right=("DAT301",), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE, "DAT302", "OSC103"),
        fits=_classifier,
    ),
    Fault(
        "few-batches-repeated", "the iterator starts anew and gives an eighth of the samples", (1.0,),
        lambda setup, _: setup.but(order="first_part"),
        right=("DAT303", "DAT302", "GEN101"), follows=(*POOR, *WORSE_OUTSIDE, "DAT405"),
    ),
    Fault(
        "shifted-validation", "validation samples are prepared in another way", (1.0,),
        lambda setup, _: setup.but(validation="shifted"),
        right=("DAT403",), follows=(*WORSE_OUTSIDE, "GEN105"),
        fits=_numbers,
        of_measurement=True,
    ),
    Fault(
        "other-class-map", "validation labels are numbered in another way", (1.0,),
        lambda setup, _: setup.but(validation="other_labels"),
        right=("DAT403",), follows=(*WORSE_OUTSIDE, "GEN105"),
        fits=_classifier,
        of_measurement=True,
    ),
    Fault(
        "copied-validation", "the validation samples are training samples", (1.0,),
        lambda setup, _: setup.but(validation="copied", samples=setup.samples // 4, epochs=setup.epochs * 3,
                                   validation_samples=setup.samples // 4, dropout=0.0),
        right=("DAT402",), follows=("GEN105", "DAT404", "OPT302"),
        of_measurement=True,
    ),
    # modes, and too much of it
    Fault(
        "evaluation-mode-missing", "the model is validated in training mode", (0.6,),
        lambda setup, k: setup.but(evaluation_mode=False, dropout=k),
        right=("RUN102",), follows=("GEN105", "CFG106", *POOR),
        fits=lambda problem: problem.kind != "recurrent",
        of_measurement=True,
    ),
    Fault(
        "training-mode-missing", "the model is trained in evaluation mode", (1.0,),
        lambda setup, _: setup.but(training_mode=False, normalization="batch", residual=False),
        right=("RUN103",), follows=(*POOR, *BROKEN, *WORSE_OUTSIDE),
        fits=_flat,
    ),
    Fault(
        "overfitting", "a network far too large for few samples is trained far too long", (0.15,),
        lambda setup, k: setup.but(samples=max(60, int(k * setup.samples)), epochs=setup.epochs * 6, width=3.0,
                                   dropout=0.0, weight_decay=0.0, schedule="constant"),
        right=("GEN101", "GEN102", "GEN107"), follows=("RUN105", "DAT405", "OSC105", "PLT101"),
        fits=lambda problem: problem.kind not in ("transformer",),
        twin=lambda sound, sick: sound.but(samples=sick.samples, epochs=3 * sound.epochs, keep_best=True),
    ),
)  # fmt: skip

BY_ID = {fault.id: fault for fault in FAULTS}
