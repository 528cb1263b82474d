"""Limits that several rules share."""

from __future__ import annotations

from expert.authoring import for_profile, limit

LITTLE_PROGRESS = limit(
    "little-progress",
    0.3,
    unit="relative",
    source="measured",
    healthy="0.59-0.99 within ten epochs",
    profiles=(
        for_profile("fine-tuning", 0.01, source="measured", healthy="0.02-0.98; 0.008 at a very small rate"),
        for_profile("language-model", 0.2, source="measured", healthy="0.35-0.51"),
    ),
)
NO_PROGRESS = limit("no-progress", 0.01, unit="relative", source="measured", healthy="0.59-0.99 within ten epochs")
WILD_UPDATE = limit("wild-early-update", 0.3, unit="ratio", source="measured", healthy="0.002-0.07")
FAINT_GRADIENT = limit(
    "faint-first-gradient", 0.01, unit="ratio", source="AutoTrainer 2021, measured", healthy="0.14-3.2"
)
LONG_SEQUENCE = limit(
    "long-for-plain-recurrence", 20, unit="time steps", source="Bengio et al. 1994: 10 to 20", healthy="to some tens"
)
LARGE_INPUT_SPREAD = limit("large-input-spread", 10, unit="standard deviations", source="measured", healthy="0.9-1.1")
LARGE_INPUT_MEAN = limit("large-input-mean", 3, unit="input units", source="measured", healthy="0.0-0.1")
EPOCH_ECHO = limit(
    "epoch-echo", 0.75, unit="correlation", source="measured: 0.97-0.996", healthy="-0.12 to 0.20; sums 0.69"
)
MIXED_BATCH = limit("batch-label-entropy", 0.7, unit="share", source="measured: 0.02 if sorted", healthy="0.92-0.98")
SWING_AGREEMENT = limit(
    "swing-agreement", 0.58, unit="correlation", source="measured", healthy="below 0.55 in 99 of 100 runs"
)
SWING_SIZE = limit("common-swing", 0.045, unit="share", source="measured", healthy="0.00-0.03")
SWING_WEIGHT = limit("common-swing-over-fall", 0.06, unit="share", source="measured", healthy="0.00-0.05")
BEYOND_SAMPLING = limit("beyond-sampling-noise", 1.4, unit="ratio", source="measured", healthy="0.74-1.2")
STANDING_SHARE = limit("standing-share", 0.3, unit="share", source="measured", healthy="0.05-0.3 while it learns")
TURNED_GAIN = limit(
    "turned-gain", 25, unit="variances of the noise", source="measured", healthy="below 20 in 99 of 100 runs"
)
TURNED_STEADY = limit("turned-steadiness", 0.5, unit="correlation", source="measured", healthy="below 0.4")
TURNED_RISE = limit("turned-rise", 0.6, unit="relative", source="measured", healthy="below 0.6 with noise under 20 %")
FALLING_PACE = limit(
    "still-falling", -0.005, unit="relative per epoch", source="TPB, measured", healthy="-0.005 to 0 once it is done"
)
FALLING_SURE = limit(
    "surely-falling", -1.6, unit="standard deviations", source="five values in order", healthy="-1 to 1 once it is done"
)
OVERFIT_STEADY = limit(
    "overfit-steadiness", 0.45, unit="correlation", source="measured", healthy="below 0.4 where the rise is noise"
)
OVERFIT_PARTING = limit(
    "overfit-parting", 2.7, unit="standard deviations", source="measured", healthy="below 2.7 in 99 of 100 runs"
)
OVERFIT_RISE = limit("overfit-rise", 0.07, unit="relative", source="measured", healthy="0.00-0.05")
SURE_GAIN = limit("sure-gain", 100, unit="variances of the noise", source="measured", healthy="below 75")
OVERFIT_GAIN = limit(
    "overfit-gain", 5, unit="variances of the noise", source="measured", healthy="0-4 in 95 of 100 runs"
)
LARGE_GAIN = limit(
    "large-initial-gain", 2.5, unit="times √(2 / fan-in)", source="He et al. 2015; measured", healthy="0.4-1.4"
)
SMALL_GAIN = limit(
    "small-initial-gain", 0.1, unit="times √(2 / fan-in)", source="He et al. 2015; measured", healthy="0.4-1.4"
)
STEEP_START = limit(
    "gradient-at-start", 300, unit="norm per unit of error", source="measured", healthy="0.1-7; unscaled inputs to 190"
)
SLIGHT_FALL = limit(
    "slight-fall",
    0.15,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(for_profile("fine-tuning", 0.005, source="measured", healthy="0.006-0.96"),),
)
EVEN_DESCENT = limit("even-descent", 0.25, unit="share", source="measured", healthy="0.02-0.25 where it levels off")
SURE_FALL = limit("sure-fall", -2.5, unit="standard deviations", source="measured", healthy="-11 to -3")
TINY_UPDATE = limit(
    "tiny-update",
    1e-4,
    unit="ratio",
    source="CS231n, measured",
    healthy="1e-3 to 1e-2 over most of the run",
    profiles=(for_profile("fine-tuning", 1e-5, source="measured", healthy="6e-5 to 2e-3"),),
)
LOSS_GROWTH = limit("loss-growth-before-break", 3, unit="ratio", source="measured", healthy="1.0 before a broken cell")
SLIGHT_RETURN = limit("slight-return", 0.1, unit="share of the fall", source="measured", healthy="0.00-0.12")
SOME_LEFT = limit(
    "something-left",
    0.2,
    unit="ratio to chance",
    source="measured",
    healthy="0.0-0.2",
    profiles=(for_profile("language-model", 0.5, source="measured", healthy="0.41-0.57"),),
)
NEARLY_ALL_RIGHT = limit("errors-left", 0.03, unit="share", source="measured", healthy="0.00-0.2")
SCORE_KEPT = limit("score-kept", 0.02, unit="share", source="measured", healthy="0.00-0.015")
NEAR_VARIANCE = limit(
    "validation-near-variance",
    0.85,
    unit="ratio",
    source="variances of few samples scatter",
    healthy="0.02-0.5",
)
HARDLY_FELL = limit("validation-hardly-fell", 0.05, unit="share", source="measured: 0.00-0.03", healthy="0.1-0.98")
