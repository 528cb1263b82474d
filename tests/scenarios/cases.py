"""The table of scenarios. It is long because it is a table: one entry for each statement, nothing else.

Rules and remedies are named by their ids, so that the table reads beside `expert rules` and `expert remedies`.
"""

from __future__ import annotations

from .case import Case, Cure
from .program import Program

SOUND = Program()
ADAM = SOUND.but(optimizer="adam", rate=1e-3)
FEW = ADAM.but(samples=300, epochs=60)
SEPARATE = SOUND.but(data="blobs", spread=0.4, rate=0.3)
SIGMOIDS = SOUND.but(hidden=(64, 64, 64), activation="sigmoid", epochs=12)
RECURRENT = SOUND.but(
    data="sequences", model="rnn", hidden=(32,), activation="relu", recurrent_gain=1.6,
    samples=800, length=60, batch=40, rate=0.05, epochs=8,
)  # fmt: skip
GATED = RECURRENT.but(model="lstm", hidden=(16,), optimizer="adam", rate=1e-2)
TANH_RECURRENT = RECURRENT.but(activation="tanh", recurrent_gain=3.0, rate=0.1)
STUCK = SOUND.but(data="pocket", samples=5000, hidden=(32, 32), momentum=0.5, rate=1e-3, batch=250, epochs=100)
NOISE = SOUND.but(rate=1.0, samples=3000, batch=30, epochs=16)
NARROW = SOUND.but(data="rings", hidden=(2,), activation="tanh", rate=0.3, epochs=20)
SMALL_LSTM = SOUND.but(
    data="ring_sequences", model="lstm", hidden=(3,), optimizer="adam", rate=1e-2,
    samples=1500, length=20, batch=30, epochs=12,
)  # fmt: skip
AVERAGED = SOUND.but(
    data="blobs", spread=1.5, hidden=(8,), samples=2000, epochs=16, averaging=0.998, train_in_evaluation_mode=False
)
DROPPED = ADAM.but(data="blobs", spread=0.4, dropout=0.9, rate=3e-3, epochs=30, train_in_evaluation_mode=False)
FLATTENING = SOUND.but(rate=0.07, epochs=16)
CREEPING = SOUND.but(weight_decay=0.01, decay_per_epoch=1.06, epochs=30)
HALF = ADAM.but(input_scale=1e5, precision="float16", batch=64, epochs=6)
XOR = SOUND.but(data="xor", hidden=(), samples=1000, epochs=20)

RATE_TOO_HIGH = (
    Case(
        "rate_too_high_sgd", SOUND.but(rate=3.0), ("OPT101", "OSC102"),
        (Cure("FX301", SOUND.but(rate=0.3), gain=0.5),),
        below=("PLT102", "OSC103", "MOD201", "DAT301", "GEN103"),
        curves_only=("OSC101", "OPT101", "PLT104", "PLT101", "OPT102", "GEN103", "OPT106", "PLT106"),
        article=("1", "4.r5"), scenario="S01",
    ),
    Case(
        "rate_far_too_high_sgd", SOUND.but(rate=10.0), ("OPT101", "OSC102", "NUM102"),
        (Cure("FX301", SOUND.but(rate=1.0), gain=0.3),),
        below=("PLT102", "OSC103", "MOD201", "DAT101", "DAT301"),
        curves_only=("OSC101", "OPT101", "PLT104", "PLT101", "OPT102", "NUM101", "GEN103", "OPT106", "PLT106"),
        article=("1", "3"), scenario="S01",
    ),
    Case(
        "rate_too_high_adam", ADAM.but(rate=0.1), ("OPT101", "OSC102"),
        (Cure("FX301", ADAM.but(rate=0.01), gain=0.2),),
        below=("PLT102", "OSC103", "MOD201", "DAT301"),
        curves_only=("OSC101", "OPT101", "PLT104", "PLT101", "OPT102", "GEN103", "OPT106", "PLT106"),
        article=("1",), scenario="S01",
    ),
    Case(
        "rate_far_too_high_adam", ADAM.but(rate=0.5), ("OPT101", "OSC102"),
        (Cure("FX301", ADAM.but(rate=0.05), gain=0.2),),
        below=("PLT102", "OSC103", "MOD201", "DAT301"),
        curves_only=("OSC101", "OPT101", "PLT104", "PLT101", "OPT102", "GEN103", "OPT106", "PLT106"),
        scenario="S01",
    ),
)  # fmt: skip

