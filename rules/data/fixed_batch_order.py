from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, escalates, facts, for_profile, limit, line, moderate, run, signal,
    strong, supports, train,
)  # fmt: skip
from expert.rules.limits import EPOCH_ECHO, MIXED_BATCH

CLEAR = limit("epoch-echo-clear", 0.9, unit="correlation", source="measured: 0.98", healthy="-0.12 to 0.20")
WELL_LEARNED = limit(
    "learned-all-the-same",
    0.5,
    unit="share",
    source="measured",
    healthy="0.5-0.99",
    profiles=(for_profile("language-model", 0.1, source="measured", healthy="0.13-0.5: text is often read in order"),),
)
AGAIN = limit("epochs-over-one-order", 2, unit="epochs", source="an order repeats from the second epoch on")

order = signal.batch_label_entropy()
echo = signal.epoch_periodicity(train.loss)
learned = signal.relative_improvement(train.loss)

RULE = Rule(
    id="DAT302",
    name="fixed-batch-order",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.5,
    blames=("data",),
    symptom="each epoch brings the same batches in the same order",
    cause="the order of the samples is drawn once, or never, instead of anew for each epoch",
    when=((echo >= EPOCH_ECHO) & ((order > MIXED_BATCH) | ~order.known))
    | (config.shuffle.is_(False) & data.sorted_by_label.is_(False) & (config.epochs >= AGAIN))
    | config.order_redrawn.is_(False),
    evidence=(
        supports(
            echo >= CLEAR,
            strong,
            "the loss of the steps repeats from epoch to epoch, correlation {value:.2f}",
        ),
        supports(config.shuffle.is_(False), moderate, "shuffling is off"),
        supports(config.order_redrawn.is_(False), strong, "the order is not drawn anew"),
        against(config.order_redrawn, strong, "the order is drawn anew for each epoch"),
        against(config.shuffle, moderate, "shuffling is on, though a buffer may be smaller than the set"),
    ),
    # What is learned well all the same suffers little from it.
    escalate=(escalates(learned > WELL_LEARNED, "info"),),
    unless=("DAT301",),
    explains=("OSC101",),
    remedies=("shuffle-every-epoch",),
    meaning=(
        "The noise of small batches averages out only if the batches differ from epoch to epoch. With one fixed order "
        "it becomes a pattern that the weights follow."
    ),
    mechanism=(
        "The same neighbors meet in the same batch every time, so the step loss of one epoch predicts the next. "
        "In tf.data a shuffle buffer smaller than the set does this in part."
    ),
    false_alarms=(
        "A saw within each epoch alone is none: Adam draws one even over redrawn orders. Data that is passed once; "
        "batches of the whole set."
    ),
    source=("article 1.3", "article IMPR-2", "arXiv 2410.10056"),
    fires=(
        case(
            "the loss echoes itself",
            run(
                curve(
                    train.loss,
                    *(part for _ in range(5) for part in (line(1.2, 0.7, 6), line(0.9, 1.1, 4))),
                    per_epoch=10,
                ),
                config={"shuffle": False},
            ),
        ),
        case("an echo of 0.6 among mixed batches", facts(echo.of(0.8), order.of(0.75))),
        case(
            "an echo although shuffling is on",
            facts(echo.of(0.8), order.of(0.9), config.shuffle.of(True), config.order_redrawn.of(True)),
        ),
        case(
            "before any run",
            facts(config.shuffle.of(False), data.sorted_by_label.of(False), config.epochs.of(2)),
        ),
        case("told so", facts(config.order_redrawn.of(False))),
        case("told so of a run that learned", facts(config.order_redrawn.of(False), learned.of(0.6))),
        case("told so of a run that learned little", facts(config.order_redrawn.of(False), learned.of(0.4))),
    ),
    quiet=(
        case(
            "redrawn",
            run(
                curve(train.loss, decay(1.4, 0.3, 80, noise=0.1), per_epoch=10),
                config={"shuffle": True, "order_redrawn": True},
                data={"sorted_by_label": False},
            ),
        ),
        case(
            "sorted by class",
            facts(
                echo.of(0.98),
                order.of(0.65),
                config.shuffle.of(False),
                data.sorted_by_label.of(True),
                config.epochs.of(10),
                config.order_redrawn.of(True),
            ),
        ),
        case(
            "one pass",
            facts(
                echo.of(0.4),
                order.of(0.9),
                config.shuffle.of(False),
                data.sorted_by_label.of(False),
                config.epochs.of(1),
                config.order_redrawn.of(True),
            ),
        ),
        case(
            "shuffled, several epochs",
            facts(
                echo.of(0.1),
                order.of(0.9),
                config.shuffle.of(True),
                data.sorted_by_label.of(False),
                config.epochs.of(10),
                config.order_redrawn.of(True),
            ),
        ),
    ),
)
