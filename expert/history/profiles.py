"""What is known of the configuration, the model and the data of a run. None always means unknown, never a default."""

# Annotations are not postponed here: pydantic would compile each of them from its text at every start.
from typing import Literal

from expert.history.record import Record

Loss = Literal["cross_entropy", "nll", "mse", "mae", "huber", "bce", "bce_with_logits", "hinge", "custom"]
Task = Literal["classification", "regression", "language_model", "autoencoder", "segmentation", "detection"]
OutputActivation = Literal["none", "softmax", "log_softmax", "sigmoid", "tanh", "relu", "other"]
Normalization = Literal["none", "batch", "layer", "group", "instance", "other"]


class RunConfig(Record):
    """How the run was configured."""

    framework: str | None = None
    task: Task | None = None

    optimizer: str | None = None
    """Lower case, as the field says it: ``sgd``, ``adam``, ``adamw``, ``rmsprop``."""
    learning_rate: float | None = None
    momentum: float | None = None
    nesterov: bool | None = None
    weight_decay: float | None = None
    decoupled_weight_decay: bool | None = None
    """True if the decay is applied to the weights (AdamW), False if it is added to the gradient (Adam with L2)."""
    decay_on_norm_and_bias: bool | None = None
    """True if the weight decay acts on biases or on the parameters of normalization layers as well."""
    epsilon: float | None = None
    beta1: float | None = None
    beta2: float | None = None
    rho: float | None = None
    schedule: str | None = None
    """Name of the learning-rate schedule; ``none`` for a constant rate."""
    warmup_steps: int | None = None
    warm_restarts: bool | None = None

    batch_size: int | None = None
    tuned_batch_size: int | None = None
    """The batch size for which the learning rate was chosen, where the rate was taken over from another run."""
    epochs: int | None = None
    steps_per_epoch: int | None = None
    last_batch_size: int | None = None
    """Samples in the last batch of an epoch: fewer than ``batch_size`` where a rest is kept, even a single one."""
    loader_workers: int | None = None
    """Processes that load samples beside the one that trains; 0 for none."""
    workers_share_randomness: bool | None = None
    """True if these processes draw the same random numbers, as copies of a NumPy generator do."""
    shuffle: bool | None = None
    order_redrawn: bool | None = None
    """True if the order of the samples is drawn anew in each epoch."""
    gradient_accumulation_steps: int | None = None
    gradients_zeroed: bool | None = None
    step_order: Literal["sound", "schedule_first", "schedule_of_epochs_by_step", "update_before_backward"] | None = None
    """In which order a step is made. ``schedule_first``: the schedule steps before the optimizer.
    ``schedule_of_epochs_by_step``: a schedule that counts epochs is stepped with each batch.
    ``update_before_backward``: the optimizer steps before the gradients of this batch are there.
    """

    loss: Loss | None = None
    loss_reduction: Literal["mean", "sum"] | None = None
    loss_from_logits: bool | None = None
    loss_formula: Literal["fused", "hand_made"] | None = None
    loss_broadcast: bool | None = None
    """True if outputs and targets of different shapes are compared, so that each output meets several targets."""
    softmax_over_classes: bool | None = None
    """False if the softmax before the loss runs over another axis than that of the classes, as over the samples."""
    probability_clamp: float | None = None
    """Smallest probability admitted to a logarithm."""
    label_smoothing: float | None = None
    class_weights: bool | None = None
    mixup: bool | None = None
    augmentation: bool | None = None
    l2_penalty: float | None = None
    penalty_in_loss: bool | None = None
    """True if the logged training loss includes the penalty."""
    penalty_in_gradient: bool | None = None
    """True if the gradients are taken of the loss with its penalty; False if the penalty is computed and left out."""

    clip_norm: float | None = None
    clip_value_low: float | None = None
    clip_value_high: float | None = None
    precision: Literal["float32", "float16", "bfloat16"] | None = None
    loss_scaling: bool | None = None
    clipped_before_unscaling: bool | None = None
    """True if gradients are clipped while they are still multiplied by the loss scale."""

    seed: int | None = None
    seeded: bool | None = None
    """False if no seed was set."""
    reseeded: bool | None = None
    """True if the seed is set again during the run, so that the same random numbers are drawn again."""
    validation_split: float | None = None
    """Share of the samples held out for validation, 0 to 1."""
    evaluation_mode_in_validation: bool | None = None
    training_mode_in_training: bool | None = None
    validation_augmented: bool | None = None
    """True if validation samples are changed at random, as training samples are."""
    blind_loss: float | None = None
    """Training loss at the end of the same run with all inputs set to zero."""
    checkpoint_best: bool | None = None
    early_stopping: bool | None = None
    weight_averaging: bool | None = None
    pretrained: bool | None = None
    adversarial: bool | None = None
    reinforcement: bool | None = None


