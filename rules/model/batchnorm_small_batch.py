from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    facts,
    flat,
    limit,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

SMALL = limit("batch-for-batch-norm", 8, unit="samples", source="Wu & He 2018, measured", healthy="16 or more")
TINY = limit("tiny-batch-for-batch-norm", 2, unit="samples", source="Wu & He 2018, measured", healthy="16 or more")

size = config.batch_size

RULE = Rule(
    id="MOD301",
    name="batchnorm-small-batch",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.6,
    blames=("normalization", "batch-size"),
    symptom="a batch-normalized network learns badly, erratically, or much worse in evaluation mode",
    cause="batch normalization takes mean and variance from a handful of values",
    when=model.normalization.is_("batch") & ((model.convolutional.is_(False) & (size <= SMALL)) | (size <= TINY)),
    evidence=(
        supports(size <= TINY, strong, "a batch holds {value:.0f} samples"),
        supports(
            signal.gradient_spike_ratio() > 100.0, moderate, "the largest gradient is {value:.2g} times the usual one"
        ),
        supports(
            signal.relative_improvement(train.loss) < 0.3, moderate, "the training loss improved by only {value:.1%}"
        ),
    ),
    explains=(
        "OPT101",
        "OPT106",
        "OSC101",
        "OSC102",
        "OSC103",
        "OSC105",
        "GRD102",
        "OPT104",
        "PLT101",
        "PLT102",
        "PLT103",
        "PLT104",
        "PLT106",
        "GEN103",
        "MOD201",
    ),
    remedies=("larger-batch", "use-group-normalization", "stabilize-batch-statistics"),
    meaning="Each sample's activations depend on which others share its batch, and the running statistics used in "
    "evaluation fit none of the batches.",
    mechanism="Two values normalized by their own mean and deviation are +1 and -1, whatever they were: the size of "
    "the signal is lost. In one measurement the training loss ended at 1.30 with batches of 2, at 0.81 with 4, at "
    "0.51 with 32.",
    false_alarms="Convolutions average over places too, so a few samples can do; frozen statistics do not care.",
    source=("article 3.2", "Wu & He 2018", "Deep Learning Tuning Playbook", "measured"),
    fires=(
        case(
            "batches of two",
            run(
                curve(train.loss, flat(1.35, 10, noise=0.01)),
                model={"normalization": "batch", "convolutional": False},
                config={"batch_size": 2},
            ),
        ),
        case(
            "batches of two in a convolutional network",
            facts(
                model.normalization.of("batch"),
                model.convolutional.of(True),
                size.of(2),
                signal.gradient_spike_ratio().of(140),
            ),
        ),
        case(
            "batches of six",
            facts(
                model.normalization.of("batch"),
                model.convolutional.of(False),
                size.of(6),
                signal.gradient_spike_ratio().of(60),
                signal.relative_improvement(train.loss).of(0.4),
            ),
        ),
    ),
    quiet=(
        case(
            "batches of 32",
            run(
                curve(train.loss, decay(1.4, 0.3, 10)),
                model={"normalization": "batch", "convolutional": False},
                config={"batch_size": 32},
            ),
        ),
        case("batches of ten", facts(model.normalization.of("batch"), model.convolutional.of(False), size.of(10))),
        case(
            "batches of three in a convolutional network",
            facts(model.normalization.of("batch"), model.convolutional.of(True), size.of(3)),
        ),
        case("layer normalization", facts(model.normalization.of("layer"), model.convolutional.of(False), size.of(2))),
    ),
)
