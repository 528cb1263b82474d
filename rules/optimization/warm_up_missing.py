from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, facts, limit, line, model, moderate, run, signal, supports, train, weak,
)  # fmt: skip
from expert.rules.limits import LITTLE_PROGRESS

SHORT = limit("short-warm-up", 100, unit="steps", source="knowledge of the field", healthy="1-5 % of the steps")
LARGE_BATCH = limit("large-batch", 1024, unit="samples", source="Goyal et al. 2017", healthy="below")
ROSE = limit(
    "early-rise-without-warm-up",
    0.3,
    unit="share of the first value",
    source="knowledge of the field",
    healthy="0-0.04",
)

rise = signal.early_rise(train.loss)
progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="OPT203",
    name="warm-up-missing",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="warning",
    status="experimental",
    prior=0.65,
    blames=("schedule", "learning-rate"),
    symptom="the loss jumps up within the first steps and takes long to come back",
    cause="the first steps are made at the full rate, before the optimizer knows the size of the gradients",
    when=(config.warmup_steps < SHORT)
    & (model.transformer | (config.batch_size >= LARGE_BATCH))
    & (rise > ROSE)
    & (progress > LITTLE_PROGRESS),
    evidence=(
        supports(rise > 1.0, moderate, "the step loss rises by {value:.0%} within the first 100 steps"),
        supports(
            config.optimizer.is_("adam", "adamw"),
            weak,
            "{value} divides by an average that the first steps do not fill",
        ),
        supports(config.warmup_steps <= 0, weak, "the rate is not warmed up at all"),
    ),
    explains=("OPT101", "OPT204"),
    remedies=("warm-up-learning-rate", "clip-gradient-norm"),
    meaning="Only the beginning is unstable: the rate itself may well be right. Let it rise over the first one to five "
    "percent of the steps, and lower it only if that does not help.",
    mechanism="Adam's average of squared gradients has seen a handful of batches at first, so single entries are "
    "divided by far too little; with very large batches the curvature is steepest at the start.",
    false_alarms="Small transformers that normalize before each block do without.",
    source=("RAD", "Goyal et al. 2017", "TPB"),
    fires=(
        case(
            "up at first, then down",
            run(
                curve(train.loss, line(2.3, 6.0, 30), decay(6.0, 0.5, 570), per_epoch=60),
                config={"warmup_steps": 0, "optimizer": "adam"},
                model={"transformer": True},
            ),
        ),
        case(
            "a large batch",
            facts(
                config.warmup_steps.of(60),
                model.transformer.of(False),
                config.batch_size.of(1200),
                rise.of(0.4),
                progress.of(0.35),
                config.optimizer.of("sgd"),
            ),
        ),
        case(
            "a transformer",
            facts(
                config.warmup_steps.of(80),
                model.transformer.of(True),
                config.batch_size.of(8),
                rise.of(0.8),
                progress.of(0.5),
            ),
        ),
    ),
    quiet=(
        case(
            "warmed up",
            run(
                curve(train.loss, decay(2.3, 0.5, 600), per_epoch=60),
                config={"warmup_steps": 200, "optimizer": "adam"},
                model={"transformer": True},
            ),
        ),
        case(
            "warm enough",
            facts(config.warmup_steps.of(140), model.transformer.of(True), rise.of(0.8), progress.of(0.5)),
        ),
        case(
            "a small batch and no transformer",
            facts(
                config.warmup_steps.of(0),
                model.transformer.of(False),
                config.batch_size.of(800),
                rise.of(0.8),
                progress.of(0.5),
            ),
        ),
        case("no rise", facts(config.warmup_steps.of(0), model.transformer.of(True), rise.of(0.2), progress.of(0.5))),
        case(
            "never comes back",
            facts(config.warmup_steps.of(0), model.transformer.of(True), rise.of(0.8), progress.of(0.25)),
        ),
    ),
)
