from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, escalates, facts, flat, for_profile, layers, limit, line, moderate,
    run, signal, strong, supports, train, weak,
)  # fmt: skip
from expert.rules.limits import EVEN_DESCENT, SLIGHT_FALL, SOME_LEFT, SURE_FALL, TINY_UPDATE

SHORT_WAY = limit(
    "short-way",
    0.5,
    unit="norms of the weights",
    source="measured",
    healthy="0.5-10; less where little is left to learn",
    profiles=(for_profile("fine-tuning", 0.005, source="measured", healthy="0.01-1.0"),),
)
STEPS_ASIDE = limit("hardly-left-the-start", 0.3, unit="norms of the weights", source="measured", healthy="0.5-10")
FAR_FROM_DONE = limit(
    "far-from-done",
    0.55,
    unit="ratio to chance",
    source="measured",
    healthy="0.0-0.2",
    profiles=(for_profile("language-model", 0.7, source="measured", healthy="0.45-0.57"),),
)
HARDLY_HALF = limit(
    "hardly-half",
    0.6,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(for_profile("language-model", 0.35, source="measured", healthy="0.35-0.51"),),
)
SLOW = limit(
    "slow-fall",
    0.4,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(for_profile("language-model", 0.25, source="measured", healthy="0.35-0.51"),),
)
SMALL_UPDATE = limit("small-update", 7e-4, unit="ratio", source="CS231n, measured", healthy="1e-3 to 2e-2")
NO_REACH = limit(
    "reach-of-adaptive-steps", 0.05, unit="units of the weights", source="measured: 0.0005-0.05", healthy="0.17-5.3"
)

fall = signal.loss_fall()
trend = signal.loss_fall_trend()
evenness = signal.loss_late_fall()
update_size = signal.update_ratio()
travel = signal.weight_travel()
reach = signal.adaptive_reach()
left = signal.loss_over_chance(train.loss)
agreement = signal.gradient_cosine()
usual = signal.learning_rate_over_usual()

fresh = config.pretrained.is_(False) | ~config.pretrained.known

