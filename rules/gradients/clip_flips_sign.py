from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    decisive,
    facts,
    flat,
    gradient,
    limit,
    line,
    moderate,
    run,
    signal,
    supports,
    train,
)

ONE_SIDED = limit("gradient-at-one-bound", 0.9, unit="share", source="measured", healthy="0.0")

bounds = signal.clip_asymmetry()
at_bound = signal.bound_share()

RULE = Rule(
    id="GRD201",
    name="clip-flips-sign",
    kind="cause",
    family="gradients",
    level="static",
    severity="fatal",
    prior=0.9,
    blames=("code",),
    symptom="since gradients are clipped the loss rises or stays at chance, although the weights move",
    cause="gradients are clipped by value to an interval that is not symmetric about zero, which turns many of them "
    "round",
    when=bounds | (at_bound > ONE_SIDED),
    evidence=(
        supports(at_bound > ONE_SIDED, decisive, "{value:.0%} of the gradient entries equal one bound of the clip"),
        supports(bounds, decisive, "the bounds of the clip are not symmetric about zero"),
        supports(config.clip_value_low >= 0.0, moderate, "no entry can be below {value:g}, so none can be negative"),
        supports(signal.relative_improvement(train.loss) < 0.0, moderate, "the loss ends higher than it began"),
    ),
    explains=(
        "OPT101",
        "OPT102",
        "OPT103",
        "OPT106",
        "OSC101",
        "OSC102",
        "OSC105",
        "OSC106",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN101",
        "GEN103",
        "GRD102",
        "GRD202",
        "ACT101",
        "MOD201",
        "RUN101",
    ),
    remedies=("symmetric-clip", "clip-gradient-norm"),
    meaning="The update no longer follows the gradient: its direction is the same for any data. Clipping as such is "
    "harmless; this interval is not.",
    mechanism="With bounds of 0.1 and 5 every negative entry, and every one below 0.1, becomes +0.1: half of the signs "
    "flip and all sizes are lost. A healthy run at a loss of 0.39 rose to 1.34, chance, within 8 epochs; with bounds "
    "of -5 and 5 it went on to 0.28. It is the gradients that are held between the bounds, not the weights.",
    false_alarms="Projections that are one-sided by design, such as weights kept positive.",
    source=("article 3.2", "article 3.3", "article 4 row 5", "article ERR-1"),
    fires=(
        case(
            "clipped to 0.1 … 5",
            run(
                curve(train.loss, decay(1.4, 0.4, 6), line(0.5, 1.5, 8)),
                config={"clip_value_low": 0.1, "clip_value_high": 5.0},
            ),
        ),
        case(
            "nearly all entries at one bound, bounds not told",
            run(
                curve(gradient.at_bound_share, flat(0.99, 100), per_epoch=20),
                curve(train.loss, flat(1.3, 100), per_epoch=20),
            ),
        ),
        case("most entries at one bound", facts(at_bound.of(0.92))),
    ),
    quiet=(
        case(
            "clipped to -5 … 5",
            run(
                curve(train.loss, decay(1.4, 0.3, 13)),
                curve(gradient.at_bound_share, flat(0.0, 13)),
                config={"clip_value_low": -5.0, "clip_value_high": 5.0},
            ),
        ),
        case(
            "a tight symmetric clip holds half of the entries at each bound", facts(bounds.of(False), at_bound.of(0.85))
        ),
    ),
)
