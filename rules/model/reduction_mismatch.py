from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    decisive,
    escalates,
    facts,
    limit,
    run,
    signal,
    strong,
    supports,
    train,
    val,
)  # fmt: skip

LEAST = limit("batch-fold-least", 0.8, unit="ratio to the batch size", source="measured: 1.04-1.13", healthy="0.03-0.6")
MOST = limit("batch-fold-most", 1.25, unit="ratio to the batch size", source="measured: 1.04-1.13", healthy="0.03-0.6")
WIDE_BATCH = limit("batch-telling-sum-from-mean", 8, unit="samples", source="a smaller factor is no sign")
FOLD = limit("losses-apart-at-start", 7, unit="ratio", source="measured: 31-36", healthy="0.4-1.6")
STILL_APART = limit("losses-apart-at-end", 6, unit="relative", source="measured: 20-30", healthy="-0.3 to 0.5")
WELL = limit("fall-with-a-sum", 0.4, unit="share", source="measured", healthy="0.55-0.99")
TOGETHER = limit("losses-summed-alike", 0.5, unit="ratio to the batch size", source="measured", healthy="0.03-0.6")

fold = signal.ratio_over_batch_size(train.loss, val.loss)
apart = signal.ratio_at_start(train.loss, val.loss)
fall = signal.loss_fall()
adaptive = config.optimizer.is_("adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta")
still_apart = signal.relative_gap(train.loss, val.loss)

RULE = Rule(
    id="MOD106",
    name="reduction-mismatch",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.4,
    blames=("loss-function", "batch-size", "code"),
    symptom="the loss is a sum over the batch instead of a mean",
    cause="each gradient is as many times too large as the batch has samples, and so is the learning rate in effect",
    when=config.loss_reduction.is_("sum")
    | ((fold >= LEAST) & (fold <= MOST) & (config.batch_size >= WIDE_BATCH))
    | ((apart >= FOLD) & (still_apart >= STILL_APART) & ~config.batch_size.known),
    evidence=(
        supports(config.loss_reduction.is_("sum"), decisive, "the loss is summed over the batch"),
        supports(
            fold.between(LEAST, MOST),
            strong,
            "training and validation loss differ by about the batch size, {batch_size:.0f}",
        ),
        against(config.loss_reduction.is_("mean"), strong, "the loss is a mean over the batch"),
    ),
    escalate=(
        escalates(config.loss_reduction.is_("sum") & (fold < TOGETHER), "info"),
        # The steps of an adaptive optimizer are as long for a sum as for a mean.
        escalates(config.loss_reduction.is_("sum") & adaptive & (fall > WELL), "info"),
    ),
    explains=(
        "OPT101",
        "OSC102",
        "OPT106",
        "OSC101",
        "PLT104",
        "PLT101",
        "PLT106",
        "GEN104",
        "GEN105",
        "GEN106",
        "GEN103",
        "GRD102",
        "MOD206",
        "NUM102",
        "ACT101",
    ),
    remedies=("average-the-loss", "lower-learning-rate", "scale-rate-with-batch"),
    meaning=(
        "A summed loss of 192 over a batch of 30 is one of 6.4 per sample. Divide it before you compare it with "
        "anything, and choose the rate anew once it is a mean."
    ),
    mechanism=(
        "The gradient of a sum grows with the batch, so the rate and the batch size can no longer be chosen apart. A "
        "mean taken afterwards of what is one number already changes nothing."
    ),
    false_alarms="Sums over the tokens or pixels of a sample that are meant so, with a rate chosen for them.",
    source=("article ERR-4", "article 4 row 6", "article 1.1"),
    fires=(
        case(
            "summed in training, averaged in validation",
            run(
                curve(train.loss, decay(44.0, 10.0, 12)),
                curve(val.loss, decay(1.4, 0.4, 12)),
                config={"loss_reduction": "sum", "batch_size": 32},
            ),
        ),
        case("before any run", facts(config.loss_reduction.of("sum"))),
        case("summed in both, with a rate to fit", facts(config.loss_reduction.of("sum"), fold.of(0.03))),
        case(
            "summed, and an adaptive optimizer makes do",
            facts(config.loss_reduction.of("sum"), config.optimizer.of("adam"), signal.loss_fall().of(0.5)),
        ),
        case("found by the ratio, below", facts(fold.of(0.85), config.batch_size.of(10))),
        case("found by the ratio, above", facts(fold.of(1.2), config.batch_size.of(32))),
        case("from the curves alone", facts(apart.of(8.0), still_apart.of(7.0))),
        case(
            "told to be a mean, yet apart",
            facts(fold.of(1.0), config.batch_size.of(32), config.loss_reduction.of("mean")),
        ),
        case("summed, and neither here nor there", facts(config.loss_reduction.of("sum"), fold.of(0.6))),
    ),
    quiet=(
        case(
            "means in both",
            run(
                curve(train.loss, decay(1.4, 0.3, 12)),
                curve(val.loss, decay(1.4, 0.4, 12)),
                config={"loss_reduction": "mean", "batch_size": 32},
            ),
        ),
        case(
            "too little apart",
            facts(fold.of(0.7), config.batch_size.of(32), config.loss_reduction.of("mean"), apart.of(20.0)),
        ),
        case(
            "too far apart, by an explosion",
            facts(
                fold.of(1.4),
                config.batch_size.of(32),
                config.loss_reduction.of("mean"),
                apart.of(45.0),
                still_apart.of(9.0),
            ),
        ),
        case(
            "twofold, with a batch of two",
            facts(fold.of(1.0), config.batch_size.of(6), config.loss_reduction.of("mean"), apart.of(2.0)),
        ),
        case(
            "apart in the first epoch only",
            facts(apart.of(100.0), still_apart.of(5.0), config.loss_reduction.of("mean"), fold.of(2.0)),
        ),
        case(
            "apart at the end only",
            facts(apart.of(5.0), still_apart.of(9.0), config.loss_reduction.of("mean"), fold.of(0.2)),
        ),
    ),
)
