from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, flat, layers, limit, moderate, run, signal, supports, train, val, weak,
)  # fmt: skip
from expert.rules.limits import BEYOND_SAMPLING, FALLING_SURE

COARSE = limit("coarse-update", 0.03, unit="ratio", source="measured", healthy="0.001-0.02 over most of the run")
STANDING = limit("standing-at-noise", 0.5, unit="share", source="measured", healthy="0.05-0.5")
DECAYED = limit("rate-not-yet-lowered", 0.3, unit="ratio", source="article 4 row 4", healthy="lowered to a tenth")
AGREED = limit("surely-agreeing", 2, unit="standard errors", source="measured", healthy="-0.4 to 8.9 in nine of ten")
CAME_DOWN = limit("came-down", 0.15, unit="share", source="measured", healthy="0.55-0.99")

update_size = signal.update_ratio()
noise = signal.sampling_noise_ratio()
cosine = signal.gradient_cosine()
agreement = signal.gradient_agreement()
standing = signal.plateau_length(train.loss)
val_standing = signal.plateau_length(val.loss)
fall = signal.loss_fall()
trend = signal.recent_trend(train.loss)
decayed = signal.learning_rate_last_over_max()

RULE = Rule(
    id="PLT103",
    name="plateau-noise-floor",
    kind="cause",
    family="plateau",
    level="optimization",
    severity="warning",
    prior=0.6,
    blames=("learning-rate", "schedule", "batch-size"),
    symptom="the loss came down and now scatters around a level it does not leave",
    cause="the steps are too large for the last stretch: they scatter around the bottom instead of reaching it",
    when=((update_size > COARSE) | (noise > BEYOND_SAMPLING))
    & ((agreement < AGREED) | ~agreement.known)
    & ((standing > STANDING) | (val_standing > STANDING))
    & (fall > CAME_DOWN)
    & ((trend > FALLING_SURE) | ~trend.known)
    & ((decayed > DECAYED) | ~decayed.known),
    evidence=(
        supports(cosine < -0.05, moderate, "successive gradients point against each other: cosine {value:+.2f}"),
        supports(update_size > COARSE, moderate, "an update still moves the weights by {value:.2g} of their norm"),
        supports(decayed > 0.99, weak, "the learning rate never came down"),
    ),
    explains=("PLT101", "GEN103", "OSC105", "GEN101", "RUN105"),
    unless=("DAT301", "GRD303", "OPT101", "MOD301", "GRD201", "OPT301", "ACT101", "GEN201", "CFG106"),
    remedies=("repair-schedule", "lower-learning-rate", "larger-batch", "average-weights"),
    meaning="Here the article's row 4 holds: lower the rate, or average over a larger batch. A smaller batch makes "
    "this plateau worse; "
    "measured, a quarter of the batch took the loss from 0.35 to 1.36, a tenth of the rate to 0.11.",
    mechanism="Each step carries the noise of its batch times the rate. Near the bottom that noise outweighs the "
    "slope, and the weights "
    "wander around it at a distance that grows with the rate and falls with the batch.",
    false_alarms="Networks whose weights are rescaled by normalization move by large ratios without harm.",
    source=("article 4 row 4", "article IMPR-3", "TPB"),
    fires=(
        case("falls, then scatters", run(curve(train.loss, decay(1.4, 0.35, 8), flat(0.35, 16, noise=0.05)),
             layers=(layers("update_ratio", a=0.05, b=0.06),))),
        case("just enough", facts(trend.of(-1.2), update_size.of(0.04), cosine.of(-0.06), standing.of(0.6),
             fall.of(0.2))),
        case("gradients hardly opposed, rate constant", facts(update_size.of(0.04), cosine.of(-0.04),
             agreement.of(-1.0), standing.of(0.6), fall.of(0.5), decayed.of(1.0))),
        case("gradients that agree by chance", facts(update_size.of(0.05), cosine.of(0.03), agreement.of(1.8),
             standing.of(0.6), fall.of(0.5))),
        case("beyond sampling noise, validation stands", facts(noise.of(1.5), update_size.of(0.02), standing.of(0.1),
             val_standing.of(0.6), fall.of(0.5))),
        case("decayed by half", facts(update_size.of(0.05), standing.of(0.6), fall.of(0.5), decayed.of(0.4))),
        case("coarse, rate unknown", facts(update_size.of(0.05), standing.of(0.6), fall.of(0.5),
             config.learning_rate.of(1.0))),
    ),
    quiet=(
        case("small updates", run(curve(train.loss, decay(1.4, 0.35, 8), flat(0.35, 16)), layers=(layers("update_ratio",
             a=0.005),))),
        case("updates of two percent, mere sampling", facts(update_size.of(0.02), noise.of(1.2), standing.of(0.6),
             fall.of(0.5))),
        case("gradients agree", facts(update_size.of(0.05), cosine.of(0.1), agreement.of(2.2), standing.of(0.6),
             fall.of(0.5))),
        case("still falling", facts(update_size.of(0.05), standing.of(0.4), val_standing.of(0.4), fall.of(0.5))),
        case("decayed to a quarter", facts(update_size.of(0.05), standing.of(0.6), fall.of(0.5), decayed.of(0.25))),
        case("training surely falls", facts(trend.of(-2.2), update_size.of(0.05), standing.of(0.1),
             val_standing.of(0.9), fall.of(0.5))),
        case("never came down", facts(update_size.of(0.05), standing.of(0.9), fall.of(0.12))),
    ),
)  # fmt: skip
