"""The training step: what it updates and in which order."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, not_when, set_to, signal, torch_code

REMEDIES = (
    Remedy(
        id="FX409",
        name="reconnect-parameters",
        title="Connect every parameter to the loss and to the optimizer",
        do="List the parameters without a gradient and those the optimizer does not hold. Usual reasons are detach, "
        "no_grad or argmax in the forward pass, layers in a plain list, and an optimizer built before the model was "
        "changed.",
        cost="code change",
        risk="low",
        snippets=(
            torch_code("""
                loss_fn(model(inputs), targets).backward()
                held = {{id(p) for group in optimizer.param_groups for p in group["params"]}}
                for name, parameter in model.named_parameters():
                    if parameter.grad is None or id(parameter) not in held:
                        print(name, "gradient:", parameter.grad is not None, "in the optimizer:", id(parameter) in held)
                # layers belong in nn.ModuleList, not in a list; rebuild the optimizer after changing the model
            """),
            keras_code("""
                before = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
                model.train_on_batch(x_train[:32], y_train[:32])
                for old, weight in zip(before, model.trainable_weights):
                    if np.array_equal(old, keras.ops.convert_to_numpy(weight)):
                        print(weight.path, "did not move")
                print([weight.path for weight in model.non_trainable_weights])
            """),
        ),
        watch="no trainable parameter is without a gradient, and every layer moves",
        worked=(signal.without_gradient_share() <= 0) & (signal.frozen_layer_share() <= 0),
        source=("knowledge of the field", "PyTorch FAQ"),
    ),
    Remedy(
        id="FX410",
        name="unfreeze-layers",
        title="Unfreeze the layers that are to learn",
        do="Set the layers trainable and give the optimizer their parameters; in Keras compile again. Unfreeze step by "
        "step and at a lower rate where the weights are pre-trained.",
        cost="config line",
        risk="medium",
        snippets=(
            torch_code("""
                model.requires_grad_(True)
                held = {{id(p) for group in optimizer.param_groups for p in group["params"]}}
                missing = [p for p in model.parameters() if id(p) not in held]
                if missing:
                    optimizer.add_param_group({{"params": missing}})  # with "lr": a lower one if they are pre-trained
            """),
            keras_code("""
                model.trainable = True  # takes effect when compiled again, with a new optimizer
                model.compile(type(model.optimizer).from_config(model.optimizer.get_config()), loss=loss)
            """),
        ),
        watch="the updates of these layers are above zero",
        worked=signal.frozen_layer_share() <= 0,
        source=("knowledge of the field", "Keras guide to transfer learning"),
    ),
    Remedy(
        id="FX411",
        name="order-training-step",
        title="Zero, backward, step, schedule: in this order",
        do="Zero the gradients before each backward pass (or once per group of accumulated batches), step after it, "
        "and call the scheduler after the step. Without zeroing, each step repeats all earlier gradients.",
        cost="config line",
        risk="low",
        changes=(set_to(config.gradients_zeroed, True),),
        snippets=(
            torch_code("""
                for inputs, targets in loader:
                    optimizer.zero_grad(set_to_none=True)
                    loss = loss_fn(model(inputs), targets)
                    loss.backward()
                    optimizer.step()
                scheduler.step()  # here if it counts epochs, inside the loop if it counts steps
            """),
            keras_code("""
                import tensorflow as tf

                with tf.GradientTape() as tape:  # one tape for each step
                    value = keras.ops.mean(loss(y_train, model(x_train, training=True)))
                gradients = tape.gradient(value, model.trainable_weights)
                model.optimizer.apply(gradients, model.trainable_weights)
            """),
        ),
        watch="successive gradients stop pointing one way, and the gradient norm stops growing from step to step",
        worked=(signal.aligned_gradients_share() < 0.5) & (signal.gradient_growth() < 10),
        source=("knowledge of the field", "Karpathy 2019"),
        not_when=(
            not_when(
                config.framework.is_("keras") & config.gradients_zeroed,
                "model.fit computes the gradients of each step anew",
            ),
        ),
    ),
)
