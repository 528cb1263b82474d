"""The optimizer and its constants."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, model, not_when, set_to, signal, torch_code, train

ADAPTIVE = ("adam", "adamw", "nadam", "radam", "adamax", "amsgrad")

REMEDIES = (
    Remedy(
        id="FX302",
        name="switch-to-adam",
        title="Use Adam, or AdamW",
        do="Experiment with Adam first and keep SGD for the final tuning. Begin with a rate of 3e-4 to 1e-3 and search "
        "again: the rate of SGD is usually ten to a hundred times larger.",
        cost="config line",
        risk="medium",
        knob="adaptive-steps",
        direction="up",
        changes=(set_to(config.optimizer, "adam"), set_to(config.learning_rate, 1e-3)),
        not_when=(not_when(config.optimizer.is_(*ADAPTIVE), "the optimizer is of the Adam family already"),),
        snippets=(
            torch_code("""
                # the rate was {learning_rate}
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
            """),
            torch_code("optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)"),
            keras_code("model.compile(keras.optimizers.AdamW(1e-3), loss=loss)  # rate was {learning_rate}"),
            keras_code("model.compile(keras.optimizers.AdamW(1e-3), loss=loss)"),
        ),
        watch="the training loss falls further within the same number of epochs",
        worked=signal.loss_fall() > 0.05,
        source=("article 2.2", "Kingma and Ba 2015"),
    ),
    Remedy(
        id="FX314",
        name="finish-with-sgd",
        title="Use SGD with momentum, for the last tuning",
        do="When everything else is settled, try SGD with momentum 0.9 and a rate of its own; it is slow and its range "
        "of good rates narrow, but on convolutional models it often ends a little better. Experiments come first "
        "with Adam, SGD last.",
        cost="code change",
        risk="medium",
        knob="adaptive-steps",
        direction="down",
        changes=(
            set_to(config.optimizer, "sgd"),
            set_to(config.momentum, 0.9),
            set_to(config.learning_rate, 0.05),
        ),
        not_when=(
            not_when(model.transformer, "transformers train worse with plain SGD"),
            not_when(config.optimizer.is_("sgd") & (config.momentum >= 0.8), "the run uses SGD with momentum already"),
        ),
        snippets=(
            torch_code("""
                # the rate was {learning_rate}
                optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
            """),
            torch_code("optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)"),
            keras_code("model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), loss=loss)"),
        ),
        watch="the validation metric is better for the same budget, the rate of each optimizer being tuned",
        source=("article 2.2", "Wilson et al. 2017"),
    ),
    Remedy(
        id="FX312",
        name="fix-epsilon",
        title="Set the optimizer's epsilon to suit the precision",
        do="Use 1e-8 where the optimizer's state is float32 and about 1e-6 where it is kept in less. A value near the "
        "size of the gradients themselves turns Adam into slow SGD.",
        cost="config line",
        risk="low",
        knob="epsilon",
        changes=(set_to(config.epsilon, 1e-8),),
        not_when=(not_when(config.optimizer.is_("sgd"), "SGD has no epsilon"),),
        snippets=(
            torch_code("""
                for group in optimizer.param_groups:
                    group["eps"] = 1e-8
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"epsilon": 1e-7}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="the relative size of the updates is smooth over time, without late jumps",
        worked=signal.update_ratio() > 1e-4,
        source=("knowledge of the field", "Kingma and Ba 2015"),
    ),
    Remedy(
        id="FX313",
        name="lower-beta2",
        title="Let Adam forget old squared gradients sooner",
        do="Set beta2 to between 0.95 and 0.98, so that the second moment follows a sudden growth of the gradients. It "
        "helps large batches and transformers; with small noisy batches keep 0.999.",
        cost="config line",
        risk="medium",
        knob="beta2",
        direction="down",
        changes=(set_to(config.beta2, 0.95),),
        not_when=(
            not_when(config.optimizer.is_("sgd"), "SGD has no second moment"),
            not_when(config.beta2 <= 0.98, "beta2 is low already"),
        ),
        snippets=(
            torch_code("""
                for group in optimizer.param_groups:
                    group["betas"] = (0.9, 0.95)
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"beta_2": 0.95}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="spikes of the loss become rarer and lower",
        worked=signal.spike_share(train.loss) < 0.01,
        source=("knowledge of the field", "Wortsman et al. 2023"),
    ),
)