class LayerProfile(Record):
    """One layer with its own name and kind (``linear``, ``conv2d``, ``lstm``, ``batch_norm`` ...)."""

    name: str
    kind: str | None = None
    units: int | None = None
    parameters: int | None = None
    trainable: bool | None = None
    activation: str | None = None


class ModelProfile(Record):
    """What the model is made of."""

    parameters: int | None = None
    trainable_parameters: int | None = None
    depth: int | None = None
    """Weight layers a signal passes in sequence."""
    activation: str | None = None
    """Activation of most hidden layers, lower case: ``relu``, ``sigmoid``, ``tanh``, ``gelu`` ...; or ``none``."""
    output_activation: OutputActivation | None = None
    output_units: int | None = None
    normalization: Normalization | None = None
    residual: bool | None = None
    recurrent: Literal["none", "rnn", "lstm", "gru"] | None = None
    transformer: bool | None = None
    convolutional: bool | None = None
    linear: bool | None = None
    """True if there is no non-linearity between input and output."""
    dropout: float | None = None
    """The largest dropout rate in use, 0 to 1; 0 for none."""
    dropout_in_evaluation: bool | None = None
    """True if the model's code calls a dropout that evaluation mode does not turn off."""
    sequence_length: int | None = None
    embedding: bool | None = None
    initialization: str | None = None
    """``zeros`` or ``constant`` where the units of a hidden layer are all alike; else the scheme, if it is known."""
    largest_gain: float | None = None
    """Of the hidden layers' weights the largest standard deviation in units of √(2 / fan-in): 1 as He et al. draw them,
    0.41 by default in PyTorch. Of fresh weights only; training changes it."""
    not_optimized: tuple[str, ...] | None = None
    """Names of the parameters that want gradients and that no optimizer holds; empty for none."""
    without_gradient: tuple[str, ...] | None = None
    """Names of the trained parameters outside of layers (look-up tables, positions, tokens) that no gradient ever
    reached; empty for none."""
    frozen: tuple[str, ...] | None = None
    """Names of the layers that are not trained; empty for none."""
    layers: tuple[LayerProfile, ...] | None = None


class Cell(Record):
    """One cell of the data: its row, its column and what stood there."""

    row: int
    column: str
    value: str


class DataProfile(Record):
    """What the training data look like; shares are 0 to 1."""

    samples: int | None = None
    validation_samples: int | None = None
    features: int | None = None
    classes: int | None = None
    class_counts: tuple[int, ...] | None = None
    sorted_by_label: bool | None = None
    batch_label_entropy: float | None = None
    """Mean label entropy of a batch as a share of the entropy of the whole set."""

    nonfinite_cells: int | None = None
    rows_with_nonfinite: int | None = None
    nonfinite_where: tuple[Cell, ...] | None = None
    """The first 20 non-finite cells."""
    constant_columns: tuple[str, ...] | None = None
    largest_mean: float | None = None
    """Largest absolute mean of a column."""
    largest_std: float | None = None
    smallest_std: float | None = None
    scale_ratio: float | None = None
    """Largest over smallest standard deviation of the columns."""

    target_mean: float | None = None
    target_std: float | None = None
    target_prior: tuple[float, ...] | None = None
    """Share of each class."""
    seen_shares: tuple[float, ...] | None = None
    """Share of each class among the labels of the batches that were looked at, where the set's own are not known."""
    samples_seen: int | None = None
    """Where scales, ranges or shares were told by the batches of a run: of so many samples. None where the set itself
    was looked at."""
    label_minimum: float | None = None
    label_maximum: float | None = None
    labels_integer: bool | None = None
    targets_are_inputs: bool | None = None
    """True if each sample's targets are its own tokens, place for place; nothing is said of models that are known to
    shift them inside."""
    algorithmic: bool | None = None
    """True if the samples are made by a rule that can be learned exactly, such as modular arithmetic."""

    duplicates: float | None = None
    """Share of rows that repeat an earlier row."""
    train_val_overlap: float | None = None
    """Share of validation rows that are also training rows."""
    label_shift: float | None = None
    """Total variation distance between the labels of training and validation."""
    feature_shift: float | None = None
    """Share of columns whose standardized mean difference between training and validation exceeds 0.5."""
