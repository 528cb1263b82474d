"""Dropout and softened labels."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    config,
    keras_code,
    model,
    multiply,
    not_when,
    set_to,
    signal,
    torch_code,
    train,
    val,
)

UNDERFITS = not_when(
    signal.loss_over_chance(train.loss) > 0.7,
    "the training data are hardly fitted yet, and more regularization hinders that",
)

REMEDIES = (
    Remedy(
        id="FX602",
        name="lower-dropout",
        title="Lower the dropout rate, then remove it",
        do="Go down step by step, 0.5 to 0.2 to 0, and measure the training loss in evaluation mode each time. "
        "Removing it at once may trade underfitting for overfitting.",
        cost="config line",
        risk="medium",
        knob="regularization",
        direction="down",
        changes=(multiply(model.dropout, 0.4),),
        again=True,
        not_when=(
            not_when(model.dropout <= 0, "the model has no dropout"),
            not_when(
                signal.validation_rise(val.loss, train.loss) > 0.1,
                "the validation loss rises already: less dropout widens the gap",
            ),
        ),
        snippets=(
            torch_code("""
                for module in model.modules():
                    if isinstance(module, nn.Dropout):
                        module.p = {lower_dropout}  # the largest was {dropout}
            """),
            torch_code("""
                for module in model.modules():
                    if isinstance(module, nn.Dropout):
                        module.p *= 0.4
            """),
            keras_code(
                "dropout = keras.layers.Dropout({lower_dropout})  # was {dropout}; build and compile the model again"
            ),
            keras_code("dropout = keras.layers.Dropout(0.2)  # build and compile the model again"),
        ),
        watch="the training loss in evaluation mode falls, and the validation loss with it",
        worked=signal.loss_over_chance(train.loss) < 0.7,
        source=("article 4 row 7",),
    ),
    Remedy(
        id="FX613",
        name="add-dropout",
        title="Add a little dropout",
        do="Put dropout of 0.1 to 0.3 in front of the last layers. Not in front of batch normalization: its statistics "
        "in training and in evaluation would disagree.",
        cost="config line",
        risk="medium",
        knob="regularization",
        direction="up",
        changes=(set_to(model.dropout, 0.2),),
        not_when=(
            not_when(model.dropout >= 0.3, "there is much dropout already"),
            not_when(
                model.normalization.is_("batch"),
                "dropout before batch normalization makes its statistics disagree between training and evaluation",
            ),
            UNDERFITS,
        ),
        snippets=(
            torch_code("""
                body, head = model[:-1], model[-1]
                model = nn.Sequential(*body, nn.Dropout(0.2), head)
            """),
            keras_code("""
                body, head = model.layers[:-1], model.layers[-1]
                model = keras.Sequential([*body, keras.layers.Dropout(0.2), head])
            """),
        ),
        watch="the gap between training and validation narrows while the best validation value improves",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Srivastava et al. 2014", "Li et al. 2019"),
    ),
    Remedy(
        id="FX605",
        name="smooth-labels",
        title="Smooth the labels",
        do="Give the true class 0.9 to 0.95 and share the rest among the others, which keeps the model from growing "
        "ever surer. Where labels are wrong, a robust loss such as the mean absolute error of the probabilities is "
        "another way.",
        cost="config line",
        risk="low",
        knob="regularization",
        direction="up",
        changes=(set_to(config.label_smoothing, 0.1),),
        not_when=(
            not_when(config.label_smoothing > 0, "the labels are smoothed already"),
            not_when(config.task.is_("regression", "autoencoder"), "the task has no classes"),
        ),
        snippets=(
            torch_code("loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)"),
            keras_code("""
                # smoothing wants one-hot labels
                loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
                labels = keras.utils.to_categorical(y_train)
            """),
        ),
        watch="validation loss, measured without smoothing, and calibration error fall; accuracy stays",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Szegedy et al. 2016"),
    ),
    Remedy(
        id="FX610",
        name="calibrate-temperature",
        title="Calibrate the probabilities with a temperature",
        do="After training, divide the logits by one number fitted on the validation set. Accuracy is unchanged; the "
        "probabilities become honest.",
        cost="config line",
        risk="low",
        not_when=(not_when(config.task.is_("regression", "autoencoder"), "the task has no class probabilities"),),
        snippets=(
            torch_code("""
                fixed = logits.detach()  # of the validation set
                log_temperature = torch.zeros(1, requires_grad=True)
                fit = torch.optim.LBFGS([log_temperature], max_iter=50)

                def closure():
                    fit.zero_grad()
                    loss = F.cross_entropy(fixed / log_temperature.exp(), targets)
                    loss.backward()
                    return loss

                fit.step(closure)
                print("divide logits by", log_temperature.exp().item())
            """),
            keras_code("""
                logits = np.asarray(model.predict(x_val))  # of a model without softmax
                entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                temperatures = np.geomspace(0.2, 10, 100)
                print("divide logits by", min(temperatures, key=lambda t: float(entropy(y_val, logits / t))))
            """),
        ),
        watch="the validation loss falls with accuracy unchanged",
        source=("knowledge of the field", "Guo et al. 2017"),
    ),
)
