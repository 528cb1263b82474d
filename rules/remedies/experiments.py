"""Experiments and checks that tell causes apart."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, not_when, set_to, signal, torch_code

REMEDIES = (
    Remedy(
        id="FX704",
        name="overfit-one-batch",
        title="Overfit one batch",
        do="Train on one batch of 2 to 32 samples for 200 to 500 steps, without dropout, decay or augmentation. A "
        "sound program gets its loss to nearly 0. If it rises, look at sign, clip and rate; if it swings, at rate "
        "and labels; if it stays, at the gradients of the first layer, and only where those are in order at too "
        "little capacity.",
        kind="experiment",
        cost="check",
        risk="low",
        decides=("capacity",),
        snippets=(
            torch_code("""
                import copy

                inputs, targets = next(iter(loader))
                inputs, targets = inputs[:32], targets[:32]
                trial = copy.deepcopy(model).eval()  # evaluation mode: no dropout
                steps = torch.optim.Adam(trial.parameters(), lr=1e-3)
                for step in range(500):
                    steps.zero_grad()
                    loss = loss_fn(trial(inputs), targets)
                    loss.backward()
                    steps.step()
                    if step % 50 == 0:
                        print(step, loss.item())
            """),
            keras_code("""
                trial = keras.models.clone_model(model)
                for layer in trial.layers:
                    if isinstance(layer, keras.layers.Dropout):
                        layer.rate = 0.0
                trial.compile(keras.optimizers.Adam(1e-3), loss=loss)
                for step in range(500):
                    value = trial.train_on_batch(x_train[:32], y_train[:32])
                    if step % 50 == 0:
                        print(step, value)
            """),
        ),
        watch="the loss on the batch is below a twentieth of the entropy of its labels",
        source=("knowledge of the field", "Karpathy 2019"),
    ),
    Remedy(
        id="FX702",
        name="compare-with-blind-baseline",
        title="Compare with a model that sees no inputs",
        do="Repeat the run with all inputs set to zero. If the real run is hardly better, no information gets from the "
        "inputs to the loss: look at pairing, preprocessing and dead layers.",
        kind="experiment",
        cost="check",
        risk="low",
        snippets=(
            torch_code("""
                import copy

                blind = copy.deepcopy(model)
                steps = torch.optim.Adam(blind.parameters(), lr=1e-3)
                for inputs, targets in loader:  # as many epochs as the real run
                    steps.zero_grad()
                    loss = loss_fn(blind(torch.zeros_like(inputs)), targets)
                    loss.backward()
                    steps.step()
                print("without inputs:", loss.item())
            """),
            keras_code("""
                blind = keras.models.clone_model(model)
                blind.compile(keras.optimizers.Adam(1e-3), loss=loss)
                print("without inputs:", blind.fit(np.zeros_like(x_train), y_train, verbose=0).history["loss"][-1])
            """),
        ),
        watch="the real loss is well below that without inputs",
        worked=signal.blind_loss_ratio() > 1.1,
        source=("knowledge of the field", "Karpathy 2019"),
    ),
    Remedy(
        id="FX707",
        name="watch-predictions",
        title="Watch the predictions on one fixed batch",
        do="Print the predictions for the same few samples after every epoch. Equal answers for all of them, wild "
        "jumps or a slow drift to one class each point to a different fault.",
        kind="check",
        cost="check",
        risk="low",
        snippets=(
            torch_code("""
                fixed = next(iter(val_loader))[0][:8]  # once, before training

                model.eval()                           # after every epoch
                with torch.no_grad():
                    print(model(fixed).softmax(dim=1))
                model.train()
            """),
            keras_code("""
                def show(epoch, logs):
                    print(model.predict(x_val[:8], verbose=0))

                model.fit(x_train, y_train, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=show)])
            """),
        ),
        watch="the predictions differ between samples and settle towards their labels",
        source=("knowledge of the field", "Karpathy 2019"),
    ),
    Remedy(
        id="FX711",
        name="fix-seeds",
        title="Fix and log the seeds",
        do="Seed once at the start, give loader and augmentation generators of their own, and log the seed. Do not "
        "seed anew inside the training loop, or every later draw repeats.",
        cost="config line",
        risk="low",
        changes=(set_to(config.seed, 0.0),),
        not_when=(not_when(config.seed.known, "the seed is fixed and logged"),),
        snippets=(
            torch_code("""
                torch.manual_seed(0)
                order = torch.Generator().manual_seed(0)
                loader = torch.utils.data.DataLoader(dataset, batch_size={batch_size}, shuffle=True, generator=order)
            """),
            torch_code("""
                torch.manual_seed(0)
                order = torch.Generator().manual_seed(0)
                loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True, generator=order)
            """),
            keras_code("keras.utils.set_random_seed(0)  # Python, NumPy and the backend"),
        ),
        watch="two runs with one seed give the same first losses",
        worked=config.seeded,
        source=("article 1.3", "Karpathy 2019"),
    ),
)
