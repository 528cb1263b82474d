"""How many classes there are, how unequal they are, and what a score or a loss is worth beside that."""

from __future__ import annotations

import math

from expert.signals.chance import ENTROPY_LOSSES, class_count, prior
from expert.signals.curve import Curve
from expert.signals.data import tell
from expert.signals.shape import shape, too_few
from expert.signals.signal import Reading, Signal, Unknown, View

TELL = tell("data", "classes")
TELL_COUNTS = tell("data", "class_counts")


def _number_of_classes(view: View) -> Reading | Unknown:
    classes = class_count(view)
    return Unknown("the number of classes is not known", TELL) if classes is None else Reading(float(classes))


def _counts(view: View) -> tuple[float, ...] | Unknown:
    """Share of each class: as told or counted, else as seen in batches."""
    if view.data.class_counts is None and view.data.target_prior is None:
        if view.data.seen_shares is not None and len(view.data.seen_shares) > 1:
            return view.data.seen_shares
        return Unknown("the share of each class is not known", TELL_COUNTS)
    shares = prior(view)
    return shares if shares is not None else Unknown("fewer than two classes have a known share")


def _class_imbalance(view: View) -> Reading | Unknown:
    shares = _counts(view)
    if isinstance(shares, Unknown):
        return shares
    if min(shares) == 0.0:
        return Reading(1e12, detail={"smallest": 0.0, "largest": max(shares)})
    return Reading(max(shares) / min(shares), detail={"smallest": min(shares), "largest": max(shares)})


def _majority_share(view: View) -> Reading | Unknown:
    shares = _counts(view)
    return shares if isinstance(shares, Unknown) else Reading(max(shares))


def _score_beyond_largest(view: View, curve: Curve) -> Reading | Unknown:
    shares, form = _counts(view), curve.derive(shape)
    if isinstance(shares, Unknown):
        return shares
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    score = abs(form.end) / (100.0 if float(abs(form.y).max()) > 1.5 else 1.0)
    return Reading(score - max(shares), detail={"score": score, "majority": max(shares)})


def _loss_over_entropy(view: View, curve: Curve) -> Reading | Unknown:
    shares, form = _counts(view), curve.derive(shape)
    if isinstance(shares, Unknown):
        return shares
    if view.config.loss not in ENTROPY_LOSSES or view.config.loss_reduction == "sum":
        return Unknown("the loss is no mean cross entropy")
    if form is None:
        return too_few(curve, 3) or Unknown("too few values")
    entropy = -sum(share * math.log(share) for share in shares if share > 0.0)
    if entropy <= 0.0:
        return Unknown("all labels are alike: guessing has no loss")
    level = curve.sign * form.best
    return Reading(level / entropy, detail={"level": level, "chance": entropy})


def _batch_per_class(view: View) -> Reading | Unknown:
    batch, classes = view.config.batch_size, view.data.classes
    if batch is None or not classes:
        return Unknown("batch size or number of classes is not known", tell("config", "batch_size"))
    return Reading(batch / classes, detail={"batch_size": float(batch), "classes": float(classes)})


SIGNALS: tuple[Signal, ...] = (
    Signal(
        id="number_of_classes",
        title="Number of classes",
        unit="classes",
        grade="config",
        reads="there are {value:.0f} classes",
        compute=_number_of_classes,
        arguments=0,
        record=TELL,
    ),
    Signal(
        id="class_imbalance",
        title="Largest class over the smallest",
        unit="ratio",
        grade="proof",
        reads="the largest class ({largest:.1%}) is {value:.3g} times the smallest ({smallest:.1%})",
        compute=_class_imbalance,
        arguments=0,
        record=TELL_COUNTS,
    ),
    Signal(
        id="majority_share",
        title="Share of the largest class",
        unit="share of samples",
        grade="proof",
        reads="the largest class makes {value:.1%} of the samples",
        compute=_majority_share,
        arguments=0,
        record=TELL_COUNTS,
    ),
    Signal(
        id="score_beyond_largest",
        title="Accuracy beyond the share of the largest class, in the set or in the batches seen",
        unit="difference of shares",
        grade="curve",
        reads="{series} ends at {score:.3f}; the largest class alone makes {majority:.3f}",
        compute=_score_beyond_largest,
        record="log the accuracy at every epoch",
    ),
    Signal(
        id="loss_over_entropy",
        title="Best loss over that of naming each class as often as it comes, in the set or in the batches seen",
        unit="ratio to the entropy of the classes",
        grade="curve",
        reads="the best {series} is {level:.4g}, {value:.1%} of the {chance:.4g} that guessing gives",
        compute=_loss_over_entropy,
        record="log the loss at least once per epoch",
    ),
    Signal(
        id="batch_per_class",
        title="Batch size over number of classes",
        unit="samples per class in a batch",
        grade="config",
        reads="a batch of {batch_size:.0f} has {value:.1f} samples for each of {classes:.0f} classes",
        compute=_batch_per_class,
        arguments=0,
        record=tell("config", "batch_size"),
    ),
)
