"""A call of ``model.fit`` as a user writes it, with what its `Setup` says, under `ExpertCallback`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import torch
from numpy.typing import NDArray

from expert.adapters.keras import ExpertCallback
from expert.history import History
from tests.benchmarks.faults.in_keras.compiling import loss_of, metrics_of, optimizer_of, wants_one_hot
from tests.benchmarks.faults.in_keras.networks import build, keras
from tests.benchmarks.faults.outcome import EVERY, Outcome, quality_of, told_by
from tests.benchmarks.faults.problems.problem import Problem
from tests.benchmarks.faults.samples import Samples, faulty
from tests.benchmarks.faults.setup import Setup

PROBED = 256
"""Validation samples that are passed through the model for its activations."""

Pair = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Arrays:
    """Inputs and targets as Keras takes them: channels last, the labels as vectors where the loss asks for that."""

    train: Pair
    validation: Pair
    test: NDArray[Any]


def train(problem: Problem, setup: Setup, seed: int) -> Outcome:
    """Train on one thread, in a process that has not used TensorFlow otherwise. Sets the seeds of this process."""
    _on_one_thread()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    samples = faulty(problem.samples(setup, seed), setup, torch.Generator().manual_seed(seed + 1))
    arrays = _arrays(problem, setup, samples)
    logits = samples.task not in ("regression", "autoencoder")
    model = build(problem.network, setup, arrays.train[0].shape[1:], logits=logits)
    if setup.pretrained:
        _pretrain(problem, model, seed)
    started = time.process_time()
    history = _watched(setup, samples, arrays, model, seed)
    seconds = time.process_time() - started
    outputs = torch.from_numpy(np.array(model.predict(arrays.test, batch_size=len(arrays.test), verbose=0)))
    # Scores of classes come second in PyTorch, last in Keras.
    outputs = outputs.movedim(-1, 1) if samples.task == "language_model" else outputs
    return Outcome(history.merge(told_by(samples)), quality_of(setup, samples, outputs), seconds)


def _on_one_thread() -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # TensorFlow is in use already, as in a process of tests; it stays as it is


def _arrays(problem: Problem, setup: Setup, samples: Samples) -> Arrays:
    parts = (part.numpy() for part in (samples.x, samples.x_val, samples.x_test))
    x, x_val, x_test = (np.moveaxis(part, 1, -1) for part in parts) if problem.kind == "convolutional" else parts
    if samples.task == "autoencoder":
        return Arrays((x, x), (x_val, x_val), x_test)
    y, y_val = (_targets(setup, samples, part) for part in (samples.y, samples.y_val))
    return Arrays((x, y), (x_val, y_val), x_test)


def _targets(setup: Setup, samples: Samples, y: torch.Tensor) -> NDArray[Any]:
    return keras.utils.to_categorical(y.numpy(), samples.classes) if wants_one_hot(setup) else y.numpy()


def _pretrain(problem: Problem, model: Any, seed: int) -> None:
    """A few epochs of the sound training on other samples of the same problem."""
    setup = problem.sound.but(epochs=max(2, problem.sound.epochs // 2))
    samples = problem.samples(setup, seed + 7000)
    arrays = _arrays(problem, setup, samples)
    _compile(setup, samples, model)
    model.fit(_pipeline(setup, arrays.train, seed), epochs=setup.epochs, verbose=0)


def _watched(setup: Setup, samples: Samples, arrays: Arrays, model: Any, seed: int) -> History:
    _compile(setup, samples, model)
    told: dict[str, Any] = {"pretrained": True} if setup.pretrained else {}
    if setup.loss == "negated":
        # Which loss a function of the user's own turns round is not seen; the loop in PyTorch hands it over, too.
        told["loss"] = "bce_with_logits" if samples.task == "binary" else "cross_entropy"
    watcher = ExpertCallback(probe=arrays.validation[0][:PROBED], every=EVERY, config=told or None, quiet=True)
    model.fit(
        _pipeline(setup, arrays.train, seed),
        epochs=setup.epochs,
        steps_per_epoch=_steps(setup, samples) if setup.order == "first_part" else None,
        validation_data=arrays.validation,
        class_weight=_balance(samples) if setup.class_weights else None,
        callbacks=[watcher],
        verbose=0,
    )
    return watcher.history()


def _compile(setup: Setup, samples: Samples, model: Any) -> None:
    updates = math.ceil(_steps(setup, samples) / setup.accumulation) * setup.epochs
    model.compile(
        optimizer=optimizer_of(setup, updates),
        loss=loss_of(setup, samples.task),
        metrics=metrics_of(setup, samples.task),
    )


def _steps(setup: Setup, samples: Samples) -> int:
    return math.ceil(len(samples.y) / setup.batch)


def _pipeline(setup: Setup, pair: Pair, seed: int) -> Any:
    """The training samples: of arrays TensorFlow, which has a seed, would repeat one order."""
    samples = tf.data.Dataset.from_tensor_slices(pair)
    if setup.order == "redrawn":
        samples = samples.shuffle(len(pair[0]), seed=seed)
    batches = samples.batch(setup.batch)
    if setup.order == "first_part":
        # As it is left behind by a quick look at whether everything runs.
        batches = batches.take(max(1, len(batches) // 8)).repeat()
    return batches


def _balance(samples: Samples) -> dict[int, float]:
    counts = np.maximum(np.bincount(samples.y.numpy(), minlength=samples.classes), 1)
    return {label: float(counts.sum() / (samples.classes * count)) for label, count in enumerate(counts)}
