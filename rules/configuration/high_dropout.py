from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, decay, escalates, facts, limit, model, moderate, run, signal, supports, train, val,
)  # fmt: skip

HIGH = limit("dropout", 0.5, unit="share", source="UMLAUT", healthy="0-0.5")
VERY_HIGH = limit("dropout-far-too-high", 0.75, unit="share", source="measured: 0.9 does not fit", healthy="0-0.5")
UNDERFITS = limit("loss-under-dropout", 0.7, unit="ratio", source="measured: 0.93-0.97", healthy="0.39 with 0.5")

DROPPED = limit("below-training-by-dropout", -0.5, unit="relative", source="measured", healthy="-0.4 to 0.3 with 0.5")

fit = signal.best_loss_over_chance(train.loss)
gap = signal.relative_gap(val.loss, train.loss)

RULE = Rule(
    id="CFG106",
    name="high-dropout",
    kind="cause",
    family="configuration",
    level="static",
    severity="info",
    prior=0.5,
    blames=("regularization",),
    symptom="more than half of the units are dropped",
    cause="what is left of a layer in each step is too small to fit the training data",
    when=(model.dropout > HIGH) & ((fit >= UNDERFITS) | ~fit.known | (model.dropout >= VERY_HIGH)),
    evidence=(
        supports(model.dropout >= VERY_HIGH, moderate, "a dropout of {value:g} leaves few units at work"),
        supports(fit >= UNDERFITS, moderate, "at best the training loss is {value:.2f} of what guessing gives"),
        supports(gap < DROPPED, moderate, "validation, where nothing is dropped, lies {value:.0%} from training"),
        against(fit < UNDERFITS, moderate, "the training loss falls to {value:.2f} of what guessing gives"),
    ),
    escalate=(
        escalates((model.dropout >= VERY_HIGH) & ~fit.known, "warning"),
        escalates(fit >= UNDERFITS, "warning"),
    ),
    explains=("GEN103", "GEN105", "PLT106", "PLT104", "PLT101", "GEN104", "MOD206"),
    remedies=("lower-dropout", "measure-training-loss-in-evaluation-mode"),
    meaning="Dropout trades fit for robustness. Beyond a half there is little left to trade.",
    mechanism=(
        "Each step trains a random thin network. With nine units in ten gone the noise outweighs the signal, and in "
        "evaluation mode the whole network does better than any it was trained as."
    ),
    false_alarms="Very wide layers, which have units to spare.",
    source=("article 4 row 7", "UMLAUT"),
    fires=(
        case(
            "nine in ten, and it underfits",
            run(
                curve(train.loss, decay(1.4, 1.3, 15)),
                model={"dropout": 0.9, "output_units": 4},
                config={"loss": "cross_entropy"},
            ),
        ),
        case("before any run", facts(model.dropout.of(0.8))),
        case("six in ten", facts(model.dropout.of(0.6))),
        case("most of them, and it fits", facts(model.dropout.of(0.8), fit.of(0.6))),
        case("validation far below training", facts(model.dropout.of(0.8), fit.of(0.6), gap.of(-0.7))),
        case("validation a little below training", facts(model.dropout.of(0.8), fit.of(0.6), gap.of(-0.3))),
        case("six in ten, and it underfits", facts(model.dropout.of(0.6), fit.of(0.8))),
    ),
    quiet=(
        case("one half", run(model={"dropout": 0.5})),
        case("a third", facts(model.dropout.of(0.4))),
        case("six in ten, and it fits", facts(model.dropout.of(0.6), fit.of(0.6))),
    ),
)
