"""A loss or a score against what guessing would give."""

from __future__ import annotations

import math

import numpy as np

from expert.signals.curve import Curve, Floats
from expert.signals.nonfinite import minimum
from expert.signals.plateau import settled_level
from expert.signals.shape import SIGNIFICANT, shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View
from expert.signals.trend import clock_of

ENTROPY_LOSSES = (None, "cross_entropy", "nll", "bce", "bce_with_logits")
USUAL_CLASSES = (*range(2, 21), 26, 47, 50, 62, 100, 101, 200, 256, 365, 1000)
LEAST_LEARNED = 0.01
"""Less of its best level than that counts as this much learned."""
ERRORS_OF_LUCK = 3.0
"""A score may lie so many standard errors below that of guessing by bad luck."""
FEWEST_DIFFERENT = 3
"""So many different accuracies must agree on a number of samples."""
MOST_COMPARED = 64
"""So many of them, evenly chosen, tell as much as all: each is held against every number of samples."""
MOST_TOLD = 5000
"""Accuracies of more samples than these tell no number of them that rounding does not blur."""
COMMON_CLASSES = (2, 3, 4, 5, 10, 20, 100, 1000)
"""Where nothing tells how many classes there are, a level is compared with guessing among so many."""
TELL_SPREAD = 'advise(..., data={"target_std": ...})'
TELL_CLASSES = 'advise(..., data={"classes": ...}) or data={"class_counts": (...)}'


def prior(view: View) -> tuple[float, ...] | None:
    """Share of each class: as told, counted, or equal for a known number of classes."""
    data = view.data
    if data.target_prior:
        weights = data.target_prior
    elif data.class_counts:
        weights = tuple(float(count) for count in data.class_counts)
    else:
        classes = class_count(view)
        weights = (1.0,) * classes if classes is not None else ()
    total = sum(weights)
    if len(weights) < 2 or not total > 0.0 or not math.isfinite(total) or min(weights) < 0.0:
        return None
    return tuple(weight / total for weight in weights)


def class_count(view: View) -> int | None:
    """Number of classes, at least 2: as told, else one per output unit; None for a regression or if unknown."""
    if view.config.task in ("regression", "autoencoder") or view.config.loss in ("mse", "mae", "huber"):
        return None
    if view.data.classes is not None:
        return view.data.classes if view.data.classes >= 2 else None
    if view.data.class_counts is not None or view.data.target_prior is not None:
        counted = len(view.data.class_counts or view.data.target_prior or ())
        return counted if counted >= 2 else None
    units = view.model.output_units
    if units == 1 and view.config.loss in ("bce", "bce_with_logits"):
        return 2
    known = view.config.task in ("classification", "language_model") or view.config.loss in ("cross_entropy", "nll")
    return units if known and units is not None and units >= 2 else None


def chance_loss(view: View) -> float | Unknown:
    """Loss of the best constant guess: the entropy of the classes in nats, or the variance of the target."""
    config = view.config
    if config.loss_reduction == "sum":
        return Unknown("the loss is a sum over the batch, which no chance level fits")
    if config.loss == "mse":
        if view.data.target_std is None:
            return Unknown("the spread of the target is not known", TELL_SPREAD)
        if view.data.samples_seen is not None:
            # What is left of it may be noise, which nobody has told to be small by looking at a few batches.
            return Unknown("the spread of the target is known of some batches only", TELL_SPREAD)
        return float(view.data.target_std) ** 2
    if config.loss not in ENTROPY_LOSSES:
        return Unknown(f"no chance level is known for the loss {config.loss}")
    shares = prior(view)
    if shares is None:
        return Unknown("the number of classes is not known", TELL_CLASSES)
    return -sum(share * math.log(share) for share in shares if share > 0.0)


def _against_chance(view: View, level: float) -> Reading | Unknown:
    chance = chance_loss(view)
    if isinstance(chance, Unknown):
        return chance
    if chance <= 0.0:
        return Unknown("all labels are alike: guessing has no loss")
    return Reading(level / chance, detail={"level": level, "chance": chance})


