from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, escalates, facts, limit, line, run, signal, strong, train,
)  # fmt: skip

TINY = limit("adadelta-rate", 0.01, unit="learning rate", source="article ERR-5, measured", healthy="0.1-1")
MOVES = limit("adadelta-moves", 0.3, unit="relative", source="measured: 0.0006", healthy="0.59-0.99")

progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="CFG102",
    name="adadelta-tiny-rate",
    kind="cause",
    family="configuration",
    level="static",
    severity="warning",
    prior=0.85,
    blames=("optimizer", "learning-rate"),
    symptom="Adadelta runs with a learning rate far below its natural one",
    cause="Adadelta finds the size of its steps itself and expects a rate of 1; a small rate makes it stand still",
    when=config.optimizer.is_("adadelta") & (config.learning_rate <= TINY),
    evidence=(against(progress >= MOVES, strong, "the training loss improved by {value:.0%} all the same"),),
    escalate=(escalates(progress >= MOVES, "info"),),
    explains=("PLT102", "PLT101", "PLT104", "PLT106", "OPT104", "GEN103"),
    remedies=("raise-learning-rate", "switch-to-adam", "probe-learning-rate"),
    meaning="A rate of 0.001 is the default of Keras, and right for Adam. For Adadelta it is a thousandth.",
    mechanism=(
        "The update is the gradient times the ratio of two running means, of updates and of gradients. Its unit is "
        "that of the weights already, and the rate only shortens it."
    ),
    false_alarms="A short fine-tuning meant to change next to nothing.",
    source=("article ERR-5", "article 2.2", "Keras documents"),
    fires=(
        case(
            "a thousandth of the natural rate",
            run(curve(train.loss, line(1.383, 1.381, 15)), config={"optimizer": "adadelta", "learning_rate": 0.001}),
        ),
        case("before any run", facts(config.optimizer.of("adadelta"), config.learning_rate.of(0.009))),
        case(
            "it moves all the same",
            facts(config.optimizer.of("adadelta"), config.learning_rate.of(0.001), progress.of(0.4)),
        ),
        case(
            "it crawls",
            facts(config.optimizer.of("adadelta"), config.learning_rate.of(0.001), progress.of(0.25)),
        ),
    ),
    quiet=(
        case("its natural rate", run(config={"optimizer": "adadelta", "learning_rate": 1.0})),
        case("a little low", facts(config.optimizer.of("adadelta"), config.learning_rate.of(0.012))),
        case("Adam", facts(config.optimizer.of("adam"), config.learning_rate.of(0.001))),
    ),
)
