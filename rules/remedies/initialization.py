"""What the weights start from, and the activations they feed."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, model, not_when, set_to, signal, torch_code, train

VANISHES = signal.first_to_last_gradient() < 1e-2
FLATTENING = ("sigmoid", "tanh", "hard_sigmoid", "softsign")

REMEDIES = (
    Remedy(
        id="FX402",
        name="initialize-well",
        title="Initialize the weights to suit the activation",
        do="Use He initialization before ReLU and its relatives, Glorot before tanh and sigmoid, orthogonal matrices "
        "for recurrent weights, and a forget-gate bias of 1. Biases start at zero, weights never all alike.",
        cost="config line",
        risk="low",
        changes=(
            set_to(model.initialization, "glorot", when=model.activation.is_("tanh", "sigmoid")),
            set_to(model.initialization, "he"),
        ),
        not_when=(
            not_when(config.pretrained, "new weights would throw the pre-trained ones away"),
            not_when(
                (signal.initial_loss_over_chance(train.loss) > 2.5) & model.largest_gain.between(0.3, 1.0),
                "the first outputs are too large, and the weights that make them are no larger than these would be",
            ),
            not_when(
                VANISHES & model.activation.is_(*FLATTENING) & model.largest_gain.between(0.4, 1.4),
                "the weights start at a usual size: the gradients are lost in the flat ends of the activation",
            ),
            not_when(
                VANISHES & (model.depth >= 16) & model.normalization.is_("none") & model.residual.is_(False),
                "through so many plain layers no initialization carries the gradients reliably",
            ),
        ),
        snippets=(
            torch_code("""
                def initialize(module):
                    if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d)):
                        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")  # nn.init.xavier_normal_ for tanh
                        if module.bias is not None:
                            nn.init.zeros_(module.bias)
                    elif isinstance(module, (nn.RNN, nn.LSTM, nn.GRU)):
                        for name, weight in module.named_parameters():
                            if name.startswith("weight_hh"):
                                for block in weight.chunk(weight.shape[0] // module.hidden_size):
                                    nn.init.orthogonal_(block)
                            if name.startswith("bias_hh") and isinstance(module, nn.LSTM):
                                nn.init.ones_(weight.chunk(4)[1])  # the forget gate

                model.apply(initialize)
            """),
            keras_code("""
                hidden = keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal")
                bounded = keras.layers.Dense(64, activation="tanh", kernel_initializer="glorot_uniform")
                recurrent = keras.layers.LSTM(64, recurrent_initializer="orthogonal", unit_forget_bias=True)
            """),
        ),
        watch="the gradient norms of the first and last layer are within a factor of ten, and the first loss is not "
        "far from that of chance",
        worked=signal.first_to_last_gradient().between(0.1, 10) & (signal.initial_loss_over_chance(train.loss) < 4),
        source=("knowledge of the field", "He et al. 2015", "Glorot and Bengio 2010"),
    ),
    Remedy(
        id="FX403",
        name="change-activation",
        title="Use another activation",
        do="Against vanishing gradients and saturation replace sigmoid and tanh by ReLU, leaky ReLU or GELU, with He "
        "initialization; against dead units replace ReLU by leaky ReLU or ELU. Against exploding gradients in a "
        "network without normalization try tanh or ELU in place of ReLU.",
        cost="config line",
        risk="medium",
        knob="activation",
        changes=(
            set_to(model.activation, "relu", when=model.activation.is_("tanh", "sigmoid")),
            set_to(model.activation, "elu"),
            set_to(model.initialization, "he", when=model.activation.is_("tanh", "sigmoid")),
        ),
        not_when=(
            not_when(
                model.normalization.is_("batch", "layer", "group", "instance")
                & model.activation.is_("relu", "leaky_relu", "gelu", "elu", "silu"),
                "with normalization this activation is sound: look elsewhere first",
            ),
            not_when(
                VANISHES
                & model.activation.is_("relu", "leaky_relu", "gelu", "elu", "silu")
                & ((signal.dead_unit_share() < 0.5) | ~signal.dead_unit_share().known),
                "the gradients vanish, and this activation is not what takes them away",
            ),
        ),
        snippets=(
            torch_code("""
                def replace(module, old=nn.ReLU, new=nn.ELU):
                    for name, child in module.named_children():
                        if isinstance(child, old):
                            setattr(module, name, new())
                        else:
                            replace(child, old, new)

                replace(model)  # dead units: replace(model, nn.ReLU, nn.LeakyReLU)
                replace(model, nn.Sigmoid, nn.ReLU)  # vanishing gradients
            """),
            keras_code("""
                hidden = keras.layers.Dense(64, activation="elu")  # "leaky_relu" or "gelu" for vanishing gradients
            """),
        ),
        watch="few units are dead or saturated, and the first layer's gradient is within a factor of ten of the last "
        "one's",
        worked=(signal.dead_unit_share() < 0.5)
        & ((signal.saturated_share() < 0.5) | ~signal.saturated_share().known)
        & signal.first_to_last_gradient().between(0.1, 10),
        source=("article 3.2.3", "Clevert et al. 2016"),
    ),
)
