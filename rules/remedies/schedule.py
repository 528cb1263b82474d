"""The learning rate over time, and averages of the weights."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, not_when, set_to, signal, torch_code, train, val

REMEDIES = (
    Remedy(
        id="FX304",
        name="warm-up-learning-rate",
        title="Warm the learning rate up",
        do="Let the rate rise from near 0 to its value over the first 1 to 5 percent of the steps, ten percent at "
        "most. Where only the first steps are unstable this comes before a lower rate for the whole run.",
        cost="config line",
        risk="low",
        knob="warm-up",
        direction="up",
        changes=(set_to(config.warmup_steps, 200),),
        not_when=(not_when(config.warmup_steps >= 2000, "the warm-up is long already"),),
        snippets=(
            torch_code("""
                scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters={warm_up_steps})
                # after every optimizer.step(), not once an epoch:
                scheduler.step()
            """),
            torch_code("""
                scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=200)
                # after every optimizer.step(), not once an epoch:
                scheduler.step()
            """),
            keras_code("""
                schedule = keras.optimizers.schedules.CosineDecay(
                    0.0, {total_steps}, alpha=0.01, warmup_target={learning_rate}, warmup_steps={warm_up_steps}
                )
                settings = model.optimizer.get_config() | {{"learning_rate": schedule}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
            keras_code("""
                rate = float(model.optimizer.learning_rate)
                schedule = keras.optimizers.schedules.CosineDecay(
                    0.0, 5000, alpha=0.01, warmup_target=rate, warmup_steps=200
                )
                settings = model.optimizer.get_config() | {{"learning_rate": schedule}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="the loss rises by less than a tenth in the first hundred steps",
        worked=signal.early_rise(train.loss) < 0.1,
        source=("knowledge of the field", "Goyal et al. 2017"),
    ),
    Remedy(
        id="FX309",
        name="repair-schedule",
        title="Let the learning rate decay over the planned run, and no sooner",
        do="Use a cosine or linear decay that reaches its small end value, above 0, at the planned last step. Check "
        "whether the scheduler counts steps or epochs, and call it after the optimizer.",
        cost="config line",
        risk="low",
        knob="schedule",
        changes=(set_to(config.schedule, "cosine"),),
        snippets=(
            torch_code("""
                scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
                    optimizer, T_max={epochs}, eta_min=0.01 * {learning_rate}
                )
                # once an epoch, after its last optimizer.step():
                scheduler.step()
            """),
            torch_code("""
                scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.3, patience=5)
                # once an epoch, with the validation loss:
                scheduler.step(loss.item())
            """),
            keras_code("""
                schedule = keras.optimizers.schedules.CosineDecay({learning_rate}, {total_steps}, alpha=0.01)
                settings = model.optimizer.get_config() | {{"learning_rate": schedule}}  # it counts steps, not epochs
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
            keras_code("""
                slower = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.3, patience=5)
                model.fit(x_train, y_train, validation_data=(x_val, y_val), callbacks=[slower])
            """),
        ),
        watch="the logged rate is above 0 nearly until the end, and the late jitter of the loss is less",
        worked=signal.learning_rate_collapse_at() > 0.9,
        source=("knowledge of the field", "Loshchilov and Hutter 2017"),
    ),
    Remedy(
        id="FX311",
        name="average-weights",
        title="Evaluate an average of the weights",
        do="Keep a running average of the weights and validate and save that. Batch-normalization statistics must "
        "belong to the averaged weights too.",
        cost="code change",
        risk="low",
        changes=(set_to(config.weight_averaging, True),),
        not_when=(not_when(config.weight_averaging, "the weights are averaged already"),),
        snippets=(
            torch_code("""
                from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

                averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.999))
                averaged.update_parameters(model)  # after every optimizer.step()
                update_bn(loader, averaged)        # before validating `averaged`
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"use_ema": True, "ema_momentum": 0.999}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
                swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)  # validates and saves the average
                model.fit(x_train, y_train, validation_data=(x_val, y_val), callbacks=[swap])
            """),
        ),
        watch="the validation values of neighboring epochs differ less",
        worked=signal.noise_level(val.loss) < 0.05,
        source=("knowledge of the field", "Izmailov et al. 2018"),
    ),
)
