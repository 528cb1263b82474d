"""What happens to inputs and targets before the network sees them."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    config,
    data,
    keras_code,
    model,
    not_when,
    numpy_code,
    set_to,
    signal,
    torch_code,
    train,
    val,
)

REMEDIES = (
    Remedy(
        id="FX101",
        name="remove-nonfinite-rows",
        title="Repair or drop the non-finite cells",
        do="List the rows and columns that are not finite after preprocessing, infinities included, and repair the "
        "step that makes them (0/0 and log 0 are the usual ones). What cannot be repaired is dropped, or imputed "
        "together with a column that marks it; look at the labels as well.",
        cost="config line",
        risk="low",
        not_when=(not_when(data.nonfinite_cells <= 0, "every cell of the data is finite"),),
        snippets=(
            torch_code("""
                # inputs and targets of the whole set
                finite = torch.isfinite(inputs).flatten(1).all(dim=1)
                print("rows to repair:", (~finite).nonzero().flatten().tolist())
                inputs, targets = inputs[finite], targets[finite]
            """),
            numpy_code("""
                # rows already known to hold such cells: {nonfinite_rows}
                finite = np.isfinite(x.reshape(len(x), -1)).all(axis=1)
                print("rows to repair:", np.flatnonzero(~finite))
                x, y = x[finite], y[finite]
            """),
            numpy_code("""
                finite = np.isfinite(x.reshape(len(x), -1)).all(axis=1)
                print("rows to repair:", np.flatnonzero(~finite))
                x, y = x[finite], y[finite]
            """),
        ),
        watch="a new look at the data finds no non-finite cell, and the loss stays finite past the step where it broke",
        worked=(signal.nonfinite_cells() < 1) & ~signal.broken_loss(),
        source=("article 3.1",),
    ),
    Remedy(
        id="FX102",
        name="guard-preprocessing",
        title="Keep the preprocessing inside its domain",
        do="Give every division, logarithm and root of the preprocessing a value it can take: divide by the deviation "
        "only where it is positive, use log1p for counts, bound denominators from below. Where one batch is to "
        "blame, look at its rows before you train on it again.",
        cost="config line",
        risk="low",
        snippets=(
            numpy_code("""
                deviation = x_train.std(axis=0)
                scale = np.where(deviation > 0, deviation, 1.0)  # a constant column stays, divided by 1
                x_train = (x_train - x_train.mean(axis=0)) / scale
                logarithm = np.log1p(np.maximum(y_train, 0))     # instead of np.log(y_train)
            """),
        ),
        watch="the preprocessed columns are finite and the batch that broke the run trains like the others",
        worked=~signal.broken_loss(),
        source=("article 3.1",),
    ),
    Remedy(
        id="FX103",
        name="standardize-inputs",
        title="Standardize the inputs",
        do="Shift and scale every input column to mean 0 and standard deviation 1, with the statistics of the training "
        "set, and apply the same numbers to validation data and in production.",
        cost="config line",
        risk="low",
        not_when=(
            not_when(config.task.is_("language_model"), "token ids are names, not magnitudes"),
            not_when(
                (data.largest_mean <= 1.0) & data.largest_std.between(0.1, 3.0) & (data.scale_ratio <= 10.0),
                "the columns already share one scale",
            ),
        ),
        snippets=(
            torch_code("""
                mean, std = inputs.mean(dim=0), inputs.std(dim=0)  # of the training set, once
                inputs = (inputs - mean) / std.clamp_min(1e-6)
            """),
            keras_code("""
                normalization = keras.layers.Normalization(axis=-1)
                normalization.adapt(x_train)
                model = keras.Sequential([normalization, model])
            """),
            numpy_code("""
                mean, std = x_train.mean(axis=0), x_train.std(axis=0)
                std = np.where(std > 0, std, 1.0)
                x_train, x_val = (x_train - mean) / std, (x_val - mean) / std
            """),
        ),
        watch="the first loss is near that of chance, ln C for C classes, and units stop saturating or dying",
        worked=(signal.initial_loss_over_chance(train.loss) < 2) & (signal.loss_fall() > 0.05),
        source=("Karpathy 2019",),
    ),
    Remedy(
        id="FX104",
        name="standardize-targets",
        title="Standardize the regression targets",
        do="Shift and scale the targets to mean 0 and standard deviation 1 with the statistics of the training set, "
        "and undo it when you predict. Report errors in the original unit.",
        cost="config line",
        risk="low",
        not_when=(
            not_when(config.task.is_("classification", "segmentation", "language_model"), "class labels have no scale"),
        ),
        snippets=(
            torch_code("""
                labels = targets.float()
                mean, std = labels.mean(dim=0), labels.std(dim=0)  # of the training set, once
                scaled = (labels - mean) / std                     # train on these
                original = scaled * std + mean                     # and so back, for predictions
            """),
            numpy_code("""
                mean, std = y_train.mean(axis=0), y_train.std(axis=0)
                scaled = (y_train - mean) / std   # train on these
                original = scaled * std + mean    # and so back, for predictions
            """),
        ),
        watch="the squared error starts near 1",
        worked=signal.initial_loss_over_chance(train.loss) < 3,
        source=("knowledge of the field", "LeCun et al. 1998"),
    ),
    Remedy(
        id="FX113",
        name="same-preprocessing",
        title="Treat training and validation data alike",
        do="Fit scaling, vocabulary and label map on the training set once and use that one object for every set. "
        "Random augmentation belongs to training alone.",
        cost="config line",
        risk="low",
        not_when=(not_when(data.feature_shift < 0.01, "the columns of both sets lie alike"),),
        snippets=(
            keras_code("""
                normalization = keras.layers.Normalization(axis=-1)
                normalization.adapt(x_train)  # the training set alone
                train_ready, val_ready = normalization(x_train), normalization(x_val)
            """),
            numpy_code("""
                mean, std = x_train.mean(axis=0), x_train.std(axis=0)  # the training set alone
                classes, y_train = np.unique(y_train, return_inverse=True)
                x_train, x_val = (x_train - mean) / std, (x_val - mean) / std
                y_val = np.searchsorted(classes, y_val)                # the same map from label to number
            """),
        ),
        watch="the gap between training and validation loss is gone at the first epoch",
        worked=signal.ratio_at_start(val.loss, train.loss) < 1.3,
        source=("knowledge of the field", "Ivanov 2017"),
    ),
    Remedy(
        id="FX603",
        name="augment-data",
        title="Augment the training data",
        do="Add random changes that keep the label true (shifts and flips of images, noise and masks for signals), to "
        "the training set only. Begin lightly and look at a few results with your own eyes.",
        cost="code change",
        risk="medium",
        knob="regularization",
        direction="up",
        changes=(set_to(config.augmentation, True),),
        not_when=(
            not_when(config.augmentation, "the training data are augmented already"),
            not_when(model.dropout >= 0.75, "the dropout regularizes too much already: lower it first"),
        ),
        snippets=(
            torch_code("""
                for inputs, targets in loader:  # mixup: works for any input of numbers
                    share = float(torch.distributions.Beta(0.2, 0.2).sample())
                    other = torch.randperm(len(inputs), device=inputs.device)
                    outputs = model(share * inputs + (1 - share) * inputs[other])
                    loss = share * loss_fn(outputs, targets) + (1 - share) * loss_fn(outputs, targets[other])
            """),
            keras_code("""
                augmentation = keras.Sequential([  # active in training only
                    keras.layers.RandomFlip("horizontal"),
                    keras.layers.RandomTranslation(0.1, 0.1),
                ])
            """),
        ),
        watch="the gap between training and validation loss narrows while the best validation value improves",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Zhang et al. 2018"),
    ),
    Remedy(
        id="FX611",
        name="lighten-augmentation",
        title="Augment more lightly",
        do="Halve the strength of augmentation and mixup, or switch off one transformation at a time, and see whether "
        "the training loss falls. Look for transformations that change what the label should be.",
        cost="config line",
        risk="low",
        knob="regularization",
        direction="down",
        not_when=(not_when(config.augmentation.is_(False), "the training data are not augmented"),),
        watch="the training loss falls and the validation value is no worse",
        worked=signal.loss_fall() > 0.05,
        source=("knowledge of the field", "Karpathy 2019"),
    ),
)
