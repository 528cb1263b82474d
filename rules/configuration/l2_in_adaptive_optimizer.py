from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, escalates, facts, limit, moderate, run, signal, strong, supports, train,
)  # fmt: skip

STRONG_DECAY = limit("coupled-decay", 0.01, unit="weight decay", source="knowledge of the field", healthy="0-1e-4")
NOTABLE = limit("notable-coupled-decay", 3e-4, unit="weight decay", source="knowledge of the field", healthy="0-1e-4")
UNDERFITS = limit("loss-under-coupled-decay", 0.7, unit="ratio", source="measured", healthy="0.01-0.41")

fit = signal.best_loss_over_chance(train.loss)

RULE = Rule(
    id="CFG103",
    name="l2-in-adaptive-optimizer",
    kind="cause",
    family="configuration",
    level="static",
    severity="info",
    prior=0.45,
    blames=("regularization", "optimizer"),
    symptom="weight decay is added to the gradient of an adaptive optimizer",
    cause="the penalty is divided by the gradient's size like everything else, so it hits the weights unevenly",
    when=config.optimizer.is_("adam", "nadam", "radam", "adamax", "rmsprop", "adagrad")
    & (config.weight_decay > NOTABLE)
    & (
        config.decoupled_weight_decay.is_(False)
        | (~config.decoupled_weight_decay.known & config.framework.is_("torch"))
    ),
    evidence=(
        supports(config.weight_decay >= STRONG_DECAY, moderate, "a weight decay of {value:g} is a lot here"),
        against(
            fit < UNDERFITS, strong, "the training loss comes down to {value:.0%} of what guessing gives all the same"
        ),
    ),
    escalate=(escalates((config.weight_decay >= STRONG_DECAY) & (fit >= UNDERFITS), "warning"),),
    explains=("GEN103",),
    remedies=("decouple-weight-decay", "lower-weight-decay"),
    meaning="What is called weight decay here is an L2 penalty. In Adam and its kin the two are not the same.",
    mechanism=(
        "Weights with large gradients hardly decay, those with small ones strongly: the reverse of what is wanted. "
        "AdamW subtracts the decay from the weights after the division."
    ),
    false_alarms="Tiny values, which change little either way.",
    source=("Loshchilov and Hutter 2019", "knowledge of the field"),
    aliases=("l2-in-adaptive-optimiser",),
    fires=(
        case("Adam with L2", run(config={"optimizer": "adam", "weight_decay": 4e-4, "decoupled_weight_decay": False})),
        case(
            "a lot of it, and it underfits",
            facts(
                config.optimizer.of("adam"),
                config.weight_decay.of(0.012),
                config.decoupled_weight_decay.of(False),
                fit.of(0.75),
            ),
        ),
        case(
            "a lot of it, and it fits",
            facts(
                config.optimizer.of("adam"),
                config.weight_decay.of(0.012),
                config.framework.of("torch"),
                fit.of(0.65),
            ),
        ),
        case(
            "not much, and it underfits",
            facts(
                config.optimizer.of("rmsprop"),
                config.weight_decay.of(0.009),
                config.decoupled_weight_decay.of(False),
                fit.of(0.75),
            ),
        ),
    ),
    quiet=(
        case("AdamW", run(config={"optimizer": "adamw", "weight_decay": 0.01, "decoupled_weight_decay": True})),
        case(
            "decoupled in PyTorch",
            facts(
                config.optimizer.of("adam"),
                config.weight_decay.of(0.01),
                config.decoupled_weight_decay.of(True),
                config.framework.of("torch"),
            ),
        ),
        case(
            "Keras decouples",
            facts(config.optimizer.of("adam"), config.weight_decay.of(0.01), config.framework.of("keras")),
        ),
        case(
            "no decay",
            facts(config.optimizer.of("adam"), config.weight_decay.of(2e-4), config.decoupled_weight_decay.of(False)),
        ),
        case(
            "plain SGD",
            facts(config.optimizer.of("sgd"), config.weight_decay.of(0.01), config.decoupled_weight_decay.of(False)),
        ),
    ),
)