RATE_TOO_LOW = (
    Case(
        "rate_too_low_sgd", SOUND.but(rate=1e-3), ("PLT102", "OPT104"),
        (
            Cure("FX310", SOUND.but(rate=1e-2), gain=0.05),
            Cure("FX301", SOUND.but(rate=1e-4), gain=0.005, helps=False),
            Cure("FX302", ADAM, gain=0.3),
        ),
        below=("PLT103", "OPT101", "OSC102", "MOD201", "GRD101", "OPT301", "OPT201", "DAT204"),
        curves_only=("PLT102", "PLT101", "GEN103", "PLT104", "PLT106"),
        article=("2.1", "4.r4"), scenario="S02",
    ),
    Case(
        "rate_too_low_adam", ADAM.but(rate=3e-6), ("PLT102", "OPT104"),
        (Cure("FX310", ADAM.but(rate=3e-5), gain=0.02),),
        below=("PLT103", "OPT101", "OSC102", "MOD201", "GRD101", "OPT301", "OPT201"),
        curves_only=("PLT102", "PLT101", "GEN103", "PLT104", "PLT106"),
        article=("2.1",), scenario="S02",
    ),
    Case(
        "stuck_at_79_percent", STUCK, ("PLT102", "OPT104"),
        (
            Cure("FX310", STUCK.but(rate=0.01), "val_accuracy", 0.12, True),
            Cure("FX301", STUCK.but(rate=1e-4), "val_accuracy", 0.02, True, helps=False),
            Cure("FX302", STUCK.but(optimizer="adam", rate=1e-3), "val_accuracy", 0.1, True),
        ),
        below=("PLT103", "OPT101", "OSC102", "MOD201", "GRD101", "PLT104", "GEN103", "OPT301", "OPT201"),
        curves_only=("PLT102", "PLT101", "GEN103", "PLT106"),
        article=("2", "2.1"), remark="The article's plateau: momentum 0.5, rate 0.001, accuracy near 79 %.",
    ),
    Case(
        "adadelta_tiny_rate", SOUND.but(optimizer="adadelta", rate=0.001), ("CFG102", "PLT102"),
        (
            Cure("FX310", SOUND.but(optimizer="adadelta", rate=1.0), gain=0.5),
            Cure("FX305", SOUND.but(optimizer="adadelta", rate=1.0), gain=0.5),
            Cure("FX302", ADAM, gain=0.5),
        ),
        below=("PLT103", "OPT101", "MOD201", "GRD101"),
        curves_only=("PLT102", "PLT101", "GEN103", "PLT104", "PLT106"),
        article=("2.2", "ERR-5"), scenario="S32",
    ),
    Case(
        "schedule_reaches_zero", SOUND.but(rate_per_epoch=0.1), ("OPT201",),
        (Cure("FX309", SOUND.but(rate_per_epoch=0.9), gain=0.3),),
        below=("PLT102", "OPT104", "MOD201", "PLT103"),
        curves_only=("PLT101", "GEN103", "PLT102", "PLT106"),
        article=("2",), scenario="S31",
    ),
)  # fmt: skip

