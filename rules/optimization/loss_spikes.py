from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, escalates, facts, for_profile, gradient, limit, line, model, moderate, run, signal, supports,
    train, val, weak,
)  # fmt: skip
from expert.rules.limits import SCORE_KEPT, SLIGHT_RETURN

COUNT = limit("spikes", 1.5, unit="points", source="measured", healthy="0-3 without gradient spikes")
RARE = limit("rare-spikes", 0.05, unit="share", source="LLM reports, measured", healthy="0.00-0.01")
CALM = limit("calm-between-spikes", 0.5, unit="relative", source="measured", healthy="0.2-0.5")
SPIKE = limit("gradient-spike", 10, unit="ratio", source="measured", healthy="1.3-5 before and at a spike")
UNPLACED = limit(
    "gradient-spike-anywhere",
    20,
    unit="ratio",
    source="measured",
    healthy="1.4-17; falls with the loss, too",
    profiles=(for_profile("rnn", 2500, source="measured", healthy="3-2300; falls with the loss, too"),),
)

back = signal.share_given_back(val.loss)
lost = signal.shortfall_from_best(val.score)
count = signal.spike_count(train.loss)
share = signal.spike_share(train.loss)
jitter = signal.step_jitter(train.loss)
there = signal.gradient_at_spikes(train.loss)
spike = signal.gradient_spike_ratio()

RULE = Rule(
    id="OPT204",
    name="loss-spikes",
    kind="symptom",
    family="optimization",
    level="optimization",
    severity="warning",
    prior=0.5,
    blames=("learning-rate", "optimizer", "data"),
    symptom="the step loss jumps up now and then and comes back",
    when=(count > COUNT) & (share < RARE) & (jitter < CALM)
    & ((there > SPIKE) | (~there.known & (spike > UNPLACED))),
    evidence=(
        supports(there > 30, moderate,
            "where the loss spikes the gradient is {value:.3g} times that of the steps before"),
        supports(spike > 100, weak, "the largest gradient norm is {value:.3g} times the median"),
        supports(model.transformer, weak,
            "transformers are known for spikes of their second moments and attention logits"),
    ),
    # A run that ends at its best has got over them.
    escalate=(escalates((back < SLIGHT_RETURN) & ((lost < SCORE_KEPT) | ~lost.known), "info"),),
    unless=("OPT101", "DAT301", "OSC103", "GRD102"),
    remedies=(
        "clip-gradient-norm", "guard-preprocessing", "lower-beta2", "rewind-to-checkpoint",
        "normalize-queries-and-keys", "add-z-loss",
    ),
    meaning="Single steps go wrong and the run recovers. Look at the batches of those steps; if they are sound, the "
    "rate is at its edge or "
    "the optimizer's memory of gradient sizes is stale.",
    mechanism="An outlier batch gives a gradient many times the usual size; without a clip one such step undoes many. "
    "Adam divides by an "
    "average of past sizes, which a sudden change finds too small.",
    false_alarms="Small batches jitter all the time, short last batches and changes of the curriculum jump by design.",
    source=("LLM", "arXiv 2309.14322"),
    fires=(
        case("three spikes in a calm run", run(
            curve(train.loss, line(1.0, 0.9, 60, 0.02), line(4, 4, 1), line(0.9, 0.8, 60, 0.02), line(5, 5, 1),
                line(0.8, 0.7, 60, 0.02),
                  line(4, 4, 1), line(0.7, 0.6, 60, 0.02), per_epoch=60),
            curve(gradient.norm, line(1, 1, 60, 0.1), line(40, 40, 1), line(1, 1, 60, 0.1), line(60, 60, 1), line(1, 1,
                60, 0.1),
                  line(50, 50, 1), line(1, 1, 60, 0.1), per_epoch=60))),
        case("just enough", facts(count.of(2), share.of(0.04), jitter.of(0.4), there.of(12))),
        case("gradients not recorded around the spikes", facts(count.of(2), share.of(0.04), jitter.of(0.4),
             spike.of(25))),
        case("four times as large as just enough", facts(count.of(2), share.of(0.04), jitter.of(0.4), there.of(40))),
        case("huge gradients in a transformer", facts(count.of(5), share.of(0.01), jitter.of(0.2), spike.of(130),
             model.transformer.of(True))),
        case("got over them", facts(count.of(2), share.of(0.04), jitter.of(0.4), there.of(12), back.of(0.08),
             lost.of(0.015))),
        case("got over them, no score known", facts(count.of(2), share.of(0.04), jitter.of(0.4), there.of(12),
             back.of(0.08))),
        case("the loss came back, the score did not", facts(count.of(2), share.of(0.04), jitter.of(0.4), there.of(12),
             back.of(0.08), lost.of(0.025))),
        case("the score came back, the loss did not", facts(count.of(2), share.of(0.04), jitter.of(0.4), there.of(12),
             back.of(0.12), lost.of(0.0))),
        case("large gradients", facts(count.of(5), share.of(0.01), jitter.of(0.2), spike.of(80))),
    ),
    quiet=(
        case("calm", run(curve(train.loss, line(1.0, 0.5, 240, 0.02), per_epoch=60), curve(gradient.norm, line(1, 1,
             240, 0.1), per_epoch=60))),
        case("a single spike", facts(count.of(1), share.of(0.01), jitter.of(0.2), spike.of(50))),
        case("one step in fifteen", facts(count.of(20), share.of(0.07), jitter.of(0.2), spike.of(50))),
        case("jitter everywhere", facts(count.of(5), share.of(0.01), jitter.of(0.6), spike.of(50))),
        case("gradients of ordinary size", facts(count.of(3), share.of(0.01), jitter.of(0.2), spike.of(12))),
        case("gradients of ordinary size then", facts(count.of(3), share.of(0.01), jitter.of(0.2), there.of(6),
             spike.of(50))),
    ),
)  # fmt: skip
