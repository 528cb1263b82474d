"""What helps two networks that play against each other."""

from __future__ import annotations

from expert.authoring import Remedy, keras_code, torch_code

WEAKEN = Remedy(
    id="GX901",
    name="weaken-discriminator",
    title="Let the discriminator learn more slowly than the generator",
    do="Divide the learning rate of the discriminator by 4, and ask it for 0.9 in place of 1 on real samples.",
    cost="config line",
    risk="low",
    knob="discriminator-rate",
    direction="down",
    snippets=(
        torch_code("""
        for group in d_optimizer.param_groups:
            group["lr"] /= 4
        d_loss_real = F.binary_cross_entropy_with_logits(d_real, torch.full_like(d_real, 0.9))
        """),
        keras_code("""
        d_optimizer.learning_rate = d_optimizer.learning_rate / 4
        d_loss_real = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)(ones, d_real)
        """),
    ),
    watch="the loss of the discriminator stays above 0.3, and that of the generator stops rising",
    source=("Heusel et al. 2017", "Salimans et al. 2016"),
)
SPREAD = Remedy(
    id="GX902",
    name="discriminate-batches",
    title="Let the discriminator see the spread of a batch",
    do="Append the standard deviation over the batch to the last features of the discriminator.",
    cost="code change",
    risk="low",
    snippets=(
        torch_code("""
        spread = features.std(0).mean().expand(len(features), 1)
        features = torch.cat([features, spread], dim=1)
        """),
        keras_code("""
        spread = keras.ops.broadcast_to(keras.ops.mean(keras.ops.std(features, axis=0)), (len(features), 1))
        features = keras.ops.concatenate([features, spread], axis=1)
        """),
    ),
    watch="the diversity of the samples rises again",
    source=("Karras et al. 2018",),
)
