"""The numbers a user measures beside the loss, by whatever names, put where their names belong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from expert.adapters.live.telemetry import Telemetry
from expert.history.roles import match_columns, snake


class Metrics:
    """Records metrics; what a name means is found out once and kept.

    ``as_number`` makes a float of a value, or None of what is not one number.
    """

    def __init__(self, telemetry: Telemetry, as_number: Callable[[Any], float | None]) -> None:
        self.telemetry, self._as_number = telemetry, as_number
        self._roles: dict[tuple[str, str, str], tuple[str, dict[str, Any]]] = {}

    def record(self, clock: str, at: int, metrics: Mapping[str, Any], *, otherwise: str) -> None:
        """Record numbers under the roles their names mean; those without a known role belong to ``otherwise``."""
        unknown = [name for name in metrics if (clock, otherwise, name) not in self._roles]
        if unknown:
            # Names are judged together: a loss means something else beside a val_loss.
            for name, match in match_columns(list(metrics)).items():
                phase = match.phase or otherwise
                about: dict[str, Any] = {
                    "name": name,
                    "clock": clock,
                    "phase": match.phase,
                    "direction": match.direction,
                    "reduction": "last_batch" if clock == "step" and phase == "train" else "epoch_mean",
                }
                self._roles[clock, otherwise, name] = (match.role or f"{phase}.{snake(name)}", about)
        for name, value in metrics.items():
            number = self._as_number(value)
            if number is None:
                if value is not None:
                    self.telemetry.note(f"{name}={type(value).__name__} is not one number and is left out.")
                continue
            role, about = self._roles[clock, otherwise, name]
            column = self.telemetry.column(role, **about)
            if column.clock != clock:
                # The same is measured on the other clock, too, as the loss is by step and by epoch.
                column = self.telemetry.column(role, labels=(("measured", clock),), **about)
            column.append(at, number)