RULE = Rule(
    id="PLT102",
    name="plateau-rate-too-low",
    kind="cause",
    family="plateau",
    level="optimization",
    severity="warning",
    prior=0.55,
    # Ordinary updates that have led a short way only: the rate is low, or the run is young.
    escalate=(
        escalates(update_size >= TINY_UPDATE, "info"),
        escalates(~update_size.known & (reach < NO_REACH) & (fall >= SLIGHT_FALL), "info"),
    ),
    blames=("learning-rate",),
    symptom="the loss creeps down along a straight line and never gets anywhere",
    cause="the learning rate is too low: each update moves the weights by next to nothing",
    when=((update_size < TINY_UPDATE) & (fall < SLOW))
    | ((travel < SHORT_WAY) & (left > FAR_FROM_DONE) & (fall < HARDLY_HALF) & (trend < SURE_FALL))
    | ((travel < STEPS_ASIDE) & (update_size < SMALL_UPDATE) & (left > SOME_LEFT) & (trend < SURE_FALL) & fresh)
    | (~update_size.known & (reach < NO_REACH) & (fall < HARDLY_HALF) & (trend < SURE_FALL)
    & fresh)
    | (~update_size.known & (evenness > EVEN_DESCENT) & (fall < SLIGHT_FALL) & (trend < SURE_FALL)),
    evidence=(
        supports(agreement > 0.2, strong,
            "successive gradients agree with a cosine of {value:+.2f}: there is a way to go"),
        supports(usual < -0.5, moderate,
            "the learning rate is {value:+.1f} powers of ten from the usual range of the optimizer"),
        supports(trend < -2.5, weak, "the loss falls steadily, {value:+.1f} standard deviations from no trend"),
        supports((evenness > EVEN_DESCENT) & (fall < SLIGHT_FALL), weak,
            "{value:.0%} of the fall came in the second half of the run"),
        against(~update_size.known & ~usual.known, moderate,
            "neither the updates nor the rate are known: from the curves alone it is one of several explanations"),
        against(agreement < 0.0, strong, "successive gradients contradict each other: cosine {value:+.2f}"),
        against(signal.learning_rate_last_over_max() < 0.01, strong,
            "the schedule took the rate down to {value:.1%} of its highest"),
        against(usual > 0.0, moderate, "the learning rate is above the usual range of the optimizer"),
    ),
    explains=("PLT101", "PLT104", "PLT106", "OPT104", "OPT302", "GEN103", "GEN109"),
    unless=("OSC101", "OPT106", "OPT201", "OPT301", "GRD101", "GRD302", "ACT101", "ACT102", "MOD101", "MOD204",
        "MOD205", "CFG106", "DAT301", "OPT101"),
    remedies=("raise-learning-rate", "probe-learning-rate", "switch-to-adam", "smaller-batch"),
    meaning="The run is not stuck in a pit; it is on its way and hardly moves. Three times to ten times the rate gets "
    "it there in as "
    "many times fewer epochs.",
    mechanism="An update is rate times gradient. Where it moves the weights by less than a ten-thousandth of their "
    "size, thousands of "
    "steps are needed for a change that matters; successive gradients then look alike. Slow progress is what can be "
    "seen; "
    "a local optimum cannot.",
    false_alarms="Fine-tuning with a small rate on purpose, the end of a decaying schedule, and runs that have "
    "converged.",
    source=("article 2.1", "article 4 row 4", "article IMPR-3", "CS231"),
    fires=(
        case("a straight line down by 4 %", run(curve(train.loss, line(1.386, 1.33, 40, noise=0.001)))),
        case("small updates in a flat run", run(curve(train.loss, line(1.4, 1.38, 20)), layers=(layers("update_ratio",
             a=2e-5, b=3e-5),))),
        case("tiny updates, agreeing gradients", facts(update_size.of(8e-5), fall.of(0.3), agreement.of(0.22),
             trend.of(-3.0))),
        case("gradients hardly agree", facts(update_size.of(5e-5), fall.of(0.05), agreement.of(0.17), trend.of(-2.0))),
        case("gradients contradict", facts(update_size.of(5e-5), fall.of(0.05), agreement.of(-0.1))),
        case("rate below the usual range", facts(update_size.of(5e-5), fall.of(0.05), usual.of(-0.6))),
        case("rate barely below the usual range", facts(update_size.of(5e-5), fall.of(0.05), usual.of(-0.4))),
        case("rate above the usual range", facts(update_size.of(5e-5), fall.of(0.05), usual.of(0.5))),
        case("decayed to a hundredth", facts(update_size.of(5e-5), fall.of(0.05),
             signal.learning_rate_last_over_max().of(0.008))),
        case("decayed a little less", facts(update_size.of(5e-5), fall.of(0.05),
             signal.learning_rate_last_over_max().of(0.013))),
        case("even, an eighth, sure enough", facts(update_size.of(None), evenness.of(0.4), fall.of(0.12),
             trend.of(-3.0), config.learning_rate.of(1e-4))),
        case("a short way, and most is still to learn", facts(update_size.of(3e-4), travel.of(0.4), left.of(0.7),
             fall.of(0.5), trend.of(-4.0))),
        case("hardly left the start, something left to learn", facts(update_size.of(6e-4), travel.of(0.2),
             left.of(0.25), fall.of(0.9), trend.of(-4.0))),
        case("fresh weights that hardly left the start", facts(update_size.of(6e-4), travel.of(0.2),
             left.of(0.25), fall.of(0.9), trend.of(-4.0), config.pretrained.of(False))),
        case("steps that reach nowhere", facts(update_size.of(None), reach.of(0.04), fall.of(0.5), trend.of(-4.0))),
        case("steps from fresh weights that reach nowhere", facts(update_size.of(None), reach.of(0.04), fall.of(0.5),
             trend.of(-4.0), config.pretrained.of(False))),
        case("steps that reach nowhere, hardly any fall", facts(update_size.of(None), reach.of(0.03), fall.of(0.12),
             trend.of(-4.0))),
        case("even but already a third", facts(update_size.of(5e-5), evenness.of(0.9), fall.of(0.2))),
    ),
    quiet=(
        case("a smooth descent", run(curve(train.loss, decay(2.3, 0.2, 30)))),
        case("flat, nothing to see", run(curve(train.loss, flat(1.386, 40, noise=0.01)))),
        case("ordinary updates", facts(update_size.of(1.3e-4), fall.of(0.05), evenness.of(0.9), trend.of(-9.0))),
        case("a long way", facts(update_size.of(3e-4), travel.of(0.7), left.of(0.7), fall.of(0.5), trend.of(-4.0))),
        case("a short way, and little is left", facts(update_size.of(3e-4), travel.of(0.3), left.of(0.4), fall.of(0.5),
             trend.of(-4.0))),
        case("a short way that led far", facts(update_size.of(3e-4), travel.of(0.3), left.of(0.7), fall.of(0.7),
             trend.of(-4.0))),
        case("a short way round and round", facts(update_size.of(3e-4), travel.of(0.3), left.of(0.7), fall.of(0.5),
             trend.of(-1.0))),
        case("left the start a little", facts(update_size.of(6e-4), travel.of(0.35),
             left.of(0.25), fall.of(0.9), trend.of(-4.0))),
        case("a short run of ordinary updates", facts(update_size.of(8e-4), travel.of(0.2),
             left.of(0.25), fall.of(0.9), trend.of(-4.0))),
        case("hardly left the start, and little is left", facts(update_size.of(6e-4), travel.of(0.2),
             left.of(0.15), fall.of(0.9), trend.of(-4.0))),
        case("hardly left weights that were trained before", facts(update_size.of(6e-4), travel.of(0.2),
             left.of(0.25), fall.of(0.9), trend.of(-4.0), config.pretrained.of(True))),
        case("hardly left, and not downward", facts(update_size.of(6e-4), travel.of(0.2), left.of(0.25), fall.of(0.9),
             trend.of(-2.0))),
        case("small updates and half-way down", facts(update_size.of(5e-5), fall.of(0.5))),
        case("steps that reach far enough", facts(update_size.of(None), reach.of(0.07), fall.of(0.5), trend.of(-4.0))),
        case("small steps of what was trained before", facts(update_size.of(None), reach.of(0.03), fall.of(0.5),
             trend.of(-4.0), config.pretrained.of(True))),
        case("small steps that led far", facts(update_size.of(None), reach.of(0.03), fall.of(0.7), trend.of(-4.0))),
        case("small steps round and round", facts(update_size.of(None), reach.of(0.03), fall.of(0.5), trend.of(-2.0))),
        case("bent", facts(update_size.of(None), evenness.of(0.2), fall.of(0.1), trend.of(-9.0))),
        case("even, but down by a sixth", facts(update_size.of(None), evenness.of(0.9), fall.of(0.18), trend.of(-9.0))),
        case("even, but not sure", facts(update_size.of(None), evenness.of(0.4), fall.of(0.05), trend.of(-2.0))),
    ),
)  # fmt: skip
