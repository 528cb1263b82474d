"""What is trained and what is wrong with it: every fault is one explicit option of `Program`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Family = Literal["teacher", "blobs", "rings", "images", "sequences", "ring_sequences", "xor", "rare", "pocket"]


@dataclass(frozen=True)
class Program:
    """One training. The defaults describe a sound one; a sick program and its cure differ in the fields that matter."""

    # the samples
    data: Family = "teacher"
    samples: int = 1600
    validation_samples: int = 800
    classes: int = 4
    spread: float = 1.0
    """Width of the class clouds of `blobs`; larger overlaps more."""
    length: int = 40
    """Time steps of the sequence data."""
    broken_cell: Literal["", "nan", "log_of_zero", "zero_over_zero"] = ""
    repaired: bool = False
    """Non-finite cells are replaced by zero before training."""
    input_scale: float = 1.0
    input_offset: float = 0.0
    mixed_scales: bool = False
    standardized: bool = False
    labels: Literal["right", "random", "misaligned"] = "right"
    label_noise: float = 0.0
    validation: Literal["apart", "copied", "easy", "other_class_map"] = "apart"

    # the network
    model: Literal["mlp", "cnn", "rnn", "lstm", "transformer"] = "mlp"
    hidden: tuple[int, ...] = (64, 64)
    """Widths of the hidden layers; for a model of sequences the first is its state, the others fully connected ones."""
    activation: Literal["relu", "gelu", "tanh", "sigmoid", "elu", "leaky_relu", "none"] = "relu"
    initialization: Literal["default", "glorot", "he", "zeros", "constant"] = "default"
    weight_gain: float = 1.0
    hidden_bias: float | None = None
    recurrent_gain: float = 1.0
    normalization: Literal["none", "batch", "layer"] = "none"
    residual: bool = False
    dropout: float = 0.0
    output_activation: Literal["none", "softmax", "sigmoid"] = "none"
    frozen: tuple[str, ...] = ()

    # the loss
    loss: Literal["fused", "log_of_softmax", "clamped_softmax", "negated"] = "fused"
    reduction: Literal["mean", "sum"] = "mean"
    validation_reduction: Literal["mean", "sum"] = "mean"
    l2: float = 0.0
    penalty_in_gradient: bool = True
    """False repeats the article's slip: the penalty is added to the reported cost and never differentiated."""
    class_weights: bool = False

    # the optimizer
    optimizer: Literal["sgd", "adam", "adamw", "adadelta"] = "sgd"
    rate: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0
    decay_per_epoch: float = 1.0
    """Factor on the weight decay after each epoch."""
    batch: int = 32
    epochs: int = 10
    order: Literal["redrawn", "fixed", "sorted"] = "redrawn"
    rate_per_epoch: float = 1.0
    """Factor on the rate after each epoch."""
    rate_change: tuple[int, float] | None = None
    """(epoch, factor): one change of the rate in the middle of the run."""
    batch_change: tuple[int, int] | None = None
    """(epoch, batch size): one change of the batch size in the middle of the run."""
    clip_norm: float | None = None
    clip_value: tuple[float, float] | None = None
    clip_from_epoch: int = 0
    precision: Literal["float32", "float16", "bfloat16"] = "float32"
    """Of the forward pass; half precision is automatic casting, and with float16 the loss is scaled."""
    gradients_zeroed: bool = True
    ascent: bool = False
    """Steps up the gradient: the objective's sign is wrong in the update, the logged loss is right."""

    # measuring and keeping
    evaluation_mode: bool = True
    averaging: float = 0.0
    """Decay of the averaged weights that are validated; 0 validates the weights themselves."""
    train_in_evaluation_mode: bool = True
    """Measure the training set in evaluation mode at the end of each epoch."""
    checkpoint_best: bool = False
    pretraining: Program | None = None
    """A training whose weights this one starts from."""

    def but(self, **changes: Any) -> Program:
        """The same program with some fields changed."""
        return replace(self, **changes)
