"""The output of the network and the loss that reads it."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    config,
    data,
    keras_code,
    model,
    not_when,
    output,
    set_to,
    signal,
    torch_code,
    train,
)

NOT_CLASSES = not_when(config.task.is_("regression", "autoencoder"), "the task has no class probabilities")

IS_ONE_ANSWER_OF_TWO = (data.classes <= 2) & (model.output_units <= 1)
IS_ONE_CLASS_OF_MANY = (data.classes >= 2) & (model.output_units >= 2) | config.task.is_("language_model")

REMEDIES = (
    Remedy(
        id="FX202",
        name="fused-loss-on-logits",
        title="Use the fused loss on logits",
        do="Feed the raw outputs to the framework's cross entropy and drop your own softmax, logarithm and clamp. A "
        "clamp avoids the infinity but its gradient is zero exactly where the model is most wrong.",
        cost="config line",
        risk="low",
        changes=(set_to(config.loss_formula, "fused"),),
        not_when=(not_when(config.loss_formula.is_("fused"), "the loss is computed in fused form already"),),
        snippets=(
            torch_code("""
                loss = F.cross_entropy(logits, targets)  # the last layer has no softmax
                # two classes, one output: F.binary_cross_entropy_with_logits(logit, target.float())
            """),
            keras_code("""
                # the last layer has no activation
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                model.compile(model.optimizer, loss=loss)
            """),
        ),
        watch="the loss stays finite, and the largest loss of a sample is no longer stuck at one value",
        worked=~signal.broken_loss(),
        source=("knowledge of the field", "PyTorch documentation"),
    ),
    Remedy(
        id="FX207",
        name="correct-loss-sign",
        title="Correct the sign of the objective",
        do="Minimize the negative log-likelihood, and maximize nothing by accident: look for a missing or doubled "
        "minus, and for an objective that is added where it should be subtracted.",
        cost="config line",
        risk="low",
        snippets=(
            torch_code("""
                log_chance = logits.log_softmax(dim=1)
                loss = -log_chance[torch.arange(len(targets)), targets].mean()
                assert loss >= 0
            """),
            keras_code("""
                def negative_log_likelihood(labels, logits):
                    rows = keras.ops.cast(keras.ops.reshape(labels, (-1, 1)), "int32")
                    return -keras.ops.take_along_axis(keras.ops.log_softmax(logits), rows, axis=1)

                model.compile(model.optimizer, loss=negative_log_likelihood)
            """),
        ),
        watch="the loss is at or above 0 and falls",
        worked=(signal.minimum_value(train.loss) >= 0) & (signal.loss_fall() > 0.05),
        source=("knowledge of the field", "Tobin 2021"),
    ),
    Remedy(
        id="FX501",
        name="pair-head-with-loss",
        title="Match the output layer with the loss",
        do="Take C raw outputs with cross entropy on logits for one of C classes, one raw output each with binary "
        "cross entropy on logits for yes or no (also for several labels at once), and a linear output with a "
        "squared or Huber loss for a number. Apply softmax or sigmoid once, inside the loss or in the model, "
        "never in both. Another loss has gradients of another size: where it was exchanged, probe the learning rate "
        "again.",
        cost="config line",
        risk="low",
        changes=(
            set_to(model.output_activation, "none"),
            set_to(config.loss, "bce_with_logits", when=IS_ONE_ANSWER_OF_TWO),
            set_to(config.loss, "cross_entropy", when=IS_ONE_CLASS_OF_MANY),
            set_to(config.loss, "mse", when=config.task.is_("regression", "autoencoder")),
        ),
        snippets=(
            torch_code("""
                one_of_many = nn.Linear(64, {classes}), nn.CrossEntropyLoss()  # labels: class numbers, int64
                yes_or_no = nn.Linear(64, 1), nn.BCEWithLogitsLoss()  # labels: 0.0 or 1.0, shape like the output
                number = nn.Linear(64, 1), nn.MSELoss()  # labels: shape like the output
            """),
            torch_code("""
                one_of_many = nn.Linear(64, 10), nn.CrossEntropyLoss()  # labels: class numbers, int64
                yes_or_no = nn.Linear(64, 1), nn.BCEWithLogitsLoss()  # labels: 0.0 or 1.0, shape like the output
                number = nn.Linear(64, 1), nn.MSELoss()  # labels: shape like the output
            """),
            keras_code("""
                logits_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                one_of_many = keras.layers.Dense({classes}), logits_loss
                yes_or_no = keras.layers.Dense(1), keras.losses.BinaryCrossentropy(from_logits=True)
                number = keras.layers.Dense(1), keras.losses.MeanSquaredError()
            """),
            keras_code("""
                logits_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                one_of_many = keras.layers.Dense(10), logits_loss
                yes_or_no = keras.layers.Dense(1), keras.losses.BinaryCrossentropy(from_logits=True)
                number = keras.layers.Dense(1), keras.losses.MeanSquaredError()
            """),
        ),
        watch="the loss falls below the floor that a double softmax leaves: 0.313 for 2 classes, 0.744 for 4, 1.461 "
        "for 10",
        worked=signal.best_loss_over_chance(train.loss) < 0.45,
        source=("knowledge of the field", "Goodfellow et al. 2016"),
    ),
    Remedy(
        id="FX503",
        name="repair-nonlinearity",
        title="Put non-linearities between hidden layers and none before the loss",
        do="Two linear layers in a row compute no more than one: put a ReLU or GELU between them. Take a ReLU, tanh or "
        "sigmoid off the last layer unless the targets have its range.",
        cost="config line",
        risk="low",
        snippets=(
            torch_code(
                "model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))"
            ),
            keras_code("""
                model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(4)])
            """),
        ),
        watch="the training loss falls below that of a linear model",
        worked=signal.loss_over_chance(train.loss) < 0.5,
        source=("knowledge of the field", "Schoop et al. 2021"),
    ),
    Remedy(
        id="FX504",
        name="average-the-loss",
        title="Average the loss over the samples, in training and validation alike",
        do="Use the mean instead of the sum, and a learning rate that is usual for the optimizer. Where the rate had "
        "been lowered to suit the sum, multiply it by the batch size at the same time, because a sum made every step "
        "larger by that factor.",
        cost="config line",
        risk="medium",
        changes=(set_to(config.loss_reduction, "mean"),),
        not_when=(not_when(config.loss_reduction.is_("mean"), "the loss is a mean already"),),
        snippets=(
            torch_code("""
                loss_fn = nn.CrossEntropyLoss(reduction="mean")
                # where the rate was low to suit the sum: lr={learning_rate} * {batch_size}, which keeps the step
            """),
            torch_code("""
                loss_fn = nn.CrossEntropyLoss(reduction="mean")
                # where the rate was low to suit the sum: lr * loader.batch_size, which keeps the step
            """),
            keras_code("""
                # the name means: the mean
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum_over_batch_size")
            """),
        ),
        watch="the first loss is near ln C for C classes, whatever the batch size",
        worked=signal.initial_loss_over_chance(train.loss) < 3,
        source=("knowledge of the field", "Goyal et al. 2017"),
    ),
    Remedy(
        id="FX509",
        name="match-target-shape",
        title="Give outputs and targets one shape",
        do="Take the last axis off the outputs, or add one to the targets, before the loss. Check it once: a mean of N "
        "squared differences has N of them, not N times N.",
        cost="config line",
        risk="low",
        changes=(set_to(config.loss_broadcast, False),),
        snippets=(
            torch_code("""
                outputs = model(inputs)
                # a row of targets for a column of outputs: targets.unsqueeze(-1), or outputs.squeeze(-1)
                loss = F.mse_loss(outputs, targets.reshape(len(outputs), -1).expand_as(outputs).float())
            """),
            keras_code("""
                y_train = y_train.reshape(-1, 1)  # one column for one output
            """),
        ),
        watch="the loss falls below the spread of the targets",
        worked=signal.loss_fall() > 0.3,
        source=("knowledge of the field", "PyTorch documentation"),
    ),
    Remedy(
        id="FX510",
        name="softmax-over-classes",
        title="Take the softmax over the classes",
        do="Let the softmax run over the axis of the classes: the second one of PyTorch's losses, the last one of "
        "Keras. Better, drop it and feed the raw outputs to the cross entropy, which knows the axis itself.",
        cost="config line",
        risk="low",
        changes=(set_to(config.softmax_over_classes, True),),
        not_when=(not_when(config.softmax_over_classes, "the softmax runs over the classes already"),),
        snippets=(
            torch_code("""
                log_chances = F.log_softmax(logits, dim=1)
                assert torch.allclose(log_chances.exp().sum(dim=1), torch.ones(len(logits)), atol=1e-3)
                loss = F.nll_loss(log_chances, targets)  # or F.cross_entropy(logits, targets), which does both
            """),
            keras_code("""
                head = keras.layers.Softmax(axis=-1)
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # or this, without any softmax
            """),
        ),
        watch="the first loss is near ln C for C classes, whatever the batch size, and one sample alone gets the "
        "answer that it gets in a batch",
        worked=signal.initial_loss_over_chance(train.loss) < 1.2,
        source=("knowledge of the field", "PyTorch documentation"),
    ),
    Remedy(
        id="FX507",
        name="set-final-bias",
        title="Start the last bias at the prior",
        do="Set the bias of the last layer to the logarithm of the class shares, or to the mean of the targets in "
        "regression. The first epochs are then spent on the inputs and not on the prior.",
        cost="config line",
        risk="low",
        not_when=(not_when(config.pretrained, "the head is trained already, or is to be set with its weights"),),
        snippets=(
            torch_code("""
                counts = torch.bincount(targets, minlength=logits.shape[-1])  # of the training set
                with torch.no_grad():
                    model[-1].bias.copy_((counts / counts.sum()).clamp_min(1e-6).log())
            """),
            keras_code("""
                counts = np.bincount(y_train)
                bias = keras.initializers.Constant(np.log(counts / counts.sum()))
                output = keras.layers.Dense(len(counts), bias_initializer=bias)
            """),
        ),
        watch="the first loss is the entropy of the class shares and does not drop steeply before it learns",
        worked=signal.initial_loss_over_chance(train.loss) < 1.2,
        source=("knowledge of the field", "Karpathy 2019"),
    ),
    Remedy(
        id="FX414",
        name="add-z-loss",
        title="Hold the output logits near zero with a z-loss",
        do="Add 1e-4 times the squared logarithm of the softmax normalizer to the loss. It stops all logits from "
        "drifting together, which cross entropy by itself does not see.",
        cost="code change",
        risk="low",
        not_when=(NOT_CLASSES, not_when(model.output_activation.is_("sigmoid"), "the outputs share no normalizer")),
        snippets=(
            torch_code("loss = F.cross_entropy(logits, targets) + 1e-4 * logits.logsumexp(dim=-1).square().mean()"),
            keras_code("""
                def loss(labels, logits):
                    z = keras.ops.logsumexp(logits, axis=-1)
                    entropy = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
                    return entropy + 1e-4 * keras.ops.square(z)
            """),
        ),
        watch="the mean logarithm of the normalizer stays near 0",
        worked=signal.size_growth(output.log_normalizer) < 1.2,
        source=("knowledge of the field", "Chowdhery et al. 2022"),
    ),
)