DATA = (
    Case(
        "sorted_labels_sgd", SOUND.but(order="sorted"), ("DAT301",),
        (Cure("FX107", SOUND, gain=0.3),),
        below=("OPT101", "OSC102", "OSC103", "MOD201", "PLT102", "DAT302", "GRD303"),
        curves_only=(),
        article=("1.3",), scenario="S03",
        remark="The training loss per epoch falls smoothly; only the steps swing.",
    ),
    Case(
        "sorted_labels_adam", ADAM.but(order="sorted"), ("DAT301",),
        (Cure("FX107", ADAM, gain=0.02), Cure("FX107", ADAM, "epoch_echo", gain=0.5)),
        below=("OPT101", "OSC102", "OSC103", "MOD201", "PLT102", "DAT302", "GRD303"),
        article=("1.3",), scenario="S03",
    ),
    Case(
        "fixed_order", SOUND.but(order="fixed"), ("DAT302",),
        (Cure("FX107", SOUND, "epoch_echo", gain=0.5),),
        below=("DAT301", "OPT101", "OSC103"),
        article=("1.3",), scenario="S04",
    ),
    Case(
        "shuffled_random_labels", ADAM.but(labels="random", epochs=20, samples=800), ("DAT204", "GEN101"),
        (Cure("FX105", ADAM.but(epochs=20, samples=800), gain=0.3),),
        below=("DAT302", "DAT301", "PLT102"),
        curves_only=("GEN101", "DAT204", "GEN103", "PLT106"),
        scenario="S05",
        remark="Memorized noise saws within each epoch although the order is redrawn: no sign of a fixed order.",
    ),
    Case(
        "nan_cell", SOUND.but(broken_cell="nan"), ("DAT101",),
        (Cure("FX101", SOUND.but(broken_cell="nan", repaired=True), gain=0.0),),
        below=("NUM102", "GRD102", "OPT101", "NUM103"),
        curves_only=("NUM101",),
        article=("3.1",), scenario="S06",
    ),
    Case(
        "log_of_zero_cell", SOUND.but(broken_cell="log_of_zero"), ("DAT101", "DAT102"),
        (Cure("FX101", SOUND.but(broken_cell="log_of_zero", repaired=True), gain=0.0),),
        below=("NUM102", "GRD102", "OPT101"),
        curves_only=("NUM101",),
        article=("3.1", "ERR-3"), scenario="S06",
    ),
    Case(
        "zero_over_zero_column", SOUND.but(broken_cell="zero_over_zero"), ("DAT101", "DAT102"),
        (Cure("FX102", SOUND.but(broken_cell="zero_over_zero", repaired=True), gain=0.0),),
        below=("NUM102", "GRD102", "OPT101"),
        curves_only=("NUM101",),
        article=("3.1",), scenario="S06",
    ),
    Case(
        "inputs_not_normalized", SOUND.but(input_scale=60.0, input_offset=128.0), ("DAT201",),
        (Cure("FX103", SOUND.but(input_scale=60.0, input_offset=128.0, standardized=True), gain=0.5),),
        below=("PLT102", "MOD201", "GRD101", "OPT101", "OSC102"),
        curves_only=("OPT101", "PLT104", "PLT101", "GEN103", "MOD206", "OSC101", "OPT106", "PLT106"),
        article=("3.2",), scenario="S28",
    ),
    Case(
        "inputs_of_mixed_scales", SOUND.but(mixed_scales=True), ("DAT201",),
        (Cure("FX103", SOUND.but(mixed_scales=True, standardized=True), gain=0.5),),
        below=("DAT101", "PLT102", "MOD201", "OPT101"),
        curves_only=("NUM101", "OPT101", "OSC101", "PLT104", "PLT101", "GEN103", "OPT106", "PLT106"),
        article=("3.2",), scenario="S28",
    ),
    Case(
        "inputs_offset", ADAM.but(input_offset=100.0), ("DAT201",),
        (Cure("FX103", ADAM.but(input_offset=100.0, standardized=True), gain=0.5),),
        below=("PLT102", "MOD201", "GRD101", "OPT101"),
        curves_only=("PLT104", "PLT101", "GEN103", "MOD206", "OPT101", "OSC101", "OPT106", "PLT106"),
        scenario="S28",
    ),
    Case(
        "misaligned_labels", ADAM.but(labels="misaligned", rate=3e-3, epochs=15), ("DAT204",),
        (Cure("FX106", ADAM.but(rate=3e-3, epochs=15), gain=0.5),),
        below=("GEN103", "MOD201", "PLT102", "OPT101"),
        curves_only=("DAT204", "GEN101"),
        article=("1.3", "IMPR-2"), scenario="S27",
    ),
    Case(
        "rare_class", ADAM.but(data="rare", samples=2000), ("DAT401", "GEN109"),
        (Cure("FX110", ADAM.but(data="rare", samples=2000, class_weights=True), "balanced_accuracy", 0.05, True),),
        below=("PLT102", "MOD201", "DAT204"),
        curves_only=("PLT104", "GEN109", "PLT101", "GEN108", "PLT106"),
        scenario="S29",
    ),
    Case(
        "validation_copied_from_training",
        ADAM.but(validation="copied", epochs=40, samples=600, validation_samples=400, rate=3e-3), ("DAT402",),
        (Cure(
            "FX111", ADAM.but(epochs=40, samples=600, validation_samples=400, rate=3e-3),
            gain=0.3, higher_is_better=True,
        ),),
        below=("DAT404",),
        curves_only=(),  # equal losses near zero are more often an easy task than a leak: told as a note
        article=("4.r6", "4.r7"), scenario="S25",
        remark="The honest validation loss is the higher one.",
    ),
    Case(
        "validation_with_other_class_map", SOUND.but(validation="other_class_map"), ("DAT403",),
        (Cure("FX105", SOUND, gain=1.0),),
        below=("GEN101", "OPT101", "MOD201"),
        curves_only=("DAT403", "GEN101"),
        scenario="S26",
    ),
    Case(
        "validation_too_small", SOUND.but(validation_samples=20), ("DAT404",),
        (Cure("FX114", SOUND, "validation_error", 0.03),),
        below=("OPT101", "GEN103"),
        article=("4.r6",), scenario="S23",
    ),
)  # fmt: skip

