from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, decisive, escalates, facts, limit, line, moderate, run, signal, supports,
    train, val,
)  # fmt: skip

BOUNDED = ("cross_entropy", "nll", "mse", "mae", "huber", "bce", "bce_with_logits", "hinge")

RUNS_AWAY = limit(
    "runaway-fall", 0.4, unit="share", source="0.5 for a straight line", healthy="0.02-0.25 where it levels off"
)

late = signal.loss_late_fall()

RULE = Rule(
    id="NUM301",
    name="negative-loss",
    kind="cause",
    family="numerics",
    level="static",
    severity="warning",
    prior=0.4,
    blames=("loss-function", "labels", "code"),
    symptom="the loss falls below zero",
    cause="its sign is turned round, or labels lie outside the range that the loss expects",
    when=signal.lowest_value_is_negative(train.loss) & (config.loss.is_(*BOUNDED) | ~config.loss.known),
    evidence=(
        supports(config.loss.is_(*BOUNDED), decisive, "a loss of this kind cannot be negative"),
        supports(
            signal.relative_improvement(train.accuracy) < 0,
            moderate,
            "the training accuracy worsens while this loss improves",
            group="accuracy",
        ),
        supports(
            signal.relative_improvement(val.accuracy) < 0,
            moderate,
            "the validation accuracy worsens while this loss improves",
            group="accuracy",
        ),
        against(
            signal.relative_improvement(val.accuracy) > 0,
            moderate,
            "the validation accuracy improves, as it would not with the wrong sign",
        ),
        against(late < RUNS_AWAY, moderate, "it levels off; with the wrong sign it would fall without an end"),
    ),
    escalate=(
        escalates(late < RUNS_AWAY, "info"),
        escalates(signal.relative_improvement(train.accuracy) < 0, "warning"),
        escalates(signal.relative_improvement(val.accuracy) < 0, "warning"),
        escalates(config.loss.is_(*BOUNDED), "error"),
    ),
    explains=("OPT106", "PLT104", "PLT106", "NUM101", "NUM102", "GRD102"),
    remedies=("correct-loss-sign", "verify-labels", "pair-head-with-loss"),
    meaning=(
        "Cross entropy, squared and absolute errors and the hinge loss are never below zero. What is minimized here is "
        "not what you think it is."
    ),
    mechanism=(
        "With the sign turned round the optimizer makes the model as wrong as it can, without an end. A label of 2 or "
        "-1 in a binary cross entropy, or probabilities above 1, open the same way down."
    ),
    false_alarms=(
        "Losses without a lower bound of zero: likelihoods of densities, evidence bounds, cosine and contrastive "
        "losses, rewards."
    ),
    source=("article 4 row 5", "AutoTrainer 2021"),
    fires=(
        case(
            "a negated cross entropy",
            run(
                curve(train.loss, line(-1.4, -8.0, 12)),
                curve(train.accuracy, line(0.3, 0.1, 12)),
                curve(val.accuracy, line(0.3, 0.1, 12)),
                config={"loss": "cross_entropy"},
            ),
        ),
        case(
            "of unknown kind, training gets worse",
            facts(
                signal.lowest_value_is_negative(train.loss).of(True),
                signal.relative_improvement(train.accuracy).of(-0.5),
            ),
        ),
        case(
            "of unknown kind, validation gets worse",
            facts(
                signal.lowest_value_is_negative(train.loss).of(True), signal.relative_improvement(val.accuracy).of(-0.5)
            ),
        ),
        case("levels off like a likelihood", run(curve(train.loss, decay(5.0, -3.5, 40)))),
        case(
            "levels off, just so",
            facts(signal.lowest_value_is_negative(train.loss).of(True), late.of(0.35)),
        ),
        case("goes on falling", facts(signal.lowest_value_is_negative(train.loss).of(True), late.of(0.45))),
        case("the loss function is not known", facts(signal.lowest_value_is_negative(train.loss).of(True))),
        case(
            "a loss of unknown kind that goes with accuracy",
            facts(
                signal.lowest_value_is_negative(train.loss).of(True), signal.relative_improvement(val.accuracy).of(0.5)
            ),
        ),
    ),
    quiet=(
        case("above zero", run(curve(train.loss, line(1.4, 0.01, 12)), config={"loss": "mse"})),
        case(
            "a loss of one's own",
            facts(signal.lowest_value_is_negative(train.loss).of(True), config.loss.of("custom")),
        ),
    ),
)
