from __future__ import annotations

from expert.authoring import (
    Rule, against, broken, case, config, curve, escalates, facts, flat, gradient, limit, line, moderate, run, signal,
    strong, supports, train,
)  # fmt: skip

QUIET_GRADIENT = limit(
    "gradient-quiet-before-break", 10, unit="ratio", source="measured: 6-8 in the steps before log(softmax) broke"
)

RULE = Rule(
    id="NUM103",
    name="log-or-division-domain",
    kind="cause",
    family="numerics",
    level="numerics",
    severity="info",
    prior=0.5,
    blames=("loss-function", "code"),
    symptom="the loss is computed by hand from probabilities",
    cause="the logarithm meets a probability that was rounded to 0, which makes the loss infinite and its gradient NaN",
    when=config.loss_formula.is_("hand_made") & ~config.probability_clamp.known,
    evidence=(
        supports(signal.broken_loss(), strong, "{which} is {what}"),
        against(signal.broken_loss().is_(False), moderate, "so far the loss has stayed finite"),
        supports(
            signal.gradient_growth_before_nonfinite() < QUIET_GRADIENT,
            moderate,
            "nothing grew before: the gradient norm reached only {value:.3g} times its median",
        ),
        against(signal.nonfinite_cells() > 0, strong, "the data hold broken cells, which would do it too"),
    ),
    escalate=(escalates(signal.broken_loss(), "fatal"),),
    explains=("NUM101", "NUM201"),
    remedies=("fused-loss-on-logits", "safe-operators", "locate-first-nonfinite"),
    meaning=(
        "A loss written as log(softmax(x)) or log(sigmoid(x)) fails once the network is sure of the wrong answer. "
        "Elsewhere the same happens to square roots and norms at 0, quotients, and arc cosines at 1."
    ),
    mechanism=(
        "In single precision a softmax rounds to exactly 0 when a logit lags 104 behind. The fused loss subtracts the "
        "largest logit first and never forms that 0. Clamping the probability only hides it: the gradient is lost."
    ),
    false_alarms="A hand-made formula that works on logits, by the logarithm of a sum of exponentials.",
    source=("article 3.1", "article ERR-4"),
    fires=(
        case(
            "infinite out of the blue",
            run(
                curve(train.loss, line(1.4, 0.6, 90), broken(10), per_epoch=20),
                curve(gradient.norm, flat(0.8, 90, noise=0.2), broken(10), per_epoch=20),
                config={"loss_formula": "hand_made"},
            ),
        ),
        case("before any run", facts(config.loss_formula.of("hand_made"))),
        case("it holds so far", facts(config.loss_formula.of("hand_made"), signal.broken_loss().of(False))),
        case(
            "with broken data and growing gradients",
            facts(
                config.loss_formula.of("hand_made"),
                signal.broken_loss().of(True),
                signal.nonfinite_cells().of(1.0),
                signal.gradient_growth_before_nonfinite().of(12.0),
            ),
        ),
    ),
    quiet=(
        case("a fused loss", facts(config.loss_formula.of("fused"), signal.broken_loss().of(True))),
        case(
            "the probability is clamped",
            facts(
                config.loss_formula.of("hand_made"), config.probability_clamp.of(1e-10), signal.broken_loss().of(False)
            ),
        ),
    ),
)
