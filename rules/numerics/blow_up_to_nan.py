from __future__ import annotations

from expert.authoring import (
    Rule, against, broken, case, config, curve, decisive, facts, flat, gradient, limit, line, moderate, run, signal,
    strong, supports, train,
)  # fmt: skip
from expert.rules.limits import LOSS_GROWTH

GROWTH = limit(
    "gradient-growth-before-break", 10, unit="ratio", source="measured", healthy="1.5-8.4 where the cause was another"
)
HUGE_GROWTH = limit("gradient-growth-huge", 1000, unit="ratio", source="measured: 7e10 with unscaled inputs")
EXPLODED = limit("loss-exploded-at-start", 30, unit="ratio", source="measured", healthy="0.9-1.5; raw inputs up to 5")

RULE = Rule(
    id="NUM102",
    name="blow-up-to-nan",
    kind="cause",
    family="numerics",
    level="numerics",
    severity="fatal",
    prior=0.3,
    blames=("learning-rate", "initialization", "preprocessing"),
    symptom="the numbers grow until the loss is no number any more",
    cause="gradients or activations grow from step to step until they overflow",
    when=signal.broken_loss()
    & (
        (signal.gradient_growth_before_nonfinite() >= GROWTH)
        | (signal.initial_loss_over_chance(train.loss) >= EXPLODED)
        | (
            (signal.loss_growth_before_break(train.loss) >= LOSS_GROWTH)
            & ~signal.gradient_growth_before_nonfinite().known
        )
    ),
    evidence=(
        supports(
            signal.gradient_growth_before_nonfinite() >= GROWTH,
            strong,
            "before the loss broke the gradient norm reached {value:.3g} times its median",
            group="growth",
        ),
        supports(
            signal.gradient_growth_before_nonfinite() >= HUGE_GROWTH,
            decisive,
            "before the loss broke the gradient norm reached {value:.3g} times its median",
            group="growth",
        ),
        supports(
            signal.initial_loss_over_chance(train.loss) >= EXPLODED,
            strong,
            "the very first loss is {value:.3g} times what guessing gives: the forward pass explodes already",
            group="growth",
        ),
        against(signal.nonfinite_cells() > 0, strong, "the data hold broken cells, which need no growth"),
        against(config.loss_formula.is_("hand_made"), moderate, "a hand-made loss breaks without any growth"),
    ),
    explains=("NUM101",),
    remedies=("lower-learning-rate", "clip-gradient-norm", "standardize-inputs", "initialize-well"),
    meaning="The loss did not break out of the blue: the size of the gradients, or of the loss, announced it.",
    mechanism=(
        "Each update is larger than the one before, as with a rate beyond what the curvature allows, recurrent weights "
        "that multiply the signal at every time step, or inputs of hundreds. Squares and exponentials do the rest."
    ),
    false_alarms="A single spiked batch shortly before a NaN that has another cause.",
    source=("article 3.2", "knowledge of the field"),
    fires=(
        case(
            "gradients grow tenfold and more",
            run(
                curve(train.loss, line(1.0, 1.0, 80), line(1.0, 60.0, 10), broken(10), per_epoch=20),
                curve(gradient.norm, flat(1.0, 80), line(1.0, 40.0, 10), broken(10), per_epoch=20),
            ),
        ),
        case(
            "only the loss is known, and it grew",
            run(curve(train.loss, flat(1.0, 20), line(1.0, 3.6, 6), broken(10))),
        ),
        case(
            "moderate growth, by a hand-made loss",
            facts(
                signal.broken_loss().of(True),
                signal.gradient_growth_before_nonfinite().of(12.0),
                config.loss_formula.of("hand_made"),
            ),
        ),
        case(
            "enormous growth on broken data",
            facts(
                signal.broken_loss().of(True),
                signal.gradient_growth_before_nonfinite().of(1200.0),
                signal.nonfinite_cells().of(2.0),
            ),
        ),
        case(
            "exploded before the first update",
            facts(signal.broken_loss().of(True), signal.initial_loss_over_chance(train.loss).of(40.0)),
        ),
        case(
            "growth of 800",
            facts(signal.broken_loss().of(True), signal.gradient_growth_before_nonfinite().of(800.0)),
        ),
    ),
    quiet=(
        case(
            "the loss breaks out of the blue",
            run(
                curve(train.loss, line(1.4, 1.2, 90), broken(10), per_epoch=20),
                curve(gradient.norm, flat(0.5, 90, noise=0.2), broken(10), per_epoch=20),
            ),
        ),
        case("only the loss is known, level", run(curve(train.loss, line(1.4, 1.2, 20), broken(10)))),
        case(
            "growth of 8",
            facts(
                signal.broken_loss().of(True),
                signal.gradient_growth_before_nonfinite().of(8.0),
                signal.initial_loss_over_chance(train.loss).of(1.0),
                signal.loss_growth_before_break(train.loss).of(5.0),
            ),
        ),
        case(
            "the loss doubled, gradients unknown",
            facts(
                signal.broken_loss().of(True),
                signal.initial_loss_over_chance(train.loss).of(20.0),
                signal.loss_growth_before_break(train.loss).of(2.0),
            ),
        ),
        case(
            "large gradients, finite loss",
            facts(
                signal.broken_loss().of(False),
                signal.gradient_growth_before_nonfinite().of(50.0),
                signal.initial_loss_over_chance(train.loss).of(50.0),
            ),
        ),
    ),
)
