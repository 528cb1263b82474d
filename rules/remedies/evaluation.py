"""How training and validation are measured."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    config,
    keras_code,
    model,
    not_when,
    numpy_code,
    set_to,
    signal,
    torch_code,
    train_eval,
    val,
)

REMEDIES = (
    Remedy(
        id="FX708",
        name="set-training-mode",
        title="Switch between training and evaluation mode in the right places",
        do="Switch to evaluation mode before validation and back to training mode before the next epoch. Dropout and "
        "batch normalization depend on it.",
        cost="config line",
        risk="low",
        changes=(
            set_to(config.evaluation_mode_in_validation, True),
            set_to(config.training_mode_in_training, True),
        ),
        not_when=(
            not_when(
                config.evaluation_mode_in_validation & config.training_mode_in_training,
                "both modes are set as they should be",
            ),
        ),
        snippets=(
            torch_code("""
                model.eval()
                with torch.no_grad():
                    values = [loss_fn(model(inputs), targets).item() for inputs, targets in val_loader]
                model.train()  # before the next epoch
            """),
            keras_code("""
                # in a loop of your own; fit and evaluate see to it themselves
                predictions = model(x_val, training=False)
                outputs = model(x_train[:32], training=True)
            """),
        ),
        watch="two evaluations of the same batch give exactly the same loss",
        worked=config.evaluation_mode_in_validation & config.training_mode_in_training,
        source=("knowledge of the field", "PyTorch FAQ"),
    ),
    Remedy(
        id="FX712",
        name="tell-dropout-the-mode",
        title="Tell the dropout function the mode",
        do="Give a dropout that is called as a function the mode of the module, or use the module, which knows it. As "
        "a function it is on at all times, in validation and in use as well.",
        cost="config line",
        risk="low",
        changes=(set_to(model.dropout_in_evaluation, False),),
        not_when=(not_when(~model.dropout_in_evaluation, "every dropout is turned off in evaluation already"),),
        snippets=(
            torch_code("""
                class Net(nn.Module):
                    def forward(self, inputs):
                        return F.dropout(inputs, p=0.5, training=self.training)  # or self.dropout = nn.Dropout(0.5)
            """),
            keras_code("""
                class Drop(keras.layers.Layer):
                    def call(self, inputs, training=False):
                        return keras.random.dropout(inputs, rate=0.5) if training else inputs  # or layers.Dropout(0.5)
            """),
        ),
        watch="two evaluations of the same batch give exactly the same loss",
        worked=~model.dropout_in_evaluation,
        source=("PyTorch, torch.nn.functional.dropout", "knowledge of the field"),
    ),
    Remedy(
        id="FX709",
        name="measure-training-loss-in-evaluation-mode",
        title="Measure the training loss in evaluation mode",
        do="At the end of each epoch measure the loss on a part of the training set in evaluation mode, without "
        "augmentation and penalties. Only this may be compared with the validation loss; it decides between too "
        "much and too little regularization.",
        kind="experiment",
        cost="check",
        risk="low",
        decides=("regularization",),
        not_when=(
            not_when(
                signal.steps_recorded(train_eval.loss) > 0, "the training loss in evaluation mode is recorded already"
            ),
        ),
        snippets=(
            torch_code("""
                model.eval()
                with torch.no_grad():
                    values = [loss_fn(model(inputs), targets).item() for inputs, targets in loader]
                print("training loss in evaluation mode:", sum(values) / len(values))
                model.train()
            """),
            keras_code("""
                class TrainEvaluation(keras.callbacks.Callback):
                    def on_epoch_end(self, epoch, logs=None):
                        result = self.model.evaluate(x_train[:2000], y_train[:2000], verbose=0)
                        print("training loss in evaluation mode:", result)

                model.fit(x_train, y_train, validation_data=(x_val, y_val), callbacks=[TrainEvaluation()])
            """),
        ),
        watch="the training and validation curves are measured alike: validation below training is now a finding",
        worked=signal.validation_below_share(val.loss, train_eval.loss) < 0.5,
        source=("knowledge of the field", "Keras FAQ"),
    ),
    Remedy(
        id="FX703",
        name="prior-aware-metrics",
        title="Judge by metrics that know the prior",
        do="Report balanced accuracy, F1 and the recall of each class next to accuracy, and the share of the largest "
        "class as the number to beat.",
        kind="check",
        cost="check",
        risk="low",
        not_when=(not_when(config.task.is_("regression", "autoencoder"), "the task has no classes"),),
        snippets=(
            torch_code("""
                predicted = logits.argmax(dim=1)
                recalls = torch.stack([(predicted[targets == c] == c).float().mean() for c in targets.unique()])
                print("recall of each class:", recalls.tolist(), "balanced accuracy:", recalls.mean().item())
                print("to beat:", (targets.bincount().max() / len(targets)).item())
            """),
            keras_code("""
                predicted = np.argmax(model.predict(x_val), axis=1)
                recalls = [float((predicted[y_val == c] == c).mean()) for c in np.unique(y_val)]
                print("recall of each class:", recalls, "balanced accuracy:", np.mean(recalls))
                print("to beat:", np.bincount(y_val).max() / len(y_val))
            """),
        ),
        watch="the balanced accuracy is clearly above 1/C for C classes",
        source=("knowledge of the field", "Brodersen et al. 2010"),
    ),
    Remedy(
        id="FX710",
        name="recompute-metric",
        title="Compute the metric a second time, independently",
        do="Save the predictions of one evaluation and compute the metric from them with a few lines of your own. "
        "Usual faults are the wrong axis of argmax, a threshold of 0.5 on logits, and a mean of batch means with a "
        "smaller last batch.",
        kind="check",
        cost="check",
        risk="low",
        snippets=(
            torch_code("""
                model.eval()
                with torch.no_grad():
                    hits = torch.cat([model(inputs).argmax(dim=1) == targets for inputs, targets in val_loader])
                print("accuracy:", hits.float().mean().item(), "of", len(hits), "samples")
            """),
            numpy_code("""
                predicted = np.argmax(scores, axis=1)  # scores: samples x classes, saved from one evaluation
                print("accuracy:", (predicted == y_val).mean(), "of", len(y_val), "samples")
            """),
            keras_code("""
                predicted = np.argmax(model.predict(x_val), axis=1)
                print("accuracy:", (predicted == y_val.ravel()).mean(), "of", len(y_val), "samples")
            """),
        ),
        watch="both computations agree to the last digit shown",
        source=("article 4 row 6", "Ivanov 2017"),
    ),
)