LOSS_HEAD = (
    Case(
        "log_of_softmax", ADAM.but(data="blobs", rate=0.3, epochs=5, loss="log_of_softmax"), ("NUM103",),
        (Cure("FX202", ADAM.but(data="blobs", rate=0.3, epochs=5), gain=0.0),),
        below=("DAT101", "NUM102", "GRD102"),
        curves_only=("NUM101",),
        article=("3.1", "ERR-4"), scenario="S07",
    ),
    Case(
        "clamped_probability", ADAM.but(data="blobs", rate=0.3, loss="clamped_softmax"), ("NUM104",),
        (Cure("FX202", ADAM.but(data="blobs", rate=0.3), gain=1.0),),
        below=("MOD201", "PLT102"),
        curves_only=("PLT101", "OSC101", "OPT101", "PLT104", "GEN103", "OPT106", "PLT106"),
        article=("ERR-4",), scenario="S08",
    ),
    Case(
        "softmax_twice", SEPARATE.but(output_activation="softmax"), ("MOD101",),
        (Cure("FX501", SEPARATE, gain=0.5),),
        below=("MOD201", "PLT102", "GEN103", "PLT103"),
        curves_only=("MOD101", "PLT101", "PLT106"),
        scenario="S16",
    ),
    Case(
        "softmax_twice_ten_classes", SEPARATE.but(classes=10, output_activation="softmax"), ("MOD101",),
        (Cure("FX501", SEPARATE.but(classes=10), gain=0.5),),
        below=("MOD201", "PLT102", "GEN103", "PLT103"),
        curves_only=("MOD101", "PLT101", "PLT106"),
        scenario="S16",
    ),
    Case(
        "sigmoid_before_cross_entropy", SEPARATE.but(output_activation="sigmoid", rate=0.1), ("MOD101", "MOD103"),
        (Cure("FX501", SEPARATE.but(rate=0.1), gain=0.3),),
        below=("MOD201", "PLT103"),
        curves_only=(),  # a floor under the loss alone is a doubtful sign: told as a note
        scenario="S16",
    ),
    Case(
        "negated_loss", SOUND.but(loss="negated", rate=0.005, epochs=8), ("NUM301",),
        (Cure("FX207", SOUND.but(rate=0.005, epochs=8), "val_accuracy", 0.05, True),),
        below=("PLT102", "MOD201"),
        curves_only=("NUM301",),
        article=("4.r5",), scenario="S38",
    ),
    Case(
        "half_precision_overflow", HALF, ("NUM201",),
        (
            Cure("FX205", HALF.but(precision="bfloat16"), gain=0.0),
            Cure("FX103", HALF.but(standardized=True), gain=0.0),
        ),
        below=("NUM102", "GRD102", "OPT101", "NUM103", "DAT101"),
        curves_only=("NUM101",),
        scenario="S37",
    ),
    Case(
        "summed_loss", SOUND.but(reduction="sum", batch=30), ("MOD106", "OPT101", "OSC102"),
        (Cure("FX504", SOUND.but(batch=30), gain=0.5),),
        below=("OSC103", "MOD201", "PLT102"),
        curves_only=("OPT101", "OSC101", "PLT104", "PLT101", "MOD106", "GEN105", "GEN103", "OPT106", "PLT106"),
        article=("ERR-4", "1.1"), scenario="",
    ),
    Case(
        "summed_training_mean_validation", SOUND.but(reduction="sum", rate=0.003), ("MOD106",),
        (Cure("FX504", SOUND, "gap_in_epochs", 1.0),),
        below=("GEN105", "MOD201"),
        curves_only=("MOD106", "GEN105"),
        article=("4.r6", "ERR-4", "ERR-8"),
    ),
)  # fmt: skip

