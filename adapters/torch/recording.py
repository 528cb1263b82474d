"""From what looks have seen to the series and layer statistics of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

from expert.adapters.live.clipped_norms import Ceiling, Shrunk
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.clipping import common_factor, not_zeroed
from expert.adapters.torch.looks import Seen
from expert.adapters.torch.parameters import Watched
from expert.adapters.torch.unreached import Unreached

SURE = 3
"""So many looks must agree before something is told of the code: gradients not zeroed, a bound of clipping."""
AT_BOUND = 0.05
"""From this share of the gradients on, equal extremes are a bound and no chance."""
SHOWN = 5


class LookRecorder:
    """Records the looks at one optimizer's parameters; ``labels`` tell several optimizers apart."""

    def __init__(
        self,
        telemetry: Telemetry,
        watched: Sequence[Watched],
        canary_places: Sequence[int],
        labels: tuple[tuple[str, str], ...],
    ) -> None:
        self.telemetry, self.watched, self.labels = telemetry, list(watched), labels
        self._canary_places = canary_places
        self._weights = {place: one.name for place, one in enumerate(watched) if one.is_weight}
        self._ever_traced = False
        self._left: list[bool] = []
        self._unreached = Unreached(telemetry, watched)
        self._shrunk, self._ceiling = Shrunk(), Ceiling()
        self._bounds: dict[str, list[float]] = {"low": [], "high": []}
        self._extremes, self._by_value = (0.0, 0.0), False
        self._broken: set[str] = set()
        self._weight_norms: dict[int, float] = {}

    @property
    def zeroing_known(self) -> bool:
        """Whether it is settled if gradients are zeroed."""
        return len(self._left) >= SURE

    def record(self, seen: Seen) -> None:
        """Take one look in; one at a step that a scaler skips tells of an overflow that it means to have."""
        if seen.found_inf:
            return
        self._by_value |= self._meets_a_bound(seen)
        self._gradients(seen)
        self._unreached.see(seen)
        self._directions(seen)
        self._updates(seen)

    def _point(self, role: str, step: int, value: float) -> None:
        self.telemetry.column(role, labels=self.labels).append(step, value)

    def _gradients(self, seen: Seen) -> None:
        held = {place: norm for place, norm in seen.gradient.items() if self.watched[place].optimized}
        if not held:
            return
        after = math.sqrt(sum(norm * norm for norm in held.values()))
        factor = self._factor(seen)
        if not seen.partial:
            if factor is not None:
                self._point("gradient.norm", seen.at, after / factor)
            if factor is None or factor < 1.0:
                self._point("gradient.norm_after_clipping", seen.at, after)
            if seen.traced:
                self._clipped(seen.at, factor, after)
            elif factor is not None:
                self._stopped_short(after, seen.cosine)
        # A parameter whose gradient is None has no number here: rules tell it from one whose gradient is zero.
        row = {name: seen.gradient[place] / (factor or 1.0) for place, name in self._ordered(seen.gradient)}
        self.telemetry.row("gradient_norm", seen.at, row)
        mean_abs = {name: seen.mean_abs[place] / (factor or 1.0) for place, name in self._ordered(seen.mean_abs)}
        self.telemetry.row("gradient_mean_abs", seen.at, mean_abs)
        self._nonfinite(seen, held)
        self._zeroed(seen)

    def _factor(self, seen: Seen) -> float | None:
        """By what the gradients were multiplied before the step; 1 where nothing shows that they were.

        Where the backward pass of this step alone was not seen, nothing is known; where none ever is, the gradients
        are taken for what they are.
        """
        self._ever_traced |= seen.traced
        if not seen.traced:
            # What the user measures before clipping, or says of clipping, tells what these gradients are not.
            clipped = self.telemetry.config.clip_norm is not None or "gradient.norm" in self.telemetry.given
            return None if self._ever_traced or clipped else 1.0
        if not any(math.isfinite(norm) for norm in seen.after_backward):
            return 1.0
        now = [seen.gradient.get(place, math.nan) for place in self._canary_places]
        factor = common_factor(seen.after_backward, now)
        if factor is None or (factor == 1.0 and self._by_value):
            return None
        # Dividing by a scale of the loss that nobody told of: scales are powers of two, clipping is not.
        power = math.log2(factor)
        return 1.0 if power <= -1.0 and abs(power - round(power)) < 1e-4 else factor

    def _meets_a_bound(self, seen: Seen) -> bool:
        """Whether gradients are clipped by value, which need not have met the few tensors that were traced.

        An extreme that several numbers share, and that is the one of the look before, is no chance.
        """
        config = self.telemetry.config
        if seen.bounds is None or seen.at_bounds is None:
            return config.clip_value_low is not None or config.clip_value_high is not None
        taken = sum(self.watched[place].taken for place in seen.mean_abs)
        before, self._extremes = self._extremes, seen.bounds
        return any(
            bound == old != 0.0 and share * taken > 1.5
            for old, bound, share in zip(before, seen.bounds, seen.at_bounds, strict=True)
        )

    def _clipped(self, step: int, factor: float | None, after: float) -> None:
        if factor is None or factor > 1.0:
            return
        if factor == 1.0:
            self._point("gradient.clipped", step, 0.0)
            return
        self._shrunk.add(after)
        if self._shrunk.bound is None:
            self.telemetry.note(
                "Between the backward pass and the optimizer's step the gradients are made smaller, but not to one "
                "norm; that is no clipping by norm, so which steps were clipped is not known."
            )
        elif self._shrunk.count >= SURE:
            if self.telemetry.config.clip_norm is None:
                self.telemetry.know("config", clip_norm=float(f"{self._shrunk.bound:.4g}"))
            self._point("gradient.clipped", step, 1.0)

    def _stopped_short(self, after: float, cosine: float | None) -> None:
        """Notice clipping where no gradient can be measured before it, as in a distributed run."""
        bound = self._ceiling.add(after, cosine)
        if bound is None:
            return
        self.telemetry.know("config", clip_norm=float(f"{bound:.4g}"))
        recorded = self.telemetry.column("gradient.norm", labels=self.labels)
        if not recorded.written:
            for at, norm in zip(recorded.at, recorded.values, strict=True):
                self._point("gradient.norm_after_clipping", int(at), norm)
            del recorded.at[:], recorded.values[:]

    def _zeroed(self, seen: Seen) -> None:
        left = not_zeroed(seen.left_over, seen.after_backward)
        # Before the first step there is nothing to be left over.
        if left is None or seen.at <= 1 or self.zeroing_known:
            return
        self._left.append(left)
        if len(self._left) == SURE and self.telemetry.config.gradients_zeroed is None:
            self.telemetry.know("config", gradients_zeroed=not all(self._left))

    def _directions(self, seen: Seen) -> None:
        if seen.cosine is not None and math.isfinite(seen.cosine):
            self._point("gradient.cosine", seen.at, seen.cosine)
        if seen.bounds is None or seen.at_bounds is None:
            return
        shares = [share if bound != 0.0 else 0.0 for bound, share in zip(seen.bounds, seen.at_bounds, strict=True)]
        self._point("gradient.at_bound_share", seen.at, max(shares))
        for name, bound, share in zip(("low", "high"), seen.bounds, shares, strict=True):
            kept = self._bounds[name]
            if share < AT_BOUND or len(kept) >= SURE:
                continue
            if kept and kept[-1] != bound:
                kept.clear()
            kept.append(bound)
            field = f"clip_value_{name}"
            if len(kept) == SURE and getattr(self.telemetry.config, field) is None:
                self.telemetry.know("config", **{field: float(f"{bound:.4g}")})

    def _updates(self, seen: Seen) -> None:
        if not seen.weight:
            return
        weights = [seen.weight[place] for place in self._weights if place in seen.weight]
        if not seen.partial and weights:
            # Gains and biases start at one or zero and live by laws of their own: they would hide what decay does.
            self._point("weight.norm", seen.at, math.sqrt(sum(norm * norm for norm in weights)))
        self.telemetry.row("weight_norm", seen.at, {n: seen.weight[p] for p, n in self._ordered(seen.weight)})
        ratios = {place: self._moved(place, seen) for place in self._weights if place in seen.moved}
        self._weight_norms = seen.weight
        self.telemetry.row("update_ratio", seen.at, {name: ratios[p] for p, name in self._ordered(ratios)})
        # What is frozen stands still by design and says nothing of the rate.
        trained = (ratio for place, ratio in ratios.items() if self.watched[place].parameter.requires_grad)
        known = [ratio for ratio in trained if not math.isnan(ratio)]
        if known:
            self._point("update.ratio", seen.at, median(known))

    def _moved(self, place: int, seen: Seen) -> float:
        """The relative update; NaN where the sample stood still and the whole tensor may have moved."""
        one = self.watched[place]
        ratio = seen.moved[place]
        if ratio > 0.0 or one.blocks is None or seen.gradient.get(place, 0.0) == 0.0:
            return ratio
        return 0.0 if self._weight_norms.get(place) == seen.weight[place] else math.nan

    def _nonfinite(self, seen: Seen, gradient: Mapping[int, float]) -> None:
        broken = [place for place, norm in gradient.items() if not math.isfinite(norm)]
        # A scaler finds its scale by overflows: a step it skips is no trouble.
        if broken and "gradient" not in self._broken and not seen.found_inf:
            self._broken.add("gradient")
            names = [self.watched[place].name for place in broken]
            # The backward pass runs from the loss to the input: what it broke first stands last in the model.
            told = f"the gradients of {len(broken)} of {len(gradient)} parameters are not finite: {_listed(names)}"
            if len(broken) < len(gradient):
                told += f"; seen from the loss {names[-1]} is the first"
            self.telemetry.event("nonfinite_gradient", seen.at, told)
            self.telemetry.note(f"At step {seen.at} {told}.")
        weights = [self.watched[place].name for place, norm in seen.weight.items() if not math.isfinite(norm)]
        if weights and "weight" not in self._broken:
            self._broken.add("weight")
            self.telemetry.event(
                "nonfinite_weight", seen.at, f"before this update not finite were already {_listed(weights)}"
            )

    def _ordered(self, values: Mapping[int, float]) -> list[tuple[int, str]]:
        return [(place, name) for place, name in self._weights.items() if place in values]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
