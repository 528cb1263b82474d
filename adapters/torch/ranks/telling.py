"""A rank other than zero: tells rank zero what it has seen."""

from __future__ import annotations

from collections import deque
from time import monotonic

from torch import nn

from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.looks import Looker, Measured
from expert.adapters.torch.ranks.mailbox import Mailbox
from expert.adapters.torch.ranks.ranks import LOSS, Ranks
from expert.adapters.torch.ranks.reports import Look, Report
from expert.adapters.torch.recording import LookRecorder
from expert.history import History

MOST_HELD = 2**20
"""So many numbers of looks are held for a report: 4 MiB."""
TOLD_EVERY = 1.0
PER_RANK = 0.05
"""Seconds between two reports of a rank, and by how much more each further rank makes it, for rank zero reads all."""
GOODBYE = 3.0
"""Seconds a rank waits at most for its last report to be taken by the store."""


class Telling(Ranks):
    """Posts a report every so often; its own record is what it has seen itself."""

    def __init__(self, telemetry: Telemetry, mailbox: Mailbox, model: nn.Module, wrappers: set[str]) -> None:
        super().__init__(telemetry, mailbox, model, wrappers)
        self.losses = telemetry.column("train.loss", **LOSS)
        self._held: deque[Look] = deque()
        self._numbers_held = 0
        self._told_losses = self._told_epochs = self._told_stocks = self._told_events = 0
        self._not_before = 0.0
        self._closed = False
        self._any_shared_out = False

    def tick(self, updates: int, *, wait: float = 0.0) -> None:
        """Post what is new, if the store has taken what was posted before."""
        self.updates = updates
        now = monotonic()
        if not wait and now < self._not_before:
            return
        self._not_before = now + TOLD_EVERY + PER_RANK * self.size
        if wait and not self.mailbox.is_empty:
            self.mailbox.exchange(wait)
        if self.mailbox.is_empty and not self.mailbox.is_broken:
            self.mailbox.post(self._report().encode())
        self.mailbox.exchange(wait)

    def catch_up(self, updates: int) -> None:
        """Post what is new, however long the store takes for what was posted before."""
        self.tick(updates, wait=GOODBYE)

    def close(self, updates: int, *, in_haste: bool) -> None:
        """Post the last report."""
        until = monotonic() + (1.0 if in_haste else GOODBYE)
        self._closed = True
        if not self.mailbox.is_empty:
            self.mailbox.exchange(0.5)
        self.updates = updates
        self.mailbox.post(self._report().encode())
        while not (self.mailbox.is_empty or self.mailbox.is_broken) and monotonic() < until:
            self.mailbox.exchange(max(0.01, until - monotonic()))
            if self.mailbox.failure is not None:
                break
        self.mailbox.close()

    def complete(self, history: History) -> History:
        """Say whose record it is."""
        where = "the gradients' and weights' norms, which need all ranks, and " if self._any_shared_out else ""
        note = f"This is the record of rank {self.rank} alone; {where}what the ranks have in common is with rank 0."
        return history.model_copy(update={"notes": (*history.notes, note)})

    def _compared(self, look: Look) -> None:
        self._hold(look)

    def _shared_out(self, look: Look, measured: Measured, looker: Looker, recorder: LookRecorder) -> None:
        self._any_shared_out = True
        self._hold(look)

    def _hold(self, look: Look) -> None:
        if self.mailbox.is_broken:
            return
        self._held.append(look)
        self._numbers_held += len(look.numbers)
        # Where rank zero has not taken anything for long, the newest looks are worth most.
        while self._numbers_held > MOST_HELD and len(self._held) > 1:
            self._numbers_held -= len(self._held.popleft().numbers)

    def _report(self) -> Report:
        column, events = self.losses, self.telemetry.events
        report = Report(
            updates=self.updates,
            closed=self._closed,
            uneven=self.uneven,
            epochs=self.epochs[self._told_epochs :],
            stocks=self.stocks[self._told_stocks :],
            looks=list(self._held),
            loss_at=column.at[self._told_losses :],
            losses=column.values[self._told_losses :],
            events=[(event.kind, int(event.at), event.text) for event in events[self._told_events :]],
        )
        self._told_losses, self._told_events = len(column.at), len(events)
        self._told_epochs, self._told_stocks = len(self.epochs), len(self.stocks)
        self._held.clear()
        self._numbers_held = 0
        return report
