"""What the run of a loop of the user's own can do, whatever the framework: judge, be closed, go on after a restart."""

from __future__ import annotations

import atexit
import os
import weakref
from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from expert.adapters.live.findings import FindingWatch
from expert.adapters.live.metrics import Metrics
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.live.watched import WatchedRun
from expert.history import History
from expert.history.journal import Journal

if TYPE_CHECKING:
    from expert import Advice


class WatchedLoop(WatchedRun):
    """A loop under observation. Use it as a context manager or call `close`.

    Nothing it does changes the training, and none of its methods raises into it: what goes wrong stands in the notes
    of the advice. ``should_stop`` turns True only where ``stop_on`` was given to `watch`.
    """

    def __init__(self, metrics: Metrics, findings: FindingWatch, journal: Journal | None, pid: int) -> None:
        self._telemetry, self._metrics = metrics.telemetry, metrics
        self._findings, self._journal, self._pid = findings, journal, pid
        self._base: History | None = None
        self._started = self._epoch_started = self._written_at = monotonic()
        self._epochs = 0
        self._closed = False

    @abstractmethod
    def close(self) -> None:
        """Let go of the training and write the rest to the file. The run can still be asked for its history."""

    def advise(self, **more: Any) -> Advice:
        """The advice on the run as it stands; takes the keyword arguments of `expert.advise`."""
        from expert import advise

        return advise(self.history(), **more)

    @property
    def telemetry(self) -> Telemetry:
        """What is being recorded, for adapters that know more of a training than can be seen from here."""
        return self._telemetry

    @property
    def should_stop(self) -> bool:
        """Whether a finding at the level of ``stop_on`` has become certain."""
        return self._findings.stop_reason is not None

    @property
    def stop_reason(self) -> str | None:
        """The finding for which the run should stop."""
        return self._findings.stop_reason

    def __del__(self) -> None:
        # A run that nobody keeps any more leaves nothing behind.
        if hasattr(self, "_at_exit"):
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not self._closed:
            stopped = issubclass(kind, KeyboardInterrupt)
            what = "stopped by hand" if stopped else f"{kind.__name__}: {error}"
            self._telemetry.event("stopped" if stopped else "crash", self._steps_done(), what[:500])
        self.close()

    @abstractmethod
    def _steps_done(self) -> int:
        """How many updates were made."""

    @abstractmethod
    def _failed(self, doing: str, error: Exception) -> None:
        """Something of ours went wrong: say so in the advice, and let the training go on."""

    @abstractmethod
    def _gather(self) -> None:
        """Bring together what was measured and not read yet."""

    def _close_at_exit(self) -> None:
        """Close the run when the interpreter ends, if somebody keeps it so long."""
        self._at_exit = partial(_close, weakref.ref(self))
        atexit.register(self._at_exit)

    def _is_over(self) -> bool:
        """Whether there is nothing to close: it is closed, or this is a copy in another process."""
        return self._closed or os.getpid() != self._pid

    def _record_epoch(self, metrics: Mapping[str, Any]) -> None:
        """Record the end of an epoch: where it lies, how long it took, and what was measured."""
        now, steps, telemetry = monotonic(), self._steps_done(), self._telemetry
        self._epochs += 1
        telemetry.mark(steps, self._epochs, now - self._started)
        telemetry.column("time.epoch_seconds", clock="epoch").append(self._epochs, now - self._epoch_started)
        self._epoch_started = now
        self._metrics.record("epoch", self._epochs, metrics, otherwise="val")
        if telemetry.config.steps_per_epoch is None and self._epochs == 1 and steps:
            telemetry.know("config", steps_per_epoch=steps)

    def _judge(self) -> None:
        if self._findings.wanted:
            self._findings.take(self.advise())

    def _go_on_from(self, base: History, steps: int, epochs: int, seconds: float) -> None:
        """Go on from a record of what came before, which the file is to tell, too."""
        self._base, self._epochs = base, epochs
        self._started, self._epoch_started = monotonic() - seconds, monotonic()
        if base.marks is None:
            # Otherwise the marks before tell more: this step may lie in the middle of an epoch.
            self._telemetry.mark(steps, epochs, seconds)
        self._telemetry.event("resume", steps + 1, f"resumed after step {steps}")
        self._append(base)
        self._write()

    def _write(self) -> None:
        """Write what was recorded since the last time; without a file keep as much as is worth it."""
        self._written_at = monotonic()
        self._gather()
        if self._journal is None:
            self._telemetry.thin()
            return
        fragment = self._telemetry.fragment()
        if fragment is not None:
            self._append(fragment)

    def _append(self, fragment: History) -> None:
        if self._journal is None or os.getpid() != self._pid:
            return
        try:
            self._journal.append(fragment)
        except (OSError, ValueError) as error:
            self._journal = None
            self._telemetry.journaled = False
            self._failed("writing to the file", error)


def _close(reference: weakref.ref[WatchedLoop]) -> None:
    run = reference()
    if run is not None:
        run.close()
