"""The learning rate: its size."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, multiply, not_when, set_to, signal, torch_code, train

REMEDIES = (
    Remedy(
        id="FX301",
        name="lower-learning-rate",
        title="Lower the learning rate",
        do="Divide the learning rate by 10, or by 3 where no update is larger than a third of the weights, and start "
        "again, with new weights or from a checkpoint before the trouble. Divide it once more as long as the loss ends "
        "lower by that. Units that died under the high rate do not come back by themselves.",
        cost="config line",
        risk="low",
        knob="learning-rate",
        direction="down",
        changes=(
            multiply(config.learning_rate, 0.3, when=signal.early_update_ratio() < 0.3),
            multiply(config.learning_rate, 0.1),
        ),
        again=True,
        not_when=(
            not_when(
                (signal.update_ratio() < 1e-5) & (signal.early_update_ratio() < 0.03),
                "the updates are tiny against the weights already, and always were",
            ),
        ),
        snippets=(
            torch_code("""
                for group in optimizer.param_groups:
                    group["lr"] = {a_tenth_of_learning_rate}  # was {learning_rate}
            """),
            torch_code("""
                for group in optimizer.param_groups:
                    group["lr"] /= 10
            """),
            keras_code("model.optimizer.learning_rate = {a_tenth_of_learning_rate}  # was {learning_rate}"),
            keras_code("model.optimizer.learning_rate = float(model.optimizer.learning_rate) / 10"),
        ),
        watch="the largest update of the first 30 steps stays below 0.1 of the weights and the epoch loss turns round "
        "less often",
        worked=(signal.early_update_ratio() < 0.1) & (signal.own_swing_over_fall(train.loss) < 0.3),
        source=("article 4 row 4", "article 4 row 8"),
    ),
    Remedy(
        id="FX310",
        name="raise-learning-rate",
        title="Raise the learning rate",
        do="Multiply the learning rate by 3 to 10 and watch the first hundred steps. Take it back if the loss rises "
        "there; multiply it once more as long as the loss ends lower by that. Adadelta takes 1 at once, the rate it is "
        "made for.",
        cost="config line",
        risk="medium",
        knob="learning-rate",
        direction="up",
        changes=(
            set_to(config.learning_rate, 1.0, when=config.optimizer.is_("adadelta") & (config.learning_rate < 1.0)),
            multiply(config.learning_rate, 10.0),
        ),
        again=True,
        not_when=(
            not_when(signal.has_nonfinite(train.loss), "the loss became non-finite at the present rate"),
            not_when(signal.update_ratio() > 1e-2, "the updates are large against the weights already"),
            not_when(signal.early_update_ratio() > 0.1, "the first updates are too large already"),
            not_when(signal.early_rise(train.loss) > 0.3, "the loss rises in the first steps at the present rate"),
        ),
        snippets=(
            torch_code("""
                for group in optimizer.param_groups:
                    group["lr"] = {tenfold_learning_rate}  # was {learning_rate}; else {threefold_learning_rate}
            """),
            torch_code("""
                for group in optimizer.param_groups:
                    group["lr"] *= 10  # or 3, if that is too much
            """),
            keras_code("model.optimizer.learning_rate = {tenfold_learning_rate}  # was {learning_rate}"),
            keras_code("model.optimizer.learning_rate = 10 * float(model.optimizer.learning_rate)"),
        ),
        watch="the loss falls clearly faster, still without turning up from epoch to epoch",
        worked=(signal.loss_fall() > 0.05) & ~(signal.loss_rise() > 0.05),
        source=("article 2.1",),
    ),
    Remedy(
        id="FX305",
        name="probe-learning-rate",
        title="Probe learning rates for a few hundred steps",
        do="Raise the rate exponentially over 100 to 200 steps, note where the loss falls fastest and where it breaks "
        "out, restore the weights, and train with a third to a tenth of the latter. By hand: try large rates first "
        "and go down, 0.1, then 0.01, then 0.001.",
        kind="experiment",
        cost="check",
        risk="low",
        decides=("learning-rate", "batch-size"),
        snippets=(
            torch_code("""
                import copy
                from itertools import cycle

                weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
                probed = []
                for rate, (inputs, targets) in zip(torch.logspace(-6, 1, 150).tolist(), cycle(loader)):
                    for group in optimizer.param_groups:
                        group["lr"] = rate
                    optimizer.zero_grad(set_to_none=True)
                    loss = loss_fn(model(inputs), targets)
                    loss.backward()
                    optimizer.step()
                    probed.append((rate, loss.item()))
                    if not loss.item() < 4 * probed[0][1]:  # broken out, or NaN
                        break
                print(*(f"{{rate:.1e}} {{value:.3f}}" for rate, value in probed), sep="\\n")
                model.load_state_dict(weights)
                optimizer.load_state_dict(state)
            """),
            keras_code("""
                class Probe(keras.callbacks.Callback):
                    def on_train_batch_begin(self, step, logs=None):
                        self.model.optimizer.learning_rate = 1e-6 * 10 ** (7 * step / 150)  # 1e-6 to 10

                    def on_train_batch_end(self, step, logs=None):
                        print(float(self.model.optimizer.learning_rate), logs["loss"])  # the loss is a running mean
                        if step >= 150 or not logs["loss"] < 100:
                            self.model.stop_training = True

                rate, weights = float(model.optimizer.learning_rate), model.get_weights()
                model.fit(x_train, y_train, epochs=1, callbacks=[Probe()], verbose=0)  # give it 150 steps
                model.set_weights(weights)
                model.optimizer.learning_rate = rate
            """),
        ),
        watch="there is a range of rates where the loss falls steeply, and the present rate lies inside, below or "
        "above it",
        source=("article 2.1", "Smith 2017"),
    ),
    Remedy(
        id="FX306",
        name="scale-rate-with-batch",
        title="Scale the learning rate with the batch size",
        do="When the batch grows by a factor, multiply the rate by it for SGD (with a warm-up) and by its square root "
        "for Adam; when it shrinks, divide. Then search around that value, since the rule is only a start.",
        cost="config line",
        risk="medium",
        snippets=(
            torch_code("""
                factor = loader.batch_size / {batch_size}  # new over old
                for group in optimizer.param_groups:
                    group["lr"] = {learning_rate} * factor  # for Adam: * factor**0.5
            """),
            torch_code("""
                factor = 4  # new batch size over old
                for group in optimizer.param_groups:
                    group["lr"] *= factor  # for Adam: factor**0.5
            """),
            keras_code("""
                factor = 4  # new batch size over {batch_size}
                model.optimizer.learning_rate = {learning_rate} * factor  # for Adam: * factor**0.5
            """),
            keras_code("""
                factor = 4  # new batch size over old
                model.optimizer.learning_rate = float(model.optimizer.learning_rate) * factor  # for Adam: factor**0.5
            """),
        ),
        watch="the loss over the number of samples seen is that of the old batch size",
        source=("knowledge of the field", "Goyal et al. 2017"),
    ),
)
