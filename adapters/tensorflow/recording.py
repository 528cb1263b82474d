"""From looks at a loop of the user's own to series: what may have been done to the gradients before we saw them."""

from __future__ import annotations

import math
from typing import Any

from expert.adapters.keras.looks import Seen
from expert.adapters.keras.recording import LookRecorder
from expert.adapters.live.clipped_norms import Ceiling, Shrunk

SURE = 3
CLOSE = 1e-6
BEFORE, AFTER = "gradient.norm", "gradient.norm_after_clipping"


class TapeRecorder(LookRecorder):
    """Records looks; gradients that the user clips by hand are those after clipping.

    That they are clipped is known where the user tells the norm before, or shows where norms stop at one value.
    """

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._shrunk, self._ceiling = Shrunk(), Ceiling()
        self._clipped_by_hand = False

    def record(self, seen: Seen, at: int, *, scales: bool) -> None:
        """Take in one look at step ``at``."""
        norms = list(seen.gradient.values())
        known = self._norm_before(at)
        self._clipped_by_hand |= BEFORE in self.telemetry.given
        super().record(seen, at, scales=scales)
        if norms and not (scales and not all(map(math.isfinite, norms))):
            norm = math.hypot(*norms)
            if known is not None:
                self._compare(at, known, norm)
            elif not self._clipped_by_hand and self.telemetry.config.clip_norm is None:
                self._find_ceiling(norm, seen.cosine)

    def _point(self, role: str, step: int, value: float) -> None:
        super()._point(AFTER if role == BEFORE and self._clipped_by_hand else role, step, value)

    def _norm_before(self, at: int) -> float | None:
        """The norm before clipping that the user told for this step."""
        if BEFORE not in self.telemetry.given:
            return None
        column = self.telemetry.column(BEFORE)
        return column.values[-1] if column.at and column.at[-1] == at else None

    def _compare(self, at: int, before: float, after: float) -> None:
        clipped = after < before * (1.0 - CLOSE)
        self._point("gradient.clipped", at, float(clipped))
        if not clipped:
            return
        self._shrunk.add(after)
        if self._shrunk.count >= SURE and self._shrunk.bound and self.telemetry.config.clip_norm is None:
            self.telemetry.know("config", clip_norm=float(f"{self._shrunk.bound:.4g}"))

    def _find_ceiling(self, norm: float, cosine: float) -> None:
        bound = self._ceiling.add(norm, cosine if math.isfinite(cosine) else None)
        if bound is None:
            return
        self.telemetry.know("config", clip_norm=float(f"{bound:.4g}"))
        self._clipped_by_hand = True
        recorded = self.telemetry.column(BEFORE, labels=self.labels)
        if not recorded.written:
            for at, value in zip(recorded.at, recorded.values, strict=True):
                self._point(AFTER, int(at), value)
            del recorded.at[:], recorded.values[:]
