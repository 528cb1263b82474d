"""The batch size."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, model, multiply, not_when, set_to, signal, torch_code, train

LARGE_ALREADY = not_when(signal.batch_share_of_set() > 0.1, "a batch is more than a tenth of the training set already")

REMEDIES = (
    Remedy(
        id="FX307",
        name="larger-batch",
        title="Use a larger batch",
        do="Multiply the batch size by 2 to 4, and once more as long as the loss ends lower by that. Fewer updates are "
        "made in an epoch: train for more of them where batches held a few samples only, and look at the rate again "
        "afterwards; if memory is short, accumulate gradients instead.",
        cost="config line",
        risk="low",
        knob="batch-size",
        direction="up",
        changes=(multiply(config.batch_size, 4), multiply(config.epochs, 4, when=config.batch_size <= 8)),
        again=True,
        not_when=(LARGE_ALREADY,),
        snippets=(
            torch_code("""
                # was {batch_size}
                loader = torch.utils.data.DataLoader(dataset, batch_size={larger_batch_size}, shuffle=True)
            """),
            torch_code("loader = torch.utils.data.DataLoader(dataset, batch_size=4 * loader.batch_size, shuffle=True)"),
            keras_code("model.fit(x_train, y_train, batch_size={larger_batch_size})  # was {batch_size}"),
            keras_code("model.fit(x_train, y_train, batch_size=128)  # four times the batch size you had"),
        ),
        watch="the scatter of the step loss halves for each fourfold batch",
        worked=signal.own_swing_over_fall(train.loss) < 0.3,
        source=("article 1.2",),
    ),
    Remedy(
        id="FX308",
        name="accumulate-gradients",
        title="Accumulate gradients over several batches",
        do="Where memory forbids a larger batch, add up the gradients of k small batches, each loss divided by k, and "
        "step once. Batch normalization still sees the small batches.",
        cost="code change",
        risk="low",
        knob="batch-size",
        direction="up",
        changes=(set_to(config.gradient_accumulation_steps, 4),),
        not_when=(LARGE_ALREADY,),
        snippets=(
            torch_code("""
                k = 4  # {batch_size} samples become {larger_batch_size} for each step
                for index, (inputs, targets) in enumerate(loader):
                    (loss_fn(model(inputs), targets) / k).backward()
                    if (index + 1) % k == 0:
                        optimizer.step()
                        optimizer.zero_grad(set_to_none=True)
            """),
            torch_code("""
                k = 4
                for index, (inputs, targets) in enumerate(loader):
                    (loss_fn(model(inputs), targets) / k).backward()
                    if (index + 1) % k == 0:
                        optimizer.step()
                        optimizer.zero_grad(set_to_none=True)
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"gradient_accumulation_steps": 4}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="the loss averaged over k batches scatters half as much for k = 4",
        worked=signal.own_swing_over_fall(train.loss) < 0.3,
        source=("article 1.2", "knowledge of the field"),
    ),
    Remedy(
        id="FX315",
        name="smaller-batch",
        title="Use a smaller batch, for more updates in an epoch",
        do="Halve the batch size where an epoch makes too few updates. It does not calm a loss that jitters at its "
        "floor, where a smaller batch makes things worse.",
        cost="config line",
        risk="medium",
        knob="batch-size",
        direction="down",
        changes=(multiply(config.batch_size, 0.5),),
        not_when=(
            not_when(config.batch_size <= 8, "the batch is very small already"),
            not_when(signal.update_ratio() > 1e-2, "the updates are large: a smaller batch adds noise to them"),
            not_when(signal.step_jitter(train.loss) >= 0.5, "the step loss jitters: a smaller batch adds to it"),
            not_when(
                signal.sampling_noise_ratio() >= 1.4, "the plateau is one of noise, and a smaller batch is noisier"
            ),
            not_when(
                model.normalization.is_("batch") & (config.batch_size <= 16),
                "batch normalization needs at least eight samples in a batch",
            ),
        ),
        snippets=(
            torch_code("""
                # was {batch_size}
                loader = torch.utils.data.DataLoader(dataset, batch_size={smaller_batch_size}, shuffle=True)
            """),
            torch_code("""
                half = max(1, loader.batch_size // 2)
                loader = torch.utils.data.DataLoader(dataset, batch_size=half, shuffle=True)
            """),
            keras_code("model.fit(x_train, y_train, batch_size={smaller_batch_size})  # was {batch_size}"),
            keras_code("model.fit(x_train, y_train, batch_size=16)  # half the batch size you had"),
        ),
        watch="the loss falls faster for the same number of epochs",
        worked=signal.loss_fall() > 0.05,
        source=("article 4 row 4",),
    ),
)
