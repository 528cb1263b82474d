from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decisive, escalates, facts, flat, limit, line, run, signal, supports, train, val,
)  # fmt: skip

AT_CEILING = limit(
    "loss-at-clamp-ceiling", 0.002, unit="relative", source="measured: 0.0001 when stuck", healthy="0.5-0.9"
)
LEARNS = limit("loss-of-a-clamped-run", 0.7, unit="ratio", source="measured", healthy="0.01-0.4")

RULE = Rule(
    id="NUM104",
    name="clamped-probability",
    kind="cause",
    family="numerics",
    level="static",
    severity="warning",
    prior=0.7,
    blames=("loss-function", "code"),
    symptom="the loss clamps probabilities before it takes their logarithm",
    cause="below the clamp the loss is constant, so the samples that are most wrong have no gradient at all",
    when=(config.probability_clamp > 0) | (signal.clamp_match(val.loss, val.accuracy) <= AT_CEILING),
    evidence=(
        supports(
            signal.clamp_match(val.loss, val.accuracy) <= AT_CEILING,
            decisive,
            "every wrong sample costs {per_error:.2f}, which is -ln({clamp:g}): all of them lie below the clamp",
        ),
    ),
    escalate=(
        escalates(signal.best_loss_over_chance(train.loss) <= LEARNS, "info"),
        escalates(signal.clamp_match(val.loss, val.accuracy) <= AT_CEILING, "error"),
    ),
    explains=("OPT106", "PLT104", "PLT106", "PLT101", "GEN103", "OSC101"),
    remedies=("fused-loss-on-logits", "pair-head-with-loss"),
    meaning=(
        "A clamp keeps the logarithm finite, but at a price: a sample whose right class has a smaller probability than "
        "the clamp costs -ln(clamp), 23.03 for 1e-10, whatever the weights do."
    ),
    mechanism="The derivative of a clamp is 0 outside its bounds. The fused loss on logits needs no clamp.",
    false_alarms="The clamp of 1e-7 that Keras applies itself to probabilities: there from_logits=True is the cure.",
    source=("article ERR-4", "article 3.2.2"),
    fires=(
        case(
            "stuck at the ceiling",
            run(
                curve(train.loss, flat(16.2, 12, noise=0.01)),
                curve(val.loss, flat(23.02585 * 0.7, 12)),
                curve(val.accuracy, flat(0.3, 12)),
            ),
        ),
        case("before any run", facts(config.probability_clamp.of(1e-10))),
        case(
            "the run learns all the same",
            facts(config.probability_clamp.of(1e-10), signal.best_loss_over_chance(train.loss).of(0.6)),
        ),
        case(
            "it learns little",
            facts(config.probability_clamp.of(1e-10), signal.best_loss_over_chance(train.loss).of(0.8)),
        ),
        case("nearly at the ceiling", facts(signal.clamp_match(val.loss, val.accuracy).of(0.0018))),
    ),
    quiet=(
        case(
            "an ordinary loss",
            run(
                curve(train.loss, line(1.4, 0.4, 12)),
                curve(val.loss, line(1.4, 0.5, 12)),
                curve(val.accuracy, line(0.3, 0.8, 12)),
                config={"probability_clamp": 0.0},
            ),
        ),
        case(
            "near the ceiling by chance",
            facts(config.probability_clamp.of(0.0), signal.clamp_match(val.loss, val.accuracy).of(0.0025)),
        ),
    ),
)
