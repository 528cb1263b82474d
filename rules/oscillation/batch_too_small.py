from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, facts, limit, line, moderate, run, signal, strong, supports,
    train,
)  # fmt: skip

JITTER = limit("step-jitter", 0.8, unit="relative", source="measured", healthy="0.2-0.7 with batches of 32 and more")
SMALL = limit("small-batch", 32, unit="samples", source="article 1.2, measured", healthy="32 and more")
SAMPLING = limit("mere-sampling", 1.3, unit="ratio", source="measured", healthy="0.74-1.2")
EARLY = limit(
    "jitter-counts-from",
    0.15,
    unit="ratio to chance",
    source="measured",
    healthy="relative jitter grows near zero loss",
)

jitter = signal.step_jitter(train.loss)
noise = signal.sampling_noise_ratio()
level = signal.loss_over_chance(train.loss)

RULE = Rule(
    id="OSC103",
    name="batch-too-small",
    kind="cause",
    family="oscillation",
    level="optimization",
    severity="warning",
    prior=0.55,
    blames=("batch-size",),
    symptom="the loss jumps from step to step by about its own size",
    cause="a batch holds so few samples that its gradient is mostly the luck of the draw",
    when=(config.batch_size < SMALL) & (jitter > JITTER) & ((noise < SAMPLING) | ~noise.known) & ((level > EARLY)
        | ~level.known),
    evidence=(
        supports(noise < 1.2, strong,
            "the steps scatter {value:.2f} times as much as the choice of samples explains: it is sampling"),
        supports(config.batch_size <= 8, moderate, "a batch holds {value:.0f} samples"),
        against(signal.batch_share_of_set() > 0.1, strong, "a batch is already {value:.0%} of the training set"),
    ),
    explains=("OSC101", "OSC105", "GEN101", "RUN105"),
    unless=("DAT301", "GRD303", "OPT101", "OSC102", "GRD201", "MOD301"),
    remedies=("larger-batch", "accumulate-gradients", "lower-learning-rate", "average-weights"),
    meaning="The scatter of single steps is what the choice of samples alone would give. The means over epochs may "
    "fall smoothly all "
    "the same; the noise then only limits how far down they come.",
    mechanism="The noise of a mean over B samples falls as one over the root of B: four times the batch halves it. "
    "Where memory is "
    "short, gradients of several small batches can be summed before each step; a smaller rate averages over steps.",
    false_alarms="Near zero loss the relative jitter grows by itself. Small batches are no fault where the run "
    "converges and time is cheap.",
    source=("article 1.2", "CS231"),
    fires=(
        case("batches of four", run(curve(train.loss, decay(1.4, 0.6, 800, noise=1.3), per_epoch=80),
             config={"batch_size": 4})),
        case("batches of 24, mere sampling", facts(config.batch_size.of(24), jitter.of(0.9), noise.of(1.0),
             level.of(0.2))),
        case("batches of four, scatter a little large", facts(config.batch_size.of(4), jitter.of(1.0), noise.of(1.25))),
        case("batches of ten, classes unknown", facts(config.batch_size.of(10), jitter.of(1.0),
             signal.batch_share_of_set().of(0.08))),
        case("a tenth of the set", facts(config.batch_size.of(8), jitter.of(1.0), signal.batch_share_of_set().of(0.14),
             data.samples.of(60))),
    ),
    quiet=(
        case("a calm descent", run(curve(train.loss, line(1.4, 0.6, 800, noise=0.2), per_epoch=80),
             config={"batch_size": 4})),
        case("batches of forty", facts(config.batch_size.of(40), jitter.of(1.0), noise.of(1.0))),
        case("half its size", facts(config.batch_size.of(8), jitter.of(0.6), noise.of(1.0))),
        case("more than sampling", facts(config.batch_size.of(8), jitter.of(1.2), noise.of(1.6))),
        case("close to zero loss", facts(config.batch_size.of(8), jitter.of(1.2), noise.of(1.0), level.of(0.1))),
    ),
)  # fmt: skip
