from __future__ import annotations

from expert.authoring import (
    Rule, against, batch, case, config, curve, data, decay, decisive, facts, flat, limit, moderate, run, signal, strong,
    supports, train,
)  # fmt: skip
from expert.rules.limits import EPOCH_ECHO, MIXED_BATCH

ENOUGH = limit("batch-samples-per-class", 4, unit="samples", source="measured: 0.66 for batches of 4 with 4 classes")
SWELLS = limit("early-rise-of-sorted-data", 0.1, unit="share of the first value", source="measured: 0.16-0.92")

order = signal.batch_label_entropy()
echo = signal.epoch_periodicity(train.loss)

RULE = Rule(
    id="DAT301",
    name="not-shuffled",
    kind="cause",
    family="data",
    level="data",
    severity="error",
    prior=0.35,
    blames=("data", "preprocessing"),
    symptom="batches hold samples of one class at a time, so the loss swings within each epoch",
    cause="the samples come ordered by label, unshuffled: each stretch of batches pulls the weights its own way",
    when=((order <= MIXED_BATCH) & (signal.batch_per_class() >= ENOUGH))
    | (config.shuffle.is_(False) & data.sorted_by_label)
    | ((echo >= EPOCH_ECHO) & (signal.early_rise(train.loss) >= SWELLS) & ~order.known & ~data.sorted_by_label.known),
    evidence=(
        supports(order <= MIXED_BATCH, decisive, "a batch holds {value:.0%} of the set's variety of labels"),
        supports(config.shuffle.is_(False), moderate, "shuffling is off"),
        supports(data.sorted_by_label, moderate, "neighboring samples share their label"),
        supports(
            echo >= EPOCH_ECHO, moderate, "the loss of the steps repeats from epoch to epoch, correlation {value:.2f}"
        ),
        against(order > MIXED_BATCH, strong, "a batch holds {value:.0%} of the set's variety of labels"),
        against(config.shuffle, strong, "shuffling is on, and an order may repeat without being sorted"),
    ),
    explains=("OSC101", "OPT106", "PLT101", "PLT104", "PLT106", "GEN101", "GEN103", "OSC105"),
    remedies=("shuffle-every-epoch",),
    meaning=(
        "A gradient stands for the whole set only if its batch does. Here the network learns one class, forgets the "
        "one before, and meets it again an epoch later."
    ),
    mechanism=(
        "Successive gradients of one class agree and add up to large moves; at the next class the loss leaps and the "
        "moves are undone. The validation loss, measured after the last class, suffers most."
    ),
    false_alarms=(
        "Batches of one class on purpose, as in metric learning; series in the order of time; batches of fewer than "
        "four samples per class."
    ),
    source=("article 1.3", "knowledge of the field"),
    aliases=("not-shuffled-sorted-labels", "unshuffled-data", "OSC104"),
    fires=(
        case(
            "sorted by class",
            run(
                curve(train.loss, decay(1.4, 0.3, 60), per_epoch=10),
                curve(batch.label_entropy, flat(0.03, 60), per_epoch=10),
                config={"batch_size": 32, "shuffle": False},
                data={"classes": 4, "sorted_by_label": True},
            ),
        ),
        case("before any run", facts(config.shuffle.of(False), data.sorted_by_label.of(True))),
        case(
            "an echo and a rise, though shuffling is on",
            facts(config.shuffle.of(True), echo.of(0.9), signal.early_rise(train.loss).of(0.3)),
        ),
        case(
            "half mixed",
            facts(order.of(0.65), signal.batch_per_class().of(5.0)),
        ),
        case(
            "from the steps alone",
            facts(echo.of(0.8), signal.early_rise(train.loss).of(0.12)),
        ),
        case(
            "sorted in the file, mixed in the batches",
            facts(config.shuffle.of(False), data.sorted_by_label.of(True), order.of(0.9)),
        ),
    ),
    quiet=(
        case(
            "shuffled",
            run(
                curve(train.loss, decay(1.4, 0.3, 60, noise=0.05), per_epoch=10),
                curve(batch.label_entropy, flat(0.97, 60), per_epoch=10),
                config={"batch_size": 32, "shuffle": True},
                data={"classes": 4, "sorted_by_label": True},
            ),
        ),
        case(
            "batches too small to tell",
            facts(
                order.of(0.4), signal.batch_per_class().of(3.0), config.shuffle.of(True), data.sorted_by_label.of(True)
            ),
        ),
        case(
            "mixed enough",
            facts(
                order.of(0.75),
                signal.batch_per_class().of(8.0),
                config.shuffle.of(False),
                data.sorted_by_label.of(False),
            ),
        ),
        case(
            "a fixed order that is mixed",
            facts(
                order.of(0.96),
                signal.batch_per_class().of(8.0),
                config.shuffle.of(False),
                data.sorted_by_label.of(False),
                echo.of(0.98),
                signal.early_rise(train.loss).of(0.3),
            ),
        ),
        case(
            "a fixed order, labels unknown in the batches",
            facts(
                config.shuffle.of(False),
                data.sorted_by_label.of(False),
                echo.of(0.98),
                signal.early_rise(train.loss).of(0.3),
            ),
        ),
        case(
            "a fixed order, labels unknown in the data",
            facts(
                order.of(0.96),
                config.shuffle.of(True),
                echo.of(0.98),
                signal.early_rise(train.loss).of(0.3),
            ),
        ),
        case(
            "an echo without a rise",
            facts(config.shuffle.of(True), echo.of(0.98), signal.early_rise(train.loss).of(0.08)),
        ),
        case(
            "a rise without an echo",
            facts(config.shuffle.of(True), echo.of(0.4), signal.early_rise(train.loss).of(0.5)),
        ),
    ),
)