GRADIENTS = (
    Case(
        "deep_sigmoid", SOUND.but(hidden=(64,) * 5, activation="sigmoid"), ("GRD101", "MOD202"),
        (
            Cure("FX403", SOUND.but(hidden=(64,) * 5, activation="tanh"), gain=0.5),
            Cure("FX402", SOUND.but(hidden=(64,) * 5, activation="sigmoid", initialization="glorot", weight_gain=4.0)),
        ),
        below=("PLT102", "MOD201", "OPT101", "PLT103", "GRD302", "OPT104"),
        curves_only=("PLT101", "PLT104", "GEN103", "PLT102", "PLT106"),
        article=("3.2",), scenario="S09",
    ),
    Case(
        "four_sigmoid_layers", SIGMOIDS, ("GRD101", "MOD202"),
        (
            Cure("FX403", SIGMOIDS.but(activation="relu"), gain=0.5),
            Cure("FX402", SIGMOIDS.but(initialization="glorot", weight_gain=4.0), gain=0.3),
            Cure("FX404", SIGMOIDS.but(normalization="batch"), gain=0.5),
            Cure("FX405", SIGMOIDS.but(residual=True), gain=0.5),
            Cure("FX302", SIGMOIDS.but(optimizer="adam", rate=1e-2), gain=0.5),
            Cure("FX506", SIGMOIDS.but(pretraining=SIGMOIDS.but(optimizer="adam", rate=1e-2)), gain=0.3),
            Cure("FX502", SIGMOIDS.but(hidden=(64, 64))),
            Cure("FX401", SIGMOIDS.but(clip_norm=1.0), helps=False),
            Cure("FX607", SIGMOIDS.but(l2=0.01), helps=False),
        ),
        below=("MOD201", "PLT102", "OPT101", "PLT103"),
        curves_only=("PLT101", "PLT104", "GEN103", "PLT102", "PLT106"),
        article=("3.2", "3.4", "2.2", "IMPR-1", "IMPR-5"), scenario="S10",
    ),
    Case(
        "deep_relu_default_initialization", SOUND.but(hidden=(64,) * 9), ("GRD101", "MOD202"),
        (Cure("FX402", SOUND.but(hidden=(64,) * 9, initialization="he"), gain=0.3),),
        below=("MOD201", "PLT102", "OPT101", "PLT103"),
        curves_only=("PLT101", "PLT104", "GEN103", "PLT102", "PLT106"),
        article=("3.2",), scenario="S11",
    ),
    Case(
        "exploding_recurrence", RECURRENT, ("GRD102", "NUM102"),
        (
            Cure("FX401", RECURRENT.but(clip_norm=1.0, l2=0.01), gain=0.0),
            Cure("FX403", RECURRENT.but(activation="tanh"), gain=0.0),
            Cure("FX404", RECURRENT.but(normalization="layer"), gain=0.0),
            Cure("FX406", RECURRENT.but(model="lstm"), gain=0.0),
            Cure("FX405", RECURRENT.but(residual=True), gain=0.0),
            Cure("FX506", RECURRENT.but(rate=0.005, pretraining=RECURRENT.but(recurrent_gain=0.9, rate=0.03)), gain=0),
            Cure("FX301", RECURRENT.but(rate=0.005), gain=0.0, helps=False),
        ),
        below=("DAT101", "NUM103", "PLT102", "MOD201"),
        curves_only=("NUM101", "OPT101", "OSC101", "OPT106"),
        article=("3", "3.2", "IMPR-5"), scenario="S12",
    ),
    Case(
        "saturated_recurrence", TANH_RECURRENT, ("GRD102", "GRD103", "ACT102", "MOD204"),
        (Cure("FX402", TANH_RECURRENT.but(recurrent_gain=1.0), "spike", 100.0),),
        below=("PLT102", "MOD201", "DAT101"),
        curves_only=(),  # on some seeds the curves show nothing that deserves a warning
        article=("3.2",), scenario="S12",
    ),
    Case(
        "saturated_recurrence_clipped", TANH_RECURRENT.but(clip_norm=1.0), ("GRD202", "GRD102", "GRD103"),
        (
            Cure("FX402", TANH_RECURRENT.but(recurrent_gain=1.0, clip_norm=1.0)),
            Cure("FX401", TANH_RECURRENT.but(clip_norm=0.3), helps=False),
        ),
        below=("PLT102", "MOD201", "DAT101", "GRD101"),
        curves_only=("PLT101", "GEN103", "PLT104", "PLT106"),
        article=("3.2",), scenario="S13",
    ),
    Case(
        "positive_clip", SOUND.but(epochs=13, clip_value=(0.1, 5.0), clip_from_epoch=5), ("GRD201",),
        (Cure("FX408", SOUND.but(epochs=13, clip_value=(-5.0, 5.0), clip_from_epoch=5), gain=0.5),),
        below=("OPT101", "OPT301", "GEN101", "OSC102", "DAT301", "MOD201", "GRD303"),
        curves_only=("OPT102", "OPT101", "GEN101", "OSC101", "OPT106"),
        article=("3.2", "3.3", "4.r5", "ERR-1"), scenario="S17",
    ),
    Case(
        "gradients_not_zeroed_sgd", SOUND.but(gradients_zeroed=False), ("GRD303",),
        (Cure("FX411", SOUND, gain=0.5),),
        below=("OPT101", "OSC102", "PLT102", "DAT301", "MOD201", "GRD201"),
        curves_only=("OSC101", "OPT101", "OPT102", "PLT104", "GEN103", "OPT106", "PLT106"),
        article=("4.r5",), scenario="S18",
    ),
    Case(
        "gradients_not_zeroed_adam", ADAM.but(gradients_zeroed=False), ("GRD303",),
        (Cure("FX411", ADAM, gain=0.3),),
        below=("OPT101", "OSC102", "PLT102", "DAT301", "MOD201", "GRD201"),
        curves_only=("OSC101", "OPT101", "OPT102", "PLT104", "GEN103", "OPT106", "PLT106"),
        article=("4.r5",), scenario="S18",
    ),
    Case(
        "frozen_first_layer", SOUND.but(frozen=("fc1",)), ("GRD302",),
        (Cure("FX410", SOUND),),
        below=("GRD101", "OPT201", "MOD201"),
        scenario="S19",
    ),
)  # fmt: skip

