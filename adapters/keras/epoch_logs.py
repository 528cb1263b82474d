"""The numbers that Keras logs at the end of an epoch, under the roles their names mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from expert.adapters.live.telemetry import Telemetry
from expert.history.roles import match_columns, snake

SUBJECTS = ("train.", "val.", "test.", "train_eval.")
"""Of what is logged these roles are taken; rates and times are measured by the watcher itself."""


class EpochLogs:
    """Records logs; what a name means is found out once and kept."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._roles: dict[str, tuple[str, dict[str, Any]]] = {}

    def record(self, epoch: int, logs: Mapping[str, Any], means: Collection[str]) -> None:
        """Record the logs of an epoch; those named in ``means`` are means over it, others of its last batch."""
        if any(name not in self._roles for name in logs):
            # Names are judged together: a loss means something else beside a val_loss.
            for name, match in match_columns(list(logs)).items():
                validated = name.startswith("val_")
                phase = match.phase or ("val" if validated else "train")
                self._roles[name] = (
                    match.role or ("" if match.clock_column else f"{phase}.{snake(name)}"),
                    {
                        "name": name,
                        "clock": "epoch",
                        "phase": match.phase,
                        "direction": match.direction,
                        "reduction": "epoch_mean"
                        if name in means or name.removeprefix("val_") in means
                        else "last_batch",
                    },
                )
        for name, value in logs.items():
            role, about = self._roles[name]
            if not role.startswith(SUBJECTS) or not isinstance(value, int | float):
                continue
            # The loss is recorded by batch, too.
            labels = (("measured", "epoch"),) if role == "train.loss" else ()
            self._telemetry.column(role, labels=labels, **about).append(epoch, float(value))
