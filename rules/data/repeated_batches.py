from __future__ import annotations

from expert.authoring import (
    Rule, against, batch, case, config, curve, data, decay, decisive, facts, flat, limit, moderate, run, signal,
    supports, train, val, zigzag,
)  # fmt: skip

TWICE = limit(
    "repeated-batches", 1.5, unit="batches", source="knowledge of the field", healthy="0 where each sample comes once"
)
NOW_AND_THEN = limit("batches-alike-by-chance", 0.03, unit="share", source="measured: 0.45-0.79", healthy="0.00-0.01")
ALL_OF_THEM = limit(
    "nearly-all-batches-repeated", 0.9, unit="share", source="one batch on purpose gives 1 - 1/steps", healthy="0.00"
)
PART_OF_SET = limit("batch-as-part-of-set", 0.5, unit="share", source="a whole set in a batch repeats by design")

count = signal.repeated_batches()
share = signal.repeated_batch_share()
part = signal.batch_share_of_set()
seen = signal.seen_share()

RULE = Rule(
    id="DAT303",
    name="repeated-batches",
    kind="cause",
    family="data",
    level="data",
    severity="error",
    prior=0.8,
    blames=("code", "data"),
    symptom="the same batch is given more than once in an epoch",
    cause="the iterator starts anew before it has been through the set: it is made again for each step, or repeats "
    "before it shuffles",
    # Rows that happen to be alike make batches of one or two samples alike now and then.
    when=(count > TWICE) & (share > NOW_AND_THEN) & ((share < ALL_OF_THEM) | (part < PART_OF_SET)),
    evidence=(
        supports(share > 0.3, decisive, "{value:.0%} of the batches had been given earlier in the same epoch"),
        supports(seen < 0.5, moderate, "the steps of an epoch take only {value:.0%} of the samples"),
        against(config.class_weights, moderate, "classes are rebalanced, which may draw samples more than once"),
    ),
    explains=("GEN101", "GEN102"),
    remedies=("repair-data-iterator",),
    meaning="Part of the data is never shown, and the part that is shown is learned by heart.",
    mechanism="A loader that is made anew in the loop begins at its first batch each time; a data set that repeats "
    "before it shuffles mixes its own copies. The training loss falls fast, for there is little to learn, and the "
    "validation loss does not follow.",
    false_alarms="Oversampling that draws whole batches again on purpose, and epochs that are told less often than the "
    "set is gone through. Runs on a single batch are left alone where the size of the set is known.",
    source=("knowledge of the field", "Karpathy 2019"),
    fires=(
        case(
            "every second batch came before",
            run(
                curve(train.loss, decay(1.4, 0.1, 60), per_epoch=10),
                curve(val.loss, decay(1.4, 1.2, 6)),
                curve(batch.repeated, zigzag(0.0, 1.0, 60), per_epoch=10),
                config={"batch_size": 32, "steps_per_epoch": 10},
                data={"samples": 1000},
            ),
        ),
        case("two of many", facts(count.of(2), share.of(0.2), seen.of(0.6))),
        case("two of fifty", facts(count.of(2), share.of(0.04), part.of(0.01))),
        case("the first batch again and again", facts(count.of(59), share.of(0.98), part.of(0.4), seen.of(0.4))),
        case("some of them, classes rebalanced", facts(count.of(5), share.of(0.35), config.class_weights.of(True))),
        case("most of them", facts(count.of(80), share.of(0.8), part.of(1.0))),
    ),
    quiet=(
        case("a single one", facts(count.of(1), share.of(0.1), part.of(0.01))),
        case("single rows that are alike", facts(count.of(5), share.of(0.02), part.of(0.002))),
        case(
            "each batch once",
            run(
                curve(train.loss, decay(1.4, 0.3, 60), per_epoch=10),
                curve(batch.repeated, flat(0.0, 60), per_epoch=10),
                config={"batch_size": 32},
                data={"samples": 320},
            ),
        ),
        case("one batch like another", facts(count.of(1), share.of(0.02), part.of(0.03))),
        case("one batch on purpose", facts(count.of(299), share.of(0.997), part.of(1.0), data.samples.of(32))),
        case("a batch of more than half the set", facts(count.of(59), share.of(0.98), part.of(0.6))),
        case("nearly all, in a small set", facts(count.of(59), share.of(0.92), part.of(0.6))),
    ),
)
