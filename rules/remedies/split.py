"""Which samples train and which ones measure."""

from __future__ import annotations

from expert.authoring import Remedy, data, keras_code, not_when, numpy_code, signal, train, val

REMEDIES = (
    Remedy(
        id="FX111",
        name="remove-leaks",
        title="Remove leaks and duplicates between training and validation",
        do="Compare the rows of both sets and drop from training what validation also holds; keep all samples of one "
        "person, patient or document on one side. Remove columns that are only known once the target is.",
        cost="code change",
        risk="low",
        snippets=(
            numpy_code("""
                def digest(rows):
                    return np.array([hash(np.ascontiguousarray(row).tobytes()) for row in rows])

                leaked = np.isin(digest(x_train), digest(x_val))
                print(leaked.sum(), "training rows are also validation rows")
                x_train, y_train = x_train[~leaked], y_train[~leaked]
            """),
        ),
        watch="the validation metric falls to a level that a fresh test set confirms",
        worked=data.train_val_overlap < 0.01,
        source=("knowledge of the field", "Kaufman et al. 2012"),
    ),
    Remedy(
        id="FX112",
        name="split-properly",
        title="Split off a validation set that is like the training set",
        do="Draw the validation set at random and with the same share of each class, by groups where samples belong "
        "together, by time where the future is predicted. A split that takes the last rows needs shuffled rows.",
        cost="config line",
        risk="low",
        snippets=(
            numpy_code("""
                order = np.random.default_rng(0).permutation(len(x))
                val = np.zeros(len(x), dtype=bool)
                for label in np.unique(y):              # a fifth of every class
                    members = order[y[order] == label]
                    val[members[: len(members) // 5]] = True
                x_train, y_train, x_val, y_val = x[~val], y[~val], x[val], y[val]
            """),
            keras_code("""
                order = np.random.default_rng(0).permutation(len(x_train))  # validation_split takes the last rows
                model.fit(x_train[order], y_train[order], validation_split=0.2)
            """),
        ),
        watch="both sets hold the classes in the same shares and validation begins near the training loss",
        worked=(data.train_val_overlap < 0.01) & (signal.label_shift_over_chance() < 2),
        source=("knowledge of the field", "Keras documentation"),
    ),
    Remedy(
        id="FX114",
        name="larger-validation-set",
        title="Measure on more validation samples",
        do="Enlarge the validation set until the standard error of its accuracy is below 0.02, which takes about 600 "
        "samples at an accuracy of one half, or use cross-validation. Do not rank runs by differences smaller than "
        "that error.",
        cost="code change",
        risk="low",
        not_when=(not_when(data.validation_samples >= 5000, "the validation set is large already"),),
        snippets=(
            numpy_code("""
                parts = np.array_split(np.random.default_rng(0).permutation(len(x)), 5)
                for part in parts:  # cross-validation: each part validates once
                    val = np.isin(np.arange(len(x)), part)
                    x_train, y_train, x_val, y_val = x[~val], y[~val], x[val], y[val]
            """),
        ),
        watch="equal runs with different seeds agree on the validation metric within 0.02",
        worked=signal.validation_standard_error() < 0.02,
        source=("article 4 row 6",),
    ),
    Remedy(
        id="FX601",
        name="more-data",
        title="Collect more training data",
        do="First train on a quarter, a half and all of the data: if the validation loss still falls from step to "
        "step, more data will help, and the curve says about how much. Prefer real samples of the cases that go "
        "wrong.",
        cost="new data",
        risk="low",
        not_when=(
            not_when(
                signal.parameters_per_sample() < 0.01,
                "there are far more samples than parameters already; the model is the narrow place",
            ),
        ),
        snippets=(
            numpy_code("""
                order = np.random.default_rng(0).permutation(len(x_train))
                for share in (0.25, 0.5, 1.0):  # one training for each; compare their best validation losses
                    chosen = order[: int(share * len(x_train))]
                    x_part, y_part = x_train[chosen], y_train[chosen]
            """),
        ),
        watch="the gap between training and validation loss narrows with each enlargement",
        worked=signal.validation_rise(val.loss, train.loss) < 0.1,
        source=("knowledge of the field", "Karpathy 2019"),
    ),
)