ACTIVATIONS = (
    Case(
        "dead_relu_from_bias", SOUND.but(hidden_bias=-10.0), ("ACT101",),
        (Cure("FX402", SOUND, gain=0.5),),
        below=("GRD101", "PLT102", "MOD201", "OPT201", "GRD302"),
        curves_only=("PLT101", "PLT104", "GEN103", "PLT102", "PLT106"),
        article=("3.2",), scenario="S14",
    ),
    Case(
        "saturated_by_inputs", SOUND.but(activation="tanh", input_scale=50.0), ("ACT102", "DAT201"),
        (Cure("FX103", SOUND.but(activation="tanh", input_scale=50.0, standardized=True), gain=0.05),),
        below=("GRD101", "MOD201", "PLT102"),
        scenario="S15",
    ),
    Case(
        "saturated_by_weights", SOUND.but(activation="tanh", weight_gain=20.0), ("ACT102", "MOD204"),
        (Cure("FX402", SOUND.but(activation="tanh"), gain=0.2),),
        below=("MOD201", "PLT102", "DAT201"),
        curves_only=(),  # it falls steadily, only not as low as it could
        scenario="S15",
    ),
    Case(
        "zero_initialization", SOUND.but(initialization="zeros"), ("MOD205",),
        (Cure("FX402", SOUND.but(initialization="he"), gain=0.5),),
        below=("PLT102", "MOD201", "GRD101", "OPT201"),
        curves_only=("PLT101", "PLT104", "GEN103", "PLT102", "PLT106"),
        scenario="S33",
    ),
    Case(
        "constant_initialization", SOUND.but(initialization="constant"), ("MOD205",),
        (Cure("FX402", SOUND.but(initialization="he"), gain=0.3),),
        below=("PLT102", "MOD201", "GRD101", "OPT201"),
        scenario="S33",
    ),
)  # fmt: skip

STEPS = (
    Case(
        "batch_of_four", SOUND.but(batch=4, samples=1200), ("OSC103",),
        (
            Cure("FX307", SOUND.but(batch=16, samples=1200), "jitter", 0.4),
            Cure("FX307", SOUND.but(batch=16, samples=1200), gain=0.03),
        ),
        below=("OSC102", "OPT101", "DAT301", "MOD201", "PLT103"),
        article=("1.2",), scenario="S20",
        remark="The means over epochs fall smoothly: the noise shows in the steps only.",
    ),
    Case(
        "batch_of_one", SOUND.but(rate=0.03, batch=1, samples=600, epochs=6), ("OSC103",),
        (Cure("FX307", SOUND.but(rate=0.03, batch=16, samples=600, epochs=12), "jitter", 0.4),),
        below=("OSC102", "OPT101", "DAT301", "MOD201", "PLT103"),
        scenario="S20",
    ),
    Case(
        "noise_plateau", NOISE, ("PLT103", "OSC102"),
        (
            Cure("FX309", NOISE.but(rate_change=(10, 0.1)), "train_loss"),
            Cure("FX301", NOISE.but(rate=0.1), "val_loss", 0.05),
            Cure("FX307", NOISE.but(batch_change=(10, 300)), "train_loss"),
            Cure("FX315", NOISE.but(batch_change=(10, 8)), "train_loss", helps=False),
            Cure("FX310", NOISE.but(rate_change=(10, 10.0)), "train_loss", helps=False),
        ),
        below=("PLT102", "MOD201", "GRD101", "OSC103"),
        curves_only=("PLT101", "OSC101", "GEN101", "GEN103", "OSC105", "PLT106"),
        article=("4.r4", "IMPR-3"), scenario="S35",
    ),
    Case(
        "weight_decay_too_high", SOUND.but(weight_decay=0.1), ("OPT301",),
        (Cure("FX612", SOUND.but(weight_decay=0.01), gain=0.3),),
        below=("PLT102", "MOD201", "GRD101", "OPT101"),
        curves_only=(),  # on some seeds it is a slow but steady descent
        scenario="S30",
    ),
    Case(
        "weight_decay_far_too_high", SOUND.but(weight_decay=0.5), ("OPT301",),
        (Cure("FX612", SOUND.but(weight_decay=0.05), gain=0.3),),
        below=("PLT102", "MOD201", "GRD101", "OPT101"),
        curves_only=("PLT101", "PLT104", "GEN103", "PLT102", "PLT106"),
        scenario="S30",
    ),
    Case(
        "batch_norm_batch_of_two", SOUND.but(normalization="batch", batch=2, samples=800, epochs=6), ("MOD301",),
        (
            Cure("FX307", SOUND.but(normalization="batch", batch=32, samples=800, epochs=6), gain=0.3),
            Cure("FX415", SOUND.but(normalization="layer", batch=2, samples=800, epochs=6), gain=0.3),
        ),
        below=("PLT102", "MOD201"),
        curves_only=("GEN103", "PLT101", "OSC101", "PLT104", "OPT101", "OPT106", "PLT106"),
        article=("3.2",), scenario="S36",
    ),
)  # fmt: skip

