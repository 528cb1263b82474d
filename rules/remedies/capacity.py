"""How large the network is."""

from __future__ import annotations

from expert.authoring import Remedy, embedding, keras_code, model, not_when, signal, torch_code, train, val

narrow = signal.narrowest_layer()

REMEDIES = (
    Remedy(
        id="FX502",
        name="fewer-layers",
        title="Use fewer layers",
        do="Take one hidden layer out and train again. This is the last resort for a network that does not converge: "
        "try initialization, activation, normalization and residual connections first.",
        cost="new structure",
        risk="medium",
        knob="capacity",
        direction="down",
        not_when=(
            not_when(model.linear, "there is no hidden layer to remove"),
            not_when(model.depth <= 2, "there is hardly a layer to remove"),
            not_when(
                signal.first_to_last_gradient() >= 0.1,
                "the gradients reach the first layer well, so depth is no obstacle",
            ),
        ),
        watch="one batch can be overfitted, and the loss leaves the level of chance",
        worked=signal.best_loss_over_chance(train.loss) < 0.9,
        source=("article 3.4",),
    ),
    Remedy(
        id="FX505",
        name="more-capacity",
        title="Give the model more capacity",
        do="Double the width of the hidden layers, or add one, and once more as long as the loss ends lower by that. "
        "First make sure that one batch cannot be overfitted while its gradients are in order; otherwise size is not "
        "what is missing.",
        cost="new structure",
        risk="medium",
        knob="capacity",
        direction="up",
        again=True,
        not_when=(
            not_when(
                signal.first_to_last_gradient() < 1e-2,
                "the gradients do not reach the first layer: another makes it worse",
            ),
            # Of three units one is soon dead: there are too few of them.
            not_when(
                (signal.dead_unit_share() >= 0.5) & ((narrow >= 4) | ~narrow.known),
                "half of the units of a layer are dead: revive them first",
            ),
            not_when(signal.validation_rise(val.loss, train.loss) > 0.1, "the model overfits already"),
        ),
        snippets=(
            torch_code("""
                body, head = model[:-1], model[-1]
                model = nn.Sequential(*body, nn.Linear(head.in_features, head.in_features), nn.ReLU(), head)
            """),
            keras_code("""
                body, head = model.layers[:-1], model.layers[-1]
                extra = keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal")
                model = keras.Sequential([*body, extra, keras.layers.Dense(head.units, activation=head.activation)])
            """),
        ),
        watch="one batch can be overfitted, and the training loss falls below its old floor",
        worked=signal.loss_over_chance(train.loss) < 0.5,
        source=("article 1.1",),
    ),
    Remedy(
        id="FX508",
        name="smaller-model",
        title="Use a smaller model",
        do="Halve the width or take a layer out, after more data, augmentation and weight decay have been tried. A "
        "model that is too small for the training data cannot be good on any other.",
        cost="new structure",
        risk="medium",
        knob="capacity",
        direction="down",
        not_when=(
            not_when(model.linear, "a linear model is as small as it can be"),
            not_when(
                signal.loss_over_chance(train.loss) > 0.7, "the model does not fit the training data well as it is"
            ),
        ),
        watch="the gap between training and validation narrows while the best validation value is no worse",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Goodfellow et al. 2016"),
    ),
    Remedy(
        id="FX412",
        name="prevent-collapse",
        title="Keep the representations apart",
        do="Give the objective what forbids one answer for all: negative pairs, a term for the variance of each "
        "dimension, or a predictor with a stop-gradient on the other branch.",
        cost="new structure",
        risk="medium",
        snippets=(
            torch_code("""
                embeddings = logits                                # samples x dimensions
                spread = embeddings.std(dim=0)
                loss = loss + F.relu(1.0 - spread).mean()          # every dimension keeps a deviation of about 1
            """),
            keras_code("""
                embeddings = keras.ops.convert_to_tensor(x_train)  # samples x dimensions
                spread = keras.ops.std(embeddings, axis=0)
                penalty = keras.ops.mean(keras.ops.relu(1.0 - spread))  # add it to the loss
            """),
        ),
        watch="the mean cosine between embeddings of different samples falls and their effective rank grows",
        worked=signal.late_size(embedding.cosine) < 0.5,
        source=("knowledge of the field", "Bardes et al. 2022"),
    ),
)
