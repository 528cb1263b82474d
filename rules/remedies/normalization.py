"""Normalization layers and their statistics."""

from __future__ import annotations

from expert.authoring import Remedy, attention, config, keras_code, model, not_when, set_to, signal, torch_code, val

REMEDIES = (
    Remedy(
        id="FX404",
        name="add-normalization",
        title="Add normalization layers",
        do="Put a normalization layer after each hidden weight layer: batch normalization from 16 samples per batch "
        "and device, layer or group normalization for smaller batches, recurrent networks and transformers. It "
        "helps against vanishing and exploding gradients alike.",
        cost="code change",
        risk="medium",
        changes=(
            set_to(
                model.normalization,
                "layer",
                when=(config.batch_size < 16) | model.recurrent.is_("rnn", "lstm", "gru") | model.transformer,
            ),
            set_to(model.normalization, "batch"),
        ),
        not_when=(
            not_when(model.normalization.is_("batch", "layer", "group", "instance"), "the model is normalized already"),
        ),
        snippets=(
            torch_code("""
                block = nn.Sequential(nn.Linear(64, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU())
                small_batch = nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.ReLU())
            """),
            keras_code("""
                block = keras.Sequential([
                    keras.layers.Dense(64, use_bias=False),
                    keras.layers.BatchNormalization(),  # keras.layers.LayerNormalization() for small batches
                    keras.layers.Activation("relu"),
                ])
            """),
        ),
        watch="the gradient norms of the layers draw level, and a higher learning rate stays stable",
        worked=signal.first_to_last_gradient().between(0.1, 10),
        source=("article 3.2.4", "Ioffe and Szegedy 2015"),
    ),
    Remedy(
        id="FX413",
        name="normalize-queries-and-keys",
        title="Normalize queries and keys of the attention",
        do="Put a layer normalization over the head dimension on the queries and on the keys, before their product. "
        "Then the attention logits cannot grow without bound.",
        cost="new structure",
        risk="low",
        not_when=(not_when(model.transformer.is_(False), "the model has no attention"),),
        snippets=(
            torch_code("""
                query, key, value = (torch.randn(2, 4, 16, 32) for _ in range(3))  # batch, heads, positions, head size
                query_norm, key_norm = nn.LayerNorm(32), nn.LayerNorm(32)          # in the module's __init__
                attended = F.scaled_dot_product_attention(query_norm(query), key_norm(key), value)
            """),
            keras_code("""
                query_norm, key_norm = keras.layers.LayerNormalization(), keras.layers.LayerNormalization()
                query = key = keras.ops.ones((2, 4, 16, 32))  # batch, heads, positions, head size
                logits = keras.ops.matmul(query_norm(query), keras.ops.swapaxes(key_norm(key), -1, -2)) / 32**0.5
            """),
        ),
        watch="the largest attention logit stays bounded at rates where it grew before",
        worked=signal.size_growth(attention.largest_logit) < 1.2,
        source=("knowledge of the field", "Dehghani et al. 2023", "Wortsman et al. 2023"),
    ),
    Remedy(
        id="FX415",
        name="use-group-normalization",
        title="Use group or layer normalization in place of batch normalization",
        do="Replace batch normalization, whose statistics are unreliable over a handful of values, by group "
        "normalization in convolutional and by layer normalization in other networks. Neither looks at the batch.",
        cost="code change",
        risk="low",
        changes=(
            set_to(model.normalization, "group", when=model.convolutional),
            set_to(model.normalization, "layer"),
        ),
        not_when=(not_when(model.normalization.is_("none", "layer", "group"), "the model has no batch normalization"),),
        snippets=(
            torch_code("""
                def replace(module):
                    for name, child in module.named_children():
                        if isinstance(child, nn.BatchNorm2d):
                            groups = next(n for n in (32, 16, 8, 4, 2, 1) if child.num_features % n == 0)
                            setattr(module, name, nn.GroupNorm(groups, child.num_features))
                        elif isinstance(child, nn.BatchNorm1d):
                            setattr(module, name, nn.LayerNorm(child.num_features))
                        else:
                            replace(child)

                replace(model)
                optimizer.param_groups.clear()  # the optimizer takes the new parameters, with its own settings
                optimizer.add_param_group({{"params": list(model.parameters())}})
            """),
            keras_code(
                "normalization = keras.layers.GroupNormalization(groups=32)  # groups=-1 for layer normalization"
            ),
        ),
        watch="the loss at the same rate hardly depends on the batch size any more",
        worked=signal.noise_level(val.loss) < 0.1,
        source=("knowledge of the field", "Wu and He 2018"),
    ),
    Remedy(
        id="FX416",
        name="stabilize-batch-statistics",
        title="Freeze, synchronize or re-estimate the batch-normalization statistics",
        do="Drop a last batch that is too small, synchronize statistics over devices, freeze them in fine-tuning, or "
        "estimate them anew over the training set before validation.",
        cost="code change",
        risk="low",
        not_when=(not_when(model.normalization.is_("none", "layer", "group"), "the model has no batch normalization"),),
        snippets=(
            torch_code("""
                loader = torch.utils.data.DataLoader(dataset, batch_size={batch_size}, shuffle=True, drop_last=True)
                torch.optim.swa_utils.update_bn(loader, model)                 # estimate anew
                model = nn.SyncBatchNorm.convert_sync_batchnorm(model)         # several devices
            """),
            torch_code("""
                loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)
                torch.optim.swa_utils.update_bn(loader, model)                 # estimate anew
                model = nn.SyncBatchNorm.convert_sync_batchnorm(model)         # several devices
            """),
            keras_code("""
                for layer in model.layers:
                    if isinstance(layer, keras.layers.BatchNormalization):
                        layer.trainable = False  # freezes weights and statistics; compile again
                several_devices = keras.layers.BatchNormalization(synchronized=True)
            """),
        ),
        watch="validation stops jumping while training is smooth",
        worked=signal.noise_level(val.loss) < 0.1,
        source=("knowledge of the field", "Ioffe and Szegedy 2015", "Wu and Johnson 2021"),
    ),
)
