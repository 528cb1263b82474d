from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, escalates, facts, layers, limit, moderate, run, signal, strong,
    supports, train, val, zigzag,
)  # fmt: skip
from expert.rules.limits import BEYOND_SAMPLING, NEARLY_ALL_RIGHT, SWING_AGREEMENT, SWING_SIZE, SWING_WEIGHT

LARGE = limit("large-early-update", 0.1, unit="ratio", source="measured", healthy="0.002-0.07")
AGAINST = limit("opposed-gradients", -0.1, unit="correlation", source="measured", healthy="-0.1 to 0.3 with plain SGD")
UPWARD = limit("upward-share", 0.3, unit="share", source="measured", healthy="0.00-0.18")
MOVED = limit(
    "moved-per-epoch", 0.01, unit="share", source="measured", healthy="any; a flickering plateau stays below 0.002"
)

agreement = signal.common_swing_correlation(train.loss, val.loss)
common = signal.common_swing(train.loss, val.loss)
weight = signal.common_swing_over_fall(train.loss, val.loss)
upward = signal.upward_share(train.loss)
val_upward = signal.upward_share(val.loss)
moved = signal.swing_size(train.loss)
early = signal.early_update_ratio()
cosine = signal.gradient_cosine()
noise = signal.sampling_noise_ratio()
usual = signal.learning_rate_over_usual()
missed = signal.errors_left(val.score)

swinging = (agreement > SWING_AGREEMENT) & (common > SWING_SIZE) & (weight > SWING_WEIGHT)
overshooting = (early > LARGE) | ((cosine < AGAINST) & config.optimizer.is_("sgd")) | (noise > BEYOND_SAMPLING)

# Weights that are thrown about throw both losses; what the training loss has alone is noise of how it is measured.
together = (val_upward > UPWARD) | (~val_upward.known & (noise > BEYOND_SAMPLING))
unsteady = (upward > UPWARD) & (moved > MOVED) & together

