"""Healthy variants of a sound training: other ways to train well, which must be met with silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .problems.problem import Problem
from .setup import Setup


@dataclass(frozen=True)
class Variant:
    """A change of the sound training that leaves it sound."""

    id: str
    title: str
    apply: Callable[[Setup], Setup]
    fits: Callable[[Problem], bool] = lambda problem: True


VARIANTS: tuple[Variant, ...] = (
    Variant("sound", "as the problem is best trained", lambda setup: setup),
    Variant("adam", "Adam at its usual rate",
            lambda setup: setup.but(optimizer="adam", rate=2e-3, epochs=round(1.3 * setup.epochs))),
    Variant("rmsprop", "RMSprop at its usual rate",
            lambda setup: setup.but(optimizer="rmsprop", rate=1e-3, epochs=round(1.3 * setup.epochs))),
    Variant("rmsprop-fast", "RMSprop at a high rate, for networks that bear it",
            lambda setup: setup.but(optimizer="rmsprop", rate=4e-3),
            lambda problem: problem.kind in ("convolutional", "embedding")),
    Variant("momentum", "SGD with momentum", lambda setup: setup.but(optimizer="sgd", rate=0.05, momentum=0.9),
            lambda problem: problem.kind in ("dense", "convolutional")),
    Variant("cosine", "a cosine schedule with warm-up", lambda setup: setup.but(schedule="cosine", warmup=0.1)),
    Variant("steps", "a schedule of three steps", lambda setup: setup.but(schedule="step")),
    Variant("restarts", "warm restarts of the schedule", lambda setup: setup.but(schedule="restarts", warmup=0.0)),
    Variant("dropout", "dropout of 0.3, and longer", lambda setup: setup.but(dropout=0.3, epochs=setup.epochs * 2),
            lambda problem: problem.kind != "recurrent" and problem.task != "autoencoder"),
    Variant("noise", "noise is added to the inputs", lambda setup: setup.but(input_noise=0.2),
            lambda problem: problem.kind not in ("transformer", "embedding")),
    Variant("smoothing", "labels are smoothed", lambda setup: setup.but(label_smoothing=0.1),
            lambda problem: problem.task in ("classification", "language_model")),
    Variant("large-batch", "a batch four times as large, at twice the rate, for longer",
            lambda setup: setup.but(batch=4 * setup.batch, rate=1.5 * setup.rate, epochs=3 * setup.epochs),
            lambda problem: problem.name != "tumors-mlp"),
    Variant("accumulation", "two small batches make one step",
            lambda setup: setup.but(batch=setup.batch // 2, accumulation=2)),
    Variant("fine-tuned", "pretrained weights, at a third of the rate",
            lambda setup: setup.but(pretrained=True, rate=setup.rate / 3)),
    Variant("balanced", "a moderate imbalance, balanced by class weights",
            lambda setup: setup.but(imbalance=2.0, class_weights=True, epochs=setup.epochs * 2),
            lambda problem: problem.task == "classification"),
    Variant("layer-norm", "layer normalization", lambda setup: setup.but(normalization="layer"),
            lambda problem: problem.kind in ("dense", "convolutional")),
    Variant("clipped", "gradients are clipped where they are steep", lambda setup: setup.but(clip_norm=1.0)),
    Variant("longer", "twice as long, with weight decay",
            lambda setup: setup.but(epochs=2 * setup.epochs, weight_decay=0.01, optimizer="adamw",
                                    rate=min(setup.rate, 3e-3), schedule="cosine", momentum=0.0)),
)  # fmt: skip

BY_ID = {variant.id: variant for variant in VARIANTS}
