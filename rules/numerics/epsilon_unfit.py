from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, facts, flat, limit, line, run, signal, strong, supports, train, update,
)  # fmt: skip
from expert.rules.limits import LITTLE_PROGRESS

TOO_SMALL = limit(
    "epsilon-lost-in-float16", 1e-7, unit="absolute", source="float16 rounds below 6e-8 to 0 or nearly so"
)
TOO_LARGE = limit("epsilon-damping", 1e-3, unit="absolute", source="Keras documents", healthy="1e-8 to 1e-6")
CRAWLING = limit("update-ratio-under-large-epsilon", 1e-4, unit="ratio", source="measured", healthy="9e-4 to 1e-2")

moved = signal.update_ratio()

RULE = Rule(
    id="NUM105",
    name="epsilon-unfit",
    kind="cause",
    family="numerics",
    level="numerics",
    severity="warning",
    prior=0.55,
    blames=("optimizer", "precision"),
    symptom="the epsilon of the optimizer does not fit the size of the gradients or the precision",
    cause="epsilon vanishes in half precision and lets the quotient overflow, or outweighs the root it should guard",
    when=config.optimizer.is_("adam", "adamw", "nadam", "radam", "adamax", "rmsprop")
    & (
        ((config.epsilon < TOO_SMALL) & config.precision.is_("float16") & config.loss_scaling.is_(False))
        | (
            (config.epsilon >= TOO_LARGE)
            & ((moved < CRAWLING) | (~moved.known & (signal.loss_fall() < LITTLE_PROGRESS)))
        )
    ),
    evidence=(
        supports(
            moved < CRAWLING,
            strong,
            "an update moves the weights by only {value:.2g} of their norm",
        ),
    ),
    explains=("NUM101", "PLT101", "PLT106", "OPT104", "GEN103", "GEN109"),
    remedies=("fix-epsilon", "use-bfloat16"),
    meaning="Adaptive optimizers divide by the root of the mean squared gradient plus epsilon, which is a mere guard.",
    mechanism=(
        "In float16 an epsilon of 1e-8 is 0: a weight whose gradient was tiny is divided by nothing and leaps. "
        "An epsilon that is larger than the root turns the method into plain descent with a tiny rate."
    ),
    false_alarms="An epsilon of 0.1 or 1 that was tuned on purpose, as for some convolutional networks.",
    source=("Keras documents", "Wortsman et al. 2023"),
    fires=(
        case(
            "updates drown in epsilon",
            run(
                curve(train.loss, line(1.39, 1.38, 40)),
                curve(update.ratio, flat(3e-5, 40)),
                config={"optimizer": "adam", "epsilon": 0.1},
            ),
        ),
        case(
            "no epsilon in half precision",
            facts(
                config.optimizer.of("adam"),
                config.epsilon.of(8e-8),
                config.precision.of("float16"),
                config.loss_scaling.of(False),
            ),
        ),
        case(
            "large enough to damp",
            facts(config.optimizer.of("rmsprop"), config.epsilon.of(1.2e-3), signal.update_ratio().of(8e-5)),
        ),
        case(
            "updates not recorded, hardly any progress",
            facts(config.optimizer.of("adam"), config.epsilon.of(1.2e-3), signal.loss_fall().of(0.2)),
        ),
    ),
    quiet=(
        case(
            "updates not recorded, learns all the same",
            facts(config.optimizer.of("adam"), config.epsilon.of(0.1), signal.loss_fall().of(0.4)),
        ),
        case(
            "the usual epsilon with scaled losses",
            facts(
                config.optimizer.of("adam"),
                config.epsilon.of(1e-8),
                config.precision.of("float16"),
                config.loss_scaling.of(True),
                signal.update_ratio().of(1e-5),
            ),
        ),
        case(
            "the usual epsilon in single precision",
            facts(
                config.optimizer.of("adam"),
                config.epsilon.of(1e-8),
                config.precision.of("float32"),
                config.loss_scaling.of(False),
                signal.update_ratio().of(1e-5),
            ),
        ),
        case(
            "an epsilon for half precision",
            facts(
                config.optimizer.of("adam"),
                config.epsilon.of(1.2e-7),
                config.precision.of("float16"),
                config.loss_scaling.of(False),
                signal.update_ratio().of(1e-5),
            ),
        ),
        case(
            "large, and the weights move",
            facts(
                config.optimizer.of("adam"),
                config.epsilon.of(0.1),
                config.precision.of("float32"),
                signal.update_ratio().of(1.2e-4),
            ),
        ),
        case(
            "just below the damping",
            facts(
                config.optimizer.of("adam"),
                config.epsilon.of(8e-4),
                config.precision.of("float32"),
                signal.update_ratio().of(3e-5),
            ),
        ),
        case(
            "an optimizer without epsilon",
            facts(
                config.optimizer.of("sgd"),
                config.epsilon.of(1e-8),
                config.precision.of("float16"),
                config.loss_scaling.of(False),
            ),
        ),
    ),
)
