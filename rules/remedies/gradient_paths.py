"""Structures that carry gradients through many layers or time steps."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, model, not_when, set_to, signal, torch_code, train

NO_RECURRENCE = not_when(model.recurrent.is_("none"), "the model has no recurrent layer")

REMEDIES = (
    Remedy(
        id="FX506",
        name="fine-tune-pretrained",
        title="Start from pre-trained weights and fine-tune",
        do="Take weights trained on a large related task (or pre-train on your own unlabeled data), train a new head "
        "with the rest frozen, then unfreeze everything at a rate 10 to 100 times lower. It avoids vanishing as "
        "well as exploding gradients, since training starts from weights that already carry a signal.",
        cost="new structure",
        risk="low",
        changes=(set_to(config.pretrained, True),),
        not_when=(not_when(config.pretrained, "the model starts from pre-trained weights already"),),
        snippets=(
            torch_code("""
                # from the second phase on; the rate was {learning_rate}
                body, head = model[:-1], model[-1]
                body.requires_grad_(True)
                optimizer.param_groups.clear()
                optimizer.add_param_group({{"params": body.parameters(), "lr": {a_tenth_of_learning_rate}}})
                optimizer.add_param_group({{"params": head.parameters(), "lr": {learning_rate}}})
            """),
            torch_code("""
                body, head = model[:-1], model[-1]  # weights loaded into the body before
                body.requires_grad_(False)          # first phase: the head alone
                optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
                body.requires_grad_(True)           # second phase: everything, slowly
                optimizer.add_param_group({{"params": body.parameters(), "lr": 1e-5}})
            """),
            keras_code("""
                for layer in model.layers[:-1]:  # weights loaded before
                    layer.trainable = False      # first phase: the head alone
                model.compile(keras.optimizers.Adam(1e-3), loss=loss)
                model.fit(x_train, y_train)
                for layer in model.layers:
                    layer.trainable = True       # second phase: everything, slowly
                model.compile(keras.optimizers.Adam(1e-5), loss=loss)
                model.fit(x_train, y_train)
            """),
        ),
        watch="the loss starts far below that of chance, or gets there within the first epoch",
        worked=signal.initial_loss_over_chance(train.loss) < 0.8,
        source=("article 3.2.1", "Howard and Ruder 2018"),
    ),
    Remedy(
        id="FX405",
        name="add-residual-connections",
        title="Add residual connections",
        do="Add each block's input to its output, normalize at the block's entrance and once more behind the last "
        "block, and let each block's last layer start at zero. This is for vanishing gradients in deep networks first "
        "of all, and with normalization it tames exploding ones too.",
        cost="new structure",
        risk="medium",
        changes=(
            set_to(model.residual, True),
            set_to(
                model.normalization,
                "layer",
                when=model.normalization.is_("none")
                & ((config.batch_size < 16) | model.recurrent.is_("rnn", "lstm", "gru") | model.transformer),
            ),
            set_to(model.normalization, "batch", when=model.normalization.is_("none")),
        ),
        not_when=(
            not_when(model.residual, "the model has residual connections already"),
            not_when(model.depth <= 3, "the network is too shallow to need them"),
        ),
        snippets=(
            torch_code("""
                class Residual(nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.norm = nn.LayerNorm(width)
                        self.enter, self.leave = nn.Linear(width, width), nn.Linear(width, width)
                        nn.init.zeros_(self.leave.weight)

                    def forward(self, x):
                        return x + self.leave(F.relu(self.enter(self.norm(x))))
            """),
            keras_code("""
                def residual(x, width):
                    inner = keras.layers.LayerNormalization()(x)
                    inner = keras.layers.Dense(width, activation="relu")(inner)
                    inner = keras.layers.Dense(x.shape[-1], kernel_initializer="zeros")(inner)
                    return keras.layers.Add()([x, inner])
            """),
        ),
        watch="the gradient norm of the first block is about that of the last",
        worked=signal.first_to_last_gradient().between(0.1, 10),
        source=("article 3.2.6", "He et al. 2016"),
    ),
    Remedy(
        id="FX406",
        name="use-gated-recurrence",
        title="Use an LSTM or GRU in place of a plain RNN",
        do="Replace the plain recurrent layer by an LSTM or GRU. This is for gradients that vanish through time; they "
        "can still explode, so keep the clip.",
        cost="new structure",
        risk="low",
        changes=(set_to(model.recurrent, "lstm"),),
        not_when=(NO_RECURRENCE, not_when(model.recurrent.is_("lstm", "gru"), "the recurrence is gated already")),
        snippets=(
            torch_code("""
                recurrent = nn.LSTM(input_size=8, hidden_size=64, batch_first=True)  # was nn.RNN
                outputs, (hidden, cell) = recurrent(torch.randn(4, 20, 8))           # nn.RNN returned outputs, hidden
            """),
            keras_code('recurrent = keras.layers.LSTM(64)  # was keras.layers.SimpleRNN(64, activation="tanh")'),
        ),
        watch="the gradient at the first time step is no longer a thousandth of that at the last",
        worked=signal.first_to_last_time_step() > 1e-3,
        source=("article 3.2.5", "Hochreiter and Schmidhuber 1997"),
    ),
    Remedy(
        id="FX407",
        name="shorten-gradient-path",
        title="Shorten the way of the gradient through time",
        do="Train on shorter windows with the state carried over (truncated backpropagation), pool or stride the "
        "sequence, or let the output attend to all time steps. Truncation gives up what lies further back than a "
        "window.",
        cost="new structure",
        risk="medium",
        not_when=(NO_RECURRENCE, not_when(model.sequence_length <= 30, "the sequences are short already")),
        snippets=(
            torch_code("""
                recurrent, state = nn.GRU(8, 64, batch_first=True), None
                for window in torch.randn(4, 300, 8).split(50, dim=1):
                    outputs, state = recurrent(window, state)
                    # loss, backward and step for this window; then cut the graph:
                    state = state.detach()
            """),
            keras_code("""
                sequence = keras.Input((300, 8))
                shorter = keras.layers.Conv1D(64, kernel_size=5, strides=5, activation="relu")(sequence)  # 60 steps
                output = keras.layers.LSTM(64)(shorter)
            """),
        ),
        watch="the gradient that reaches the first time step grows to a thousandth of the last one's or more",
        worked=signal.first_to_last_time_step() > 1e-3,
        source=("knowledge of the field", "Pascanu et al. 2013"),
    ),
)
