"""What comes of a training, whatever framework it was made in: its record and its quality."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from expert.adapters.arrays import READER as ARRAYS
from expert.history import DataProfile, History
from expert.reading import ReadRequest

from .problems.problem import Problem
from .samples import Samples, faulty
from .setup import Setup

EVERY = 10
"""Steps from one look to the next; a fixed number, so that a run does not depend on how busy the machine is."""
BEYOND = -10.0
"""Quality of a training that ended in numbers that are none."""


@dataclass(frozen=True)
class Outcome:
    """A finished training: its record, with the profile of the arrays, and its quality on clean samples.

    The quality is the accuracy of classifiers, the share of the variance explained in regression and autoencoding, and
    minus the loss of language models; more is better.
    """

    history: History
    quality: float
    seconds: float
    """Processor time of the training alone."""


def told_by(samples: Samples) -> History:
    """What a look at the arrays tells."""
    target = samples.x if samples.task == "autoencoder" else samples.y
    target_val = samples.x_val if samples.task == "autoencoder" else samples.y_val
    (told,) = ARRAYS.read(((samples.x, target), (samples.x_val, target_val)), ReadRequest())
    return told


def read_again(history: History, problem: Problem, setup: Setup, seed: int) -> History:
    """The history with what the readers of arrays tell today in place of what they told when the run was made."""
    random = Generator().manual_seed(seed + 1)
    told = told_by(faulty(problem.samples(setup, seed), setup, random))
    config = history.config.model_copy(update={"task": None})
    return history.model_copy(update={"data": DataProfile(), "config": config}).merge(told)


def quality_of(setup: Setup, samples: Samples, outputs: Tensor) -> float:
    """The quality, from the outputs for the test samples in evaluation mode; classes stand in the second axis."""
    x, y = samples.x_test, samples.y_test
    if not torch.isfinite(outputs).all():
        return BEYOND
    if samples.task in ("classification", "binary"):
        threshold = 0.5 if setup.head_activation in ("sigmoid", "softmax") and samples.task == "binary" else 0.0
        guesses = (outputs > threshold).float() if samples.task == "binary" else outputs.argmax(1)
        return float((guesses == y).float().mean())
    if samples.task == "language_model":
        return -float(functional.cross_entropy(outputs, y))
    y = x if samples.task == "autoencoder" else y
    explained = 1.0 - float(((outputs - y) ** 2).mean() / y.var(0, unbiased=False).mean())
    return max(BEYOND, explained)
