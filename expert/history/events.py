"""What happened in a run besides numbers."""

from __future__ import annotations

from pydantic import Field

from expert.history.record import Record
from expert.history.series import Clock


class Event(Record):
    """Something that happened at one position of a clock.

    Kinds in use: ``restart``, ``resume``, ``checkpoint``, ``skipped_step``, ``crash``, ``unfreeze``,
    ``learning_rate_jump``, ``stopped``, ``clip_on``, ``ranks_disagree``.
    """

    kind: str
    at: float = Field(allow_inf_nan=False)
    clock: Clock = "step"
    text: str = ""
