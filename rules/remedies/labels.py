"""Labels: whether they are right, belong to their inputs and are balanced."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    config,
    data,
    keras_code,
    multiply,
    not_when,
    numpy_code,
    set_to,
    signal,
    torch_code,
    train,
    val,
)

doubt = signal.loss_over_even_doubt(val.loss, val.accuracy)

REMEDIES = (
    Remedy(
        id="FX105",
        name="verify-labels",
        title="Check the labels where the model receives them",
        do="Right before the model, count the labels, and decode about twenty samples together with their labels and "
        "look at them. Classes are numbered from 0 to C-1, have the form the loss expects (numbers or one-hot), and "
        "mean the same in training and validation.",
        kind="check",
        cost="check",
        risk="low",
        snippets=(
            torch_code("""
                inputs, targets = next(iter(loader))
                print(inputs.shape, inputs.dtype, targets.shape, targets.dtype)
                print(torch.unique(targets, return_counts=True), "for", model(inputs).shape[-1], "outputs")
                targets = targets.long()  # cross_entropy wants class numbers as int64
            """),
            keras_code("""
                values, counts = np.unique(y_train, return_counts=True)
                print(dict(zip(values, counts)), y_train.dtype, y_train.shape, "for", model.output_shape)
                # class numbers: sparse_categorical_crossentropy; one-hot rows: categorical_crossentropy
            """),
        ),
        watch="every label lies in the range of the outputs and the samples you looked at are labeled as you would "
        "label them",
        worked=~signal.label_out_of_range(),
        source=("knowledge of the field", "Karpathy 2019"),
    ),
    Remedy(
        id="FX106",
        name="pair-inputs-with-labels",
        title="Pair inputs and labels again",
        do="Reorder inputs and labels with one and the same permutation, or join them by a key, and insist that they "
        "are equally long. Seeding the generator twice and shuffling each by itself goes wrong without a word when "
        "the lengths differ.",
        cost="config line",
        risk="low",
        snippets=(
            torch_code("""
                assert len(inputs) == len(targets)
                order = torch.randperm(len(inputs))
                inputs, targets = inputs[order], targets[order]
            """),
            numpy_code("""
                assert len(x) == len(y)
                order = np.random.default_rng(0).permutation(len(x))
                x, y = x[order], y[order]
            """),
        ),
        watch="the validation accuracy rises above the share of the largest class",
        worked=signal.score_over_majority(val.accuracy) > 0.05,
        source=("article 1.3",),
    ),
    Remedy(
        id="FX115",
        name="clean-labels",
        title="Review the labels of the samples with the largest loss",
        do="Rank the training samples by their loss at the epoch where validation was best and go through the top few "
        "hundred by hand. Correct or drop the wrong ones; keep what is hard but right.",
        cost="new data",
        risk="medium",
        not_when=(
            not_when(
                ((signal.share_given_back(val.loss) < 0.25) | (signal.shortfall_from_best(val.accuracy) < 0.01))
                & ((doubt < 0.88) | ~doubt.known),
                "the validation set lost little of what had been learned, as it does where labels are right",
            ),
        ),
        snippets=(
            torch_code("""
                model.eval()
                with torch.no_grad():
                    losses = torch.cat([F.cross_entropy(model(i), t, reduction="none") for i, t in loader])
                print(losses.argsort(descending=True)[:200])  # the loader must not shuffle here
            """),
            keras_code("""
                losses = keras.losses.sparse_categorical_crossentropy(y_train, model.predict(x_train))
                print(np.argsort(-np.asarray(losses))[:200])  # from_logits=True for a model without softmax
            """),
        ),
        watch="the best validation loss is lower and comes later",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Northcutt et al. 2021"),
    ),
    Remedy(
        id="FX116",
        name="shift-targets",
        title="Shift the targets by one place",
        do="Let each place foretell the token behind it: drop the last token of the inputs and the first one of the "
        "targets. Do it once: models of Transformers shift labels that equal the inputs themselves.",
        cost="config line",
        risk="low",
        changes=(set_to(data.targets_are_inputs, False),),
        not_when=(not_when(~data.targets_are_inputs, "the targets are other tokens than the inputs already"),),
        snippets=(
            torch_code("""
                tokens = torch.randint(0, 50, (8, 33))  # one more than the model is given
                inputs, targets = tokens[:, :-1], tokens[:, 1:]
            """),
            keras_code("""
                tokens = np.random.randint(0, 50, (8, 33))  # one more than the model is given
                x_train, y_train = tokens[:, :-1], tokens[:, 1:]
            """),
        ),
        watch="the loss falls slowly and stays well above zero on text that was never seen",
        worked=~data.targets_are_inputs,
        source=("Karpathy, nanoGPT", "Hugging Face, causal language modeling"),
    ),
    Remedy(
        id="FX110",
        name="rebalance-classes",
        title="Weight or sample the classes evenly",
        do="Weight the loss by the inverse class frequency, or draw the classes equally often. Do one of the two, and "
        "train twice as long: the rare classes begin to be learned only now, from few samples an epoch. Predicted "
        "probabilities no longer match the true frequencies afterwards, so choose the threshold or calibrate again.",
        cost="config line",
        risk="medium",
        changes=(set_to(config.class_weights, True), multiply(config.epochs, 2.0)),
        not_when=(
            not_when(config.class_weights, "the loss weights the classes already"),
            not_when(config.task.is_("regression", "autoencoder"), "the task has no classes"),
        ),
        snippets=(
            torch_code("""
                counts = torch.bincount(targets, minlength=logits.shape[-1]).clamp_min(1)  # targets of the whole set
                weight = counts.sum() / (len(counts) * counts)
                loss_fn = nn.CrossEntropyLoss(weight=weight.float())
                # or draw the classes equally often:
                sampler = torch.utils.data.WeightedRandomSampler(weight[targets], num_samples=len(targets))
            """),
            keras_code("""
                values, counts = np.unique(y_train, return_counts=True)
                class_weight = {{int(c): len(y_train) / (len(values) * n) for c, n in zip(values, counts)}}
                model.fit(x_train, y_train, class_weight=class_weight)
            """),
        ),
        watch="recall of the rare classes and balanced accuracy rise; plain accuracy may fall a little",
        source=("knowledge of the field", "King and Zeng 2001"),
    ),
    Remedy(
        id="FX604",
        name="tune-decision-threshold",
        title="Choose the decision threshold, or a focal loss",
        do="Choose on the validation set the threshold that gives the best F1 or the cost you care about, instead of "
        "0.5. If rare classes are still drowned out in training, try a focal loss.",
        cost="config line",
        risk="medium",
        not_when=(not_when(config.task.is_("regression", "autoencoder"), "the task has no decision threshold"),),
        snippets=(
            torch_code("""
                chance = logits.softmax(dim=1)[:, 1]  # of the positive class, on the validation set
                positive = targets == 1
                thresholds = torch.linspace(0.01, 0.99, 99)
                hits = torch.stack([((chance > t) & positive).sum() for t in thresholds])
                named = torch.stack([(chance > t).sum() for t in thresholds])
                print(thresholds[(2 * hits / (named + positive.sum()).clamp_min(1)).argmax()])  # best F1
            """),
            keras_code("""
                chance = np.asarray(model.predict(x_val))[:, 1]  # of the positive class
                positive = y_val == 1
                thresholds = np.linspace(0.01, 0.99, 99)
                hits = np.array([(positive & (chance > t)).sum() for t in thresholds])
                named = np.array([(chance > t).sum() for t in thresholds])
                print(thresholds[np.argmax(2 * hits / (named + positive.sum()))])  # best F1
                focal = keras.losses.BinaryFocalCrossentropy(gamma=2.0, from_logits=True)
            """),
        ),
        watch="F1 or balanced accuracy on the validation set rises, and on a test set as well",
        source=("knowledge of the field", "Lin et al. 2017"),
    ),
)
