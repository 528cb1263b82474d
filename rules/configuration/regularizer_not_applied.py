from __future__ import annotations

from expert.authoring import Rule, case, config, facts, run, signal, supports, weak

RULE = Rule(
    id="CFG104",
    name="regularizer-not-applied",
    kind="cause",
    family="configuration",
    level="static",
    severity="error",
    prior=0.95,
    blames=("regularization", "code"),
    symptom="the penalty on the weights is computed and has no effect",
    cause="the gradients are taken of the loss without its penalty, so nothing holds the weights",
    when=config.penalty_in_gradient.is_(False) & (config.l2_penalty > 0),
    evidence=(
        supports(
            signal.weight_norm_change() > 0,
            weak,
            "the weights grew by {value:.0%}, unhindered",
        ),
        supports(config.penalty_in_loss, weak, "the logged loss includes the penalty, which hides it"),
    ),
    explains=("GEN101", "GEN102"),
    remedies=("connect-penalty",),
    meaning="Whatever factor you set, the training is the same. A hundredfold penalty must change the first step.",
    mechanism=(
        "One tensor is logged, another is differentiated. In a custom loop of Keras the same happens where the losses "
        "that the layers collect are not added."
    ),
    false_alarms="A penalty that is logged on purpose, to be watched and not minimized.",
    source=("article ERR-2", "article 3.2.2", "article 3.3"),
    aliases=("regulariser-not-applied",),
    fires=(
        case(
            "computed and left out",
            run(
                config={"l2_penalty": 0.01, "penalty_in_gradient": False, "penalty_in_loss": True},
            ),
        ),
        case(
            "the weights grow",
            facts(
                config.l2_penalty.of(0.01), config.penalty_in_gradient.of(False), signal.weight_norm_change().of(0.4)
            ),
        ),
    ),
    quiet=(
        case("in the gradient", run(config={"l2_penalty": 0.01, "penalty_in_gradient": True})),
        case("no penalty", facts(config.l2_penalty.of(0.0), config.penalty_in_gradient.of(False))),
    ),
)