CAPACITY = (
    Case(
        "linear_model_on_xor", XOR, ("MOD201", "OSC106", "MOD105"),
        (Cure("FX505", XOR.but(hidden=(32,)), gain=0.3),),
        below=("OPT101", "OSC102", "PLT102", "GRD101", "OSC103", "DAT204"),
        curves_only=("PLT101", "PLT104", "GEN103", "MOD201", "PLT106"),
        article=("1.1", "IMPR-1"), scenario="S34",
    ),
    Case(
        "narrow_network", NARROW, ("MOD201", "OSC106", "GEN103"),
        (Cure("FX505", NARROW.but(hidden=(16,)), gain=0.3),),
        below=("OPT101", "OSC102", "GRD101", "OSC103", "PLT102"),
        curves_only=(),  # on some seeds the curves show nothing that deserves a warning
        article=("1.1", "IMPR-1"),
    ),
    Case(
        "lstm_without_fully_connected", SMALL_LSTM, ("MOD201", "GEN103", "OPT302"),
        (Cure("FX505", SMALL_LSTM.but(hidden=(3, 32))), Cure("FX701", SMALL_LSTM.but(epochs=36))),
        below=("OPT101", "OSC102", "GRD101", "PLT102", "DAT301", "MOD203"),
        article=("1.1",), as_note=True,
        remark="One more fully connected layer after the LSTM, as in the article. A capacity limit shows as a loss "
        "that stays high and falls slowly, not as swings; without a run on one batch nothing recorded proves it.",
    ),
)  # fmt: skip

