from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, escalates, facts, limit, line, moderate, run, signal, strong,
    supports, train, val,
)  # fmt: skip

JITTER = limit("step-jitter", 0.8, unit="relative", source="measured", healthy="0.2-0.7 with batches of 32 and more")
JITTER_OF_FEW = limit("step-jitter-of-few", 0.6, unit="relative", source="measured: 0.64-10", healthy="0.2-11")
FEW = limit("few-samples-in-a-batch", 4, unit="samples", source="measured with 1 and 2", healthy="16 and more")
EARLY_STEP = limit(
    "early-step-of-a-small-batch", 0.035, unit="ratio", source="measured: 0.04-0.2", healthy="0.0001-0.027 of 1 to 4"
)
LATE_STEP = limit(
    "late-step-of-a-small-batch", 0.004, unit="ratio", source="measured: 0.0045-0.03", healthy="0.0003-0.0033 of 1 to 4"
)
ALL_LEARNED = limit("hardly-anything-left", 0.05, unit="ratio to chance", source="measured", healthy="0.00-0.03")
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
outside = signal.loss_over_chance(val.loss)
few = config.batch_size <= FEW
early = signal.early_update_ratio()
late = signal.update_ratio()
short_steps = (late <= LATE_STEP) & (early <= EARLY_STEP)

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
    when=(config.batch_size < SMALL)
    & ((jitter > JITTER) | (few & (jitter > JITTER_OF_FEW)))
    & ((noise < SAMPLING) | ~noise.known)
    & ((level > EARLY) | ~level.known | (few & (outside > ALL_LEARNED))),
    evidence=(
        supports(noise < 1.2, strong,
            "the steps scatter {value:.2f} times as much as the choice of samples explains: it is sampling"),
        supports(few & ~short_steps, strong, "a batch holds {value:.0f} samples", group="size"),
        supports(config.batch_size <= 8, moderate, "a batch holds {value:.0f} samples", group="size"),
        against(short_steps, moderate, "steps are short: they move the weights by {value:.2%}"),
        against(signal.batch_share_of_set() > 0.1, strong, "a batch is already {value:.0%} of the training set"),
    ),
    # It is worth a note where hardly anything is left to learn, or where steps are as short as such batches ask for.
    escalate=(
        escalates((level <= EARLY) & (outside <= EARLY), "info"),
        escalates(short_steps | (few & ~early.known), "info"),
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
        case("two samples, long steps", facts(config.batch_size.of(2), jitter.of(0.9), level.of(0.4), early.of(0.045),
             late.of(0.003))),
        case("two samples, long steps at last", facts(config.batch_size.of(2), jitter.of(0.9), level.of(0.4),
             early.of(0.03), late.of(0.005))),
        case("two samples, short steps", facts(config.batch_size.of(2), jitter.of(0.9), level.of(0.4), early.of(0.03),
             late.of(0.003))),
        case("five samples, short steps", facts(config.batch_size.of(5), jitter.of(0.9), level.of(0.4), early.of(0.05),
             late.of(0.003))),
        case("two samples, learned and unlearned", facts(config.batch_size.of(2), jitter.of(0.7), level.of(0.1),
             outside.of(0.3))),
        case("two samples, little left outside", facts(config.batch_size.of(2), jitter.of(0.7), level.of(0.04),
             outside.of(0.07))),
        case("four samples", facts(config.batch_size.of(4), jitter.of(0.7), level.of(0.3), outside.of(0.1))),
        case("four samples, the jitter of few", facts(config.batch_size.of(4), jitter.of(1.2), level.of(0.14),
             outside.of(0.12))),
        case("a tenth of the set", facts(config.batch_size.of(8), jitter.of(1.0), signal.batch_share_of_set().of(0.14),
             data.samples.of(60))),
    ),
    quiet=(
        case("a calm descent", run(curve(train.loss, line(1.4, 0.6, 800, noise=0.2), per_epoch=80),
             config={"batch_size": 4})),
        case("batches of forty", facts(config.batch_size.of(40), jitter.of(1.0), noise.of(1.0))),
        case("two samples, calm", facts(config.batch_size.of(2), jitter.of(0.5), level.of(0.5))),
        case("five samples, a little", facts(config.batch_size.of(5), jitter.of(0.7), level.of(0.5))),
        case("five samples, learned", facts(config.batch_size.of(5), jitter.of(1.5), level.of(0.04), outside.of(0.2))),
        case("two samples, nothing left outside", facts(config.batch_size.of(2), jitter.of(3.0), level.of(0.04),
             outside.of(0.03))),
        case("half its size", facts(config.batch_size.of(8), jitter.of(0.6), noise.of(1.0))),
        case("more than sampling", facts(config.batch_size.of(8), jitter.of(1.2), noise.of(1.6))),
        case("close to zero loss", facts(config.batch_size.of(8), jitter.of(1.2), noise.of(1.0), level.of(0.1))),
    ),
)  # fmt: skip
