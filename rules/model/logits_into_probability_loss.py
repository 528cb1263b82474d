from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decisive,
    facts,
    flat,
    model,
    moderate,
    run,
    signal,
    supports,
    train,
)

raw = model.output_activation.is_("none", "relu")
probabilities_expected = config.loss.is_("cross_entropy", "bce") & config.loss_from_logits.is_(False)
below_zero = signal.lowest_value_is_negative(train.loss)
# Of a likelihood taken for its logarithm the loss is below zero; where it never is, the logarithm is taken elsewhere.
not_logarithms = (
    config.loss.is_("nll")
    & model.output_activation.is_("none", "relu", "softmax", "sigmoid")
    & (below_zero | ~below_zero.known)
)

RULE = Rule(
    id="MOD102",
    name="logits-into-probability-loss",
    kind="cause",
    family="model",
    level="static",
    severity="error",
    prior=0.7,
    blames=("loss-function",),
    symptom="the loss is huge, erratic or negative from the first step",
    cause="the loss expects probabilities or their logarithms, and the network gives something else",
    when=(raw & probabilities_expected) | not_logarithms,
    evidence=(
        supports(
            raw & probabilities_expected, decisive, "the output activation is {value}, and the loss takes probabilities"
        ),
        supports(not_logarithms, decisive, "the loss is {value}, which takes logarithms of probabilities"),
        supports(below_zero, moderate, "the loss falls below zero"),
    ),
    explains=(
        "NUM101",
        "NUM103",
        "NUM301",
        "OSC101",
        "OPT101",
        "OPT106",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "MOD206",
        "RUN101",
    ),
    remedies=("pair-head-with-loss", "fused-loss-on-logits"),
    meaning="The number that falls or rises is no cross entropy, and its gradient teaches something else.",
    mechanism="A cross entropy of probabilities clips what lies outside 0 … 1, where its gradient is zero; often it "
    "reads 16.1 = -ln 1e-7 per sample. NLL merely picks one output and changes its sign.",
    false_alarms="A log-softmax or softmax inside the forward pass, as a function and not as a layer, can be "
    "overlooked.",
    source=("Karpathy 2019", "UMLAUT 2021"),
    fires=(
        case(
            "raw outputs into a cross entropy of probabilities",
            run(
                curve(train.loss, flat(9.0, 10, noise=0.2)),
                model={"output_activation": "none"},
                config={"loss": "cross_entropy", "loss_from_logits": False},
            ),
        ),
        case(
            "raw outputs into NLL, the loss below zero",
            facts(
                model.output_activation.of("none"),
                config.loss.of("nll"),
                signal.lowest_value_is_negative(train.loss).of(True),
            ),
        ),
        case(
            "raw outputs into NLL, before training",
            facts(
                model.output_activation.of("none"),
                config.loss.of("nll"),
                signal.lowest_value_is_negative(train.loss).of(None),
            ),
        ),
    ),
    quiet=(
        case(
            "raw outputs into a cross entropy of logits",
            run(
                curve(train.loss, flat(1.0, 10)),
                model={"output_activation": "none"},
                config={"loss": "cross_entropy", "loss_from_logits": True},
            ),
        ),
        case(
            "a sigmoid into a binary cross entropy",
            facts(model.output_activation.of("sigmoid"), config.loss.of("bce"), config.loss_from_logits.of(False)),
        ),
        case(
            "raw outputs before a loss that never is below zero",
            facts(
                model.output_activation.of("softmax"),
                config.loss.of("nll"),
                signal.lowest_value_is_negative(train.loss).of(False),
            ),
        ),
        case(
            "log-softmax into NLL",
            facts(model.output_activation.of("log_softmax"), config.loss.of("nll"), config.loss_from_logits.of(False)),
        ),
        case(
            "raw outputs into a squared error",
            facts(model.output_activation.of("none"), config.loss.of("mse"), config.loss_from_logits.of(False)),
        ),
    ),
)
