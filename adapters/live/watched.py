"""What every watched run can do, whatever the framework."""

from __future__ import annotations

from abc import ABC, abstractmethod

from expert.history import History


class WatchedRun(ABC):
    """A run under observation that can be asked for what was recorded; `advise` takes it as a source."""

    @abstractmethod
    def history(self) -> History:
        """Everything recorded so far."""