RULE = Rule(
    id="OSC102",
    name="rate-too-high",
    kind="cause",
    family="oscillation",
    level="optimization",
    severity="warning",
    prior=0.42,
    blames=("learning-rate",),
    symptom="the loss swings and undoes much of what it gains",
    cause="the learning rate is too high: each step overshoots and the next one comes back",
    when=((swinging | unsteady) & overshooting)
    | (swinging & ~early.known & ((missed > NEARLY_ALL_RIGHT) | ~missed.known)),
    evidence=(
        supports(early > LARGE, strong, "an early update moved the weights by {value:.2g} of their norm",
            group="overshoot"),
        supports(cosine < AGAINST, strong, "successive gradients point against each other: cosine {value:+.2f}",
            group="overshoot"),
        supports(noise > BEYOND_SAMPLING, strong,
            "the step loss scatters {value:.1f} times as much as the choice of samples explains"),
        supports(usual > 0.0, moderate,
            "the learning rate is {value:+.1f} powers of ten above the usual range of the optimizer"),
        against(usual < 0.0, moderate, "the learning rate is below the usual range of the optimizer"),
        against(noise < 1.2, moderate, "the step loss scatters no more than the choice of samples explains"),
    ),
    escalate=(escalates(early > LARGE, "error"),),
    explains=("OPT106", "OSC101", "OSC105", "PLT103", "PLT106", "PLT101", "OPT204", "ACT101"),
    unless=("DAT301", "DAT302", "GRD201", "GRD303", "MOD106", "DAT201"),
    remedies=("lower-learning-rate", "repair-schedule", "warm-up-learning-rate"),
    meaning="The weights are thrown to and fro across the valley they should descend. From the curves alone this is "
    "one of several "
    "explanations; the size of the first updates, the cosine of successive gradients and the scatter beyond sampling "
    "decide.",
    mechanism="Along a direction of curvature c, plain gradient descent overshoots once the rate exceeds 1/c and grows "
    "beyond 2/c. "
    "Successive gradients then point opposite ways. With momentum or Adam they may still agree, so their cosine says "
    "nothing there.",
    false_alarms="Batches too small, unshuffled data and accumulated gradients swing too and are to be ruled out "
    "first.",
    source=("article 1", "article 1.1", "article IMPR-1", "CS231", "TPB"),
    fires=(
        case("alternating, curves only", run(curve(train.loss, zigzag(0.6, 1.4, 24)), curve(val.loss, zigzag(0.7, 1.6,
             24)))),
        case("alternating, large updates", run(curve(train.loss, zigzag(0.6, 1.4, 24)), curve(val.loss, zigzag(0.7, 1.6,
             24)),
             layers=(layers("update_ratio", a=0.4, b=0.3),))),
        case("just enough, curves only", facts(agreement.of(0.65), common.of(0.055), weight.of(0.1), early.of(None))),
        case("curves only, a tenth of the answers wrong", facts(agreement.of(0.9), common.of(0.2), weight.of(0.5),
             early.of(None), missed.of(0.1))),
        case("unsteady, updates of 12 %", facts(upward.of(0.35), val_upward.of(0.4), moved.of(0.012), early.of(0.12),
             noise.of(1.1))),
        case("unsteady, gradients opposed", facts(upward.of(0.5), val_upward.of(0.4), moved.of(0.05), cosine.of(-0.12),
             config.optimizer.of("sgd"), noise.of(1.3))),
        case("unsteady, beyond sampling noise", facts(upward.of(0.5), moved.of(0.05), noise.of(1.6), early.of(0.05))),
        case("unsteady, and validation with it", facts(upward.of(0.5), moved.of(0.05), val_upward.of(0.4),
             early.of(0.2),
             config.batch_size.of(4))),
        case("swings beyond sampling noise", facts(agreement.of(0.9), common.of(0.2), weight.of(0.5), noise.of(1.6),
             early.of(0.05))),
        case("a rate above the usual", facts(upward.of(0.5), val_upward.of(0.4), moved.of(0.05), early.of(0.2),
             usual.of(0.5))),
        case("a rate below the usual", facts(upward.of(0.5), val_upward.of(0.4), moved.of(0.05), early.of(0.2),
             usual.of(-0.5))),
    ),
    quiet=(
        case("unsteady by itself, validation falls", facts(upward.of(0.5), moved.of(0.05), val_upward.of(0.25),
             early.of(0.2), agreement.of(0.1))),
        case("unsteady by the choice of samples, no validation", facts(upward.of(0.5), moved.of(0.05), early.of(0.2),
             noise.of(1.2), agreement.of(0.1))),
        case("a smooth descent", run(curve(train.loss, decay(2.3, 0.2, 30)), curve(val.loss, decay(2.3, 0.3, 30)))),
        case("swings hardly shared", facts(agreement.of(0.4), common.of(0.3), weight.of(0.5), upward.of(0.0),
             val_upward.of(0.4),
             noise.of(1.6), early.of(None))),
        case("tiny swings", facts(agreement.of(0.9), common.of(0.035), weight.of(0.5), upward.of(0.0),
             val_upward.of(0.4), noise.of(1.6),
             early.of(None))),
        case("swings on a steep descent", facts(agreement.of(0.9), common.of(0.2), weight.of(0.05), upward.of(0.0),
             val_upward.of(0.4),
             noise.of(1.6), early.of(None))),
        case("curves only, nearly all answers right", facts(agreement.of(0.9), common.of(0.2), weight.of(0.5),
             early.of(None), upward.of(0.0), missed.of(0.025))),
        case("swings, updates of ordinary size", facts(agreement.of(0.9), common.of(0.2), weight.of(0.5),
             early.of(0.08), cosine.of(0.1), noise.of(1.0))),
        case("mostly down", facts(agreement.of(0.0), common.of(0.0), weight.of(0.0), upward.of(0.25),
             val_upward.of(0.4), moved.of(0.05),
             early.of(0.5))),
        case("a flicker", facts(agreement.of(0.0), common.of(0.0), weight.of(0.0), upward.of(0.5),
             val_upward.of(0.4), moved.of(0.008),
             early.of(0.5))),
        case("gradients opposed a little", facts(agreement.of(0.0), upward.of(0.5), val_upward.of(0.4),
             moved.of(0.05), cosine.of(-0.08),
             config.optimizer.of("sgd"), early.of(0.05), noise.of(1.0))),
        case("gradients opposed under Adam", facts(agreement.of(0.0), upward.of(0.5), val_upward.of(0.4),
             moved.of(0.05), cosine.of(-0.3),
             config.optimizer.of("adam"), early.of(0.05), noise.of(1.0))),
        case("a little beyond sampling", facts(agreement.of(0.0), upward.of(0.5), val_upward.of(0.4), moved.of(0.05),
             cosine.of(0.0),
             early.of(0.05), noise.of(1.25))),
    ),
)  # fmt: skip
