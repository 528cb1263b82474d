"""One training as data: what is drawn, what is built, and how it is trained. Every fault and cure changes fields."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Activation = Literal["relu", "gelu", "tanh", "sigmoid", "leaky_relu", "elu", "silu", "none"]


@dataclass(frozen=True)
class Setup:
    """The defaults of the samples, the loop and the measuring are sound; each problem says what else suits it."""

    # the samples
    samples: int = 1200
    validation_samples: int = 400
    bad_cells: int = 0
    """Cells of the training inputs that hold NaN."""
    input_scale: float = 1.0
    input_offset: float = 0.0
    scale_ratio: float = 1.0
    """Largest over smallest scale of the columns."""
    target_scale: float = 1.0
    target_offset: float = 0.0
    labels: Literal["right", "random", "misaligned"] = "right"
    label_noise: float = 0.0
    """Share of the labels drawn at random, in training and validation alike."""
    imbalance: float = 1.0
    """Samples of the most frequent class over those of any other one, of training and validation alike."""
    validation: Literal["apart", "copied", "shifted", "other_labels"] = "apart"
    blind: bool = False
    """The inputs are all zero, of training and validation alike."""
    input_noise: float = 0.0
    """Augmentation: standard deviation of what is added to the inputs in training."""

    # the network
    activation: Activation = "relu"
    initialization: Literal["default", "zeros", "constant", "he", "glorot"] = "default"
    """``he`` and ``glorot`` take orthogonal matrices and a forget-gate bias of 1 for recurrent layers."""
    gain: float = 1.0
    """Factor on the weights of the hidden layers at the start."""
    hidden_bias: float | None = None
    prior_bias: bool = False
    """The last bias starts at the logarithm of the class shares, or at the mean of the targets."""
    normalization: Literal["none", "batch", "layer"] = "none"
    extra_layers: int = 0
    width: float = 1.0
    """Factor on the widths of the hidden layers."""
    residual: bool = False
    normalized_entrance: bool = False
    """Residual blocks are normalized at their entrance, and behind the last one, and start at zero."""
    dropout: float = 0.0
    recurrence: Literal["", "rnn", "gru", "lstm"] = ""
    """Cell of a recurrent network, if another than the problem's own."""
    head_activation: Literal["none", "softmax", "sigmoid", "relu"] = "none"
    frozen: bool = False
    """All layers but the head stay as they were drawn."""
    left_out: bool = False
    """The optimizer does not get the parameters of the first half of the network."""
    pretrained: bool = False
    """The training starts from weights trained before on other samples of the problem."""

    # the loss
    loss: Literal["right", "log_of_softmax", "clamped", "negated", "squared"] = "right"
    reduction: Literal["mean", "sum"] = "mean"
    label_smoothing: float = 0.0
    class_weights: bool = False

    # the optimizer
    optimizer: Literal["sgd", "adam", "adamw", "rmsprop", "adadelta"] = "adam"
    rate: float = 1e-3
    momentum: float = 0.0
    weight_decay: float = 0.0
    epsilon: float = 1e-8
    schedule: Literal["constant", "cosine", "restarts", "step", "ends_early"] = "constant"
    warmup: float = 0.0
    """Share of all steps over which the rate rises."""
    clip_norm: float | None = None
    clip_values: tuple[float, float] | None = None

    # the loop
    batch: int = 32
    epochs: int = 12
    order: Literal["redrawn", "fixed", "sorted", "first_part"] = "redrawn"
    """``first_part``: the iterator starts anew all the time and gives the first eighth of the samples only."""
    gradients_zeroed: bool = True
    accumulation: int = 1
    keep_best: bool = False
    """The weights with the best validation loss are kept, and not the last ones."""
    training_mode: bool = True
    evaluation_mode: bool = True
    training_measured: bool = False
    """The training samples are measured in evaluation mode after each epoch, too."""

    def but(self, **changes: Any) -> Setup:
        """The same training with some fields changed."""
        return replace(self, **changes)

    def as_record(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return asdict(self)


def setup_from(record: dict[str, Any]) -> Setup:
    """The setup that `Setup.as_record` was made of."""
    values = record["clip_values"]
    return Setup(**{**record, "clip_values": None if values is None else tuple(values)})
