from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, facts, flat, for_profile, limit, model, moderate, run, signal,
    supports, train, weak,
)  # fmt: skip
from expert.rules.limits import STANDING_SHARE

HIGH = limit(
    "unfinished-loss",
    0.3,
    unit="ratio to chance",
    source="measured",
    healthy="0.0-0.5",
    profiles=(for_profile("language-model", 0.7, source="measured", healthy="0.45-0.57"),),
)

standing = signal.plateau_length(train.loss)
level = signal.loss_over_chance(train.loss)

RULE = Rule(
    id="PLT105",
    name="optimizer-limited",
    kind="cause",
    family="plateau",
    level="optimization",
    severity="info",
    prior=0.3,
    blames=("optimizer",),
    symptom="the loss stands still well above zero under plain gradient descent",
    cause="plain gradient descent without momentum gets along slowly where directions differ in curvature",
    when=config.optimizer.is_("sgd")
    & ((config.momentum <= 0.0) | ~config.momentum.known)
    & (standing > STANDING_SHARE)
    & ((level > HIGH) | ~level.known),
    evidence=(
        supports(model.transformer, moderate, "transformers train better with Adam"),
        supports(model.recurrent.is_("rnn", "lstm", "gru"), weak, "recurrent networks often train better with Adam"),
        against(model.convolutional, weak, "convolutional image models often end best with tuned gradient descent"),
    ),
    explains=("PLT101", "GEN103"),
    unless=("PLT102", "PLT103", "OPT101", "GRD101", "ACT101", "OPT201", "OPT301"),
    remedies=("switch-to-adam", "finish-with-sgd", "probe-learning-rate"),
    meaning="The article's order is a fair one for image models: experiment with Adam, tune with SGD last. It is no "
    "law: transformers and "
    "many recurrent networks end better with Adam. Either way a new optimizer needs a new learning rate.",
    mechanism="Without momentum or a scale per weight one rate must serve all directions; the steepest one limits it, "
    "and along the flat "
    "ones nothing moves. Adam's rate is usually ten to a hundred times smaller than that of plain descent.",
    false_alarms="A plateau has many causes that are cheaper to test; the optimizer comes after the rate.",
    source=("article 2.2", "article IMPR-4"),
    fires=(
        case("falls, then stands under plain descent", run(curve(train.loss, decay(2.0, 0.9, 12), flat(0.9, 30)),
             config={"optimizer": "sgd"})),
        case("just enough, a transformer", facts(config.optimizer.of("sgd"), config.momentum.of(0.0), standing.of(0.35),
             level.of(0.35), model.transformer.of(True))),
        case("a recurrent network", facts(config.optimizer.of("sgd"), standing.of(0.5), level.of(0.8),
             model.recurrent.of("lstm"))),
        case("a convolutional network", facts(config.optimizer.of("sgd"), standing.of(0.5), level.of(0.8),
             model.convolutional.of(True))),
    ),
    quiet=(
        case("still falling", run(curve(train.loss, decay(2.0, 0.1, 30)), config={"optimizer": "sgd"},
             data={"classes": 10})),
        case("Adam", facts(config.optimizer.of("adam"), standing.of(0.5), level.of(0.8))),
        case("momentum", facts(config.optimizer.of("sgd"), config.momentum.of(0.9), standing.of(0.5), level.of(0.8))),
        case("stands only a quarter", facts(config.optimizer.of("sgd"), standing.of(0.25), level.of(0.8))),
        case("converged", facts(config.optimizer.of("sgd"), standing.of(0.5), level.of(0.25))),
    ),
)  # fmt: skip
