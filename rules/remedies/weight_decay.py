"""Penalties on the weights."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, multiply, not_when, set_to, signal, torch_code, train, val

SHRINKING = not_when(signal.weight_norm_change() < 0.5, "the weights have shrunk to less than half already")
UNDERFITS = not_when(
    signal.loss_over_chance(train.loss) > 0.7,
    "the training data are hardly fitted yet, and more regularization hinders that",
)

REMEDIES = (
    Remedy(
        id="FX606",
        name="raise-weight-decay",
        title="Raise the weight decay",
        do="Multiply the weight decay by 3 to 10; begin with 1e-4 for SGD or 1e-2 for AdamW where there is none. A "
        "change of the rate changes its effect, so tune the rate first.",
        cost="config line",
        risk="medium",
        knob="regularization",
        direction="up",
        changes=(
            multiply(config.weight_decay, 3.0, when=config.weight_decay > 0),
            set_to(config.weight_decay, 1e-4, when=config.optimizer.is_("sgd")),
            set_to(config.weight_decay, 1e-2),
        ),
        not_when=(not_when(config.weight_decay >= 0.3, "the weight decay is strong already"), SHRINKING, UNDERFITS),
        snippets=(
            torch_code("""
                for group in optimizer.param_groups:
                    group["weight_decay"] = {threefold_weight_decay}  # was {weight_decay}
            """),
            torch_code("""
                for group in optimizer.param_groups:
                    group["weight_decay"] = 1e-2  # AdamW; 1e-4 for SGD
            """),
            keras_code("""
                # was {weight_decay}
                settings = model.optimizer.get_config() | {{"weight_decay": {threefold_weight_decay}}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"weight_decay": 1e-2}}  # AdamW; 1e-4 for SGD
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="the gap between training and validation narrows while the best validation value improves",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Smith 2018"),
    ),
    Remedy(
        id="FX612",
        name="lower-weight-decay",
        title="Lower the weight decay",
        do="Divide the weight decay, or the penalty of the layers, by 10, or set it to 0 for one run, and watch the "
        "norm of the weights. Divide it once more as long as the loss ends lower by that.",
        cost="config line",
        risk="low",
        knob="regularization",
        direction="down",
        changes=(
            multiply(config.weight_decay, 0.1, when=(config.weight_decay > 0) | ~config.weight_decay.known),
            multiply(config.l2_penalty, 0.1, when=config.l2_penalty > 0),
        ),
        again=True,
        not_when=(
            not_when(
                (config.weight_decay <= 0) & ((config.l2_penalty <= 0) | ~config.l2_penalty.known),
                "there is no weight decay",
            ),
        ),
        snippets=(
            torch_code("""
                for group in optimizer.param_groups:
                    group["weight_decay"] = {a_tenth_of_weight_decay}  # was {weight_decay}
            """),
            torch_code("""
                for group in optimizer.param_groups:
                    group["weight_decay"] /= 10
            """),
            keras_code("""
                # was {weight_decay}
                settings = model.optimizer.get_config() | {{"weight_decay": {a_tenth_of_weight_decay}}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
            keras_code("""
                settings = model.optimizer.get_config()
                settings["weight_decay"] = (settings["weight_decay"] or 0.0) / 10
                for weight in model.trainable_weights:  # the penalties of layers, where they have any
                    if isinstance(weight.regularizer, keras.regularizers.L2):
                        weight.regularizer = keras.regularizers.L2(float(weight.regularizer.l2) / 10)
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="the norm of the weights stops shrinking, and the training loss falls well below that of chance",
        worked=(signal.weight_norm_change() > 0.5) & (signal.loss_over_chance(train.loss) < 0.7),
        source=("knowledge of the field", "Smith 2018"),
    ),
    Remedy(
        id="FX607",
        name="add-l2-penalty",
        title="Penalize the squared weights",
        do="Add an L2 penalty of 1e-5 to 1e-2 on the weights, the recurrent ones above all, to the loss that is "
        "differentiated. It restrains exploding gradients where weights grow, together with clipping; it makes "
        "vanishing ones worse.",
        cost="config line",
        risk="medium",
        knob="regularization",
        direction="up",
        changes=(set_to(config.l2_penalty, 1e-4),),
        not_when=(
            not_when(
                signal.first_to_last_gradient() < 1e-2, "the gradients vanish, and smaller weights make that worse"
            ),
            SHRINKING,
            UNDERFITS,
        ),
        snippets=(
            torch_code("""
                penalty = sum(p.square().sum() for name, p in model.named_parameters() if "weight" in name)
                (loss + 1e-4 * penalty).backward()
            """),
            keras_code("""
                l2 = keras.regularizers.L2(1e-4)
                recurrent = keras.layers.LSTM(64, kernel_regularizer=l2, recurrent_regularizer=l2)
            """),
        ),
        watch="the norm of the weights stays bounded, and so does the gradient norm",
        worked=signal.weight_norm_change() < 3,
        source=("article 3.2.2", "Pascanu et al. 2013"),
    ),
    Remedy(
        id="FX608",
        name="decouple-weight-decay",
        title="Decouple the weight decay and spare biases and norms",
        do="Use AdamW in place of an L2 term inside Adam, which shrinks weights with large gradients least. Exclude "
        "biases, normalization and, in transformers, embeddings from the decay.",
        cost="config line",
        risk="low",
        changes=(set_to(config.decoupled_weight_decay, True),),
        not_when=(not_when(config.optimizer.is_("sgd"), "in SGD an L2 term and weight decay are the same"),),
        snippets=(
            torch_code("""
                decayed = [p for p in model.parameters() if p.ndim >= 2]
                spared = [p for p in model.parameters() if p.ndim < 2]  # biases and norms
                groups = [
                    {{"params": decayed, "weight_decay": {weight_decay}}},
                    {{"params": spared, "weight_decay": 0.0}},
                ]
                optimizer = torch.optim.AdamW(groups, lr={learning_rate})
            """),
            torch_code("""
                decayed = [p for p in model.parameters() if p.ndim >= 2]
                spared = [p for p in model.parameters() if p.ndim < 2]  # biases and norms
                groups = [
                    {{"params": decayed, "weight_decay": 0.01}},
                    {{"params": spared, "weight_decay": 0.0}},
                ]
                optimizer = torch.optim.AdamW(groups, lr=1e-3)
            """),
            keras_code("""
                optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.01)
                optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])  # before the first step
                model.compile(optimizer, loss=loss)
            """),
        ),
        watch="the best weight decay no longer depends on the rate, and validation is no worse",
        source=("knowledge of the field", "Loshchilov and Hutter 2019"),
    ),
    Remedy(
        id="FX609",
        name="connect-penalty",
        title="Differentiate the loss with its penalty",
        do="Add the penalty to the very tensor on which the gradients are taken. A test: a hundredfold penalty must "
        "raise the first loss and change the weights.",
        cost="config line",
        risk="low",
        changes=(set_to(config.penalty_in_gradient, True),),
        not_when=(not_when(config.penalty_in_gradient, "the gradients include the penalty"),),
        snippets=(
            torch_code("""
                penalty = sum(p.square().sum() for p in model.parameters() if p.ndim >= 2)
                total = loss_fn(model(inputs), targets) + 1e-4 * penalty
                total.backward()  # of the total, not of the loss alone
            """),
            keras_code("""
                import tensorflow as tf

                with tf.GradientTape() as tape:
                    entropy = keras.ops.mean(loss(y_train, model(x_train, training=True)))
                    total = entropy + sum(model.losses)  # fit() adds the penalties, your own loop must
                gradients = tape.gradient(total, model.trainable_weights)
            """),
        ),
        watch="a hundredfold penalty raises the first loss",
        worked=config.penalty_in_gradient,
        source=("knowledge of the field", "CS231n notes"),
    ),
)