def _loss_over_chance(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    return _against_chance(view, curve.sign * settled_level(form))


def _best_loss_over_chance(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    return _against_chance(view, curve.sign * form.best)


def _loss_over_target_spread(view: View, curve: Curve) -> Reading | Unknown:
    spread, loss = view.data.target_std, view.config.loss
    if not spread or loss not in ("mse", "mae", "huber"):
        return Unknown("the spread of the target is not known, or the loss does not measure distances", TELL_SPREAD)
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    # Of a normal target the mean distance is 0.8 spreads; what a Huber loss is beyond its delta grows as distances do.
    size = spread**2 if loss == "mse" else spread
    level = curve.sign * form.best
    return Reading(level / size, detail={"level": level, "spread": size})


def _initial_loss_over_chance(view: View, curve: Curve) -> Reading | Unknown:
    if len(curve.points) == 0:
        return Unknown(f"{curve.name} has no finite value before its first non-finite one")
    if view.config.penalty_in_loss:
        return Unknown("the logged loss counts a penalty on the weights as well", "log the loss without its penalty")
    found = _against_chance(view, float(curve.points[0]))
    if isinstance(found, Reading) and float(found.value) < 1.0 and _averaged(curve):
        # A mean over the first epoch lies below the loss of the first step by what was learned meanwhile.
        return Unknown(f"the first value of {curve.name} is a mean over steps that already learned", LOG_STEPS)
    return found


def _averaged(curve: Curve) -> bool:
    """Whether each value stands for several steps."""
    if curve.reduction in ("epoch_mean", "interval_mean"):
        return True
    return curve.clock == "epoch" and (curve.points_per_epoch or 0.0) < 4


def _share_given_back(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    noise = SIGNIFICANT * form.deviation(form.first)
    learned = form.fall if form.fall > noise else 0.0
    chance = chance_loss(view) if (curve.role or "").endswith(".loss") else Unknown("no loss")
    if not isinstance(chance, Unknown):
        # What is fine-tuned starts near its best, and an epoch may teach nearly all: both have learned more than fell.
        learned = max(learned, chance - form.best)
    if learned <= 0.0 and form.rise <= noise:
        if form.fall <= 0.0:
            return Unknown(f"{curve.name} did not come down")
        learned = math.inf  # it ends where it was best, however little that is
    detail = {"best": curve.sign * form.best, "end": curve.sign * form.end}
    # What did not come down by more than its noise has learned that at most, and loses it all if it rises by more.
    return Reading(
        form.rise / max(learned, noise, LEAST_LEARNED * abs(form.best)),
        float(form.x[form.best_index]),
        clock_of(curve),
        detail,
    )


def _best_chance_match(view: View, curve: Curve) -> Reading | Unknown:
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    level = curve.sign * settled_level(form)
    classes = min(USUAL_CLASSES, key=lambda number: abs(math.log(number) - level) / math.log(number))
    chance = math.log(classes)
    return Reading(abs(level - chance) / chance, detail={"classes": float(classes), "level": level, "chance": chance})


def _softmax_floor_distance(view: View, curve: Curve) -> Reading | Unknown:
    classes = class_count(view)
    if classes is None:
        return Unknown("the number of classes is not known", TELL_CLASSES)
    lowest = minimum(curve)
    if isinstance(lowest, Unknown):
        return lowest
    floor = math.log(1.0 + (classes - 1) / math.e)
    detail = {"floor": floor, "lowest": float(lowest.value)}
    return Reading((float(lowest.value) - floor) / floor, lowest.at, lowest.clock, detail)


def _score_over_majority(view: View, curve: Curve) -> Reading | Unknown:
    shares = prior(view)
    if shares is None or (view.data.target_prior is None and view.data.class_counts is None):
        return Unknown("the share of each class is not known", 'advise(..., data={"class_counts": (...)})')
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    score = abs(form.end)
    score = score / 100.0 if float(np.abs(form.y).max()) > 1.5 else score
    return Reading(score - max(shares), detail={"score": score, "majority": max(shares)})


def samples_told(curve: Curve) -> int | None:
    """The least number of samples that these accuracies can be shares of; None where they tell none."""
    scores = curve.epochs / (100.0 if float(np.abs(curve.epochs).max(initial=0.0)) > 1.5 else 1.0)
    different = np.unique(scores[(scores > 0.0) & (scores < 1.0)])
    if len(different) < FEWEST_DIFFERENT:
        return None
    different = different[:: -(-len(different) // MOST_COMPARED)]
    # Written down with a few digits, an accuracy is a share of that power of ten as well.
    rounding = next((0.5 * step for step in (1e-2, 1e-3, 1e-4, 1e-5) if _multiples(different, step)), 1e-6)
    counts = np.arange(2, MOST_TOLD + 1)
    shares = different[:, None] * counts
    fits = (np.abs(shares - np.round(shares)) <= rounding * counts).all(axis=0) & (2 * rounding * counts < 1.0)
    return int(counts[fits.argmax()]) if fits.any() else None


def _multiples(values: Floats, step: float) -> bool:
    return bool((np.abs(values / step - np.round(values / step)) < 1e-4).all())


def _worse_than_blind(view: View, curve: Curve) -> Reading | Unknown:
    shares = prior(view)
    if shares is None:
        return Unknown("the number of classes is not known", TELL_CLASSES)
    samples = view.data.validation_samples or curve.derive(samples_told)
    if not samples:
        return Unknown("the number of validation samples is not known", 'advise(..., data={"validation_samples": ...})')
    form = curve.derive(shape)
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    score = abs(form.end) / (100.0 if float(np.abs(form.y).max()) > 1.5 else 1.0)
    # Who guesses at random, each class as often as it occurs, is right so often.
    blind = sum(share * share for share in shares)
    luck = ERRORS_OF_LUCK * math.sqrt(blind * (1.0 - blind) / samples)
    detail = {"score": score, "blind": blind, "samples": float(samples)}
    return Reading(max(0.0, 1.0 - (score + luck) / blind), detail=detail)


LOG = "log the loss at least once per epoch"
LOG_STEPS = "log the loss of the first step"

SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="loss_over_chance",
        title="End of the loss over chance level",
        unit="ratio to the loss of the best constant guess",
        grade="curve",
        reads="{series} ends at {level:.4g}, {value:.1%} of the {chance:.4g} that guessing gives",
        compute=_loss_over_chance,
        record=LOG,
    ),
    Signal(
        id="best_loss_over_chance",
        title="Best loss over chance level",
        unit="ratio to the loss of the best constant guess",
        grade="curve",
        reads="the best {series} is {level:.4g}, {value:.1%} of the {chance:.4g} that guessing gives",
        compute=_best_loss_over_chance,
        record=LOG,
    ),
    Signal(
        id="initial_loss_over_chance",
        title="First loss over chance level",
        unit="ratio to the loss of the best constant guess",
        grade="curve",
        reads="{series} starts at {level:.4g}, {value:.1f} times the {chance:.4g} that guessing gives",
        compute=_initial_loss_over_chance,
        record=LOG_STEPS,
    ),
    Signal(
        id="loss_over_target_spread",
        title="Best loss over the spread of the targets",
        unit="ratio to the variance, or to the standard deviation where distances count singly",
        grade="curve",
        reads="the best {series} is {level:.4g}, {value:.1%} of the {spread:.4g} that the spread of the targets makes",
        compute=_loss_over_target_spread,
        record=LOG,
    ),
    Signal(
        id="share_given_back",
        title="Share of what was learned that was lost again after the best",
        unit="share of the fall, or of the way from guessing to the best where that is longer",
        grade="curve",
        reads="{series} went from {best:.4g} at {at} up to {end:.4g}, which is {value:.0%} of what it had learned",
        compute=_share_given_back,
        record=LOG,
    ),
    Signal(
        id="best_chance_match",
        title="Distance of the end from the nearest ln C of a usual number of classes",
        unit="share of ln C",
        grade="curve",
        reads="{series} ends at {level:.4g}, {value:.1%} from ln {classes:.0f} = {chance:.4g}",
        compute=_best_chance_match,
        record=LOG,
    ),
    Signal(
        id="softmax_floor_distance",
        title="Distance of the smallest loss from the floor of a doubled softmax",
        unit="share of the floor ln(1 + (C - 1)/e)",
        grade="curve",
        reads="the smallest {series}, {lowest:.4g}, is {value:+.1%} from the floor of a doubled softmax, {floor:.4g}",
        compute=_softmax_floor_distance,
        record=LOG,
    ),
    Signal(
        id="score_over_majority",
        title="Accuracy beyond the share of the largest class",
        unit="difference of shares",
        grade="config",
        reads="{series} ends at {score:.3f}; the largest class alone makes {majority:.3f}",
        compute=_score_over_majority,
        record="log the accuracy at every epoch",
    ),
    Signal(
        id="worse_than_blind",
        title="Share by which the validation accuracy falls short of guessing, beyond the luck of so many samples",
        unit="share of the accuracy of guessing",
        grade="config",
        reads="{series} ends at {score:.3f}; of {samples:.0f} samples at least random guessing gets {blind:.3f} right",
        compute=_worse_than_blind,
        record="log the accuracy at every epoch",
    ),
)
