"""How long to train and which weights to keep."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    config,
    data,
    keras_code,
    multiply,
    not_when,
    set_to,
    signal,
    torch_code,
    train,
    val,
)

rise = signal.validation_rise(val.loss, train.loss)

REMEDIES = (
    Remedy(
        id="FX701",
        name="train-longer",
        title="Train longer",
        do="Double the number of epochs and stretch the learning-rate schedule with it. Double them once more as long "
        "as the validation loss ends lower by that.",
        cost="config line",
        risk="low",
        knob="epochs",
        direction="up",
        changes=(multiply(config.epochs, 2.0),),
        again=True,
        not_when=(
            not_when(signal.has_nonfinite(train.loss), "the loss is no longer finite"),
            not_when(
                (rise > 0.1) & (data.algorithmic.is_(False) | ~data.algorithmic.known),
                "the validation loss rises: keep the best checkpoint",
            ),
        ),
        snippets=(
            torch_code("epochs = {longer_epochs}  # was {epochs}; T_max or total_iters of the scheduler grows with it"),
            torch_code("epochs *= 2  # T_max or total_iters of the scheduler grows with it"),
            keras_code("model.fit(x_train, y_train, epochs={longer_epochs}, initial_epoch={epochs})  # goes on"),
            keras_code("model.fit(x_train, y_train)  # a second call goes on where the first one stopped"),
        ),
        watch="both losses go on falling; stop when validation has not improved for ten epochs",
        worked=(signal.loss_fall() > 0.05) & (signal.validation_rise(val.loss, train.loss) < 0.1),
        source=("article 4 row 1",),
    ),
    Remedy(
        id="FX705",
        name="keep-best-checkpoint",
        title="Keep the best checkpoint and stop early",
        do="Save the weights whenever the validation value is the best so far, stop after 5 to 10 evaluations without "
        "a better one, and use the saved weights. Keeping the best costs nothing even if training goes on.",
        cost="config line",
        risk="low",
        changes=(set_to(config.checkpoint_best, True),),
        not_when=(
            not_when(
                config.checkpoint_best & config.early_stopping,
                "the best checkpoint is kept and the run stops early already",
            ),
            not_when(
                (signal.loss_fall() < 0.4) & ((rise <= 0.0) | ~rise.known),
                "hardly anything was learned that would be worth keeping",
            ),
            not_when(
                (signal.share_given_back(val.loss) < 0.01) & (signal.recent_pace(val.loss) < -0.005),
                "the run ends better than it ever was: the last epoch is the best",
            ),
        ),
        snippets=(
            torch_code("""
                best, waited = float("inf"), 0  # this run was best at epoch {best_epoch}
                for epoch in range({epochs}):
                    # ... train one epoch, then:
                    model.eval()
                    with torch.no_grad():
                        value = sum(loss_fn(model(inputs), targets).item() for inputs, targets in val_loader)
                    model.train()
                    best, waited = (value, 0) if value < best else (best, waited + 1)
                    if waited == 0:
                        torch.save(model.state_dict(), "best.pt")
                    if waited >= 10:
                        break
                model.load_state_dict(torch.load("best.pt", weights_only=True))
            """),
            torch_code("""
                best, waited = float("inf"), 0
                for epoch in range(100):
                    # ... train one epoch, then:
                    model.eval()
                    with torch.no_grad():
                        value = sum(loss_fn(model(inputs), targets).item() for inputs, targets in val_loader)
                    model.train()
                    best, waited = (value, 0) if value < best else (best, waited + 1)
                    if waited == 0:
                        torch.save(model.state_dict(), "best.pt")
                    if waited >= 10:
                        break
                model.load_state_dict(torch.load("best.pt", weights_only=True))
            """),
            keras_code("""
                stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
                save = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
                model.fit(x_train, y_train, validation_data=(x_val, y_val), callbacks=[stop, save])
            """),
        ),
        watch="the weights you end with have the best validation value of the run",
        worked=config.checkpoint_best | (signal.best_epoch_distance(val.loss) < 0.1),
        source=("article 4 row 8", "Prechelt 1998"),
    ),
    Remedy(
        id="FX706",
        name="rewind-to-checkpoint",
        title="Go back to a checkpoint before the damage, or start anew",
        do="Restore weights and optimizer state from before the trouble began, about 100 steps before a spike, and "
        "skip the batches that set it off; without a checkpoint start from new weights. Weights that are NaN and "
        "units that died do not recover.",
        cost="config line",
        risk="low",
        snippets=(
            torch_code("""
                # every few hundred steps:
                torch.save({{"model": model.state_dict(), "optimizer": optimizer.state_dict()}}, "checkpoint.pt")
                # after the damage:
                saved = torch.load("checkpoint.pt", weights_only=True)
                model.load_state_dict(saved["model"])
                optimizer.load_state_dict(saved["optimizer"])
            """),
            keras_code("""
                backup = keras.callbacks.BackupAndRestore("backup", save_freq=200, delete_checkpoint=False)
                model.fit(x_train, y_train, callbacks=[backup])  # goes on from the last backup, optimizer included
            """),
        ),
        watch="the loss is that of before the damage and passes the place where it broke",
        worked=~signal.broken_loss() & (signal.loss_fall() > 0.05),
        source=("knowledge of the field", "Chowdhery et al. 2022"),
    ),
)
