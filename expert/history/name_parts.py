"""One logged name taken apart: the phase in it, the quantity, and over what its values were taken."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from expert.history.role_table import (
    CHINESE,
    EMPTY_ENDINGS,
    EVALUATORS,
    EVERYDAY_WORDS,
    GROUP_WORDS,
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    PHASE_PREFIXES,
    PHASES,
    QUANTITIES,
    REDUCTION_WORDS,
    Direction,
    Reduction,
)


class NameParts(NamedTuple):
    """One name taken apart."""

    name: str
    subject: str | None
    """Phase, ``train_eval``, or None where the name tells no phase."""
    quantity: str
    own: str
    """The quantity as logged, in snake case and without the phase."""
    spelling: int = 0
    """Place among the spellings of the quantity; the first is the best."""
    known: bool = True
    """The quantity is in the table or holds a word for a metric."""
    reduction: Reduction = "unknown"


LONGEST_NAME = 500
"""Characters of a name that are looked at."""


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Return a name in snake case: ``valLoss`` is ``val_loss``, ``Acc@1`` ``acc_1``, ``mAP50-95(B)`` ``map50_95_b``."""
    if name.isascii() and name.islower() and name.isidentifier():
        text = "_".join(filter(None, name.split("_")))  # as most names are: no word to be found by its capitals
    else:
        text = _words(name)
    return text.replace("m_iou", "miou").replace("io_u", "iou").replace("m_map", "map")


def _words(name: str) -> str:
    name = name[:LONGEST_NAME]
    if not name.isascii():
        for chinese, word in CHINESE.items():
            name = name.replace(chinese, f"_{word}_")
    text = re.sub(r"\bm(?=(AP|AR|IoU|Dice)(?![a-z]))|(?<=[_/. ])m(?=(AP|AR|IoU|Dice)(?![a-z]))", "M", name.strip())
    text = text.replace("IoU", "Iou").replace("MAP", "Map")
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text))
    return re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")


def direction_of(quantity: str) -> Direction | None:
    """Which way a quantity in snake case gets better, by the last word in it that tells; None when no word does."""
    words = quantity.split("_")
    if words[-2:] in (["error", "rate"], ["err", "rate"]):
        return "lower"
    for word in reversed(words):
        if word in EVERYDAY_WORDS and word != words[-1]:
            continue
        if word in LOWER_IS_BETTER:
            return "lower"
        if word in HIGHER_IS_BETTER or re.fullmatch(r"m?(ap|iou|ar)\d*|top\d+|acc\d+|dice\w*|f\d", word):
            return "higher"
    return None


def split_phase(name: str) -> tuple[str | None, str]:
    """Split ``val_loss_step`` into the phase ``val`` and the rest ``loss_step``."""
    text = snake(name)
    words = text.split("_")
    if words[:2] in (["train", "eval"], ["eval", "train"]):
        return "train_eval", "_".join(words[2:])
    for place in (0, len(words) - 1, *range(1, len(words) - 1)):
        if words[place] in PHASES:
            return PHASES[words[place]], "_".join(words[:place] + words[place + 1 :])
    if words[0] in PHASE_PREFIXES and len(words) > 1:
        return PHASE_PREFIXES[words[0]], "_".join(words[1:])
    group, slash, _ = name.strip().partition("/")
    if slash and group in EVALUATORS:
        return EVALUATORS[group], text.removeprefix("metrics_")
    return None, text


SPELLINGS = {name: (quantity, place) for quantity, names in QUANTITIES.items() for place, name in enumerate(names)}


MOST_WORDS = 40
"""No name of a quantity has more."""


def parts_of(name: str) -> NameParts:
    """Take a name apart, word by word from both ends, until a known quantity is left or nothing more is understood."""
    subject, own = split_phase(re.sub(r"[/_]dataloader_idx_0$", "", name))
    reduction: Reduction = "unknown"
    own = own.removesuffix("_so_far")
    words = own.split("_")
    if len(words) > MOST_WORDS:
        return NameParts(name, subject, own, own, len(SPELLINGS), False, reduction)
    while len(words) > 1 and "_".join(words) not in SPELLINGS:
        if words[0] in GROUP_WORDS:
            words = words[1:]
        elif words[-1] in REDUCTION_WORDS:
            *words, last = words
            reduction = REDUCTION_WORDS[last]
        elif words[-1] in EMPTY_ENDINGS or words[-1] == words[-2]:  # a group and its member: rmse/train_rmse
            words = words[:-1]
        elif words[0] in REDUCTION_WORDS and "_".join(words[1:]) in SPELLINGS:
            first, *words = words
            reduction = REDUCTION_WORDS[first]
        else:
            break
    if reduction == "unknown" and subject not in (None, "train"):
        reduction = "epoch_mean"
    rest = "_".join(words)
    if rest in SPELLINGS:
        return NameParts(name, subject, SPELLINGS[rest][0], own, SPELLINGS[rest][1], True, reduction)
    return NameParts(name, subject, rest, own, len(SPELLINGS), direction_of(rest) is not None, reduction)
