"""One look at a model that is shared out over ranks: what each rank measured of its part, made one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from expert.adapters.torch.ranks.reports import Look, Part, Stock

Floats = NDArray[np.float64]

NORMS = {"gradient", "weight"}
SAMPLED_NORMS = {"update", "sampled", "now", "before"}
"""Norms of samples: each number of them stands for as many as its tensor has more."""
DIRECTION = ("dot", "now", "before")
"""What the cosine of successive gradients is made of: inner products, and norms of either."""
OF_GRADIENTS = {"gradient", "mean_abs", *DIRECTION}
LARGEST = {"grad_scale", "loss_scale", "found_inf"}


def chosen_ranks(held: Sequence[Stock]) -> NDArray[np.bool_]:
    """Which ranks count for which parameter, ranks x parameters in the order of ``held``.

    Of ranks that hold the same part one counts, rather one whose optimizer moves it. None counts for a parameter of
    which a part is missing or whose layout is not known.
    """
    chosen = np.zeros((len(held), len(held[0].sizes)), dtype=bool)
    for place in range(chosen.shape[1]):
        layouts = [stock.layouts[place] for stock in held]
        by_part: dict[tuple[int, ...], int] = {}
        for row in sorted(range(len(held)), key=lambda row: not held[row].optimized[place]):
            layout = layouts[row]
            if layout is not None:
                by_part.setdefault(layout.place, row)
        first = layouts[0]
        if first is not None and None not in layouts and len(by_part) == first.parts:
            chosen[list(by_part.values()), place] = True
    return chosen


def pool(
    looks: Sequence[Look], stocks: Sequence[Stock], chosen: NDArray[np.bool_], unknown: Sequence[int] = ()
) -> tuple[list[Part], list[float], bool]:
    """Parts and numbers of the look as one process would have measured them, and whether any gradient is left out.

    ``looks`` and ``stocks`` stand in the order of the rows of ``chosen``, that of rank zero first. ``unknown``: the
    parameters whose gradients are not known on any rank, as they are still to be summed.
    """
    weighing = _Weighing(stocks, chosen)
    told = [_by_name(look) for look in looks]
    counted = np.array(chosen.any(axis=0))
    of_gradients = counted.copy()
    of_gradients[list(unknown)] = False
    parts: list[Part] = []
    numbers: list[float] = []
    pooled: dict[str, Floats] = {}
    partial = False
    for name in dict.fromkeys(name for one in told for name in one):
        numbers_by_rank = {row: one[name][1] for row, one in enumerate(told) if name in one}
        # A rank may hold nothing of a parameter, and measures nothing of it then.
        kinds = {one[name][0] for one in told if name in one}
        places = sorted(set().union(*kinds))
        if places:
            known = of_gradients if name in OF_GRADIENTS else counted
            kept = [place for place in places if known[place]]
            partial |= name in NORMS and len(kept) < len(places)
            pooled[name] = weighing.over_ranks(name, _table(name, told, chosen.shape))
            if name not in DIRECTION and kept:
                parts.append((name, tuple(kept), len(kept)))
                numbers += pooled[name][kept].tolist()
        elif name in LARGEST:
            parts.append((name, (), 1))
            numbers.append(max(float(one[0]) for one in numbers_by_rank.values()))
        elif name == "bounds":
            parts.append((name, (), 4))
            numbers += weighing.bounds(numbers_by_rank)
    if "dot" in pooled and not (partial or len(unknown)):
        dot, now, before = (pooled[name] for name in DIRECTION)
        lengths = float(np.linalg.norm(now) * np.linalg.norm(before))
        parts.append(("cosine", (), 1))
        numbers.append(float(dot.sum()) / lengths if lengths > 0.0 else float("nan"))
    return parts, numbers, partial


_Told = dict[str, tuple[tuple[int, ...], Floats]]


def _by_name(look: Look) -> _Told:
    found, start = {}, 0
    numbers = np.array(look.numbers, dtype=np.float64)
    for name, places, length in look.parts:
        found[name] = places, numbers[start : start + length]
        start += length
    return found


def _table(name: str, told: Sequence[_Told], shape: tuple[int, ...]) -> Floats:
    """Ranks x parameters; what a rank did not measure adds nothing."""
    table = np.zeros(shape)
    for row, one in enumerate(told):
        if name in one:
            places, values = one[name]
            table[row, list(places)] = values
    return table


class _Weighing:
    """How the numbers of several ranks make one number."""

    def __init__(self, stocks: Sequence[Stock], chosen: NDArray[np.bool_]) -> None:
        self._chosen = chosen
        self._sizes = np.array([stock.sizes for stock in stocks], dtype=np.float64)
        self._taken = np.array([stock.taken for stock in stocks], dtype=np.float64)
        self._weights = np.divide(self._sizes, self._taken, out=np.zeros_like(self._sizes), where=self._taken > 0)

    def over_ranks(self, name: str, table: Floats) -> Floats:
        """One number for each parameter."""
        if name in NORMS:
            return np.asarray(np.sqrt(np.where(self._chosen, table**2, 0.0).sum(axis=0)))
        if name in SAMPLED_NORMS:
            return np.asarray(np.sqrt(np.where(self._chosen, self._weights * table**2, 0.0).sum(axis=0)))
        total = np.asarray(np.where(self._chosen, self._weights * table, 0.0).sum(axis=0))
        if name == "mean_abs":
            # The looker divides by what rank zero has taken.
            sizes = np.where(self._chosen, self._sizes, 0.0).sum(axis=0)
            total *= np.maximum(self._taken[0], 1.0) / np.maximum(sizes, 1.0)
        return total

    def bounds(self, told: Mapping[int, Floats]) -> list[float]:
        """The extremes over all ranks, and the share of all samples that equals each."""
        low, high = min(float(one[0]) for one in told.values()), max(float(one[1]) for one in told.values())
        counts = {row: float(self._taken[row].sum()) for row in told}
        total = max(1.0, sum(counts.values()))
        at_low = sum(float(one[2]) * counts[row] for row, one in told.items() if one[0] == low)
        at_high = sum(float(one[3]) * counts[row] for row, one in told.items() if one[1] == high)
        return [low, high, at_low / total, at_high / total]