GENERALIZATION = (
    Case(
        "dropout_far_too_high", SOUND.but(dropout=0.9, epochs=15), ("GEN201", "CFG106", "GEN105"),
        (Cure("FX602", SOUND.but(dropout=0.2, epochs=15), "kept_train_loss", 0.5),),
        below=("MOD201", "PLT102", "GRD101"),
        curves_only=("GEN103", "PLT101", "OSC101", "PLT106"),
        article=("4.r7",), scenario="S21",
    ),
    Case(
        "evaluation_mode_forgotten", SOUND.but(dropout=0.5, evaluation_mode=False), ("RUN102",),
        (Cure("FX708", SOUND.but(dropout=0.5), gain=0.1),),
        below=("GEN105", "MOD201"),
        scenario="S22",
    ),
    Case(
        "overfitting", FEW, ("GEN101",),
        (Cure("FX705", FEW.but(checkpoint_best=True), "kept_loss"),),
        below=("GEN103", "OPT101", "PLT102", "OSC105"),
        curves_only=("GEN101",),
        article=("4",), remark="The row missing in the article: the training loss falls, the validation loss rises.",
    ),
    Case(
        "overfitting_label_noise", FEW.but(rate=3e-3, label_noise=0.3), ("GEN101", "DAT405"),
        (Cure("FX705", FEW.but(rate=3e-3, label_noise=0.3, checkpoint_best=True), "kept_loss", 0.5),),
        below=("GEN103", "OPT101", "PLT102", "OSC105"),
        curves_only=("GEN101",),
        scenario="S24",
    ),
    Case(
        "still_learning", SOUND.but(rate=0.02), ("OPT302",),
        (Cure("FX701", SOUND.but(rate=0.02, epochs=25), gain=0.2),),
        below=("PLT102", "GEN103", "MOD201"),
        article=("4.r1",), as_note=True,
    ),
    Case(
        "validation_flattens", FLATTENING, ("GEN102",),
        (Cure("FX705", FLATTENING.but(checkpoint_best=True), "kept_loss", 0.005),),
        below=("GEN101", "GEN103", "PLT102"),
        article=("4.r2",), as_note=True,
    ),
    Case(
        "validated_weights_lag_behind", AVERAGED, ("GEN104",),
        (Cure("FX709", AVERAGED.but(train_in_evaluation_mode=True), "gap_shown", 0.005),),
        below=("DAT402", "DAT403", "GEN101", "PLT102"),
        article=("4.r3", "ERR-7"), as_note=True,
        remark="Averaged weights are validated: no fault of the data.",
    ),
    Case(
        "wrong_sign", SOUND.but(ascent=True, rate=0.005, epochs=8), ("OPT102",),
        (Cure("FX207", SOUND.but(rate=0.005, epochs=8)),),
        below=("GEN101", "MOD201", "PLT102"),
        curves_only=("OPT102", "OPT106"),
        article=("4.r5",),
    ),
    Case(
        "dropout_lifts_training_loss", SOUND.but(dropout=0.7, epochs=25, train_in_evaluation_mode=False), ("GEN105",),
        (Cure("FX709", SOUND.but(dropout=0.7, epochs=25), "gap_shown", 0.03),),
        below=("DAT402", "DAT404", "MOD106", "MOD201"),
        article=("4.r6", "ERR-8"), as_note=True,
        remark="Innocent: the training loss is measured with dropout on.",
    ),
    Case(
        "dropout_hides_a_perfect_fit", DROPPED, ("GEN106", "CFG106", "GEN201"),
        (
            Cure("FX602", DROPPED.but(dropout=0.2), "train_loss", 0.3),
            Cure("FX709", DROPPED.but(train_in_evaluation_mode=True), "gap_shown", 0.3),
        ),
        below=("MOD201", "PLT102", "DAT402"),
        curves_only=("GEN106",),
        article=("4.r7",),
    ),
    Case(
        "validation_too_easy", SOUND.but(data="blobs", spread=1.5, validation="easy", epochs=15), ("GEN106", "DAT403"),
        (
            Cure("FX111", SOUND.but(data="blobs", spread=1.5, epochs=15), gain=0.3, higher_is_better=True),
            Cure("FX112", SOUND.but(data="blobs", spread=1.5, epochs=15), gain=0.3, higher_is_better=True),
        ),
        below=("MOD201", "PLT102", "GEN201"),
        curves_only=("GEN106", "GEN105", "GEN108"),
        article=("4.r6", "4.r7"), remark="The honest validation loss is the higher one.",
    ),
    Case(
        "losses_creep_up", CREEPING, ("OPT103",),
        (
            Cure("FX705", CREEPING.but(checkpoint_best=True), "kept_loss", 0.02),
            Cure("FX612", CREEPING.but(weight_decay=0.001), "train_loss", 0.05),
        ),
        below=("OPT101", "OSC102", "GEN101", "OPT102"),
        curves_only=("OPT103",),
        article=("4.r8",), remark="A weight decay that grows by 6 % an epoch.",
    ),
    Case(
        "penalty_not_in_gradient", FEW.but(l2=0.01, penalty_in_gradient=False), ("CFG104",),
        (Cure("FX609", FEW.but(l2=0.01)),),
        below=("OPT301", "GRD201"),
        curves_only=("GEN101",),
        article=("3.2", "3.3", "ERR-2"),
    ),
)  # fmt: skip

HEALTHY = (
    Case("healthy_sgd", SOUND.but(rate=0.05), scenario="H1"),
    Case("healthy_momentum", SOUND.but(rate=0.01, momentum=0.9), scenario="H2"),
    Case("healthy_adam", ADAM, scenario="H3"),
    Case("healthy_dropout", ADAM.but(dropout=0.5, epochs=12), scenario="H4"),
    Case("healthy_rings_sgd", SOUND.but(data="rings"), scenario="H1"),
    Case("healthy_rings_adam", ADAM.but(data="rings", rate=2e-3), scenario="H3"),
    Case("healthy_blobs_momentum", SOUND.but(data="blobs", rate=0.01, momentum=0.9, epochs=8), scenario="H2"),
    Case("healthy_tanh", SOUND.but(activation="tanh", initialization="glorot")),
    Case("healthy_batch_norm", SOUND.but(normalization="batch", rate=0.05)),
    Case("healthy_cnn_adam", ADAM.but(data="images", model="cnn", hidden=(32,), rate=2e-3)),
    Case("healthy_cnn_momentum", SOUND.but(data="images", model="cnn", hidden=(32,), rate=0.03, momentum=0.9)),
    Case("healthy_lstm", GATED.but(length=30, rate=5e-3, samples=1200, clip_norm=1.0)),
)  # fmt: skip

CASES: dict[str, Case] = {
    case.id: case
    for group in (
        RATE_TOO_HIGH, RATE_TOO_LOW, DATA, LOSS_HEAD, GRADIENTS, ACTIVATIONS, STEPS, CAPACITY, GENERALIZATION, HEALTHY,
    )
    for case in group
}  # fmt: skip
