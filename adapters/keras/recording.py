"""From what looks have seen to the series and layer statistics of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from expert.adapters.keras.looks import Seen
from expert.adapters.keras.variables import Watched
from expert.adapters.live.telemetry import Telemetry

RATE = "optimizer.learning_rate"
SHOWN = 5
CLOSE = 1e-6
"""Norms that differ by a smaller share differ by rounding."""


class LookRecorder:
    """Records the looks at one optimizer's variables; ``labels`` tell several optimizers apart."""

    def __init__(
        self, telemetry: Telemetry, watched: Sequence[Watched], inner: Any, labels: tuple[tuple[str, str], ...]
    ) -> None:
        """``inner``: the optimizer, asked for its clipping when something is recorded."""
        self.telemetry, self.watched, self.labels = telemetry, list(watched), labels
        self._inner = inner
        self._broken: set[str] = set()
        self._batch: float | None = None

    def record(self, seen: Seen, at: int, *, scales: bool) -> None:
        """Take in one look at step ``at``; ``scales``: steps whose gradients are not finite are skipped."""
        norms = list(seen.gradient.values())
        skipped = scales and not all(map(math.isfinite, norms))
        if scales:
            self._point("scaler.scale", at, seen.scale)
            self._point("scaler.skipped", at, float(skipped))
            if skipped:
                self.telemetry.event("skipped_step", at, f"the gradients were not finite at a scale of {seen.scale:g}")
        if not math.isnan(seen.rate):
            self._point(RATE, at, seen.rate)
        if not skipped:
            self._gradients(seen, at)
            self._updates(seen, at)

    def _point(self, role: str, step: int, value: float) -> None:
        self.telemetry.column(role, labels=self.labels).append(step, value)

    def _gradients(self, seen: Seen, at: int) -> None:
        norms = list(seen.gradient.values())
        if not norms:
            return
        before = _together(norms)
        self._point("gradient.norm", at, before)
        after, bound_share = self._after_clipping(seen, norms, before)
        if after is not None:
            self._point("gradient.norm_after_clipping", at, after)
            if not math.isnan(before):
                self._point("gradient.clipped", at, float(after < before * (1.0 - CLOSE)))
        if bound_share is not None:
            self._point("gradient.at_bound_share", at, bound_share)
        if math.isfinite(seen.cosine):
            self._point("gradient.cosine", at, seen.cosine)
        # A variable that the loss does not reach has no number here: rules tell it from one whose gradient is zero.
        self._row("gradient_norm", at, {p: v for p, v in seen.gradient.items() if self.watched[p].is_weight})
        self._row("gradient_mean_abs", at, {p: v for p, v in seen.mean_abs.items() if p in seen.gradient})
        self._nonfinite(seen, at)

    def _after_clipping(self, seen: Seen, norms: list[float], before: float) -> tuple[float | None, float | None]:
        """The norm after clipping and the share of entries at the bound; None where that kind of clipping is off."""
        if seen.clipped is not None:
            return seen.clipped
        each, together = (getattr(self._inner, name, None) for name in ("clipnorm", "global_clipnorm"))
        if each:
            return _together([min(norm, float(each)) for norm in norms]), None
        if together:
            return min(before, float(together)), None
        return None, None

    def _updates(self, seen: Seen, at: int) -> None:
        # Gains and biases start at one or zero and live by laws of their own: they would hide what decay does.
        weights = [value for place, value in seen.weight.items() if self.watched[place].is_layer]
        if weights:
            self._point("weight.norm", at, _together(weights))
        self._row("weight_norm", at, seen.weight)
        ratios = {place: self._moved(place, seen) for place in seen.moved}
        self._row("update_ratio", at, ratios)
        known = [ratio for ratio in ratios.values() if not math.isnan(ratio)]
        if known:
            self._point("update.ratio", at, median(known))

    def _moved(self, place: int, seen: Seen) -> float:
        """The relative update; NaN where the sample stood still and the whole variable may have moved."""
        ratio = seen.moved[place]
        whole = self.watched[place].stride == 1 or seen.gradient.get(place, 0.0) == 0.0
        return ratio if ratio > 0.0 or whole or math.isnan(ratio) else math.nan

    def _row(self, quantity: str, at: int, values: Mapping[int, float]) -> None:
        named = {self.watched[place].name: values[place] for place in sorted(values)}
        self.telemetry.row(quantity, at, named)

    def _nonfinite(self, seen: Seen, at: int) -> None:
        broken = [self.watched[place].name for place, norm in seen.gradient.items() if not math.isfinite(norm)]
        if broken and "gradient" not in self._broken:
            self._broken.add("gradient")
            told = f"the gradients of {len(broken)} of {len(seen.gradient)} variables are not finite: {_listed(broken)}"
            if len(broken) < len(seen.gradient):
                # The backward pass runs from the loss to the input: what it broke first stands last in the model.
                told += f"; seen from the loss {broken[-1]} is the first"
            self.telemetry.event("nonfinite_gradient", at, told)
            self.telemetry.note(f"At step {at} {told}.")
        weights = [self.watched[place].name for place, norm in seen.weight.items() if not math.isfinite(norm)]
        if weights and "weight" not in self._broken:
            self._broken.add("weight")
            told = f"before this update not finite were already {_listed(weights)}"
            self.telemetry.event("nonfinite_weight", at, told)


def labels_of(number: int) -> tuple[tuple[str, str], ...]:
    """What tells the series of this optimizer of a model from those of others; nothing for the first."""
    return (("optimizer", str(number)),) if number else ()


def _together(norms: Sequence[float]) -> float:
    """The norm of vectors put in a row, of the norms of each."""
    return math.hypot(*norms) if all(map(math.isfinite, norms)) else sum(abs(norm) for norm in norms)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
