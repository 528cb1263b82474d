from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    facts,
    flat,
    gradient,
    limit,
    moderate,
    run,
    signal,
    supports,
    train,
    weak,
)
from expert.rules.limits import LITTLE_PROGRESS, NO_PROGRESS

OFTEN = limit("clipped-often", 0.5, unit="share", source="Deep Learning Tuning Playbook", healthy="below 0.2")
TIGHT = limit("tight-clip-bound", 0.01, unit="norm", source="measured: 1e-3 holds a run back", healthy="0.1-10")

MANY = limit("entries-at-a-clip-bound", 0.2, unit="share", source="measured: 0.45", healthy="0.00-0.02")
TINY = limit("tiny-clip-value", 1e-3, unit="gradient", source="measured: 1e-4 holds a run back", healthy="0.1-10")

at_bound = signal.bound_share()
clipped = signal.clipped_share()
progress = signal.loss_fall()

RULE = Rule(
    id="GRD202",
    name="clip-too-aggressive",
    kind="cause",
    family="gradients",
    level="optimization",
    severity="warning",
    prior=0.5,
    blames=("learning-rate", "code"),
    symptom="most steps are clipped and the loss hardly moves",
    cause="the clip is active at most steps, so that every step has the length of the bound, whatever the gradient",
    when=((clipped > OFTEN) & ((progress < LITTLE_PROGRESS) | ~progress.known))
    | (~clipped.known & (config.clip_norm < TIGHT) & (progress < LITTLE_PROGRESS))
    | ((at_bound > MANY) & (config.clip_value_high < TINY) & (progress < LITTLE_PROGRESS)),
    evidence=(
        supports(clipped > 0.95, moderate, "{value:.0%} of the steps are clipped"),
        supports(at_bound > MANY, moderate, "{value:.0%} of the gradient's entries are cut to the bound"),
        supports(progress < NO_PROGRESS, moderate, "beyond its noise the loss fell by only {value:.1%}"),
        supports(config.clip_norm < 0.1, weak, "the bound, {value:g}, is small"),
    ),
    explains=("PLT101", "PLT102", "PLT104", "PLT106", "GEN103", "OPT104"),
    unless=("GRD201",),
    remedies=("clip-gradient-norm", "initialize-well", "lower-learning-rate"),
    meaning="A clip is meant for rare spikes. Where it acts at most steps it replaces the learning rate, and the "
    "gradients it hides are too large for a reason, or the bound is far too low.",
    mechanism="Each update has the norm learning rate times bound. Where gradients explode, a still smaller bound only "
    "slows the walk in a useless direction: what makes them large must go, then the bound may rise to the norm that "
    "nine in ten steps stay below.",
    false_alarms="Large language models are trained with a bound of 1 that acts at most early steps, on purpose.",
    source=("article 3.2", "Deep Learning Tuning Playbook"),
    fires=(
        case(
            "every step clipped, flat loss",
            run(curve(gradient.clipped, flat(1.0, 100), per_epoch=20), curve(train.loss, flat(0.7, 100), per_epoch=20)),
        ),
        case("most steps clipped, little progress", facts(clipped.of(0.6), progress.of(0.2))),
        case("loss not recorded, a small bound", facts(clipped.of(0.97), config.clip_norm.of(0.06))),
        case("hardly any progress", facts(clipped.of(0.9), progress.of(0.006), config.clip_norm.of(0.12))),
        case(
            "entries cut to nearly nothing",
            facts(
                clipped.of(None),
                config.clip_norm.of(None),
                at_bound.of(0.25),
                config.clip_value_high.of(8e-4),
                progress.of(0.2),
            ),
        ),
        case("a bound of a thousandth, gradients not recorded", facts(config.clip_norm.of(0.008), progress.of(0.2))),
    ),
    quiet=(
        case(
            "rare spikes clipped",
            run(
                curve(gradient.clipped, flat(0.0, 95), flat(1.0, 5), per_epoch=20),
                curve(train.loss, flat(0.7, 100), per_epoch=20),
            ),
        ),
        case("a bound of a fiftieth, gradients not recorded", facts(config.clip_norm.of(0.013), progress.of(0.2))),
        case("a bound of a thousandth, learns all the same", facts(config.clip_norm.of(0.008), progress.of(0.4))),
        case(
            "few entries cut",
            facts(at_bound.of(0.15), config.clip_value_high.of(8e-4), progress.of(0.2), clipped.of(0.0)),
        ),
        case(
            "entries cut to what is small",
            facts(at_bound.of(0.25), config.clip_value_high.of(1.3e-3), progress.of(0.2), clipped.of(0.0)),
        ),
        case(
            "entries cut to nearly nothing, learns all the same",
            facts(at_bound.of(0.25), config.clip_value_high.of(8e-4), progress.of(0.4), clipped.of(0.0)),
        ),
        case("half of the steps, no progress", facts(clipped.of(0.45), progress.of(0.0))),
        case("every step clipped, learning all the same", facts(clipped.of(1.0), progress.of(0.4))),
    ),
)
